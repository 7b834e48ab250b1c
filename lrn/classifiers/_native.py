"""The native engine for convolutional networks, one per SIMD lane; it gets a network as a list of layers."""

from __future__ import annotations

from itertools import compress
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lrn.classifiers._training import Sets, Training, joined, standardised
from lrn.engines.native import NativeEngine
from lrn.nets import ConvolutionalNet, ResidualBlock

if TYPE_CHECKING:
    from lrn.classifiers import Classifiers

__all__ = ["train"]

_CONVOLUTION, _NORM, _SUM = range(3)
_NUMBERS = 2**16
"""Random numbers that are drawn at once: so many stay in a processor's cache."""
_LARGEST_ORDER = 2**26
"""Images of all epochs and networks of one call of the kernel: their order takes four times as many bytes."""


class _Plan:
    """The layers of a network, as the kernel's cnn/job.hpp has them, and its modules with parameters in the same order.

    Attributes:
        layers: rows of kind, from, other, channels, kernel, stride, biased, rectified.
        modules: those with parameters.
        channels: of each layer's output; the images, tensor 0, come first.
        read: the tensors that the classifier reads.
        last: the last convolution that is in no shortcut.
    """

    def __init__(self, net: ConvolutionalNet) -> None:
        self.layers: list[list[int]] = []
        self.modules: list[nn.Module] = []
        self.channels = [net.in_channels]
        self.last, self.read = 0, []
        tensor = self._sequence(net.stem, 0)
        for stage in net.stages:
            for block in stage:  # type: ignore[attr-defined]
                tensor = self._block(block, tensor)
            self.read.append(tensor)
        self.read[-1] = self._sequence(net.head, tensor)
        if not net.late:
            del self.read[:-1]
        self.modules.append(net.output)

    def _add(
        self,
        kind: int,
        tensor: int,
        channels: int,
        *,
        other: int = -1,
        kernel: int = 1,
        stride: int = 1,
        biased: int = 0,
    ) -> int:
        self.layers.append([kind, tensor, other, channels, kernel, stride, biased, 0])
        self.channels.append(channels)
        return len(self.layers)

    def _sequence(self, modules: nn.Module, tensor: int) -> int:
        """The output of modules in a row; a ReLU belongs to the layer before it if no other reads that."""
        start = len(self.layers)
        for module in modules.children():
            if isinstance(module, nn.Conv2d):
                self.modules.append(module)
                (kernel, _), (stride, _) = module.kernel_size, module.stride
                biased = int(module.bias is not None)
                tensor = self._add(
                    _CONVOLUTION, tensor, module.out_channels, kernel=kernel, stride=stride, biased=biased
                )
            elif isinstance(module, nn.BatchNorm2d):
                self.modules.append(module)
                tensor = self._add(_NORM, tensor, self.channels[tensor])
            else:
                tensor = self._rectify(tensor, own=len(self.layers) > start)
        return tensor

    def _rectify(self, tensor: int, own: bool) -> int:
        if not own:
            tensor = self._add(_SUM, tensor, self.channels[tensor])
        self.layers[-1][-1] = 1
        return tensor

    def _block(self, block: ResidualBlock, tensor: int) -> int:
        out = self._sequence(block.body, tensor)
        self.last = int(np.flatnonzero(np.array(self.layers)[:, 0] == _CONVOLUTION)[-1])
        if block.shortcut is not None:
            other, stride = tensor, 1
            if isinstance(block.shortcut, nn.Sequential):
                other = self._sequence(block.shortcut, tensor)
            elif not isinstance(block.shortcut, nn.Identity):
                stride = int(block.shortcut.stride)  # type: ignore[arg-type]
            out = self._add(_SUM, out, self.channels[out], other=other, stride=stride)
        return out if isinstance(block.activation, nn.Identity) else self._rectify(out, own=True)


def train(of: Classifiers, seeds: range) -> Training:
    """Trains the networks of these seeds, on one thread."""
    sets, engine = standardised(of), NativeEngine(threads=1)
    lanes = engine.variant.lanes
    vectors = max(1, _LARGEST_ORDER // (lanes * max(1, of.epochs) * of.train))
    trainings, most = [], vectors * lanes
    for start in range(0, len(seeds), most):
        trainings.append(_train(of, seeds[start : start + most], sets, engine))
    return joined(trainings)


def _train(of: Classifiers, seeds: range, sets: Sets, engine: NativeEngine) -> Training:
    """Trains the networks of so few seeds that the order of all their images fits in memory."""
    net = of.blank_network()
    plan = _Plan(net)
    rectified = list(compress(plan.channels[1:], map(itemgetter(-1), plan.layers)))
    order = np.empty((len(seeds), of.epochs, of.train), np.int32)
    for row, seed in zip(order, seeds, strict=True):
        for epoch in range(of.epochs):
            row[epoch] = of.order(seed, epoch)
    results = engine.classify(
        layers=np.array(plan.layers, np.int32),
        read=np.array(plan.read, np.int32),
        activations=sum(rectified),
        last=plan.last,
        initial=_initial(of, net, plan, seeds),
        train=(sets.train_x, sets.train_y),
        test=sets.test_x,
        classes=len(of.data.classes),
        order=order,
        part=of.part_size,
        batch=of.batch,
        lr=float(of.lr),
        momentum=float(of.momentum),
    )
    silent = np.split(results.pop("silent"), np.cumsum(rectified)[:-1], axis=1)
    return Training(right=(results.pop("predicted") == sets.test_y).mean(1), silent=silent, **results)


def _initial(of: Classifiers, net: ConvolutionalNet, plan: _Plan, seeds: range) -> NDArray[Any]:
    """The initial weights (S, P) of the networks of these seeds, in the order of the plan."""
    columns, size = dict[Tensor, slice](), 0
    for parameter in nn.ModuleList(plan.modules).parameters():
        columns[parameter] = slice(size, size + parameter.numel())
        size += parameter.numel()
    initial = np.empty((len(seeds), size), of.dtype)
    together = max(1, _NUMBERS // size)
    for first in range(0, len(seeds), together):
        rows = initial[first : first + together]
        for tensor, values in net.starts(seeds[first : first + together]):
            rows[:, columns[tensor]] = values.reshape(len(values), -1)
    for module in plan.modules:
        if isinstance(module, nn.Conv2d):
            initial[:, columns[module.weight]] *= of.scale
    return initial

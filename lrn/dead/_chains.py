"""Sequences of torch's own layers without their dead units: nested Sequentials, convolutions, normalisation, pooling.

A sequence falls into segments, each from one layer with weights up to the next. What stands between two of them must
act on each unit by itself; then a unit that is zero on all of the data, and constant where the next layer reads it, can
be cut from both.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from lrn.dead._cuts import CONVOLUTIONS, balanced, cut_columns, keep, takes_constants
from lrn.dead._data import Batch
from lrn.nets import BasicBlock, BottleneckBlock, ConvolutionalNet

__all__ = ["UnknownLayer", "chains_of", "shrink_chains"]

LAYERS = (nn.Linear, *CONVOLUTIONS)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
BY_ITSELF = {
    nn.Identity, nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Softplus, nn.Softsign, nn.Tanh, nn.Sigmoid, nn.LogSigmoid, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid,
    nn.Hardshrink, nn.Softshrink, nn.Tanhshrink, nn.Threshold, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d,
    nn.AlphaDropout, nn.FeatureAlphaDropout,
}  # fmt: skip
POOLS = {
    nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d,
    nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d,
    nn.ZeroPad1d, nn.ZeroPad2d, nn.ZeroPad3d, nn.ConstantPad1d, nn.ConstantPad2d, nn.ConstantPad3d,
    nn.ReflectionPad1d, nn.ReflectionPad2d, nn.ReflectionPad3d, nn.CircularPad1d, nn.CircularPad2d, nn.CircularPad3d,
    nn.ReplicationPad1d, nn.ReplicationPad2d, nn.ReplicationPad3d,
    nn.Upsample, nn.UpsamplingNearest2d, nn.UpsamplingBilinear2d,
}  # fmt: skip
MIXING = {nn.Softmax, nn.LogSoftmax, nn.Softmax2d, nn.Softmin, nn.LayerNorm, nn.GroupNorm, nn.LocalResponseNorm}
BLOCKS = (ConvolutionalNet, BasicBlock, BottleneckBlock)
KNOWN = {*LAYERS, *NORMS, *BY_ITSELF, *POOLS, *MIXING, nn.Flatten}


class UnknownLayer(TypeError):
    """There is a module in a sequence that is not known."""


@dataclass
class Segment:
    """A layer with weights, and what stands between it and the next one.

    Attributes:
        paths: of the layer and of each module behind it.
        reader: path of the next layer; None behind the last one.
        zero: which units were zero on all data in one of the modules' outputs, (C,) bool; None before the first batch.
        constant: their value where the next layer reads them, (C,); NaN where it is not one value.
        whole: whether it cannot be cut, for something mixes its units.
    """

    paths: list[str]
    reader: str | None = None
    zero: Tensor | None = None
    constant: Tensor | None = None
    whole: bool = False
    outputs: dict[str, Tensor] = field(default_factory=dict)


def chains_of(net: nn.Module) -> list[list[str]]:
    """The paths of the modules of each sequence in a network.

    Raises:
        TypeError: there is a module that is not known, or none that has weights.
    """
    chains: list[list[str]] = [[]]
    _walk(net, "", chains, sequence=isinstance(net, nn.Sequential))
    modules = map(net.get_submodule, itertools.chain.from_iterable(chains))
    if set(LAYERS).isdisjoint(map(type, modules)):
        raise TypeError("prune takes a Sequential with at least one Linear; there is none")
    return chains


def _walk(module: nn.Module, path: str, chains: list[list[str]], *, sequence: bool) -> None:
    for name, child in module.named_children():
        inner = f"{path}.{name}" if path else name
        if isinstance(child, nn.Sequential):
            if not sequence:
                chains.append([])
            _walk(child, inner, chains, sequence=True)
        elif type(child) in BLOCKS or (type(module) in BLOCKS and type(child) is nn.ModuleList) or not sequence:
            chains.append([])
            _walk(child, inner, chains, sequence=False)
            chains.append([])
        elif type(child) in KNOWN:
            chains[-1].append(inner)
        else:
            raise UnknownLayer(
                f"prune takes Sequentials of torch's own layers; it does not know {type(child).__name__} at {inner!r} "
                "(for other modules install torch-pruning: pip install 'lrn-claims[prune]')"
            )


def shrink_chains(whole: nn.Module, small: nn.Module, read_batches: Callable[[], Iterable[Batch]]) -> None:
    """Make `small`, a copy of `whole`, smaller."""
    segments: list[Segment] = []
    for chain in chains_of(whole):
        segments.extend(_segments(whole, chain))
    _leave_shared_whole(whole, segments)
    hooks = []
    for segment in segments:
        for path in segment.paths:
            hooks.append(whole.get_submodule(path).register_forward_hook(_recorder(whole, segment, path)))
    try:
        for batch in read_batches():
            whole(*batch.args, **batch.kwargs)
            for segment in segments:
                _summarise(segment)
    finally:
        for hook in hooks:
            hook.remove()
    for segment in segments:
        _cut(small, segment)


def _segments(net: nn.Module, chain: Sequence[str]) -> Iterator[Segment]:
    segment: Segment | None = None
    for path in chain:
        module = net.get_submodule(path)
        if type(module) in LAYERS and not (segment is not None and _is_depthwise(module)):
            if segment is not None:
                segment.reader = path
                yield segment
            segment = Segment([path])
        elif segment is not None:
            segment.paths.append(path)


def _leave_shared_whole(net: nn.Module, segments: list[Segment]) -> None:
    """Modules that stand in two places, or share a weight with another, are left whole."""
    uses: Counter[int] = Counter()
    for module in net.modules():
        uses.update(map(id, module.parameters(recurse=False)))
    for _, module in net.named_modules(remove_duplicate=False):
        uses[id(module)] += 1
    for segment in segments:
        for module in map(net.get_submodule, (*segment.paths, segment.reader or segment.paths[0])):
            own = list(module.parameters(recurse=False))
            if own and max(map(uses.__getitem__, map(id, (module, *own)))) > 1:
                segment.whole = True


def _recorder(net: nn.Module, segment: Segment, path: str) -> Callable[[nn.Module, Any, Any], None]:
    layer = net.get_submodule(segment.paths[0])
    before = list(map(type, map(net.get_submodule, segment.paths[: segment.paths.index(path) + 1])))

    def hook(module: nn.Module, args: Any, output: Any) -> None:
        if path in segment.outputs or not isinstance(output, Tensor):
            segment.whole = True  # called twice in one pass
            return
        rows = None if segment.whole else _by_unit(layer, before, module, output, args[0])
        if rows is None:
            segment.whole = True
        else:
            segment.outputs[path] = rows

    return hook


def _by_unit(
    layer: nn.Module, before: Sequence[type], module: nn.Module, output: Tensor, source: Tensor
) -> Tensor | None:
    """The output of a module as (C, values) for the units of the layer; None where it mixes them."""
    units = _units(layer)
    convolution = type(layer) in CONVOLUTIONS
    rank = layer.weight.ndim if convolution else 0
    if type(module) in MIXING or (not convolution and before[-1] in POOLS):
        return None
    if type(module) is nn.Flatten and (module.start_dim, module.end_dim % source.ndim) != (1, source.ndim - 1):
        return None
    if type(module) in NORMS and not convolution and output.ndim > 2 and nn.Flatten not in before:
        return None
    if isinstance(module, nn.PReLU) and module.num_parameters > 1 and module.num_parameters != units:
        return None
    if nn.Flatten in before:
        if before[-1] in POOLS or (before[-1] in NORMS and output.shape[1] != units):
            return None
        shape = (len(output), units, -1) if convolution else (len(output), -1, units)
        return output.reshape(shape).movedim(1 if convolution else 2, 0).reshape(units, -1)
    if convolution:
        return output.movedim(1, 0).reshape(units, -1) if output.ndim == rank else None
    return output.movedim(-1, 0).reshape(units, -1)


def _summarise(segment: Segment) -> None:
    if segment.whole or not segment.outputs:
        segment.whole = segment.whole or segment.reader is None
        segment.outputs.clear()
        return
    zero = torch.stack(list(map(_zero_rows, segment.outputs.values())))
    last = segment.outputs[segment.paths[-1]]
    constant = torch.where((last == last[:, :1]).all(1), last[:, 0], torch.nan)
    if segment.zero is None or segment.constant is None:
        segment.zero, segment.constant = zero, constant
    else:
        segment.zero &= zero
        segment.constant = torch.where(segment.constant == constant, constant, torch.nan)
    segment.outputs.clear()


def _zero_rows(rows: Tensor) -> Tensor:
    return (rows == 0).all(1)


def _cut(net: nn.Module, segment: Segment) -> None:
    if segment.whole or segment.reader is None or segment.zero is None or segment.constant is None:
        return
    layer, reader = net.get_submodule(segment.paths[0]), net.get_submodule(segment.reader)
    dead = segment.zero.any(0) & ~segment.constant.isnan()
    dead &= (segment.constant == 0) | takes_constants(reader)
    groups = math.lcm(getattr(layer, "groups", 1), getattr(reader, "groups", 1))
    if len(dead) % groups:
        return
    dead = balanced(dead, groups)
    if dead.all():
        dead.reshape(groups, -1)[:, 0] = False
    if not dead.any():
        return
    flat = nn.Flatten in map(type, map(net.get_submodule, segment.paths))
    cut_columns(reader, dead, segment.constant, inner=not flat or type(layer) is nn.Linear)
    keep(layer, ~dead)
    for path in segment.paths[1:]:
        keep(net.get_submodule(path), ~dead)


def _is_depthwise(module: nn.Module) -> bool:
    """Whether a convolution acts on each channel by itself."""
    return isinstance(module, CONVOLUTIONS) and 1 < module.groups == module.in_channels == module.out_channels


def _units(layer: nn.Module) -> int:
    return len(cast(Tensor, layer.weight))

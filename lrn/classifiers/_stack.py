"""The reference: networks of consecutive seeds trained together, where one step of all of them is one call of torch.

Every stack has `STACK` networks, whichever seeds are asked for, and no operation mixes them: each network gets the
result that it would have alone.

`torch.func.vmap` runs the ordinary module once for the parameters of every network, which makes a convolution of S
networks one convolution in S groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap
from torch.nn import functional as F

from lrn.classifiers._training import Training, joined, parts, standardised

if TYPE_CHECKING:
    from lrn.classifiers import Classifiers

__all__ = ["STACK", "train"]

STACK = 16
"""Networks trained together."""


def train(of: Classifiers, seeds: range) -> Training:
    """Trains the networks of these seeds, with torch."""
    first = seeds.start // STACK * STACK
    with _one_thread():
        stacks = []
        for start in range(first, seeds.stop, STACK):
            stacks.append(Stack(of, range(start, start + STACK)).observe())
    return joined(stacks).part(slice(seeds.start - first, seeds.stop - first))


class Stack:
    """Networks of consecutive seeds, their parameters stacked along a first axis (S, ...)."""

    def __init__(self, of: Classifiers, seeds: range) -> None:
        self.of, self.seeds = of, seeds
        states: defaultdict[str, list[Tensor]] = defaultdict(list)
        for self.net in of.networks(seeds):
            for name, value in chain(self.net.named_parameters(), self.net.named_buffers()):
                states[name].append(value.detach().clone())
        smallest = min(of.train % of.batch or of.batch, *(part.stop - part.start for part in parts(of)))
        self.buffers: dict[str, Tensor] = {}
        for name, values in states.items():
            # Of passes of a single image, torch 2.13 computes wrong weight gradients from weights with channels last.
            self.buffers[name] = _channels_last(torch.stack(values)) if smallest > 1 else torch.stack(values)
        self.parameters = {name: self.buffers.pop(name) for name, _ in self.net.named_parameters()}
        sets = standardised(of)
        self.x, self.y = torch.as_tensor(sets.train_x), torch.as_tensor(sets.train_y)
        self.test_x, self.test_y = torch.as_tensor(sets.test_x), torch.as_tensor(sets.test_y)

    def observe(self) -> Training:
        """Trains them."""
        before, during, (right, silent) = self._gradient_before_training(), self._train(), self._evaluate()
        arrays = map(Tensor.numpy, (*before, *during, right))
        return Training._make([*arrays, list(map(Tensor.numpy, silent))])

    def _step(self, x: Tensor, y: Tensor, axis: int | None) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Gradients, losses (S,) and accuracies (S,) on images (N, ...), or (S, N, ...) with `axis` 0."""

        def loss(parameters: Any, buffers: Any, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            logits = functional_call(self.net, (parameters, buffers), (x,))
            return F.cross_entropy(logits, y), (logits.argmax(1) == y).float().mean()

        step = vmap(grad_and_value(loss, has_aux=True), in_dims=(0, 0, axis, axis))
        gradients, (losses, accuracies) = step(self.parameters, self.buffers, x, y)
        return gradients, losses.detach(), accuracies.detach()

    def _gradient_before_training(self) -> tuple[Tensor, Tensor]:
        """Norms (S,) for the first and the last convolution: of the mean over the parts, weighted by their images."""
        first, last = torch.zeros(1), torch.zeros(1)
        for part in parts(self.of):
            gradients, _, _ = self._step(self.x[part], self.y[part], None)
            convolutions = [g for name, g in gradients.items() if g.ndim == 5 and ".shortcut." not in name]
            share = len(self.y[part]) / len(self.y)
            first = first + share * convolutions[0]
            last = last + share * convolutions[-1]
        return _norm(first), _norm(last)

    def _train(self) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, accuracy and norm of the first convolution's gradient, each (S, epochs, steps)."""
        of, steps = self.of, []
        names, values = zip(*self.parameters.items(), strict=True)
        optimizer = torch.optim.SGD(values, lr=of.lr, momentum=of.momentum)
        first = names[list(map(Tensor.dim, values)).index(5)]
        for epoch in range(of.epochs):
            order = torch.as_tensor(np.stack([of.order(seed, epoch) for seed in self.seeds]))
            for batch in order.split(of.batch, dim=1):
                gradients, losses, accuracies = self._step(self.x[batch], self.y[batch], 0)
                for name, value in zip(names, values, strict=True):
                    value.grad = gradients[name]
                optimizer.step()
                steps.append(torch.stack((losses, accuracies, _norm(gradients[first]))))
        if not steps:
            return (self.x.new_zeros(len(self.seeds), 0, 1),) * 3
        stacked = torch.stack(steps, 2).unflatten(2, (of.epochs, -1))
        return stacked[0], stacked[1], stacked[2]

    def _evaluate(self) -> tuple[Tensor, list[Tensor]]:
        """Accuracy (S,) on the test images, and for each activation which channels (S, C) are dead."""

        def logits(parameters: Any, buffers: Any, x: Tensor) -> Tensor:
            out: Tensor = functional_call(self.net, (parameters, buffers), (x,))
            return out

        def dead(parameters: Any, buffers: Any, x: Tensor) -> list[Tensor]:
            silent: list[Tensor] = []
            hooks = []
            for module in self.net.modules():
                if isinstance(module, nn.ReLU):
                    hooks.append(module.register_forward_hook(partial(_note_silent, silent)))
            try:
                logits(parameters, buffers, x)
            finally:
                for hook in hooks:
                    hook.remove()
            return silent

        with torch.no_grad():
            images_so_far = 0
            for part in parts(self.of):
                images_so_far += len(self.y[part])
                for module in self.net.modules():
                    if isinstance(module, nn.BatchNorm2d):
                        module.momentum = len(self.y[part]) / images_so_far  # the mean of all parts so far
                self._for_each(logits, self.x[part])
            self.net.eval()
            test_parts = self.test_x.split(self.of.part_size)
            predicted = torch.cat([self._for_each(logits, x).argmax(2) for x in test_parts], 1)
            by_part = map(partial(self._for_each, dead), map(self.x.__getitem__, parts(self.of)))
            return (predicted == self.test_y).double().mean(1), list(map(_on_all_parts, *by_part))

    def _for_each(self, function: Callable[[Any, Any, Tensor], Any], x: Tensor) -> Any:
        """The results of a function of (parameters, buffers, images) for each network, on the same images."""
        return vmap(function, (0, 0, None))(self.parameters, self.buffers, x)


def _note_silent(silent: list[Tensor], module: nn.Module, inputs: Any, output: Tensor) -> None:
    """A hook: notes which channels (C,) of an activation are zero on all images."""
    silent.append((output == 0).all(3).all(2).all(0))


def _on_all_parts(*silent: Tensor) -> Tensor:
    return torch.stack(silent).all(0)


def _channels_last(stacked: Tensor) -> Tensor:
    """Weights of convolutions laid out so that torch computes with channels last, which is quicker."""
    return stacked.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3) if stacked.ndim == 5 else stacked


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for torch: how many there are must not show in the sums, and workers share the processor."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _norm(gradient: Tensor) -> Tensor:
    return gradient.detach().flatten(1).norm(dim=1)

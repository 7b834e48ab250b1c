"""The reference: networks of consecutive seeds trained together, where one step of all of them is one call of torch.

Every stack has `STACK` networks, whichever seeds are asked for, and no operation mixes them: each network gets what it
would have alone.

`torch.func.vmap` runs the ordinary module once for the parameters of every network, which makes a convolution of S
networks one convolution in S groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, vmap
from torch.nn import functional as F

from lrn.classifiers._training import Training, standardised

if TYPE_CHECKING:
    from lrn.classifiers import Classifiers

__all__ = ["STACK", "train"]

STACK = 16
"""Networks trained together."""


def train(of: Classifiers, seeds: range) -> Training:
    """Trains the networks of these seeds, with torch."""
    first = seeds.start // STACK * STACK
    with _one_thread():
        stacks = [Stack(of, range(s, s + STACK)).observe() for s in range(first, seeds.stop, STACK)]
    asked = slice(seeds.start - first, seeds.stop - first)
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(stack, name) for stack in stacks])[asked] for name in Training._fields[:-1]
    }
    layers = zip(*(stack.silent for stack in stacks), strict=True)
    return Training(**joined, silent=[np.concatenate(layer)[asked] for layer in layers])


class Stack:
    """Networks of consecutive seeds, their parameters stacked along a first axis (S, ...)."""

    def __init__(self, of: Classifiers, seeds: range) -> None:
        self.of, self.seeds = of, seeds
        states = []
        for self.net in of.networks(seeds):
            state = (*self.net.named_parameters(), *self.net.named_buffers())
            states.append({name: value.detach().clone() for name, value in state})
        stacked = {name: _channels_last(torch.stack([state[name] for state in states])) for name in states[0]}
        self.parameters = {name: stacked.pop(name) for name, _ in self.net.named_parameters()}
        self.buffers = stacked
        sets = standardised(of)
        self.x, self.y = torch.as_tensor(sets.train_x), torch.as_tensor(sets.train_y)
        self.test_x, self.test_y = torch.as_tensor(sets.test_x), torch.as_tensor(sets.test_y)

    def observe(self) -> Training:
        """Trains them."""
        before, during, (right, silent) = self._gradient_before_training(), self._train(), self._evaluate()
        tensors = dict(zip(Training._fields, (*before, *during, right), strict=False))
        return Training(**{name: t.numpy() for name, t in tensors.items()}, silent=[layer.numpy() for layer in silent])

    def _step(self, x: Tensor, y: Tensor, axis: int | None) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Gradients, losses (S,) and accuracies (S,) on images (N, ...), or (S, N, ...) with `axis` 0."""

        def loss(parameters: Any, buffers: Any, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            logits = functional_call(self.net, (parameters, buffers), (x,))
            return F.cross_entropy(logits, y), (logits.argmax(1) == y).float().mean()

        step = vmap(grad_and_value(loss, has_aux=True), in_dims=(0, 0, axis, axis))
        gradients, (losses, accuracies) = step(self.parameters, self.buffers, x, y)
        return gradients, losses.detach(), accuracies.detach()

    def _gradient_before_training(self) -> tuple[Tensor, Tensor]:
        gradients, _, _ = self._step(self.x, self.y, None)
        convolutions = [g for name, g in gradients.items() if g.ndim == 5 and ".shortcut." not in name]
        return _norm(convolutions[0]), _norm(convolutions[-1])

    def _train(self) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, accuracy and norm of the first convolution's gradient, each (S, epochs, steps)."""
        of, steps = self.of, []
        names, values = zip(*self.parameters.items(), strict=True)
        optimizer = torch.optim.SGD(values, lr=of.lr, momentum=of.momentum)
        first = next(name for name in names if self.parameters[name].ndim == 5)
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
        found = torch.stack(steps, 2).unflatten(2, (of.epochs, -1))
        return found[0], found[1], found[2]

    def _evaluate(self) -> tuple[Tensor, list[Tensor]]:
        """Accuracy (S,) on the test images, and for each activation which channels (S, C) are dead."""

        def logits(parameters: Any, buffers: Any, x: Tensor) -> Tensor:
            out: Tensor = functional_call(self.net, (parameters, buffers), (x,))
            return out

        def dead(parameters: Any, buffers: Any) -> list[Tensor]:
            silent: list[Tensor] = []
            hooks = [
                module.register_forward_hook(lambda _, __, out: silent.append((out == 0).all(3).all(2).all(0)))
                for module in self.net.modules()
                if isinstance(module, nn.ReLU)
            ]
            try:
                logits(parameters, buffers, self.x)
            finally:
                for hook in hooks:
                    hook.remove()
            return silent

        with torch.no_grad():
            for module in self.net.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.momentum = 1.0  # the statistics of the next pass alone
            run = vmap(logits, in_dims=(0, 0, None))
            run(self.parameters, self.buffers, self.x)
            self.net.eval()
            predicted = run(self.parameters, self.buffers, self.test_x).argmax(2)
            silent = vmap(dead)(self.parameters, self.buffers)
            return (predicted == self.test_y).double().mean(1), silent


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

"""Gradient norms along a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lrn.gradients._diagnosis import Diagnosis, diagnose
from lrn.gradients._loss import check_whole, trainable
from lrn.gradients._named import layers_of

__all__ = ["GradientHistory", "recording"]


class GradientHistory:
    """Gradient norms of each layer's parameters at the optimizer steps of a training.

    Attributes:
        names: the D modules that have trainable parameters of their own, as they are registered.
        steps: which optimizer steps were recorded, the first being 0.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.steps: list[int] = []
        self._rows: list[list[float]] = []

    @property
    def norms(self) -> NDArray[np.float64]:
        """Gradient norms (T, D), in the order of `steps` and `names`; 0 for parameters without a gradient."""
        return np.array(self._rows, np.float64).reshape(len(self._rows), len(self.names))

    def diagnosis(self, row: int = -1) -> Diagnosis:
        """The diagnosis of the parameters' gradient norms at one recorded step, the last by default.

        Raises:
            IndexError: nothing was recorded there.
        """
        if not -len(self.steps) <= row < len(self.steps):
            raise IndexError(f"{len(self.steps)} steps were recorded; there is no row {row}")
        return diagnose(self.norms[row], self.names)

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        if not self.steps:
            return "no step was recorded"
        rows = sorted({0, len(self.steps) // 2, len(self.steps) - 1})
        wide = max(map(len, self.names))
        lines = ["  ".join([f"{'step':<{wide}}", *map("{:>10}".format, map(self.steps.__getitem__, rows))])]
        for name, norms in zip(self.names, self.norms[rows].T, strict=True):
            lines.append("  ".join([f"{name:<{wide}}", *map("{:>10.3g}".format, norms)]))
        return "\n".join(lines)


@contextmanager
def recording(model: nn.Module, optimizer: torch.optim.Optimizer, every: int = 1) -> Iterator[GradientHistory]:
    """Records the gradient norms at each step of `optimizer`, with no change to the training loop.

    Args:
        model: the trained model.
        optimizer: its `step` reads the gradients of the parameters; the norms are those it finds.
        every: record one step of this many, the first one included.

    Raises:
        TypeError: `model` is not a module, or `optimizer` not an optimizer.
        ValueError: nothing is to be trained, or `every` is below 1.

    Example:
        >>> model = nn.Linear(1, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> with recording(model, optimizer) as history:
        ...     for _ in range(3):
        ...         optimizer.zero_grad()
        ...         model(torch.ones(4, 1)).square().mean().backward()
        ...         optimizer.step()
        >>> history.norms.shape
        (3, 1)
    """
    trainable(model)
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"optimizer must be a torch.optim.Optimizer; got {type(optimizer).__name__}")
    check_whole("every", every, 1)
    layers: dict[str, list[Tensor]] = {}
    for layer in layers_of(model):
        layers[layer.name] = list(layer.parameters.values())
    history, step = GradientHistory(tuple(layers)), 0

    def before(*_: Any) -> None:
        nonlocal step
        if step % every == 0:
            history.steps.append(step)
            history._rows.append(list(map(_norm, layers.values())))
        step += 1

    handle = optimizer.register_step_pre_hook(before)
    try:
        yield history
    finally:
        handle.remove()


def _norm(parameters: list[Tensor]) -> float:
    squares = [p.grad.detach().double().square().sum() for p in parameters if p.grad is not None]
    return float(torch.stack(squares).sum().sqrt()) if squares else 0.0

"""Residual networks whose layers share their weights and divide their steps: Euler's method for an ODE."""

from __future__ import annotations

import math

from torch import Tensor, nn

from lrn.nets._size import size

__all__ = ["EulerNet"]


class EulerNet(nn.Module):
    """A residual network of L equal steps through one field f (Chen et al., 2018, equation 1).

        h_l = h_{l-1} + f(h_{l-1}) T / L,    l = 1, ..., L

    As L grows it approaches the flow of dh/dt = f(h) after time T, with an error of O(1/L) for a smooth f.

    Args:
        field: f, a module that maps h to something of the same shape.
        steps: the number L of residual layers, at least 1.
        time: T, how long to follow the field.

    Raises:
        TypeError: `field` is not a module, or `steps` not a whole number.
        ValueError: `steps` is below 1, or `time` is not finite; when called, `field` changes the shape.

    Example:
        >>> import torch
        >>> EulerNet(nn.Identity(), steps=2)(torch.ones(1))
        tensor([2.2500])
    """

    def __init__(self, field: nn.Module, steps: int, time: float = 1.0) -> None:
        super().__init__()
        if not isinstance(field, nn.Module):
            raise TypeError(f"field must be a torch.nn.Module; got {type(field).__name__}")
        self.steps = size("steps", steps)
        if isinstance(time, bool) or not isinstance(time, int | float) or not math.isfinite(time):
            raise ValueError(f"time must be a finite number, not {time!r}")
        self.field = field
        self.time = time

    def forward(self, h: Tensor) -> Tensor:
        """Where the steps lead from `h`, any shape that the field takes."""
        for _ in range(self.steps):
            change: Tensor = self.field(h)
            if change.shape != h.shape:
                raise ValueError(f"field must keep the shape {tuple(h.shape)}; it gave {tuple(change.shape)}")
            h = h + change * (self.time / self.steps)
        return h

"""The gradient of a model's output against its input along a straight line, and its autocorrelation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lrn.dead import looking
from lrn.gradients._autocorrelation import autocorrelation
from lrn.gradients._loss import check_model, check_whole

__all__ = ["LineGradient", "ends", "input_gradient", "one_output"]


@dataclass(frozen=True, eq=False)
class LineGradient:
    """A model's output and its gradient at evenly spaced points of a line.

    Attributes:
        positions: distance from the start of the line, shape (N,).
        outputs: the output there, shape (N,).
        gradients: its gradient against the input, the input's axes flattened, shape (N, F).
        direction: unit vector of the line, shape (F,).
    """

    positions: NDArray[np.float64]
    outputs: NDArray[np.float64]
    gradients: NDArray[np.float64]
    direction: NDArray[np.float64]

    @property
    def slopes(self) -> NDArray[np.float64]:
        """The derivative of the output along the line, shape (N,)."""
        return self.gradients @ self.direction

    def autocorrelation(self, lags: int | None = None) -> NDArray[np.float64]:
        """`autocorrelation` of the slopes."""
        return autocorrelation(self.slopes, lags)


def input_gradient(
    model: nn.Module, start: Any = -1.0, end: Any = 1.0, points: int = 256, *, output: int | None = None
) -> LineGradient:
    """The gradient of a model's output against its input, at points of the line from `start` to `end`.

    The model runs in evaluation mode; its training flags, buffers and random states are left as they were.

    Args:
        model: takes a batch of inputs and gives one number (or several, see `output`) for each.
        start: first input, without the batch axis; a number stands for one feature.
        end: last input, in the same form.
        points: how many points N, both ends among them; at least 2.
        output: which of several outputs, counted from 0.

    Raises:
        TypeError: `model` is not a module, or an end not a number or array.
        ValueError: the ends have different shapes, are equal or not finite; there are too few points; the model gives
            several outputs and none was chosen; or its output does not depend on the input.

    Example:
        >>> input_gradient(nn.Linear(1, 1, bias=False), points=5).slopes.shape
        (5,)
    """
    check_model(model)
    first, last = ends(model, start, end)
    check_whole("points", points, 2)
    along = (last - first).flatten()
    length = float(along.norm())
    position = torch.linspace(0, 1, points, dtype=first.dtype, device=first.device)
    x = first + position.reshape(-1, *[1] * first.ndim) * (last - first)
    with looking(model), torch.enable_grad():
        x.requires_grad_()
        y = one_output(model(x), points, output)
        if not y.requires_grad:
            raise ValueError("the model's output does not depend on its input")
        (gradient,) = torch.autograd.grad(y.sum(), x)
    return LineGradient(
        _array(position) * length, _array(y), _array(gradient).reshape(points, -1), _array(along) / length
    )


def ends(model: nn.Module, start: Any, end: Any) -> tuple[Tensor, Tensor]:
    """Both ends of a line as inputs without the batch axis, in the model's floating dtype and on its device."""
    home: Tensor = next(filter(Tensor.is_floating_point, model.parameters()), torch.zeros((), dtype=torch.float64))
    try:
        first = torch.as_tensor(start).detach().to(home.device, home.dtype)
        last = torch.as_tensor(end).detach().to(home.device, home.dtype)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"start and end must be numbers, or arrays of them; got {start!r} and {end!r}") from None
    if first.shape != last.shape:
        raise ValueError(f"start and end must have one shape; got {tuple(first.shape)} and {tuple(last.shape)}")
    if not (torch.isfinite(first).all() and torch.isfinite(last).all()):
        raise ValueError("start and end must be finite; one holds NaN or inf")
    if torch.equal(first, last):
        raise ValueError("start and end must differ; they are equal")
    return (first.reshape(1), last.reshape(1)) if first.ndim == 0 else (first, last)


def one_output(y: Any, samples: int, output: int | None) -> Tensor:
    """One number for each sample, shape (N,), from a model's output."""
    if not isinstance(y, Tensor) or y.ndim == 0 or len(y) != samples:
        shape = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
        raise ValueError(f"the model must give one tensor with a row for each of the {samples} inputs; got {shape}")
    flat = y.reshape(samples, -1)
    count = flat.shape[1]
    if output is None and count != 1:
        raise ValueError(f"the model gives {count} outputs; say which, as in output=0")
    if output is not None:
        check_whole("output", output, 0, count - 1)
    return flat[:, output or 0]


def _array(tensor: Tensor) -> NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy()

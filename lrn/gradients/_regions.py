"""The linear regions of a piecewise-linear network on a straight line, exactly.

Along a line the input of the first ReLU is linear, so where it changes its sign follows from its values at both ends.
Cut there, and the input of the second ReLU is linear between the cuts, and so on through the network: the result has
all breakpoints, not those that a grid happens to separate.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lrn.gradients._line import ends, one_output
from lrn.gradients._loss import check_model, check_whole

__all__ = ["LinearRegions", "linear_regions"]

SAME_SLOPE = 1e-9
"""Slopes closer than this, relative to the steepest, are one: they differ by rounding (float64 has 16 digits)."""

STRAIGHT = 1e-9
"""A midpoint's output this close to the ends' mean, relative to the largest output, lies on their straight line."""


@dataclass(frozen=True, eq=False)
class LinearRegions:
    """The pieces of a line on which a network is linear.

    Attributes:
        length: distance from the line's start to its end.
        breakpoints: where a unit changes its piece, as distances from the start, ascending, ends left out; shape (K,).
        slopes: derivative of the output along the line between them, shape (K + 1,).
    """

    length: float
    breakpoints: NDArray[np.float64]
    slopes: NDArray[np.float64]

    @property
    def regions(self) -> int:
        """How many stretches of the line have different sets of active units: K + 1."""
        return len(self.slopes)

    @property
    def pieces(self) -> int:
        """How many straight pieces the output's graph has: breakpoints that do not change the slope do not count."""
        change = np.abs(np.diff(self.slopes))
        return 1 + int((change > SAME_SLOPE * np.abs(self.slopes).max()).sum())


def linear_regions(
    model: nn.Module, start: Any = -1.0, end: Any = 1.0, *, output: int | None = None, most: int = 1_000_000
) -> LinearRegions:
    """Every linear region of a piecewise-linear network on the line from `start` to `end`.

    The network is copied, put in evaluation mode and computed in float64. Kinks may come from relu, leaky_relu, prelu,
    relu6, hardtanh, clamp, hardsigmoid and abs, as modules or as functions; everything else must be linear (linear
    layers, convolutions, sums, averages, batch normalisation in evaluation mode). Whether that is so is checked
    between all breakpoints.

    Args:
        model, start, end, output: as in `input_gradient`.
        most: the most breakpoints to look for.

    Raises:
        TypeError: `model` is not a module.
        ValueError: as in `input_gradient`; or the network is not linear between the breakpoints, or has too many.

    Example:
        >>> net = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
        >>> with torch.no_grad():
        ...     _ = net[0].weight.fill_(2.0), net[0].bias.fill_(-1.0)
        >>> linear_regions(net).breakpoints.tolist()
        [1.5]
    """
    check_model(model)
    check_whole("most", most, 0)
    exact = copy.deepcopy(model).double().eval()
    first, last = ends(exact, start, end)

    def points(positions: NDArray[np.float64]) -> Tensor:
        t = torch.as_tensor(positions, dtype=first.dtype, device=first.device).reshape(-1, *[1] * first.ndim)
        return first + t * (last - first)

    positions, outputs, call = np.array([0.0, 1.0]), np.empty(0), 0
    while True:
        outputs, kinks = _look(exact, points(positions), output)
        if call >= len(kinks):
            break
        refined = np.unique(np.concatenate([positions, *map(partial(_crossings, positions), kinks[call]())]))
        if len(refined) - 2 > most:
            raise ValueError(f"the line has more than {most} breakpoints; allow more with most=, or shorten the line")
        positions, call = refined, call + 1
    middle = (positions[:-1] + positions[1:]) / 2
    value, slope = _value_and_slope(exact, points(middle), last - first, output)
    _check_straight(outputs, value)
    length = float((last - first).norm())
    return LinearRegions(length, positions[1:-1] * length, slope / length)


def _crossings(positions: NDArray[np.float64], z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the columns of z (N, units), linear between the places (N,), pass through zero strictly between them."""
    before, after = z[:-1], z[1:]
    i, unit = np.nonzero(np.sign(before) * np.sign(after) < 0)
    a, b = before[i, unit], after[i, unit]
    at = positions[i] + (positions[i + 1] - positions[i]) * (a / (a - b))
    return at[(at > positions[i]) & (at < positions[i + 1])]


def _look(
    model: nn.Module, x: Tensor, output: int | None
) -> tuple[NDArray[np.float64], list[Callable[[], list[NDArray[np.float64]]]]]:
    """The outputs (N,), and for each kinked call what gives its inputs less each kink, (N, units)."""
    with torch.no_grad(), _Kinks(len(x)) as hooks:
        y = one_output(model(x), len(x), output)
    return y.cpu().numpy(), hooks.calls


def _value_and_slope(
    model: nn.Module, x: Tensor, along: Tensor, output: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = x.clone().requires_grad_()
    y = one_output(model(x), len(x), output)
    if not y.requires_grad:
        return y.numpy(), np.zeros(len(x))
    (gradient,) = torch.autograd.grad(y.sum(), x, allow_unused=True)
    slope = torch.zeros(len(x)) if gradient is None else (gradient * along).flatten(1).sum(1)
    return y.detach().cpu().numpy(), slope.cpu().numpy()


def _check_straight(outputs: NDArray[np.float64], middle: NDArray[np.float64]) -> None:
    if not (np.isfinite(outputs).all() and np.isfinite(middle).all()):
        raise ValueError("the model's output is NaN or infinite on this line")
    off = np.abs((outputs[:-1] + outputs[1:]) / 2 - middle).max()
    if off > STRAIGHT * max(np.abs(outputs).max(), np.abs(middle).max(), 1e-300):
        raise ValueError(
            "the model is not linear between its breakpoints: it has more than ReLU-like activations and linear parts, "
            "such as tanh, max pooling or a normalisation over features"
        )


class _Kinks(TorchFunctionMode):
    """Keeps the inputs of all calls of piecewise-linear functions of one forward pass, in order."""

    def __init__(self, samples: int) -> None:
        super().__init__()
        self.calls: list[Callable[[], list[NDArray[np.float64]]]] = []
        self._samples = samples

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        operation = getattr(func, "__name__", "").split(".")[0].strip("_")
        at = _kinks(operation, args, kwargs)
        source = args[0] if args else kwargs.get("input")
        if at and isinstance(source, Tensor) and source.is_floating_point():
            self.calls.append(self._inputs(source.detach().clone(), at))
        return func(*args, **kwargs)

    def _inputs(self, z: Tensor, at: tuple[Any, ...]) -> Callable[[], list[NDArray[np.float64]]]:
        def less_each_kink() -> list[NDArray[np.float64]]:
            columns = []
            for kink in at:
                columns.append((z - kink).expand_as(z).reshape(self._samples, -1).cpu().numpy())
            return columns

        return less_each_kink


def _kinks(operation: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
    """Where the function bends."""

    def argument(position: int, name: str, default: Any = None) -> Any:
        return args[position] if position < len(args) else kwargs.get(name, default)

    match operation:
        case "relu" | "leaky_relu" | "prelu" | "rrelu" | "abs" | "absolute":
            return (0.0,)
        case "relu6":
            return (0.0, 6.0)
        case "hardsigmoid":
            return (-3.0, 3.0)
        case "hardtanh":
            return argument(1, "min_val", -1.0), argument(2, "max_val", 1.0)
        case "clamp" | "clip":
            bounds = argument(1, "min"), argument(2, "max")
            return tuple(bound for bound in bounds if bound is not None)
        case "clamp_min":
            return (argument(1, "min"),)
        case "clamp_max":
            return (argument(1, "max"),)
    return ()

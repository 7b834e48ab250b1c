"""Values as measures read them: within bounds, finite, or differences; others are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.claims._metrics import name_of, numbers
from lrn.verdicts import check_assumption

if TYPE_CHECKING:
    from lrn.experiment.metrics import Metric

__all__ = ["assumed", "bounded", "difference", "finite", "finite_difference", "larger"]

_ROUNDING = 1e-12


def assumed(assume: str | None, sd: float | None, bounds: tuple[float, float] | None) -> dict[str, Any]:
    """An assumption as fields of a quantity. Raises ValueError for an impossible one."""
    check_assumption(assume, sd)
    if bounds is not None:
        raise ValueError(f"a mean rests on bounds or on an assumption; got bounds={bounds!r} and assume={assume!r}")
    return {"assume": assume, "sd": None if sd is None else float(sd)}


def finite(values: NDArray[Any], metric: str | Metric) -> NDArray[np.float64]:
    """Values (S,) that must be finite."""
    floats = numbers(values, metric)
    if not np.isfinite(floats).all():
        raise ValueError(
            f"values of {name_of(metric)} must be finite for a mean; got {floats[~np.isfinite(floats)][0]:g}"
        )
    return floats


def finite_difference(a: NDArray[Any], b: NDArray[Any], metric: str | Metric) -> NDArray[np.float64]:
    """Differences (S,) that must be finite."""
    return finite(a, metric) - finite(b, metric)


def difference(a: NDArray[Any], b: NDArray[Any], metric: str | Metric) -> NDArray[np.float64]:
    """The differences (S,), which may be infinite where one value is."""
    first, second = numbers(a, metric), numbers(b, metric)
    if (np.isinf(first) & (first == second)).any():
        raise ValueError(
            f"{name_of(metric)} must not be infinite on both sides for one seed, as they then have no difference; use "
            f"paired_rate, or leave such seeds out with given="
        )
    return first - second


def larger(a: NDArray[np.float64], b: NDArray[np.float64], margin: float) -> NDArray[np.bool_]:
    """Which of the values a (S,) exceed those of b by more than a margin, beyond rounding where there is one."""
    if not margin:
        return a > b
    threshold = b + margin
    rounding = np.where(np.isfinite(b), _ROUNDING * (np.abs(b) + abs(margin)), 0.0)
    return a > threshold + rounding


def bounded(values: NDArray[Any], bounds: tuple[float, float], metric: str | Metric) -> NDArray[np.float64]:
    """Values (S,) that must lie within the bounds."""
    floats = numbers(values, metric)
    outside = floats[(floats < bounds[0]) | (floats > bounds[1])]
    if len(outside):
        low, high = bounds
        raise ValueError(f"values must lie in [{low}, {high}]; got {outside[0]:g} for {name_of(metric)}")
    return floats

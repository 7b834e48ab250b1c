"""Advice to the author of a claim that stayed open: the cost of bounds."""

from __future__ import annotations

from lrn.claims._samples import Mean
from lrn.intervals import normal_ends

__all__ = ["cost_of_bounds"]

_MUCH = 2.0


def cost_of_bounds(name: str, sample: Mean) -> str | None:
    """Returns the cost of a mean's bounds, in one sentence; None where they do not rule its interval.

    Args:
        name: of the quantity.
        sample: its observations.
    """
    if sample.is_at_bounds:
        return None
    low, high = normal_ends(sample.values, sample.goal)
    width = sample.ends[1] - sample.ends[0]
    if not 0 < _MUCH * (high - low) < width:
        return None
    return (
        f"the bounds rule the interval of {name}: after {sample.seeds} seeds it is {width / (high - low):.2g} times as "
        f"wide as the values' own spread would have it, if they were normal; a median (median, median_difference) or "
        f"paired_rate needs no bounds"
    )

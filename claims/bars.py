"""Estimates drawn with their intervals, as all figures of the report draw them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from lrn.verdicts import MeasuredQuantity

__all__ = ["draw_intervals"]

_ends_and_point = attrgetter("low", "point", "high")


def draw_intervals(
    axes: Any, x: Sequence[float], quantities: Iterable[MeasuredQuantity], colour: str, marker: str, **line: Any
) -> None:
    """Draws estimates as marks on a line, and behind them their intervals as broad bars.

    Args:
        axes: matplotlib's axes.
        x: where each estimate is drawn.
        quantities: the estimates, one for each of `x`.
        colour: of the line, the marks and the bars.
        marker: matplotlib's name of the marks.
        line: further options of the line.
    """
    lows, points, highs = np.reshape(list(map(_ends_and_point, quantities)), (-1, 3)).T
    axes.vlines(x, lows, highs, color=colour, linewidth=3.2, alpha=0.4)
    axes.plot(x, points, color=colour, marker=marker, markersize=3.6, **line)

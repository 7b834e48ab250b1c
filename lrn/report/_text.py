"""Numbers as a reader wants them: three digits that matter, percent for rates."""

from __future__ import annotations

import math

from lrn.verdicts import MeasuredQuantity

__all__ = ["interval_text", "number_text", "percent_text", "point_text"]

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number_text(x: float) -> str:
    """A number with three significant digits, such as 0.0123, 45.6, 12,300 or 3.1 × 10⁻⁷."""
    if math.isnan(x):
        return "–"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == 0:
        return "0"
    size = abs(x)
    if size < 1e-4 or size >= 1e9:
        mantissa, exponent = f"{size:.1e}".split("e")
        text = f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    elif size >= 100:
        text = f"{round(size):,}"
    else:
        text = f"{size:.3g}" if size < 99.95 else "100"
    return f"−{text}" if x < 0 else text


def percent_text(x: float) -> str:
    """A proportion in percent, such as 56.3 %, with more digits near 0 and 1."""
    if math.isnan(x):
        return "–"
    return f"{_percent(x)}\u00a0%"


def _percent(x: float) -> str:
    near = min(abs(x), abs(1 - x))
    if near < 5e-7:
        # A rate that cannot be 0, or 1, must not look as if it could.
        return "0" if x == 0 else "100" if x == 1 else ">0" if x < 0.5 else "<100"
    digits = 1 if near >= 0.01 else min(4, 1 - math.floor(math.log10(100 * near)))
    return f"{100 * x:.{digits}f}"


def point_text(quantity: MeasuredQuantity) -> str:
    """The estimate alone."""
    return percent_text(quantity.point) if quantity.is_rate else number_text(quantity.point)


def interval_text(quantity: MeasuredQuantity) -> str:
    """The estimate and its interval, such as 56.3 % [51.7, 60.8]."""
    if quantity.is_rate:
        return f"{percent_text(quantity.point)} [{_percent(quantity.low)}, {_percent(quantity.high)}]"
    ends = f"[{number_text(quantity.low)}, {number_text(quantity.high)}]"
    return f"{number_text(quantity.point)} {ends}{quantity.proviso}"

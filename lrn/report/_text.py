"""Numbers and quotations as a reader wants them: percent for rates, points for differences, no Markdown."""

from __future__ import annotations

import math
import re

from lrn.verdicts import MeasuredQuantity, Quantity

__all__ = [
    "interval_text",
    "is_share",
    "number_text",
    "percent_text",
    "point_text",
    "quotation",
    "range_text",
    "readable",
    "setting_text",
    "unit_of",
    "value_text",
]

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SHARES = re.compile(r"share of .*|.*_fraction|(test_|training_)?accuracy")
"""Metrics whose mean or median is a share of something, by their names."""

_LIMITLESS = 1e300
"""A number as large as this has no limit: sums of such numbers end in the largest that a machine knows."""

_OPTIMIZERS = {"adam": "Adam", "sgd": "SGD"}
"""Names of optimizers in labels, as people write them."""

PERCENT, POINTS, NUMBER = "%", "points", ""
"""Units: of a share, of a difference of shares, and of anything else."""


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


def _points(x: float) -> str:
    """A difference of proportions in percentage points, such as −12.4; 0 only for 0."""
    if 0 < abs(x) < 5e-7:
        return ">0" if x > 0 else "<0"
    digits = 1 if abs(x) >= 0.01 or x == 0 else min(4, 1 - math.floor(math.log10(100 * abs(x))))
    return f"{100 * x:.{digits}f}".replace("-", "−") if x else "0"


def is_share(quantity: Quantity) -> bool:
    """Whether a quantity is a proportion: a rate, or the mean or median of a metric that is one."""
    return quantity.is_rate or bool(_SHARES.fullmatch(quantity.metric))


def unit_of(quantity: MeasuredQuantity) -> str:
    """The unit that a quantity is shown in: "%", "points" or "" for a plain number."""
    if quantity.quantity is not None:
        difference = quantity.quantity.statistic == "mean difference"
        return (POINTS if difference else PERCENT) if is_share(quantity.quantity) else NUMBER
    if set(map(unit_of, quantity.terms)) != {PERCENT}:
        return NUMBER
    return POINTS if min(quantity.coefficients) < 0 else PERCENT


def value_text(x: float, unit: str) -> str:
    """One number with its unit, such as 56.3 %, −4.1 points or 12.7."""
    if math.isnan(x):
        return "–"
    if abs(x) >= _LIMITLESS:
        # Such as the epochs until a loss is reached that is never reached.
        return "without limit" if x > 0 else "without lower limit"
    if unit == PERCENT:
        return percent_text(x)
    return f"{_points(x)}\u00a0points" if unit == POINTS else number_text(x)


def range_text(low: float, high: float, unit: str) -> str:
    """An interval without its unit, such as [51.7, 60.8]; in words where an end is not bounded."""
    low_endless, high_endless = abs(low) >= _LIMITLESS, abs(high) >= _LIMITLESS
    if low_endless and high_endless:
        return "(no bounds)" if low < 0 < high else ""
    if low_endless:
        return f"(at most {value_text(high, unit)})"
    if high_endless:
        return f"(at least {value_text(low, unit)})"
    bare = {PERCENT: _percent, POINTS: _points}.get(unit, number_text)
    return f"[{bare(low)}, {bare(high)}]"


def point_text(quantity: MeasuredQuantity) -> str:
    """The estimate alone."""
    return value_text(quantity.point, unit_of(quantity))


def interval_text(quantity: MeasuredQuantity) -> str:
    """The estimate and its interval, such as 56.3 % [51.7, 60.8]."""
    unit = unit_of(quantity)
    return f"{value_text(quantity.point, unit)} {range_text(quantity.low, quantity.high, unit)}{quantity.proviso}"


def readable(text: str) -> str:
    """A text in which numbers as machines write them are as people do.

    Example:
        >>> print(readable("at most 8e-4"))
        at most 8 × 10⁻⁴
    """
    return re.sub(
        r"\b(\d+(?:\.\d+)?)e([-+]?\d+)\b",
        lambda match: f"{match[1]} × 10{str(int(match[2])).translate(_SUPERSCRIPT)}",
        text,
    )


def setting_text(text: str) -> str:
    """A setting, or the label of an experiment, with its optimizer and learning rate as people write them.

    Example:
        >>> print(setting_text("depth 10, adam 0.01, batch"))
        depth 10, Adam, 0.01, batch
    """
    return re.sub(r"\b(adam|sgd) (?=\d)", lambda match: f"{_OPTIMIZERS[match[1]]}, ", text)


def quotation(text: str) -> str:
    """A quotation for people: without the marks of Markdown and LaTeX.

    Example:
        >>> print(quotation("The **late** network ($>20$ layers, $d_1$)"))
        The late network (>20 layers, d1)
    """
    text = re.sub(r"\$([^$]*)\$", lambda match: re.sub(r"[\\{}_^]", "", match[1]), text)
    return re.sub(r"(\*{1,2})(?=\S)(.+?)(?<=\S)\1", r"\2", text)

"""Reasons typed beside claims, for people: a measured share is in percent, as it is everywhere on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import attrgetter

from lrn.report._quantities import estimates_of
from lrn.report._text import NUMBER, PERCENT, POINTS, readable, unit_of
from lrn.verdicts import Verdict

__all__ = ["reason_text"]

# A decimal with two digits or more, which is neither a setting ("at 0.01", "a rate of 0.05") nor a share already.
_DECIMAL = re.compile(r"(?<![\w.,])(?<!at )(?<!rate )(?<!rates )(?<!rate of )0\.(\d{2,})(?![\d.]*\d| ?%)")
_INTERVAL = re.compile(r"\[([\d.]+), ([\d.]+)\]")
_Range = tuple[float, float, str]


def reason_text(reason: str, verdicts: Sequence[Verdict]) -> str:
    """A reason with its shares in percent, differences of shares in points, and no machine's notation.

    A decimal is a share if it lies in the interval of one, and all that the cases measured are shares.

    Args:
        reason: the text.
        verdicts: the cases that it is for.
    """
    units_measured = set(map(unit_of, estimates_of(verdicts)))
    if not units_measured or NUMBER in units_measured:
        return readable(reason)
    ranges = list(_ranges(verdicts))

    def shown(match: re.Match[str]) -> str:
        """The decimal in its unit, with as many digits as it had."""
        value, digits = float(match[0]), len(match[1])
        half = 0.5 * 10.0**-digits
        units = [unit for low, high, unit in ranges if low - half <= value <= high + half]
        return f"{100 * value:.{max(digits - 2, 0)}f}\u00a0{units[0]}" if units else match[0]

    return readable(_DECIMAL.sub(shown, reason))


def _ranges(verdicts: Sequence[Verdict]) -> Iterator[_Range]:
    """The intervals of the cases' shares, without their signs, those that were compared before their terms."""
    quantities = list(estimates_of(verdicts))
    for quantity in quantities:
        yield from _sizes(quantity.low, quantity.high, unit_of(quantity))
    for verdict in verdicts:
        # What was compared may follow from a rate, as the chance of one success in ten runs.
        for low, high in _INTERVAL.findall(verdict.reason):
            if float(high) <= 1 and len(verdict.estimates) == 1:
                yield float(low), float(high), unit_of(verdict.estimates[0])
    for leaf in chain.from_iterable(map(attrgetter("leaves"), quantities)):
        yield from _sizes(leaf.low, leaf.high, unit_of(leaf))


def _sizes(low: float, high: float, unit: str) -> Iterator[_Range]:
    """An interval and its mirror image: a reason says "less" or "falls" rather than a sign."""
    if unit in (PERCENT, POINTS):
        yield low, high, unit
        yield -high, -low, unit

"""A printed mean or percentage, the answers behind it, and the sums that it can come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from operator import attrgetter

from lrn.audit._check import require_count
from lrn.audit._numbers import Printed, parse_number
from lrn.audit._rounding import NEAREST, Convention, Rounding, Span, prints_as, span, written

__all__ = ["MeanOf", "shown", "what"]


@dataclass(frozen=True)
class MeanOf:
    """A printed mean, or percentage, of `n` people's answers to `items` questions each."""

    number: Printed
    n: int
    items: int
    percent: bool
    low: int | None
    high: int | None

    @classmethod
    def read(
        cls,
        mean: str,
        n: int,
        decimals: int | None,
        percent: bool | None,
        items: int,
        scale: Sequence[int] | None,
    ) -> MeanOf:
        """Check and gather the arguments that all checks of means share."""
        number = _read_number(mean, decimals)
        n, items = require_count("n", n, 1), require_count("items", items, 1)
        is_percent = _read_percent(number, percent)
        low, high = _read_scale(scale, number, is_percent)
        return cls(number, n, items, is_percent, low, high)

    @property
    def size(self) -> int:
        """How many whole numbers were averaged."""
        return self.n * self.items

    @property
    def scale(self) -> int:
        """100 for a percentage, 1 for a mean."""
        return 100 if self.percent else 1

    def mean(self, total: int) -> Fraction:
        """Return the exact mean, or percentage, of whole numbers with this sum."""
        return Fraction(self.scale * total, self.size)

    def totals(self, rounding: Iterable[Rounding]) -> range:
        """Return the sums whose mean prints as the number, under one of these ways of rounding; they are in a row."""
        spans = list(filter(None, map(self._totals, rounding)))
        if not spans:
            return range(0)
        return range(min(map(attrgetter("start"), spans)), max(map(attrgetter("stop"), spans)))

    def _totals(self, name: Rounding) -> range:
        near = self._near(span(self.number, name))
        first, stop = near.start, near.stop
        while first < stop and not self._prints(first, name):  # only the ends can fail: they may be ties
            first += 1
        while first < stop and not self._prints(stop - 1, name):
            stop -= 1
        return range(first, stop)

    def _near(self, within: Span) -> range:
        step = Fraction(self.size, self.scale)
        first, last = ceil(within.low * step), floor(within.high * step)
        if self.low is not None:
            first = max(first, self.low * self.size)
        if self.high is not None:
            last = min(last, self.high * self.size)
        return range(first, last + 1)

    def nearest(self) -> tuple[str, ...]:
        """Return the possible means next below and above, as text; one where the scale ends."""
        exact = self.number.value * self.size / self.scale
        below, above = floor(exact), ceil(exact)
        if below == above:
            below, above = below - 1, above + 1
        lowest = None if self.low is None else self.low * self.size
        highest = None if self.high is None else self.high * self.size
        if lowest is not None and below < lowest:
            below = above = max(above, lowest)
        if highest is not None and above > highest:
            above = below = min(below, highest)
        decimals = self.number.decimals
        return tuple(dict.fromkeys((written(self.mean(below), decimals), written(self.mean(above), decimals))))

    def conventions(self, totals: range) -> tuple[Convention, ...]:
        """Return the ordinary ways of rounding under which one of the totals prints as the number."""
        fits: list[Convention] = []
        for name in NEAREST:
            if any(self._prints(total, name) for total in _some(totals)):
                fits.append(name)
        return tuple(name for name in fits if name != "float32") or tuple(fits)

    def _prints(self, total: int, name: Rounding) -> bool:
        return prints_as(self.mean(total), self.number, name, self.scale)


def _some(totals: range) -> Iterable[int]:
    """Return all totals, or of very many both ends and one between, which prints under every convention."""
    return totals if len(totals) < 4 else (totals[0], totals[len(totals) // 2], totals[-1])


def _read_number(mean: str, decimals: int | None) -> Printed:
    number = parse_number(mean)
    if number.relation != "=":
        raise ValueError(f"a mean must be a number, not a bound; got {mean!r}")
    if decimals is None:
        return number
    return number.with_decimals(require_count("decimals", decimals, 0))


def _read_percent(number: Printed, percent: bool | None) -> bool:
    if percent not in (None, True, False):
        raise TypeError(f"percent must be True, False or None; got {percent!r}")
    if percent is False and number.percent:
        raise ValueError(f"percent must be True for a number with a percent sign; got {number.text!r}, percent=False")
    return number.percent or bool(percent)


def _read_scale(scale: Sequence[int] | None, number: Printed, percent: bool) -> tuple[int | None, int | None]:
    """Return the least and the largest value that one whole number can have; None where there is no limit."""
    if scale is None:
        return (0, 1) if percent and 0 <= number.value <= 100 else (None, 0) if number.minus else (0, None)
    try:
        low, high = scale
    except (TypeError, ValueError):
        raise ValueError(f"scale must be two numbers, the lowest and the highest answer; got {scale!r}") from None
    low = None if low is None else require_count("scale's lowest", low, -(10**18))
    high = None if high is None else require_count("scale's highest", high, -(10**18))
    if low is not None and high is not None and low > high:
        raise ValueError(f"scale must begin with its lowest answer; got {scale!r}")
    return low, high


def shown(of: MeanOf) -> str:
    digits = written(of.number.value, of.number.decimals)
    digits = f"-{digits}" if of.number.minus and not of.number.value else digits
    return f"{digits} %" if of.percent else digits


def what(of: MeanOf) -> str:
    if (of.low, of.high) == (0, 1):
        return f"a share of {of.size}"
    numbers = f"{of.n} whole numbers" if of.items == 1 else f"{of.n} answers to {of.items} items"
    limits = "" if of.low in (None, 0) and of.high in (None, 0) else f" from {_limit(of.low)} to {_limit(of.high)}"
    return f"the mean of {numbers}{limits}"


def _limit(value: int | None) -> str:
    return "any" if value is None else str(value)

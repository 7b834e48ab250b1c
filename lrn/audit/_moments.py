"""Searches for the sum and the sum of squares that stand behind a printed mean and SD."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from lrn.audit._means import MeanOf
from lrn.audit._numbers import Printed
from lrn.audit._rounding import Rounding, Span, span
from lrn.audit._samples import Domain, least_squares, most_squares, sample_with, without_fixed

__all__ = ["MeanAndSd", "Solution", "look", "variance"]


@dataclass(frozen=True)
class MeanAndSd:
    """A printed mean and SD, and every way in which they may be meant."""

    of: MeanOf
    sd: Printed
    rounding: tuple[Rounding, ...]
    counts: Mapping[int, int]
    is_error: bool = False  # whether "SD" is the standard error, √n times smaller

    @property
    def domain(self) -> Domain:
        low, high = self.of.low, self.of.high
        least = None if low is None else low * self.of.items
        most = None if high is None else high * self.of.items
        return Domain(least, most, frozenset(self.counts))

    @property
    def shrunk(self) -> int:
        """The squared SD is this many times the square of the printed number."""
        return self.of.n if self.is_error else 1

    @property
    def per_unit(self) -> Fraction:
        """A printed SD times this is the SD of the n whole sums over items."""
        return Fraction(self.of.items, self.of.scale)

    def totals(self) -> list[int]:
        """Return the possible sums, those nearest to the printed mean first; of very many the middle and the ends."""
        totals, centre = self.of.totals(self.rounding), self.of.number.value * self.of.size / self.of.scale
        middle = len(totals) // 2
        near = totals[max(0, middle - _MOST_TRIED // 2) : middle + _MOST_TRIED // 2]
        ends = [] if len(near) == len(totals) else [totals[0], totals[-1]]
        return sorted([*near, *ends], key=lambda total: abs(total - centre))

    def spans(self) -> list[Span]:
        return [span(self.sd, name) for name in self.rounding]


def variance(question: MeanAndSd, total: int, squares: int, ddof: int) -> Fraction:
    """Return the squared SD, or standard error, in printed units, of n sums over items with these moments."""
    n = question.of.n
    return (squares - Fraction(total**2, n)) / (n - ddof) / question.per_unit**2 / question.shrunk


Solution = tuple[int, int, "tuple[int, ...] | None"]
_MOST_TRIED = 2000  # pairs of sums that print alike; many only where a mean or an SD is printed coarsely
_ORDER = ("bounds", "squares", "parity", "sample")  # how far the search came


def look(question: MeanAndSd, ddof: int) -> Solution | str:
    """Return (sum, sum of squares, numbers or None if left open) that print as asked; else the reason why not."""
    if question.of.n <= ddof:
        only = question.totals()[0]
        return (only, only**2, (only,)) if question.sd.value == 0 else "bounds"
    furthest = "bounds"
    for tried, (total, squares) in enumerate(_candidates(question, ddof)):
        if isinstance(squares, str):
            furthest = max(furthest, squares, key=_ORDER.index)
            continue
        sample = _sample(question, total, squares) if tried < _MOST_TRIED else None
        if isinstance(sample, tuple):
            return total, squares, sample
        furthest = "sample"
        if sample is None:
            return total, squares, None
    if len(question.of.totals(question.rounding)) > _MOST_TRIED and furthest != "bounds":
        return question.totals()[0], 0, None
    return furthest


def _candidates(question: MeanAndSd, ddof: int) -> Iterator[tuple[int, int | str]]:
    for total in question.totals():
        for squares in _squares(question, total, ddof):
            yield total, squares


def _sample(question: MeanAndSd, total: int, squares: int) -> tuple[int, ...] | bool | None:
    n, rest, rest_squares = without_fixed(question.counts, question.of.n, total, squares)
    if n < 0:
        return False
    numbers = sample_with(n, rest, rest_squares, question.domain)
    if isinstance(numbers, bool) or numbers is None:
        return numbers
    return tuple(sorted([*numbers, *Counter(question.counts).elements()]))


def _squares(question: MeanAndSd, total: int, ddof: int) -> Iterator[int | str]:
    """Yield the sums of squares whose SD prints as asked, middle first; else how far the conditions are met."""
    n, domain = question.of.n, Domain(question.domain.low, question.domain.high)
    least, most = least_squares(n, total), most_squares(n, total, domain)
    for within in question.spans():
        start, end = _squares_of(question, within.low, total, ddof), _squares_of(question, within.high, total, ddof)
        first, last = ceil(start), floor(end)
        first += not within.holds_root(variance(question, total, max(first, least), ddof))
        last -= not within.holds_root(variance(question, total, max(last, least), ddof))
        if end < least or (most is not None and start > most):
            yield "bounds"
        elif first > last:
            yield "squares"
        else:
            first, last = max(first, least), last if most is None else min(most, last)
            first, last = first + (first - total) % 2, last - (last - total) % 2
            yield from _middle_out(first, last) if first <= last else ["parity"]


def _squares_of(question: MeanAndSd, sd: Fraction, total: int, ddof: int) -> Fraction:
    """Return the sum of squares of numbers with this sum and SD; below 0 there is no SD."""
    n, scaled = question.of.n, max(Fraction(0), sd) * question.per_unit
    return scaled**2 * question.shrunk * (n - ddof) + Fraction(total**2, n)


def _middle_out(first: int, last: int) -> Iterator[int]:
    """Yield first, first + 2, …, last, beginning in the middle."""
    middle = first + (last - first) // 4 * 2
    for step in range(0, last - first + 2, 2):
        if middle + step <= last:
            yield middle + step
        if step and middle - step >= first:
            yield middle - step

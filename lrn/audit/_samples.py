"""Is there a sample of n whole numbers with this sum and this sum of squares? SPRITE, decided exactly.

SPRITE (Heathers, Anaya, van der Zee and Brown, 2018, PeerJ Preprints 6:e26968v1) looks for a sample with a printed
mean and SD by random moves, so that failing to find one shows nothing. Here numbers are chosen one after the other,
largest first, each only if what remains is within the least and the largest sum of squares; where that comes to
nothing every other choice is tried, so that "there is none" is proven. Only when the choices are too many
(`_MOST_TRIED`) does the answer stay open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import filterfalse
from math import isqrt
from operator import neg

__all__ = ["Domain", "least_squares", "most_squares", "sample_with"]

_MOST_TRIED = 50_000
_DEEPEST = 400  # numbers in a sample for which every choice is tried; more are only filled greedily
_LONGEST = 5000  # and more still are not looked for


@dataclass(frozen=True)
class Domain:
    """The values that a number of the sample may have: from low to high, None for no limit, some left out."""

    low: int | None = None
    high: int | None = None
    without: frozenset[int] = frozenset()

    def values(self, centre: int, reach: int) -> Iterator[int]:
        """Yield the values at most `reach` from `centre`, largest first."""
        low = centre - reach if self.low is None else max(self.low, centre - reach)
        high = centre + reach if self.high is None else min(self.high, centre + reach)
        return filterfalse(self.without.__contains__, range(high, low - 1, -1))

    def mirrored(self) -> Domain:
        """Return the domain of the same numbers with their signs changed."""
        low = None if self.high is None else -self.high
        high = None if self.low is None else -self.low
        return Domain(low, high, frozenset(map(neg, self.without)))

    def holds(self, value: int) -> bool:
        """Say whether a number may have this value."""
        above = self.low is None or value >= self.low
        return above and (self.high is None or value <= self.high) and value not in self.without


def least_squares(n: int, total: int) -> int:
    """Return the least sum of squares of n whole numbers with this sum: all as equal as can be."""
    share, rest = divmod(total, n)
    return rest * (share + 1) ** 2 + (n - rest) * share**2


def most_squares(n: int, total: int, domain: Domain) -> int | None:
    """Return the largest sum of squares of n numbers of the domain with this sum; None where there is no limit.

    As many as can be lie at the two ends, one between them; with one end, all but one lie there.
    """
    if n == 1:
        return total**2
    if domain.low is None or domain.high is None:
        end = domain.high if domain.low is None else domain.low
        return None if end is None else (n - 1) * end**2 + (total - (n - 1) * end) ** 2
    width, above = domain.high - domain.low, total - n * domain.low
    if width == 0:
        return n * domain.low**2
    at_top, rest = divmod(above, width)
    return at_top * width**2 + rest**2 + 2 * domain.low * above + n * domain.low**2


def sample_with(n: int, total: int, squares: int, domain: Domain) -> tuple[int, ...] | bool | None:
    """Return n numbers of the domain, largest first, with this sum and sum of squares.

    Returns:
        The numbers; False if there are none, for certain; None if none was found and some may exist.
    """
    if not _feasible(n, total, squares, domain):
        return False
    if n > _LONGEST:
        return None
    for sign in (1, -1):  # from the largest number down, then from the smallest up
        greedy = _greedy(n, sign * total, squares, domain if sign == 1 else domain.mirrored())
        if greedy is not None:
            return tuple(sorted((sign * value for value in greedy), reverse=True))
    if n > _DEEPEST:
        return None
    return _Search(domain).run(n, total, squares)


def _feasible(n: int, total: int, squares: int, domain: Domain) -> bool:
    """Say whether the necessary conditions hold: x and its square are even together, and both sums are in reach."""
    if n == 0:
        return total == 0 and squares == 0
    if n == 1:
        return squares == total**2 and domain.holds(total)
    if (total - squares) % 2 or least_squares(n, total) > squares:
        return False
    if domain.low is not None and total < n * domain.low:
        return False
    if domain.high is not None and total > n * domain.high:
        return False
    most = most_squares(n, total, domain)
    return most is None or squares <= most


def _choices(n: int, total: int, squares: int, domain: Domain) -> Iterator[int]:
    """Yield the values, largest first, that leave something feasible."""
    if n == 2:
        yield from _last_two(total, squares, domain)
        return
    spread = n * squares - total**2  # n times the sum of squared deviations
    for value in domain.values(total // n, isqrt(spread // n) + 2):
        if _feasible(n - 1, total - value, squares - value**2, domain):
            yield value


def _last_two(total: int, squares: int, domain: Domain) -> Iterator[int]:
    """Yield the larger of the two numbers with this sum and sum of squares, if there are two."""
    gap = isqrt(max(0, 2 * squares - total**2))
    larger, smaller = (total + gap) // 2, (total - gap) // 2
    exact = larger + smaller == total and larger**2 + smaller**2 == squares
    if exact and domain.holds(larger) and domain.holds(smaller):
        yield larger


def _greedy(n: int, total: int, squares: int, domain: Domain) -> tuple[int, ...] | None:
    chosen: list[int] = []
    while n:
        value = next(_choices(n, total, squares, domain), None)
        if value is None:
            return None
        chosen.append(value)
        n, total, squares = n - 1, total - value, squares - value**2
    return tuple(sorted(chosen, reverse=True))


class _Search:
    """Tries every choice, remembers what led nowhere, and gives up after `_MOST_TRIED` choices."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.failed: set[tuple[int, int, int]] = set()
        self.tried = 0

    def run(self, n: int, total: int, squares: int) -> tuple[int, ...] | bool | None:
        numbers = self._from(n, total, squares)
        if numbers is not None:
            return tuple(sorted(numbers, reverse=True))
        return None if self.tried > _MOST_TRIED else False

    def _from(self, n: int, total: int, squares: int) -> list[int] | None:
        if n == 0:
            return []
        state = (n, total, squares)
        if state in self.failed:
            return None
        for value in _choices(n, total, squares, self.domain):
            self.tried += 1
            if self.tried > _MOST_TRIED:
                return None
            rest = self._from(n - 1, total - value, squares - value**2)
            if rest is not None:
                return [value, *rest]
        self.failed.add(state)
        return None


def without_fixed(counts: Mapping[int, int], n: int, total: int, squares: int) -> tuple[int, int, int]:
    """Return n, sum and sum of squares of what remains once each value stands its fixed number of times."""
    for value, count in counts.items():
        n, total, squares = n - count, total - count * value, squares - count * value**2
    return n, total, squares

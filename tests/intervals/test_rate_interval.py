"""The Clopper-Pearson interval: coverage by enumeration, reference values, edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lrn.intervals import rate_interval

# The same examples every time, however busy the machine is.
repeatable = settings(derandomize=True, deadline=None)

Intervals = Callable[[int, int, float], tuple[float, float]]

# Sums of up to 21 probabilities; also the largest rounding that an end may have.
ROUNDING = 1e-12


def worst_misses(interval: Intervals, n: int, alpha: float) -> tuple[float, float]:
    """Return the largest P(low > p) and P(high < p) over all rates p, by enumerating all counts.

    Both are piecewise monotone in p and extreme next to an end of some interval, so besides a grid these are the
    rates to try.
    """
    low, high = np.array([interval(hits, n, alpha) for hits in range(n + 1)]).T
    rates = np.concatenate([np.linspace(0, 1, 201), low - 1e-12, high + 1e-12, low, high])
    rates = rates[(rates >= 0) & (rates <= 1)]
    probability = stats.binom.pmf(np.arange(n + 1), n, rates[:, None])
    return (
        float((probability * (low > rates[:, None])).sum(axis=1).max()),
        float((probability * (high < rates[:, None])).sum(axis=1).max()),
    )


@pytest.mark.parametrize("alpha", [0.5, 0.05, 1e-3, 1e-7, 1e-10])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 13, 20])
def test_each_end_misses_with_at_most_half_of_alpha_at_every_rate(n: int, alpha: float) -> None:
    below, above = worst_misses(rate_interval, n, alpha)
    assert below <= alpha / 2 * (1 + ROUNDING)
    assert above <= alpha / 2 * (1 + ROUNDING)


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_the_ends_cannot_be_moved_inward(n: int) -> None:
    below, above = worst_misses(rate_interval, n, 0.05)
    assert below == pytest.approx(0.025, rel=1e-6)
    assert above == pytest.approx(0.025, rel=1e-6)


def shifted_low(hits: int, n: int, alpha: float) -> tuple[float, float]:
    low, high = rate_interval(hits, n, alpha)
    return low + 1e-4 * (hits > 0), high


def shifted_high(hits: int, n: int, alpha: float) -> tuple[float, float]:
    low, high = rate_interval(hits, n, alpha)
    return low, high - 1e-4 * (hits < n)


def one_sided_alpha(hits: int, n: int, alpha: float) -> tuple[float, float]:
    return rate_interval(hits, n, 2 * alpha)


def normal_approximation(hits: int, n: int, alpha: float) -> tuple[float, float]:
    half = stats.norm.isf(alpha / 2) * (hits / n * (1 - hits / n) / n) ** 0.5
    return hits / n - half, hits / n + half


def off_by_one(hits: int, n: int, alpha: float) -> tuple[float, float]:
    return stats.beta.ppf(alpha / 2, hits + 1, n - hits + 1), stats.beta.isf(alpha / 2, hits + 1, n - hits + 1)


@pytest.mark.parametrize("broken", [shifted_low, shifted_high, one_sided_alpha, normal_approximation, off_by_one])
def test_the_enumeration_finds_a_planted_bug(broken: Intervals) -> None:
    assert max(worst_misses(broken, 12, 0.05)) > 0.025 * (1 + 1e-6)


@pytest.mark.parametrize(
    ("hits", "n", "level", "low", "high"),
    [
        # R 4: binom.test(hits, n, conf.level = level)$conf.int
        (7, 20, 0.95, 0.1539092, 0.5921885),
        (0, 10, 0.95, 0.0, 0.3084971),
        (10, 10, 0.95, 0.6915029, 1.0),
        (682, 925, 0.95, 0.7076683, 0.7654066),
    ],
)
def test_agrees_with_published_values_of_r(hits: int, n: int, level: float, low: float, high: float) -> None:
    # R prints seven digits.
    assert rate_interval(hits, n, 1 - level) == pytest.approx((low, high), abs=5e-8)


@pytest.mark.parametrize("n", [1, 10, 64, 1000])
@pytest.mark.parametrize("alpha", [0.2, 1e-3, 1e-6])
def test_agrees_with_binomtest(n: int, alpha: float) -> None:
    for hits in sorted({0, 1, n // 3, n // 2, n - 1, n}):
        exact = stats.binomtest(hits, n).proportion_ci(1 - alpha, method="exact")
        # binomtest takes a level of 1 - alpha, which alone costs it 1e-16 / 1e-6 of a tail.
        assert rate_interval(hits, n, alpha) == pytest.approx((exact.low, exact.high), rel=1e-7)


@pytest.mark.parametrize("n", [1, 64, 8192, 131072, 2**20])
@pytest.mark.parametrize("alpha", [1e-3, 1e-10, 1e-14])
def test_ends_never_round_inward_up_to_a_million_observations(n: int, alpha: float) -> None:
    for hits in sorted({0, 1, 2 % n, n // 10, n // 2, n - n // 10, n - 1, n}):
        low, high = rate_interval(hits, n, alpha)
        assert stats.binom.sf(hits - 1, n, low) <= alpha / 2 or hits == 0
        assert stats.binom.cdf(hits, n, high) <= alpha / 2 or hits == n


def test_no_hit_reaches_down_to_zero_and_all_hits_up_to_one() -> None:
    # With no hit the upper end solves (1 - p)^n = alpha / 2.
    low, high = rate_interval(0, 50, 0.01)
    assert low == 0
    assert (1 - high) ** 50 == pytest.approx(0.005, rel=1e-6)
    mirrored = rate_interval(50, 50, 0.01)
    assert mirrored[1] == 1
    assert mirrored[0] == pytest.approx(1 - high, rel=1e-6)


def test_nothing_observed_allows_every_rate() -> None:
    assert rate_interval(0, 0, 1e-9) == (0.0, 1.0)


@repeatable
@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_holds_the_observed_rate_and_widens_as_alpha_falls(count: tuple[int, int]) -> None:
    hits, n = count
    wide, narrow = rate_interval(hits, n, 1e-9), rate_interval(hits, n, 0.1)
    assert 0 <= wide[0] <= narrow[0] <= hits / n <= narrow[1] <= wide[1] <= 1


def test_numpy_counts_are_counts() -> None:
    assert rate_interval(np.int64(3), np.int32(9), 0.1) == rate_interval(3, 9, 0.1)


@pytest.mark.parametrize(
    ("hits", "n", "alpha", "error", "message"),
    [
        (-1, 5, 0.1, ValueError, "hits must be from 0 to 5, not -1"),
        (6, 5, 0.1, ValueError, "hits must be from 0 to 5, not 6"),
        (0, -1, 0.1, ValueError, "n must be at least 0, not -1"),
        (1.0, 5, 0.1, TypeError, r"hits must be a whole number, not 1\.0"),
        (True, 5, 0.1, TypeError, "hits must be a whole number, not True"),
        (1, 5, 0.0, ValueError, r"alpha must lie strictly between 0 and 1, not 0\.0"),
        (1, 5, float("nan"), ValueError, "alpha must lie strictly between 0 and 1, not nan"),
    ],
)
def test_bad_input_is_named(hits: int, n: int, alpha: float, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        rate_interval(hits, n, alpha)

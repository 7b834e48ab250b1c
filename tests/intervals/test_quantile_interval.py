"""The order-statistic interval: coverage by enumeration over discrete and continuous distributions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lrn.intervals import quantile_interval

# The same examples every time, however busy the machine is.
repeatable = settings(derandomize=True, deadline=None)

Intervals = Callable[[np.ndarray, float, float], tuple[float, float]]


def misses(
    interval: Intervals, support: list[float], weights: np.ndarray, n: int, q: float, alpha: float
) -> tuple[float, float]:
    """Return P(low > some q-quantile) and P(high < some q-quantile), by enumerating all samples as counts."""
    cumulative = np.cumsum(weights)
    # The q-quantiles are all m with P(X < m) <= q <= P(X <= m): first and last support point among them.
    first = support[int(np.argmax(cumulative >= q - 1e-12))]
    last = support[int(np.argmax(cumulative > q + 1e-12))]
    above = below = 0.0
    for counts in itertools.product(range(n + 1), repeat=len(support)):
        if sum(counts) == n:
            probability = stats.multinomial.pmf(counts, n, weights)
            low, high = interval(np.repeat(support, counts), q, alpha)
            below += probability * (low > first)
            above += probability * (high < last)
    return below, above


SUPPORT = [1.0, 2.0, math.inf]
EIGHTHS = [row for row in itertools.product(range(9), repeat=3) if sum(row) == 8 and max(row[1:]) < 8]
WEIGHTS = np.array(EIGHTHS) / 8


@pytest.mark.parametrize(("q", "alpha"), [(0.5, 0.3), (0.25, 0.3), (0.9, 0.1), (0.5, 0.01)])
def test_each_end_misses_any_quantile_with_at_most_half_of_alpha(q: float, alpha: float) -> None:
    for weights in WEIGHTS[::2]:
        assert max(misses(quantile_interval, SUPPORT, weights, 6, q, alpha)) <= alpha / 2 + 1e-12


def one_rank_too_narrow(values: np.ndarray, q: float, alpha: float) -> tuple[float, float]:
    low, high = quantile_interval(values, q, alpha)
    ordered = np.sort(values)
    return ordered[min(np.searchsorted(ordered, low, "left") + 1, len(ordered) - 1)], high


def alpha_not_halved(values: np.ndarray, q: float, alpha: float) -> tuple[float, float]:
    return quantile_interval(values, q, 2 * alpha)


def counted_from_the_other_end(values: np.ndarray, q: float, alpha: float) -> tuple[float, float]:
    return quantile_interval(values, 1 - q, alpha)


@pytest.mark.parametrize("broken", [one_rank_too_narrow, alpha_not_halved, counted_from_the_other_end])
def test_the_enumeration_finds_a_planted_bug(broken: Intervals) -> None:
    weights = np.array([0.25, 0.25, 0.3, 0.2])
    assert max(misses(broken, [1.0, 2.0, 3.0, 4.0], weights, 8, 0.25, 0.15)) > 0.076


@pytest.mark.parametrize("n", range(1, 21))
@pytest.mark.parametrize("q", [0.1, 0.5, 0.75])
@pytest.mark.parametrize("alpha", [0.45, 0.05, 1e-3])
def test_ranks_are_the_narrowest_that_cover_without_ties(n: int, q: float, alpha: float) -> None:
    low, high = quantile_interval(np.arange(1, n + 1), q, alpha)
    below = 0 if low == -math.inf else int(low)
    above = n + 1 if high == math.inf else int(high)
    # Of n observations from a continuous distribution, Binomial(n, q) many lie below its q-quantile.
    assert stats.binom.cdf(below - 1, n, q) <= alpha / 2 < stats.binom.cdf(below, n, q)
    assert stats.binom.sf(above - 1, n, q) <= alpha / 2 < stats.binom.sf(above - 2, n, q)


@pytest.mark.parametrize(
    ("n", "below", "above"),
    # Ranks of the 95 % interval for a median, as tabulated in textbooks of non-parametric statistics.
    [(6, 1, 6), (10, 2, 9), (20, 6, 15), (25, 8, 18), (100, 40, 61)],
)
def test_agrees_with_tabulated_ranks_of_the_median(n: int, below: int, above: int) -> None:
    values = np.random.default_rng(n).permutation(np.arange(1, n + 1))
    assert quantile_interval(values, 0.5, 0.05) == (below, above)


def test_too_few_observations_leave_an_end_open() -> None:
    assert quantile_interval([3.0, 1.0, 2.0, 4.0, 5.0], 0.5, 0.05) == (-math.inf, math.inf)
    assert quantile_interval([], 0.5, 0.05) == (-math.inf, math.inf)
    low, high = quantile_interval(np.arange(60), 0.99, 0.05)
    assert math.isfinite(low)
    assert high == math.inf


def test_what_never_happened_is_an_upper_end() -> None:
    values = np.where(np.arange(100) < 55, 10.0, math.inf)
    assert quantile_interval(values, 0.5, 0.05) == (10.0, math.inf)
    assert quantile_interval(values, 0.9, 0.05) == (math.inf, math.inf)
    assert quantile_interval(values, 0.25, 0.05) == (10.0, 10.0)


@repeatable
@given(
    st.lists(st.one_of(st.integers(0, 5), st.just(math.inf)), min_size=1, max_size=200),
    st.floats(0.01, 0.99),
    st.sampled_from([1e-9, 0.05, 0.9]),
)
def test_holds_the_sample_quantile_in_any_order(values: list[float], q: float, alpha: float) -> None:
    low, high = quantile_interval(values, q, alpha)
    assert low <= np.quantile(np.array(values, dtype=float), q, method="inverted_cdf") <= high
    assert quantile_interval(values[::-1], q, alpha) == (low, high)


@pytest.mark.parametrize(
    ("values", "q", "alpha", "message"),
    [
        ([1.0, math.nan], 0.5, 0.1, "values must be numbers, but 1 of 2 are NaN"),
        ([[1.0]], 0.5, 0.1, r"values must be one-dimensional, not of shape \(1, 1\)"),
        ([1.0], 0.0, 0.1, r"q must lie strictly between 0 and 1, not 0\.0"),
        ([1.0], 0.5, 1.0, r"alpha must lie strictly between 0 and 1, not 1\.0"),
    ],
)
def test_bad_input_is_named(values: list[float], q: float, alpha: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quantile_interval(values, q, alpha)

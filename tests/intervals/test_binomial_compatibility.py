"""The exact binomial p-value over an interval of rates: bounds against brute force, published values, edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from lrn.intervals import Estimate, binomial_compatibility, rate_interval

# The same examples every time, however busy the machine is.
repeatable = settings(derandomize=True, deadline=None)


def p_values(k: int, n: int, rates: np.ndarray, tie: float = 1e-7) -> np.ndarray:
    """Return the two-sided p-value at each rate (R,), by adding up outcomes no likelier than k."""
    probability = stats.binom.pmf(np.arange(n + 1), n, rates[:, None])
    rare = probability <= probability[:, [k]] * (1 + tie)
    return (probability * rare).sum(axis=1)


def tie_rates(k: int, n: int) -> np.ndarray:
    """Return the rates at which some outcome is exactly as likely as k: where the p-value jumps."""
    others = np.delete(np.arange(n + 1), k)
    odds = (special.comb(n, k) / special.comb(n, others)) ** (1 / (others - k))
    return odds / (1 + odds)


def dense_rates(k: int, n: int, low: float, high: float) -> np.ndarray:
    """Return rates in [low, high]: a fine grid, and both sides of every jump."""
    jumps = tie_rates(k, n)
    rates = np.concatenate([np.linspace(low, high, 2001), jumps, jumps * (1 - 1e-6), jumps * (1 + 1e-6)])
    return rates[(rates >= low) & (rates <= high)]


INTERVALS = [(0.0, 1.0), (0.0, 0.1), (0.05, 0.3), (0.31, 0.33), (0.45, 0.62), (0.8, 1.0), (0.999, 1.0)]


@pytest.mark.parametrize("n", [1, 2, 3, 5, 10, 17])
@pytest.mark.parametrize(("low", "high"), INTERVALS)
def test_bounds_are_those_of_brute_force_for_every_count(n: int, low: float, high: float) -> None:
    for k in range(n + 1):
        values = p_values(k, n, dense_rates(k, n, low, high))
        bounds = binomial_compatibility(k, n, Estimate((low + high) / 2, low, high))
        assert bounds.low <= values.min() * (1 + 1e-12)
        assert bounds.high >= values.max() * (1 - 1e-12)
        # The grid has steps of at most 0.0005, over which the p-value moves by less than n times that.
        assert values.min() - bounds.low <= 6e-4 * n
        assert bounds.high - values.max() <= 6e-4 * n


def test_the_brute_force_finds_bounds_taken_at_the_ends_only() -> None:
    # What a naive evaluation at both ends would give misses the jumps and the plateau at 1 between them.
    low, high = 0.05, 0.9
    inside = p_values(3, 10, dense_rates(3, 10, low, high))
    at_ends = p_values(3, 10, np.array([low, high]))
    assert inside.max() > at_ends.max() + 0.5


@repeatable
@given(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.lists(st.integers(0, 1000).map(lambda x: x / 1000), min_size=3, max_size=3).map(sorted),
)
def test_bounds_hold_at_every_rate_inside(count: tuple[int, int], rates: list[float]) -> None:
    k, n = count
    bounds = binomial_compatibility(k, n, Estimate(rates[1], rates[0], rates[2]))
    assert 0 <= bounds.low <= bounds.point <= bounds.high <= 1
    for rate in rates:
        # A rate that is known exactly gives its p-value, with the rounding of a sum, instead of bounds.
        value = stats.binomtest(k, n, rate).pvalue
        assert bounds.low * (1 - 1e-12) <= value <= bounds.high * (1 + 1e-12)


@repeatable
@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.integers(0, n), st.just(n))))
def test_bounds_hold_on_both_sides_of_every_jump(counts: tuple[int, int, int]) -> None:
    k, j, n = counts
    for jump in tie_rates(k, n)[j : j + 1]:
        bounds = binomial_compatibility(k, n, Estimate(jump, jump * (1 - 1e-9), jump * (1 + 1e-9)))
        # At a jump, rounding decides on which side one is, so both values belong to the answer.
        for side in (1 - 1e-9, 1, 1 + 1e-9):
            for tie in (0, 1e-7):
                value = p_values(k, n, np.array([jump * side]), tie)[0]
                assert bounds.low * (1 - 1e-7) <= value <= bounds.high * (1 + 1e-7)


@pytest.mark.parametrize(
    ("k", "n", "rate", "p_value"),
    # R 4: binom.test(k, n, rate)$p.value
    [(682, 925, 0.75, 0.3824916), (7, 20, 0.5, 0.2631760), (10, 10, 0.5, 0.001953125), (0, 10, 0.05, 1.0)],
)
def test_agrees_with_published_values_of_r(k: int, n: int, rate: float, p_value: float) -> None:
    result = binomial_compatibility(k, n, Estimate.constant(rate))
    for value in (result.point, result.low, result.high):
        assert value == pytest.approx(p_value, abs=5e-7)


@pytest.mark.parametrize(
    ("k", "rate", "expected"), [(0, 0.0, 1.0), (1, 0.0, 0.0), (10, 1.0, 1.0), (9, 1.0, 0.0), (0, 1.0, 0.0)]
)
def test_certain_rates_allow_one_count_only(k: int, rate: float, expected: float) -> None:
    result = binomial_compatibility(k, 10, Estimate.constant(rate))
    assert (result.point, result.low, result.high) == pytest.approx((expected,) * 3, abs=1e-12)


def test_an_implausible_count_is_decided_and_a_slightly_odd_one_is_not() -> None:
    low, high = rate_interval(1200, 2048, 1e-8)
    rate = Estimate.measured("late", 1200 / 2048, low, high, 2048)
    assert (binomial_compatibility(0, 10, rate) < 0.05).value is True
    assert (binomial_compatibility(6, 10, rate) < 0.05).value is False
    borderline = binomial_compatibility(2, 10, rate) < 0.025
    assert borderline.value is None
    assert borderline.undecided == ("late",)


@pytest.mark.parametrize("n", [1, 4, 10, 25])
def test_a_known_rate_gives_the_p_value_of_binomtest(n: int) -> None:
    for rate in (0.0, 1e-6, 0.1, 0.25, 1 / 3, 0.5, 0.61, 0.9, 1.0):
        for k in range(n + 1):
            result = binomial_compatibility(k, n, Estimate.constant(rate))
            assert result.low == result.point == result.high
            assert result.point == pytest.approx(stats.binomtest(k, n, rate).pvalue, rel=1e-9, abs=1e-15)


def test_rates_next_to_zero_and_one_round_outward() -> None:
    assert binomial_compatibility(1, 1, Estimate(1e-20, 0, 1e-20)).high >= 1e-20
    assert binomial_compatibility(0, 1, Estimate(1 - 1e-16, 1 - 1e-16, 1)).low == 0


def test_large_published_counts_are_fast_and_right() -> None:
    result = binomial_compatibility(5200, 10_000, Estimate(0.5, 0.49, 0.51))
    rates = np.linspace(0.49, 0.51, 21)
    values = [stats.binomtest(5200, 10_000, rate).pvalue for rate in rates]
    assert result.low == pytest.approx(min(values), rel=1e-6)
    assert result.high == pytest.approx(max(values), rel=1e-6)
    assert result.point == pytest.approx(values[10], rel=1e-9)


def test_a_rate_without_width_needs_no_point() -> None:
    assert binomial_compatibility(0, 10, Estimate(math.nan, 0.0, 0.0)).low == 1


def test_carries_the_name_and_the_unknown_point() -> None:
    rate = Estimate.measured("late", math.nan, 0, 1, 0)
    result = binomial_compatibility(3, 10, rate)
    assert result.name == "p-value of 3 of 10 for late"
    assert math.isnan(result.point)
    assert result.high == 1


@pytest.mark.parametrize(
    ("k", "n", "rate", "error", "message"),
    [
        (11, 10, Estimate(0.5, 0, 1), ValueError, "k must be from 0 to 10, not 11"),
        (0, 0, Estimate(0.5, 0, 1), ValueError, "n must be at least 1, not 0"),
        (1, 2, Estimate(0.5, -0.1, 1), ValueError, r"a rate must lie in \[0, 1\], not in \[-0\.1, 1\.0\]"),
        (1, 2, 0.5, TypeError, r"rate must be an Estimate, not 0\.5"),
        (1.5, 2, Estimate(0.5, 0, 1), TypeError, r"k must be a whole number, not 1\.5"),
    ],
)
def test_bad_input_is_named(k: int, n: int, rate: Estimate, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        binomial_compatibility(k, n, rate)

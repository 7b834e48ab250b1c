"""The betting interval for a bounded mean: coverage by enumeration and simulation, a plain reference, edges."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from lrn.intervals import _exact, mean_interval, rate_interval

# The same examples every time, however busy the machine is.
repeatable = settings(derandomize=True, deadline=None)

Intervals = Callable[[np.ndarray, float, float, float], tuple[float, float]]


def worst_misses(
    interval: Intervals, support: list[float], weights: np.ndarray, n: int, alpha: float
) -> tuple[float, float]:
    """Return the largest P(low > mean) and P(high < mean), by enumerating all sequences of n values.

    Args:
        interval: what to try, called with values in [0, 1].
        support: (V,) the possible values.
        weights: (K, V) probabilities of the values, one row a distribution.
        n: observations.
        alpha: the level asked for.
    """
    choices = np.array(list(itertools.product(range(len(support)), repeat=n)))
    low, high = np.array([interval(np.array(support)[choice], 0, 1, alpha) for choice in choices]).T
    below, above = [], []
    for row in weights:
        probability = row[choices].prod(axis=1)
        mean = row @ np.array(support)
        below.append(probability[low > mean].sum())
        above.append(probability[high < mean].sum())
    return max(below), max(above)


RATES = np.linspace(0, 1, 401)
BERNOULLI = np.stack([1 - RATES, RATES], axis=1)
THREE_VALUED = np.array([row for row in itertools.product(range(11), repeat=3) if sum(row) == 10]) / 10


@pytest.mark.parametrize("alpha", [0.5, 0.2, 0.05, 0.001])
@pytest.mark.parametrize("n", [1, 2, 3, 6, 8])
def test_each_end_misses_with_at_most_half_of_alpha_for_two_values(n: int, alpha: float) -> None:
    assert max(worst_misses(mean_interval, [0.0, 1.0], BERNOULLI, n, alpha)) <= alpha / 2


def test_each_end_misses_with_at_most_half_of_alpha_for_all_sequences_of_ten() -> None:
    assert max(worst_misses(mean_interval, [0.0, 1.0], BERNOULLI, 10, 0.05)) <= 0.025


@pytest.mark.parametrize("alpha", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("middle", [0.5, 0.03])
def test_each_end_misses_with_at_most_half_of_alpha_for_three_values(middle: float, alpha: float) -> None:
    assert max(worst_misses(mean_interval, [0.0, middle, 1.0], THREE_VALUED, 5, alpha)) <= alpha / 2


@pytest.mark.parametrize("m", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("alpha", [0.5, 1e-3, 1e-9])
def test_the_stake_is_a_fair_game_at_the_true_mean(m: float, alpha: float) -> None:
    # Holds exactly if, and only if, every bet is made without knowing the value that it is on.
    sequences = np.array(list(itertools.product([0.0, 1.0], repeat=9)))
    probability = np.where(sequences == 1, m, 1 - m).prod(axis=1)
    stakes = np.array([np.exp(_exact._log_capital(x, _exact._plug_in_bets(x, alpha), m)) for x in sequences])
    # Rounding of 512 products of numbers near 1.
    np.testing.assert_allclose(probability @ stakes, np.ones(9), rtol=1e-12)


def alpha_not_halved(values: np.ndarray, low: float, high: float, alpha: float) -> tuple[float, float]:
    return mean_interval(values, low, high, 2 * alpha)


def low_end_shifted(values: np.ndarray, low: float, high: float, alpha: float) -> tuple[float, float]:
    below, above = mean_interval(values, low, high, alpha)
    return below + 0.05 * (below > 0), above


def high_end_shifted(values: np.ndarray, low: float, high: float, alpha: float) -> tuple[float, float]:
    below, above = mean_interval(values, low, high, alpha)
    return below, above - 0.05 * (above < 1)


def normal_approximation(values: np.ndarray, low: float, high: float, alpha: float) -> tuple[float, float]:
    half = stats.norm.isf(alpha / 2) * values.std() / math.sqrt(len(values))
    return values.mean() - half, values.mean() + half


@pytest.mark.parametrize("broken", [alpha_not_halved, low_end_shifted, high_end_shifted, normal_approximation])
def test_the_enumeration_finds_a_planted_bug(broken: Intervals) -> None:
    assert max(worst_misses(broken, [0.0, 1.0], BERNOULLI, 8, 0.2)) > 0.1


def test_the_enumeration_finds_bets_that_peek(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = _exact._plug_in_bets
    monkeypatch.setattr(_exact, "_plug_in_bets", lambda x, alpha: honest(x, alpha) * (0.2 + x))
    assert max(worst_misses(mean_interval, [0.0, 1.0], BERNOULLI, 8, 0.2)) > 0.1


def reference_interval(values: list[float], alpha: float) -> tuple[float, float]:
    """The hedged capital interval for values in [0, 1], written as in the paper, one value after the other."""

    def log_stake(m: float, sign: int) -> float:
        total, largest, running_sum, squares, variance = 0.0, -math.inf, 0.5, 0.25, 0.25
        for i, x in enumerate(values, start=1):
            bet = math.sqrt(2 * math.log(2 / alpha) / (len(values) * variance))
            limit = 0.75 / m if sign > 0 else 0.75 / (1 - m)
            total += math.log(1 + sign * min(bet, limit) * (x - m))
            largest = max(largest, total)
            running_sum += x
            squares += (x - running_sum / (i + 1)) ** 2
            variance = squares / (i + 1)
        return largest - math.log(2 / alpha)

    def end(sign: int, outer: float) -> float:
        inner = 1 - outer
        # Where no mean is rejected the interval reaches the bound.
        if log_stake(outer, sign) < 0:
            return round(outer)
        return float(optimize.brentq(lambda m: log_stake(m, sign), outer, inner, xtol=1e-13))

    return end(1, 1e-12), end(-1, 1 - 1e-12)


@pytest.mark.parametrize("n", [1, 7, 64, 300])
@pytest.mark.parametrize("alpha", [0.05, 1e-9])
def test_agrees_with_the_plain_reference(n: int, alpha: float) -> None:
    for seed, shape in enumerate([(1, 1), (0.2, 2), (20, 5)]):
        values = np.random.default_rng([n, seed]).beta(*shape, size=n)
        # The stake must exceed its goal by 1e-6, hence ends that differ by about as much at the most.
        assert mean_interval(values, 0, 1, alpha) == pytest.approx(reference_interval(list(values), alpha), abs=3e-6)


DISTRIBUTIONS: dict[str, tuple[float, Callable[[np.random.Generator, int], np.ndarray]]] = {
    "rare": (0.01, lambda rng, n: rng.binomial(1, 0.01, n)),
    "frequent": (0.97, lambda rng, n: rng.binomial(1, 0.97, n)),
    "counts": (0.25, lambda rng, n: rng.binomial(20, 0.25, n) / 20),
    "skew": (1 / 21, lambda rng, n: rng.beta(0.1, 2, n)),
    "mixed": (0.3, lambda rng, n: np.where(rng.random(n) < 0.4, rng.beta(3, 1, n), 0)),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("n", [20, 200])
def test_simulated_coverage_is_not_below_nominal(name: str, n: int) -> None:
    mean, draw = DISTRIBUTIONS[name]
    rng = np.random.default_rng([7, n])
    intervals = np.array([mean_interval(draw(rng, n), 0, 1, 0.1) for _ in range(400)])
    missed = int(((intervals[:, 0] > mean) | (intervals[:, 1] < mean)).sum())
    # At the nominal level more misses than this have probability 1e-3; the seeds are fixed, so it cannot flake.
    assert missed <= stats.binom.isf(1e-3, 400, 0.1)


@pytest.mark.parametrize(("n", "ratio"), [(256, 1.1), (4096, 1.06), (131072, 1.06)])
def test_is_nearly_as_narrow_as_the_exact_interval_of_a_rate(n: int, ratio: float) -> None:
    values = np.random.default_rng(n).binomial(1, 0.4, n)
    low, high = mean_interval(values, 0, 1, 1e-8)
    exact = rate_interval(int(values.sum()), n, 1e-8)
    assert high - low <= ratio * (exact[1] - exact[0])


def test_adapts_to_a_small_variance() -> None:
    values = np.random.default_rng(3).beta(200, 200, 4096)
    low, high = mean_interval(values, 0, 1, 1e-8)
    # Hoeffding's interval, which knows the bounds only, has this half-width.
    assert high - low < 0.3 * 2 * math.sqrt(math.log(2e8) / (2 * 4096))


@repeatable
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=80),
    st.sampled_from([1e-10, 1e-3, 0.5]),
    st.floats(-50, 50),
    st.floats(1e-3, 100),
)
def test_moves_and_stretches_with_the_values(values: list[float], alpha: float, shift: float, scale: float) -> None:
    low, high = mean_interval(values, 0, 1, alpha)
    assert 0 <= low <= np.mean(values) + 1e-12
    assert np.mean(values) - 1e-12 <= high <= 1
    bounds = shift, shift + scale
    moved = np.clip(shift + scale * np.array(values), *bounds)
    expected = pytest.approx((shift + scale * low, shift + scale * high), abs=1e-9 * (scale + 50))
    assert mean_interval(moved, *bounds, alpha) == expected
    mirrored = mean_interval(1 - np.array(values), 0, 1, alpha)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_a_smaller_alpha_gives_a_wider_interval() -> None:
    values = np.random.default_rng(0).random(500)

    def width(alpha: float) -> float:
        low, high = mean_interval(values, 0, 1, alpha)
        return high - low

    assert width(0.1) <= width(1e-3) <= width(1e-6) <= width(1e-10) <= width(1e-100)


def test_reaches_to_the_mean_of_values_that_a_gambler_exploits() -> None:
    # Sorted values are no sample; both gamblers win at every candidate mean.
    low, high = mean_interval([1.0] * 500 + [0.0] * 500, 0, 1, 0.05)
    assert low <= 0.5 <= high


@pytest.mark.parametrize("n", [1, 64, 200_000])
def test_equal_values_at_a_bound_keep_that_bound(n: int) -> None:
    low, high = mean_interval(np.full(n, 0.1), 0, 0.1, 1e-9)
    assert high == 0.1
    assert low < 0.1
    assert mean_interval(np.zeros(n), 0, 0.1, 1e-9)[0] == 0


def test_nothing_observed_allows_every_mean() -> None:
    assert mean_interval([], -2, 5, 1e-9) == (-2.0, 5.0)


def test_a_quantity_that_cannot_vary_has_no_width() -> None:
    assert mean_interval([3, 3, 3], 3, 3, 1e-9) == (3.0, 3.0)


@pytest.mark.parametrize(
    ("values", "low", "high", "alpha", "message"),
    [
        ([0.5, math.nan], 0, 1, 0.1, "values must be numbers, but 1 of 2 are NaN"),
        ([0.5, 1.5], 0, 1, 0.1, r"values must lie in \[0\.0, 1\.0\], not in \[0\.5, 1\.5\]"),
        ([-0.5], 0, 1, 0.1, r"not in \[-0\.5, -0\.5\]"),
        ([math.inf], 0, 1, 0.1, "not in"),
        ([0.5], 1, 0, 0.1, r"bounds must be finite with low <= high, not low = 1\.0 and high = 0\.0"),
        ([0.5], 0, math.inf, 0.1, "bounds must be finite"),
        ([0.5], math.nan, 1, 0.1, "bounds must be finite"),
        ([[0.5]], 0, 1, 0.1, "values must be one-dimensional"),
        ([0.5], 0, 1, 2, "alpha must lie strictly between 0 and 1, not 2"),
    ],
)
def test_bad_input_is_named(values: list[float], low: float, high: float, alpha: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_interval(values, low, high, alpha)

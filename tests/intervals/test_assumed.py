"""Confidence sequences that rest on an assumption: references by integration and enumeration, coverage, laws, edges."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from lrn.intervals import (
    normal_capital,
    normal_ends,
    normal_sequence,
    subgaussian_capital,
    subgaussian_ends,
    subgaussian_sequence,
    symmetric_capital,
    symmetric_ends,
    symmetric_sequence,
)

PRIORS = ((0.25, 0.4), (2.0, 0.35), (16.0, 0.25))
"""Variances of the half-normal priors and their parts of the stake, as lrn.intervals._assumed has them."""

SEQUENCES: dict[str, Callable[[Any, float], tuple[float, float]]] = {
    "normal": normal_sequence,
    "symmetric": symmetric_sequence,
    "subgaussian": lambda values, alpha: subgaussian_sequence(values, 1.0, alpha),
}


def mixed(ratio: Callable[[float], float]) -> float:
    """Returns the mean of a likelihood ratio over the priors on the effect."""
    total = 0.0
    for variance, part in PRIORS:
        prior = stats.halfnorm(scale=math.sqrt(variance))
        integral, _ = integrate.quad(lambda effect, p=prior: ratio(effect) * p.pdf(effect), 0, 40, limit=200)
        total += part * integral
    return total


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [2, 3, 8])
def test_the_normal_stake_is_the_mixed_likelihood_ratio_of_students_t(n: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(0.5, 2.0, n)
    t = math.sqrt(n) * values.mean() / values.std(ddof=1)
    expected = mixed(lambda d: stats.nct.pdf(t, n - 1, math.sqrt(n) * d) / stats.t.pdf(t, n - 1))
    assert math.exp(normal_capital(values, 0.0)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("n", [1, 4, 20])
def test_the_subgaussian_stake_is_the_mixed_likelihood_ratio_of_normal_values(n: int) -> None:
    values = np.random.default_rng(n).normal(0.2, 1.0, n)
    expected = mixed(lambda effect: math.exp(effect * values.sum() / 3 - n * effect * effect / 2))
    assert math.exp(subgaussian_capital(values, 0.0, 3.0)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("sizes", [[1, 2, 0.5, 1, 3, 0.1, 2, 7], [1] * 8, [1, 0, 100, 0.01, 5, 0, 2, 30]])
def test_the_symmetric_stake_is_a_fair_game_whatever_the_distances_are(sizes: list[float]) -> None:
    patterns = np.array(list(itertools.product([-1.0, 1.0], repeat=len(sizes)))) * sizes
    stakes = np.empty(patterns.shape)
    for i, j in np.ndindex(patterns.shape):
        stakes[i, j] = math.exp(symmetric_capital(patterns[i, : j + 1], 0.0))
    assert stakes.mean(axis=0) == pytest.approx(1, rel=1e-12)
    for level in (0.5, 0.2, 0.05):
        assert (stakes.max(axis=1) >= 1 / level).mean() <= level


def ever_missed(sequence: Callable[[Any, float], tuple[float, float]], alpha: float, draws: np.ndarray) -> int:
    """Returns how many rows have the mean 0 outside their interval after any number of values."""
    missed = 0
    for row in draws:
        for n in range(1, len(row) + 1):
            low, high = sequence(row[:n], alpha)
            if low > 0 or high < 0:
                missed += 1
                break
    return missed


DRAWS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(0, 3, (n, 20)),
    "symmetric": lambda rng, n: rng.standard_cauchy((n, 20)),
    "subgaussian": lambda rng, n: rng.choice([-1.0, 1.0], (n, 20)),
}


@pytest.mark.parametrize("kind", SEQUENCES)
def test_intervals_hold_at_all_numbers_of_values(kind: str) -> None:
    alpha, runs = 0.4, 60
    missed = ever_missed(SEQUENCES[kind], alpha, DRAWS[kind](np.random.default_rng(5), runs))
    assert 0 < missed <= stats.binom.isf(1e-3, runs, alpha)


def test_looking_at_students_interval_after_every_value_is_found_out() -> None:
    def looked_at(values: Any, alpha: float) -> tuple[float, float]:
        if len(values) < 2:
            return -math.inf, math.inf
        low, high = stats.t.interval(1 - alpha, len(values) - 1, values.mean(), stats.sem(values))
        return float(low), float(high)

    missed = ever_missed(looked_at, 0.4, DRAWS["normal"](np.random.default_rng(5), 120))
    assert missed > stats.binom.isf(1e-3, 120, 0.4)


def test_skewed_values_are_not_symmetric() -> None:
    draws = np.random.default_rng(1).exponential(1.0, (60, 20)) ** 2 - 2
    assert ever_missed(symmetric_sequence, 0.05, draws) > stats.binom.isf(1e-3, 60, 0.05)


@pytest.mark.parametrize("n", [9, 12, 40])
def test_ends_are_where_the_stake_reaches_its_goal(n: int) -> None:
    values, goal = np.random.default_rng(n).normal(5.0, 2.0, n), 3.0
    for ends, capital in (
        (normal_ends(values, goal), normal_capital),
        (symmetric_ends(values, goal), symmetric_capital),
        (subgaussian_ends(values, goal, 2.0), lambda v, m: subgaussian_capital(v, m, 2.0)),
    ):
        assert -math.inf < ends[0] < values.mean() < ends[1] < math.inf
        assert capital(values, ends[0]) >= goal > capital(values, ends[0] + 1e-3)
        assert capital(-values, -ends[1]) >= goal > capital(-values, -ends[1] + 1e-3)


def test_no_stake_rises_with_the_mean_that_is_bet_against() -> None:
    rng = np.random.default_rng(2)
    for n in (3, 9, 30):
        values = rng.standard_t(3, n)
        for capital in (normal_capital, symmetric_capital, lambda v, m: subgaussian_capital(v, m, 1.5)):
            stakes = [capital(values, m) for m in np.linspace(-8, 8, 81)]
            assert np.diff(stakes).max() <= 1e-9


@pytest.mark.parametrize("kind", ["normal", "symmetric"])
def test_moving_and_stretching_values_moves_and_stretches_their_interval(kind: str) -> None:
    values = np.random.default_rng(4).normal(size=20)
    low, high = SEQUENCES[kind](values, 0.05)
    assert SEQUENCES[kind](7 + 3 * values, 0.05) == pytest.approx((7 + 3 * low, 7 + 3 * high), abs=1e-6)
    assert SEQUENCES[kind](-values, 0.05) == pytest.approx((-high, -low), abs=1e-6)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_normal_values_have_an_interval_where_their_squares_are_not_numbers(size: float) -> None:
    values = np.array([0.93, 0.94, 0.92, 0.93, 0.95, 0.9] * 3)
    expected = np.array(normal_sequence(values, 0.05)) * size
    assert normal_sequence(values * size, 0.05) == pytest.approx(expected, rel=1e-6)
    assert normal_capital(values * size, 0.9 * size) == pytest.approx(normal_capital(values, 0.9))


@pytest.mark.parametrize(("alpha", "fewest"), [(0.05 / 6, 5), (2 * 0.05 / 64, 6), (2 * 0.001 / 64, 9)])
def test_a_clear_difference_takes_a_handful_of_normal_values(alpha: float, fewest: int) -> None:
    values = 10 + np.random.default_rng(0).normal(size=fewest)
    assert normal_sequence(values, alpha)[0] > 0
    assert normal_sequence(values[:3], alpha)[0] == -math.inf


@pytest.mark.parametrize("kind", SEQUENCES)
def test_nothing_observed_allows_everything(kind: str) -> None:
    assert SEQUENCES[kind]([], 0.05) == (-math.inf, math.inf)


@pytest.mark.parametrize("values", [[0.1] * 50, [0.97 - 0.95, 0.96 - 0.94] * 20, [0.0] * 9])
@pytest.mark.parametrize("kind", ["normal", "symmetric"])
def test_equal_values_say_nothing_of_a_spread(kind: str, values: list[float]) -> None:
    low, high = SEQUENCES[kind](values, 0.05)
    assert low <= values[0] <= high
    if kind == "normal":
        assert (low, high) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda: normal_sequence([1.0, math.inf], 0.05), ValueError, "values must be finite"),
        (lambda: symmetric_sequence([1.0, math.nan], 0.05), ValueError, "NaN"),
        (lambda: normal_sequence([1.0], 1.5), ValueError, "alpha must lie strictly between 0 and 1"),
        (lambda: subgaussian_sequence([1.0], 0.0, 0.05), ValueError, "sd must be a positive number; got 0"),
        (lambda: subgaussian_sequence([1.0], math.inf, 0.05), ValueError, "sd must be a positive number"),
        (lambda: subgaussian_sequence([1.0], "1", 0.05), TypeError, "sd must be a number"),
    ],
)
def test_bad_input_is_named(ask: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ask()

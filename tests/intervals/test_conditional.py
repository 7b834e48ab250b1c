"""The difference of two conditional means on shared seeds: coverage under dependence, a plain reference, laws."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np
import pytest
import slow
from enumeration import running_counts
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lrn.intervals import ConditionalStakes, Side, conditional_capital, conditional_difference_sequence, mean_sequence

# The same examples every time, however busy the machine is.
repeatable = settings(derandomize=True, deadline=None, max_examples=30)

Case = tuple[float, float, bool, bool]  # a, b, and whether the seed counts for each


def columns(population: list[tuple[Case, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Both values of each case, whether it counts for each, and its probability."""
    cases, chances = zip(*population, strict=True)
    a, b, in_a, in_b = map(np.array, zip(*cases, strict=True))
    return a * 1.0, b * 1.0, in_a, in_b, np.array(chances)


# Each: what a seed can show, with its probability. Values and conditions depend on one another in all of them.
POPULATIONS: dict[str, list[tuple[Case, float]]] = {
    "larger where the other does not count": [
        ((1, 0, True, False), 0.3), ((0, 0, True, True), 0.4), ((0, 1, False, True), 0.3),
    ],
    "anticorrelated": [((1, 0, True, True), 0.5), ((0, 1, True, True), 0.5)],
    "few survivors": [((1, 0, True, False), 0.1), ((0, 1, False, True), 0.2), ((0, 0, False, False), 0.7)],
    "selected": [((1, 1, True, False), 0.25), ((0, 1, True, True), 0.25), ((1, 0, False, True), 0.5)],
}  # fmt: skip


def difference(population: list[tuple[Case, float]]) -> float:
    """Returns the true difference of the conditional means."""
    a, b, in_a, in_b, chances = columns(population)
    return float(np.average(a, weights=chances * in_a) - np.average(b, weights=chances * in_b))


@pytest.mark.parametrize("alpha", [0.5, 0.1])
@pytest.mark.parametrize("name", POPULATIONS)
@pytest.mark.parametrize("flip", [False, True])
def test_an_end_ever_misses_with_at_most_half_of_alpha(name: str, alpha: float, flip: bool) -> None:
    # All sequences of seven seeds by their counts: the weights change at the eighth.
    population = POPULATIONS[name]
    a, b, in_a, in_b, chances = columns(population)
    margin = difference(population)

    @functools.cache
    def out(counts: tuple[int, ...]) -> bool:
        drawn = np.repeat(np.arange(len(population)), counts)
        of_a, of_b = Side(a[drawn], in_a[drawn], 0.0, 1.0), Side(b[drawn], in_b[drawn], 0.0, 1.0)
        capital = conditional_capital(of_b, of_a, -margin) if flip else conditional_capital(of_a, of_b, margin)
        return capital >= math.log(2 / alpha)

    missed = 0.0
    for choice in itertools.product(range(len(population)), repeat=7):
        if any(map(out, running_counts(choice, len(population)))):
            missed += chances[list(choice)].prod()
    assert missed <= alpha / 2


def outside(a: Any, b: Any, in_a: Any, in_b: Any, truth: float, alpha: float = 0.2) -> bool:
    """Whether either end has passed the truth."""
    of_a, of_b = Side(a, in_a, 0.0, 1.0), Side(b, in_b, 0.0, 1.0)
    goal = math.log(2 / alpha)
    flipped = of_a.mirrored(), of_b.mirrored()
    return conditional_capital(of_a, of_b, truth) >= goal or conditional_capital(*flipped, -truth) >= goal


def pairs_of_survivors(a: Any, b: Any, in_a: Any, in_b: Any, truth: float) -> bool:
    """Takes the seeds for which both count, which is another quantity."""
    both = in_a & in_b
    low, high = mean_sequence(a[both] - b[both], -1, 1, 0.2)
    return low > truth or high < truth


def misses(missed: Any, population: list[tuple[Case, float]], runs: int = 100) -> int:
    """Returns how often the truth was ever missed, at several numbers of seeds."""
    a, b, in_a, in_b, chances = columns(population)
    rng, truth, runs_that_miss = np.random.default_rng(5), difference(population), 0
    for _ in range(runs):
        drawn = rng.choice(len(population), size=60, p=chances)
        for n in (4, 8, 12, 18, 27, 40, 60):
            first = drawn[:n]
            if missed(a[first], b[first], in_a[first], in_b[first], truth):
                runs_that_miss += 1
                break
    return runs_that_miss


@pytest.mark.parametrize("name", POPULATIONS)
def test_simulated_coverage_holds_at_all_numbers_of_seeds(name: str) -> None:
    assert misses(outside, POPULATIONS[name]) <= stats.binom.isf(1e-3, 100, 0.2)


def test_the_simulation_finds_another_quantity() -> None:
    population: list[tuple[Case, float]] = [((1, 0, True, False), 0.4), ((0, 0, True, True), 0.6)]
    assert misses(outside, population) <= stats.binom.isf(1e-3, 100, 0.2)
    assert misses(pairs_of_survivors, population) > stats.binom.isf(1e-3, 100, 0.2)


def test_the_ends_are_where_the_stake_reaches_its_goal() -> None:
    a, b, in_a, in_b = drawn(120, 2)
    low, high = conditional_difference_sequence(a, b, in_a, in_b, 0, 1, 0.2)
    assert -1 < low < high < 1
    assert outside(a, b, in_a, in_b, low)
    assert outside(a, b, in_a, in_b, high)
    assert not outside(a, b, in_a, in_b, low + 1e-4)
    assert not outside(a, b, in_a, in_b, high - 1e-4)


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng([n, seed])
    shared = rng.random(n)
    a, b = np.round(0.4 + 0.6 * shared, 1), np.round(0.5 * (1 - shared), 1)
    return a, b, rng.random(n) < 0.9, rng.random(n) < 0.3 + 0.4 * shared


@pytest.mark.parametrize("margin", [-0.3, 0.0, 0.4])
@pytest.mark.parametrize("n", [1, 7, 8, 9, 25, 70])
def test_agrees_with_the_plain_reference(n: int, margin: float) -> None:
    a, b, in_a, in_b = drawn(n, 1)
    candidates = np.linspace(-margin, 1, 101)
    plain = math.log(min(slow.conditional_stake(a, b, in_a, in_b, 0, 1, margin, c) for c in candidates))
    capital = conditional_capital(Side(a, in_a, 0, 1), Side(b, in_b, 0, 1), margin)
    assert capital <= plain + 1e-9  # for all means of b, not only those of a grid
    assert capital >= 0.9 * plain - 0.5  # without giving much away


def test_the_plain_reference_notices_weights_that_peek() -> None:
    _, _, in_a, in_b = drawn(70, 1)
    honest = slow.weights(in_a, in_b)
    assert honest[:8] == [(1.0, 1.0)] * 8
    changed = in_b.copy()
    changed[40:] = ~changed[40:]
    assert slow.weights(in_a, changed)[:41] == honest[:41]


@repeatable
@given(st.integers(0, 1000), st.integers(1, 60), st.sampled_from([0.01, 0.2]))
def test_mirrors_and_contains_its_estimate(seed: int, n: int, alpha: float) -> None:
    a, b, in_a, in_b = drawn(n, seed)
    low, high = conditional_difference_sequence(a, b, in_a, in_b, 0, 1, alpha)
    assert -1 <= low <= high <= 1
    if in_a.any() and in_b.any():
        assert low <= a[in_a].mean() - b[in_b].mean() + 1e-9
        assert a[in_a].mean() - b[in_b].mean() - 1e-9 <= high
    else:
        assert (low, high) == (-1, 1)
    mirrored = conditional_difference_sequence(1 - a, 1 - b, in_a, in_b, 0, 1, alpha)
    assert mirrored == pytest.approx((-high, -low), abs=1e-5)


@repeatable
@given(st.integers(0, 1000), st.integers(1, 60))
def test_the_stake_falls_as_the_margin_grows(seed: int, n: int) -> None:
    # Otherwise several thresholds of one difference would need more than one share for each end.
    a, b, in_a, in_b = drawn(n, seed)
    of_a, of_b = Side(a, in_a, 0.0, 1.0), Side(b, in_b, 0.0, 1.0)
    for split in (0.0, 0.3, 1.0):
        stakes = [_against(of_a, of_b, room, split) for room in np.linspace(0.05, 2, 20)]
        assert np.diff(stakes).max() <= 1e-9


def _against(a: Side, b: Side, room: float, split: float) -> float:
    """Returns the logarithm of the stake against one split of the room."""
    return float(np.logaddexp.reduce(ConditionalStakes(a, b)._stakes(np.array([split]), room), axis=None))


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.1, 0.7)])
def test_a_difference_at_its_smallest_is_not_larger(low: float, high: float) -> None:
    # The estimate of a mean of many equal values is off by rounding, which must decide nothing.
    n, all_count = 1000, np.ones(1000, np.bool_)
    a, b = Side(np.full(n, low), all_count, low, high), Side(np.full(n, high), all_count, low, high)
    assert conditional_capital(a, b, low - high) == 0
    assert conditional_capital(a, b, math.nextafter(low - high, 1)) < math.log(2)
    assert conditional_capital(a, b, math.nextafter(low - high, -2)) == math.inf  # no difference is so small
    one_off = Side(np.where(np.arange(n) == 7, high, low), all_count, low, high)
    assert conditional_capital(one_off, b, low - high) == math.inf


def test_values_of_seeds_that_do_not_count_say_nothing() -> None:
    a, b, in_a, in_b = drawn(50, 3)
    before = conditional_difference_sequence(a, b, in_a, in_b, 0, 1, 0.05)
    a[~in_a], b[~in_b] = math.nan, 99.0
    assert conditional_difference_sequence(a, b, in_a, in_b, 0, 1, 0.05) == before


def test_more_seeds_and_a_larger_alpha_narrow() -> None:
    a, b, in_a, in_b = drawn(600, 4)

    def width(n: int, alpha: float) -> float:
        low, high = conditional_difference_sequence(a[:n], b[:n], in_a[:n], in_b[:n], 0, 1, alpha)
        return high - low

    assert width(50, 0.05) >= width(200, 0.05) >= width(600, 0.05)
    assert width(600, 1e-9) >= width(600, 1e-3) >= width(600, 0.2)
    assert width(600, 0.2) < 0.3


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: conditional_difference_sequence([0.5], [0.5], [1], [True], 0, 1, 0.1), TypeError, "must be boolean"),
        (
            lambda: conditional_difference_sequence([0.5, 1], [0.5], [True, True], [True], 0, 1, 0.1),
            ValueError,
            "both sides must have the same seeds; got 2 and 1",
        ),
        (
            lambda: conditional_difference_sequence([2.0], [0.5], [True], [True], 0, 1, 0.1),
            ValueError,
            r"values must lie in \[0, 1\]; got \[2\.0, 2\.0\]",
        ),
        (
            lambda: conditional_difference_sequence([0.5], [0.5], [True], [True], 0, 1, 0),
            ValueError,
            "alpha must lie strictly between 0 and 1",
        ),
    ],
)
def test_bad_input_is_named(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()

"""Confidence sequences for rates, means and quantiles: coverage at every n, a plain reference, laws, edges."""

from __future__ import annotations

import functools
import itertools
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import slow
from enumeration import running_counts
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lrn.intervals import best_growth, log_capital, mean_sequence, quantile_sequence, rate_interval, rate_sequence

# The same examples every time, however busy the machine is.
repeatable = settings(derandomize=True, deadline=None, max_examples=30)

Rejects = Callable[[int, int, float, float], bool]


def rejects(hits: int, n: int, rate: float, alpha: float) -> bool:
    """Whether the lower end has passed a rate."""
    capital = log_capital(np.array([0.0, 1.0]), rate, 0.0, np.array([n - hits, hits], np.float64))
    return capital >= math.log(2 / alpha)


def ever_rejected(rate: float, alpha: float, most: int, rejects: Rejects = rejects) -> float:
    """Returns the probability that the true rate is rejected at any of 1, ..., most observations, exactly."""
    alive, rejected = np.array([1.0]), 0.0
    for n in range(1, most + 1):
        alive = np.append(alive * (1 - rate), 0.0) + np.append(0.0, alive * rate)
        out = np.array([p > 0 and rejects(hits, n, rate, alpha) for hits, p in enumerate(alive)])
        rejected += alive[out].sum()
        alive = np.where(out, 0.0, alive)
    return float(rejected)


RATES = [0.001, 0.03, 0.1, 0.3, 0.5, 0.8, 0.95, 0.999]


@pytest.mark.parametrize("alpha", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("rate", RATES)
def test_an_end_ever_misses_a_rate_with_at_most_half_of_alpha(rate: float, alpha: float) -> None:
    assert ever_rejected(rate, alpha, 64) <= alpha / 2


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_not_much_of_alpha_is_wasted(rate: float) -> None:
    assert ever_rejected(rate, 0.5, 64) > 0.25 * 0.25


def best_bet_instead_of_mixture(hits: int, n: int, rate: float, alpha: float) -> bool:
    values = np.array([0.0] * (n - hits) + [1.0] * hits)
    return n * best_growth(values, rate, 0.0) >= math.log(2 / alpha)


def interval_for_one_look(hits: int, n: int, rate: float, alpha: float) -> bool:
    return rate_interval(hits, n, alpha)[0] > rate


def forgotten_share(hits: int, n: int, rate: float, alpha: float) -> bool:
    return rejects(hits, n, rate, min(20 * alpha, 0.999))


@pytest.mark.parametrize("broken", [best_bet_instead_of_mixture, interval_for_one_look, forgotten_share])
def test_the_exact_computation_finds_a_planted_bug(broken: Rejects) -> None:
    assert max(ever_rejected(rate, 0.1, 64, broken) for rate in (0.1, 0.3, 0.5)) > 0.05


@pytest.mark.parametrize("hits_of", [lambda n: 0, lambda n: n, lambda n: n // 3, lambda n: n - 1])
@pytest.mark.parametrize("n", [1, 2, 9, 100, 4096])
@pytest.mark.parametrize("alpha", [0.1, 1e-6])
def test_the_ends_are_where_the_stake_reaches_its_goal(n: int, alpha: float, hits_of: Callable[[int], int]) -> None:
    hits = hits_of(n)
    low, high = rate_sequence(hits, n, alpha)
    assert 0 <= low <= hits / n <= high <= 1
    if low > 0:
        assert rejects(hits, n, low, alpha)
        assert not rejects(hits, n, low + 1e-6, alpha)
    else:
        assert not rejects(hits, n, 1e-6, alpha)
    mirrored = rate_sequence(n - hits, n, alpha)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-8)


@repeatable
@given(st.lists(st.floats(0.01, 0.99), min_size=6, max_size=60), st.sampled_from([0.5, 1e-6, 1e-300]))
def test_ends_are_the_last_of_eight_digits_that_are_rejected(values: list[float], alpha: float) -> None:
    observed, goal = np.array(values), math.log(2 / alpha) + 1e-6
    low, high = mean_sequence(observed, 0, 1, alpha)
    for end, sign, bound in ((low, 1, 0.0), (-high, -1, -1.0)):
        if end > bound:
            step = 10.0 ** (math.floor(math.log10(end - bound)) - 7)
            assert (end - bound) / step == pytest.approx(round((end - bound) / step), abs=1e-6)
            assert log_capital(sign * observed, end, bound) >= goal
            assert log_capital(sign * observed, end + 1.01 * step, bound) < goal


@pytest.mark.parametrize("hits", [0, 1, 2, 7, 10])
def test_ends_of_a_rate_and_of_its_complement_are_mirrored(hits: int) -> None:
    low, high = rate_sequence(hits, 20, 0.001)
    assert rate_sequence(20 - hits, 20, 0.001) == pytest.approx((1 - high, 1 - low), abs=1e-15)


def test_the_largest_numbers_have_intervals() -> None:
    largest = np.finfo(np.float64).max
    low, high = mean_sequence([-largest], -largest, -largest * (1 - 1e-14), 0.999)
    assert -largest <= low <= high <= -largest * (1 - 1e-14)


@pytest.mark.parametrize("alpha", [0.5, 0.05])
@pytest.mark.parametrize("support", [(0.0, 0.5, 1.0), (0.0, 0.03, 1.0), (-2.0, 1.0, 3.0)])
def test_ends_ever_miss_a_mean_with_at_most_half_of_alpha(support: tuple[float, ...], alpha: float) -> None:
    # All sequences of six values, by their probabilities; rejected if any beginning rejects.
    choices = np.array(list(itertools.product(range(3), repeat=6)))
    for chances in ((0.2, 0.5, 0.3), (0.6, 0.3, 0.1), (0.05, 0.15, 0.8), (0.5, 0.0, 0.5)):
        mean = float(np.dot(support, chances))
        out = rejected_counts(support, mean, alpha)
        missed = 0.0
        for choice in choices:
            if any(map(out, running_counts(choice, 3))):
                missed += float(np.prod(np.array(chances)[choice]))
        assert missed <= alpha / 2


def rejected_counts(support: tuple[float, ...], mean: float, alpha: float) -> Callable[[tuple[int, ...]], bool]:
    """Returns the test of a mean that knows how often each value was drawn."""

    @functools.cache
    def out(counts: tuple[int, ...]) -> bool:
        capital = log_capital(np.array(support), mean, support[0], np.array(counts, np.float64))
        return capital >= math.log(2 / alpha)

    return out


@pytest.mark.parametrize("m", [0.1, 0.5, 0.8])
def test_the_stake_is_a_fair_game_at_the_true_mean(m: float) -> None:
    sequences = np.array(list(itertools.product([0.0, 1.0], repeat=9)))
    probability = np.where(sequences == 1, m, 1 - m).prod(axis=1)
    stakes = np.array([math.exp(log_capital(x, m, 0.0)) for x in sequences])
    assert probability @ stakes == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 1e-6])
@pytest.mark.parametrize("n", [1, 5, 40, 150])
@pytest.mark.parametrize("shape", [(1, 1), (0.2, 2), (20, 5)])
def test_a_mean_agrees_with_the_plain_reference(n: int, alpha: float, shape: tuple[float, float]) -> None:
    values = 4 * np.random.default_rng([n, 5]).beta(*shape, size=n) - 1
    assert mean_sequence(values, -1, 3, alpha) == pytest.approx(slow.mean_sequence(values, -1, 3, alpha), abs=1e-5)


@pytest.mark.parametrize("hits", [0, 1, 20, 50])
def test_a_rate_agrees_with_the_plain_reference(hits: int) -> None:
    values = [1.0] * hits + [0.0] * (50 - hits)
    assert rate_sequence(hits, 50, 0.01) == pytest.approx(slow.mean_sequence(values, 0, 1, 0.01), abs=1e-6)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("n", [1, 8, 30, 120])
@pytest.mark.parametrize("ties", [False, True])
def test_a_quantile_agrees_with_the_plain_reference(q: float, n: int, ties: bool) -> None:
    values = np.random.default_rng([n, 7]).exponential(size=n)
    values = np.minimum(np.round(values, 1), 1.5) if ties else values
    values[values > 2] = math.inf
    assert quantile_sequence(values, q, 0.05) == slow.quantile_sequence(list(values), q, 0.05)


def ever_missed(sequence: Callable[[np.ndarray], tuple[float, float]], truth: float, values: np.ndarray) -> bool:
    for n in (1, 2, 3, 5, 8, 13, 20, 32, 50, 80):
        low, high = sequence(values[:n])
        if low > truth or high < truth:
            return True
    return False


def test_simulated_means_and_medians_hold_at_all_numbers_of_seeds() -> None:
    alpha, runs, rng = 0.2, 200, np.random.default_rng(11)
    missed = [0, 0]
    for _ in range(runs):
        # Epochs to converge: a lump at 3 that stands for "never", else skewed.
        values = np.minimum(rng.exponential(2.0, 80), 3.0)
        missed[0] += ever_missed(lambda x: mean_sequence(x, 0, 3, alpha), 2.0 * (1 - math.exp(-1.5)), values)
        missed[1] += ever_missed(lambda x: quantile_sequence(x, 0.5, alpha), 2.0 * math.log(2), values)
    assert max(missed) <= stats.binom.isf(1e-3, runs, alpha)


def test_the_difference_of_anticorrelated_sides_holds_at_all_numbers_of_seeds() -> None:
    # One draw decides both, so that one side is high where the other is low; the means are equal.
    alpha, runs, rng = 0.2, 300, np.random.default_rng(3)
    missed = 0
    for _ in range(runs):
        u = rng.random(80)
        missed += ever_missed(lambda x: mean_sequence(x, -1, 1, alpha), 0.0, (u < 0.4) * 1.0 - (u > 0.6))
    assert missed <= stats.binom.isf(1e-3, runs, alpha)


def test_what_the_sides_share_cancels() -> None:
    rng = np.random.default_rng(0)
    shared = rng.random(200) * 0.8
    a, b = shared + 0.1 + 0.1 * rng.random(200), shared + 0.1 * rng.random(200)
    low, high = mean_sequence(a - b, -1, 1, 0.001)
    width_of_a, width_of_b = np.ptp(mean_sequence(a, 0, 1, 0.001)), np.ptp(mean_sequence(b, 0, 1, 0.001))
    assert high - low < 0.5 * (width_of_a + width_of_b)
    assert low > 0


@repeatable
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=60),
    st.sampled_from([1e-8, 1e-3, 0.5]),
    st.floats(-50, 50),
    st.floats(1e-3, 100),
    st.randoms(use_true_random=False),
)
def test_moves_stretches_mirrors_and_ignores_the_order(
    values: list[float], alpha: float, shift: float, scale: float, random: Any
) -> None:
    low, high = mean_sequence(values, 0, 1, alpha)
    assert 0 <= low <= np.mean(values) + 1e-12
    assert np.mean(values) - 1e-12 <= high <= 1
    bounds = shift, shift + scale
    moved = np.clip(shift + scale * np.array(values), *bounds)
    tolerance = 1e-5 * scale
    assert mean_sequence(moved, *bounds, alpha) == pytest.approx(
        (shift + scale * low, shift + scale * high), abs=tolerance
    )
    assert mean_sequence(1 - np.array(values), 0, 1, alpha) == pytest.approx((1 - high, 1 - low), abs=1e-5)
    random.shuffle(values)
    assert mean_sequence(values, 0, 1, alpha) == pytest.approx((low, high), abs=1e-6)


@repeatable
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(0, 39), st.floats(0, 1))
def test_a_larger_value_moves_no_end_down(values: list[float], index: int, larger: float) -> None:
    raised = values.copy()
    raised[index % len(values)] = max(larger, raised[index % len(values)])
    before, after = mean_sequence(values, 0, 1, 0.05), mean_sequence(raised, 0, 1, 0.05)
    assert after[0] >= before[0] - 1e-6
    assert after[1] >= before[1] - 1e-6


@repeatable
@given(st.integers(1, 300), st.data())
def test_more_hits_move_no_end_down_and_a_smaller_alpha_widens(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n - 1))
    few, more = rate_sequence(hits, n, 0.01), rate_sequence(hits + 1, n, 0.01)
    assert few[0] <= more[0] + 1e-8
    assert few[1] <= more[1] + 1e-8
    wide = rate_sequence(hits, n, 1e-6)
    assert wide[0] <= few[0] + 1e-8
    assert few[1] <= wide[1] + 1e-8


@repeatable
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=60), st.sampled_from([0.2, 0.5, 0.75]))
def test_quantiles_follow_monotone_maps_and_mirror(values: list[float], q: float) -> None:
    low, high = quantile_sequence(values, q, 0.1)
    mapped = quantile_sequence(2 * np.array(values) + 1, q, 0.1)
    assert mapped == (2 * low + 1, 2 * high + 1)
    assert quantile_sequence(-np.array(values), 1 - q, 0.1) == (-high, -low)
    assert low <= np.quantile(values, q, method="inverted_cdf") <= high


def test_nothing_observed_allows_everything() -> None:
    assert mean_sequence([], -2, 5, 0.01) == (-2.0, 5.0)
    assert rate_sequence(0, 0, 0.01) == (0.0, 1.0)
    assert quantile_sequence([], 0.5, 0.01) == (-math.inf, math.inf)


def test_few_observations_leave_a_quantile_without_an_end() -> None:
    assert quantile_sequence([1.0, 2.0], 0.5, 0.01) == (-math.inf, math.inf)
    assert quantile_sequence([3.0] * 500, 0.5, 0.01) == (3.0, 3.0)
    assert quantile_sequence([math.inf] * 500, 0.5, 0.01) == (math.inf, math.inf)


def test_a_quantity_that_cannot_vary_has_no_width() -> None:
    assert mean_sequence([3, 3, 3], 3, 3, 0.01) == (3.0, 3.0)


@pytest.mark.parametrize("n", [1, 64, 200_000])
def test_equal_values_at_a_bound_keep_that_bound(n: int) -> None:
    low, high = mean_sequence(np.full(n, 0.1), 0, 0.1, 1e-6)
    assert low < high == 0.1
    assert mean_sequence(np.zeros(n), 0, 0.1, 1e-6)[0] == 0


def test_adapts_to_a_small_variance() -> None:
    values = np.random.default_rng(3).beta(200, 200, 4096)
    low, high = mean_sequence(values, 0, 1, 1e-8)
    # Hoeffding's interval, which knows the bounds only, has this half-width.
    assert high - low < 0.5 * 2 * math.sqrt(math.log(2e8) / (2 * 4096))


@pytest.mark.parametrize("n", [256, 4096, 131072])
def test_is_not_much_wider_than_the_exact_interval_for_one_look(n: int) -> None:
    low, high = rate_sequence(round(0.4 * n), n, 1e-6)
    exact = rate_interval(round(0.4 * n), n, 1e-6)
    assert exact[1] - exact[0] < high - low < 1.4 * (exact[1] - exact[0])


def test_a_hundred_thousand_values_take_less_than_a_second() -> None:
    values = np.random.default_rng(0).random(100_000)
    start = time.process_time()
    mean_sequence(values, 0, 1, 1e-5)
    assert time.process_time() - start < 2  # twice what it must take, as machines differ


@pytest.mark.parametrize(
    ("values", "low", "high", "alpha", "message"),
    [
        ([0.5, math.nan], 0, 1, 0.1, "values must be numbers, but 1 of 2 are NaN"),
        ([0.5, 1.5], 0, 1, 0.1, r"values must lie in \[0\.0, 1\.0\]; got \[0\.5, 1\.5\]"),
        ([math.inf], 0, 1, 0.1, "values must lie in"),
        ([0.5], 1, 0, 0.1, r"bounds must be finite with low <= high; got low = 1\.0 and high = 0\.0"),
        ([0.5], 0, math.inf, 0.1, "bounds must be finite"),
        ([[0.5]], 0, 1, 0.1, "values must be one-dimensional"),
        ([0.5], 0, 1, 2, "alpha must lie strictly between 0 and 1"),
    ],
)
def test_bad_input_is_named(values: Any, low: float, high: float, alpha: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean_sequence(values, low, high, alpha)

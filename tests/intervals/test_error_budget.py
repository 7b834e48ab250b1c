"""The shared error budget: its sums, its planning helpers, and the error rate of whole suites."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from lrn.intervals import (
    LOOK,
    MAX_QUANTITIES,
    Decision,
    Estimate,
    detectable_difference,
    every,
    look_alpha,
    look_index,
    mean_interval,
    observations_needed,
    quantile_interval,
    quantity_alpha,
    rate_interval,
)

LOOKS = [LOOK * 2**k for k in range(5)]


def test_looks_are_numbered_from_64_by_doubling() -> None:
    assert [look_index(n) for n in (64, 128, 256, 131072)] == [1, 2, 3, 12]
    assert look_index(np.int64(512)) == 4


@pytest.mark.parametrize("n", [0, 1, 63, 65, 96, 192, -64, 131073])
def test_what_is_no_look_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match=rf"{n} is not a look: a look has 64, 128, 256|n must be at least 0"):
        look_alpha(0.1, n)


def test_all_looks_of_all_quantities_spend_at_most_alpha() -> None:
    looks = [Fraction(look_alpha(quantity_alpha(0.001), LOOK * 2**k)) for k in range(60)]
    assert MAX_QUANTITIES * sum(looks) <= Fraction(0.001)
    # What is left pays for the looks to come: 1 / 61 of it.
    assert MAX_QUANTITIES * sum(looks) == pytest.approx(0.001 * 60 / 61)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 2, math.nan])
def test_an_impossible_budget_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha must lie strictly between 0 and 1"):
        quantity_alpha(alpha)
    with pytest.raises(ValueError, match="alpha_quantity must lie strictly between 0 and 1"):
        look_alpha(alpha, 64)


def rate_table(alpha: float) -> dict[int, np.ndarray]:
    """Return for each look n the intervals (n + 1, 2) of all counts, at the level of that look."""
    return {n: np.array([rate_interval(k, n, look_alpha(alpha, n)) for k in range(n + 1)]) for n in LOOKS}


def ever_missed(counts: dict[int, np.ndarray], table: dict[int, np.ndarray], rate: float) -> np.ndarray:
    """Return for each simulated quantity whether its interval misses the rate at any look."""
    ends = {n: table[n][counts[n]] for n in LOOKS}
    return np.any([(ends[n][:, 0] > rate) | (ends[n][:, 1] < rate) for n in LOOKS], axis=0)


def simulated_counts(rng: np.random.Generator, rate: float, size: int) -> dict[int, np.ndarray]:
    """Return the hits (size,) at each look, of the same growing samples."""
    steps = rng.binomial(np.diff([0, *LOOKS]), rate, size=(size, len(LOOKS)))
    return dict(zip(LOOKS, steps.cumsum(axis=1).T, strict=True))


@pytest.mark.parametrize("rate", [0.003, 0.05, 0.5, 0.9])
def test_looking_again_and_again_misses_with_at_most_alpha(rate: float) -> None:
    alpha, size = 0.1, 20_000
    counts = simulated_counts(np.random.default_rng(1), rate, size)
    missed = int(ever_missed(counts, rate_table(alpha), rate).sum())
    # The seed is fixed; at the nominal level more misses than this have probability 1e-3.
    assert missed <= stats.binom.isf(1e-3, size, alpha)


def test_looking_again_without_paying_for_it_is_found_out() -> None:
    size = 20_000
    counts = simulated_counts(np.random.default_rng(1), 0.5, size)
    unpaid = {n: np.array([rate_interval(k, n, 0.1) for k in range(n + 1)]) for n in LOOKS}
    assert ever_missed(counts, unpaid, 0.5).sum() > 1.5 * stats.binom.isf(1e-3, size, 0.1)


def judge(counts: dict[int, np.ndarray], table: dict[int, np.ndarray], run: int, margin: float) -> Decision:
    """Return the decision on ``rate > margin`` at the first look that settles it, or at the last."""
    decision = Decision(None)
    for n in LOOKS:
        hits = int(counts[n][run])
        decision = Estimate.measured("rate", hits / n, *table[n][hits], n) > margin
        if decision.value is not None:
            break
    return decision


@pytest.mark.parametrize("offset", [-0.2, -0.04, 0.0, 0.04, 0.2])
def test_claims_of_known_truth_get_wrong_verdicts_at_most_as_often_as_promised(offset: float) -> None:
    alpha, size, rate = 0.1, 1500, 0.4
    counts = simulated_counts(np.random.default_rng(5), rate, size)
    table = rate_table(alpha)
    values = [judge(counts, table, run, rate + offset).value for run in range(size)]
    wrong = sum(value is (offset >= 0) for value in values)
    assert wrong <= stats.binom.isf(1e-3, size, alpha)
    if abs(offset) == 0.2:
        assert sum(value is (offset < 0) for value in values) > 0.99 * size


def test_a_whole_suite_is_right_at_once_with_the_promised_probability() -> None:
    # 20 dependent quantities (one stream of seeds, 20 thresholds), all their comparisons, stopping at will.
    quantities, suites, alpha = 20, 300, 0.2
    thresholds = np.linspace(0.05, 0.95, quantities)
    rng = np.random.default_rng(2)
    share = alpha / quantities
    table = rate_table(share)
    wrong = 0
    for _ in range(suites):
        draws = rng.random(LOOKS[-1])
        counts = {n: (draws[:n, None] < thresholds).sum(axis=0) for n in LOOKS}
        wrong += any(ever_missed(counts, table, thresholds[i])[i] for i in range(quantities))
    assert wrong <= stats.binom.isf(1e-3, suites, alpha)


def test_means_and_quantiles_of_one_growing_sample_hold_at_all_looks() -> None:
    alpha, runs = 0.2, 200
    rng = np.random.default_rng(11)
    missed_mean = missed_median = 0
    for _ in range(runs):
        # Epochs to converge in thousands: a lump at 3 that stands for "never", else skewed; median known.
        values = np.minimum(rng.exponential(2.0, LOOKS[3]), 3.0)
        truth_mean, truth_median = 2.0 * (1 - math.exp(-1.5)), 2.0 * math.log(2)
        levels = [(n, look_alpha(alpha, n)) for n in LOOKS[:4]]
        means = [mean_interval(values[:n], 0, 3, level) for n, level in levels]
        medians = [quantile_interval(values[:n], 0.5, level) for n, level in levels]
        missed_mean += not all(low <= truth_mean <= high for low, high in means)
        missed_median += not all(low <= truth_median <= high for low, high in medians)
    assert missed_mean <= stats.binom.isf(1e-3, runs, alpha)
    assert missed_median <= stats.binom.isf(1e-3, runs, alpha)


def test_every_over_a_family_is_settled_by_one_false_member() -> None:
    table = rate_table(1e-4)
    rates = [Estimate.measured(f"depth {d}", k / 1024, *table[1024][k], 1024) for d, k in enumerate((900, 880, 100))]
    assert every(rate > 0.5 for rate in rates).value is False
    assert every(rate > 0.5 for rate in rates[:2]).value is True
    assert every(rate > 0.85 for rate in rates[:2]).value is None


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.5, 0.93, 1.0])
@pytest.mark.parametrize("n", [64, 1024])
def test_a_detectable_difference_is_detected_with_the_stated_power(rate: float, n: int) -> None:
    alpha, power = 1e-5, 0.8
    distance = detectable_difference(rate, n, alpha, power)
    ends = np.array([rate_interval(k, n, look_alpha(alpha, n)) for k in range(n + 1)])
    probability = stats.binom.pmf(np.arange(n + 1), n, rate)

    def power_at(d: float) -> float:
        above = (probability * (ends[:, 0] >= rate - d)).sum()
        return float(min(above, (probability * (ends[:, 1] <= rate + d)).sum()))

    assert power_at(distance * (1 + 1e-9)) >= power
    assert power_at(0.98 * distance) < power or n == 64


def test_observations_needed_is_the_first_look_that_detects() -> None:
    for rate, margin in [(0.5, 0.1), (0.02, 0.05), (0.9, 0.3)]:
        n = int(observations_needed(rate, margin, 1e-7))
        assert detectable_difference(rate, n, 1e-7) < margin
        assert n == LOOK or detectable_difference(rate, n // 2, 1e-7) >= margin
    assert observations_needed(0.5, 1e-9, 1e-7) == math.inf
    assert observations_needed(0.5, 0.01, 1e-7, power=0.99) >= observations_needed(0.5, 0.01, 1e-7, power=0.5)


@pytest.mark.parametrize(
    ("rate", "margin", "power", "message"),
    [
        (1.5, 0.1, 0.9, r"rate must lie in \[0, 1\], not 1\.5"),
        (0.5, 0.0, 0.9, r"margin must be positive, not 0\.0"),
        (0.5, 0.1, 1.0, r"power must lie strictly between 0 and 1, not 1\.0"),
    ],
)
def test_an_impossible_plan_is_refused(rate: float, margin: float, power: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        observations_needed(rate, margin, 1e-7, power)

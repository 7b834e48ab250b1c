"""How many seeds a comparison takes: the plans against simulated suites."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lrn.intervals import detectable, goal_of, log_capital, seeds_needed, with_power


def share_decided(first: float, second: float, margin: float, seeds: int, goal: float, runs: int = 400) -> float:
    """Returns how often that many seeds have shown that one rate exceeds another by a margin."""
    rng = np.random.default_rng(1)
    up, down = first * (1 - second), second * (1 - first)
    counts = rng.multinomial(seeds, [down, 1 - up - down, up], size=runs).astype(float)
    values = np.array([-1.0, 0.0, 1.0])
    return float(np.mean([log_capital(values, margin, -1.0, row) >= goal for row in counts]))


@pytest.mark.parametrize(("first", "second", "margin"), [(0.9, 0.8, 0.0), (0.6, 0.3, 0.0), (0.8, 0.2, 0.3)])
@pytest.mark.parametrize("power", [0.5, 0.9])
def test_the_seeds_needed_decide_with_about_the_stated_power(
    first: float, second: float, margin: float, power: float
) -> None:
    goal = goal_of(0.001, 32)
    n = int(seeds_needed(first, second, margin=margin, alpha=0.001, quantities=32, power=power))
    assert share_decided(first, second, margin, n, goal) > power - 0.1
    assert share_decided(first, second, margin, n // 2, goal) < power


def test_a_share_costs_one_end() -> None:
    assert goal_of(0.001, 64) == pytest.approx(math.log(64_000), abs=1e-5)
    assert goal_of(0.05, 1) == pytest.approx(math.log(20), abs=1e-5)


def test_plans_are_monotone() -> None:
    assert seeds_needed(0.9, 0.1) <= seeds_needed(0.9, 0.5) <= seeds_needed(0.9, 0.8) <= seeds_needed(0.9, 0.89)
    assert seeds_needed(0.9, 0.5, quantities=1) < seeds_needed(0.9, 0.5, quantities=4096)
    assert seeds_needed(0.9, 0.5, power=0.5) < seeds_needed(0.9, 0.5, power=0.99)
    assert detectable(0.9, 30) <= detectable(0.9, 100) <= detectable(0.9, 1000) <= detectable(0.9, 10_000)


def test_what_cannot_be_shown_takes_for_ever() -> None:
    assert seeds_needed(0.5, 0.5) == seeds_needed(0.5, 0.6) == seeds_needed(0.9, 0.8, margin=0.1) == math.inf
    assert seeds_needed(0.5, 0.4999) == math.inf
    assert math.isnan(detectable(0.9, 1))
    assert math.isnan(detectable(0.0, 10_000))


@pytest.mark.parametrize("seeds", [100, 1000])
def test_what_is_detectable_is_what_so_many_seeds_need(seeds: int) -> None:
    other = detectable(0.9, seeds)
    assert seeds_needed(0.9, other) == pytest.approx(seeds, rel=0.1)
    assert share_decided(0.9, other, 0.0, seeds, goal_of(0.001, 64)) > 0.8


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rate": 1.5}, ValueError, r"rate must lie in \[0, 1\]; got 1\.5"),
        ({"other": -1}, ValueError, r"other must lie in \[0, 1\]; got -1"),
        ({"power": 1}, ValueError, "power must lie strictly between 0 and 1"),
        ({"alpha": 0}, ValueError, "alpha must lie strictly between 0 and 1"),
        ({"quantities": 0}, ValueError, "quantities must be at least 1"),
        ({"margin": "x"}, TypeError, "margin must be a number"),
    ],
)
def test_an_impossible_plan_is_refused(options: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        seeds_needed(**{"rate": 0.9, "other": 0.5, **options})  # type: ignore[arg-type]


def test_by_the_seeds_with_power_about_so_many_are_decided():
    rng, goal = np.random.default_rng(1), goal_of(0.05, 64)
    # A likelihood ratio of normal observations: 0.4 standard deviations from the threshold.
    steps = rng.normal(0.4 * 0.4 / 2, 0.4, size=(4000, 600))
    decided = (steps.cumsum(axis=1) >= goal).argmax(axis=1) + 1
    seeds = with_power(goal / 0.08, goal, 0.9)
    assert 0.88 < np.mean(decided <= seeds) < 0.96
    assert with_power(100, goal, 0.5) == 100
    assert math.isinf(with_power(math.inf, goal))
    with pytest.raises(ValueError, match="power must be"):
        with_power(100, goal, 1.0)

"""Every audit check on a table that is right and on one with a planted fault."""

from __future__ import annotations

import itertools
import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lrn.audit import (
    compare_counts,
    conflicts,
    dead_layers_possible,
    detectable_rate,
    holm,
    largest_at_least,
    possible_counts,
    possible_totals,
    power,
    wrong_totals,
)

TESTS = ["fisher", "boschloo", "barnard"]


def printed(k, n, decimals, rounding, trim=False):
    """Return the mean k / n as a table prints it."""
    text = str((Decimal(k) / Decimal(n)).quantize(Decimal(1).scaleb(-decimals), rounding))
    return text.rstrip("0").rstrip(".") if trim and "." in text else text


# GRIM


@pytest.mark.parametrize(
    ("mean", "n", "totals"),
    [
        ("3.33", 6, (20,)),
        ("17.12", 8, (137,)),
        ("17.13", 8, (137,)),
        ("0", 4, (0, 1, 2)),
        ("2.50", 2, (5,)),
        ("0.00", 4, (0,)),
    ],
)
def test_possible_mean_gives_its_total(mean, n, totals):
    assert possible_totals(mean, n) == totals


@pytest.mark.parametrize(("mean", "n"), [("3.34", 6), ("17.11", 8), ("17.14", 8), ("4.71", 3), ("0.01", 40)])
def test_impossible_mean_has_no_total(mean, n):
    assert possible_totals(mean, n) == ()


def test_dropped_zeros_make_the_check_stricter():
    assert possible_totals("1.7", 3) == (5,)
    assert possible_totals("1.70", 3) == possible_totals("1.7", 3, decimals=2) == ()


def test_coarse_mean_can_have_several_totals():
    assert possible_totals("3", 3) == (8, 9, 10)


@given(
    k=st.integers(0, 10_000),
    n=st.integers(1, 500),
    decimals=st.integers(0, 4),
    rounding=st.sampled_from([ROUND_HALF_EVEN, ROUND_HALF_UP]),
    trim=st.booleans(),
)
def test_mean_of_whole_numbers_always_passes(k, n, decimals, rounding, trim):
    assert k in possible_totals(printed(k, n, decimals, rounding, trim), n, decimals)


@pytest.mark.parametrize("n", range(1, 13))
def test_totals_are_exactly_those_that_print_the_mean(n):
    shown = {}
    for k in range(2 * n + 2):
        for rounding in (ROUND_HALF_EVEN, ROUND_HALF_UP):
            shown.setdefault(printed(k, n, 2, rounding), set()).add(k)
    for hundredths in range(200):
        mean = str(Decimal(hundredths).scaleb(-2))
        assert set(possible_totals(mean, n)) == shown.get(mean, set())


def test_possible_counts_lists_every_number_of_runs():
    assert possible_counts("4.71", 20) == (7, 14, 17)
    assert possible_counts("0.01", 20) == ()
    assert possible_counts("0.5", 7) == (2, 4, 6)


@given(values=st.lists(st.integers(0, 60), min_size=1, max_size=12))
def test_largest_is_at_least_what_the_mean_says(values):
    mean = printed(sum(values), len(values), 2, ROUND_HALF_EVEN)
    assert largest_at_least(mean, len(values)) <= max(values)


def test_largest_is_the_mean_rounded_up():
    assert largest_at_least("22.67", 3) == 23
    assert largest_at_least("6", 3, decimals=2) == 6
    with pytest.raises(ValueError, match=r"'22\.68' is not possible for n = 3"):
        largest_at_least("22.68", 3)


@pytest.mark.parametrize(
    ("mean", "n", "decimals", "error", "message"),
    [
        (0.4, 5, None, TypeError, "as text"),
        ("four", 5, None, ValueError, "must look like"),
        ("nan", 5, None, ValueError, "finite"),
        ("-0.5", 2, None, ValueError, "cannot be negative"),
        ("0.40", 5, 1, ValueError, "has 2 decimals, more than decimals = 1"),
        ("0.4", 0, None, ValueError, "n must be at least 1, not 0"),
        ("0.4", 2.5, None, TypeError, "n must be a whole number"),
    ],
)
def test_bad_means_are_refused(mean, n, decimals, error, message):
    with pytest.raises(error, match=message):
        possible_totals(mean, n, decimals)


# sums


def test_right_totals_pass_and_a_wrong_one_is_named():
    parts = {"plain": ["4", "2", "0"], "late": ["0.1", "0.2"]}
    assert wrong_totals(parts, {"plain": "6", "late": "0.30"}) == {}
    assert wrong_totals(parts, {"plain": "7", "late": "0.3"}) == {"plain": ("6", "7")}


def test_totals_need_their_parts():
    with pytest.raises(ValueError, match="only one of them has late"):
        wrong_totals({"plain": ["1"]}, {"plain": "1", "late": "2"})
    with pytest.raises(ValueError, match="must look like"):
        wrong_totals({"plain": ["one"]}, {"plain": "1"})


# dead layers


def test_dead_layers_need_all_their_neurons_dead():
    assert dead_layers_possible("35", "12", n=1, depth=30, width=2)
    assert not dead_layers_possible("35", "18", n=1, depth=30, width=2)


def test_many_dead_neurons_force_dead_layers():
    assert dead_layers_possible("54", "25", n=5, depth=30, width=2, decimals=2)
    assert not dead_layers_possible("54", "23.8", n=5, depth=30, width=2, decimals=2)
    # Four dead layers are eight dead neurons; but what prints as 1 may be 1.5 neurons and half a layer.
    assert dead_layers_possible("1", "1", n=4, depth=30, width=2)
    assert not dead_layers_possible("1", "1", n=4, depth=30, width=2, decimals=2)
    with pytest.raises(ValueError, match=r"^width must"):
        dead_layers_possible("1", "1", n=4, depth=30, width=0)


def test_impossible_means_make_dead_layers_impossible():
    assert not dead_layers_possible("4.71", "0", n=3, depth=5, width=2)


@given(data=st.data(), n=st.integers(1, 6), depth=st.integers(1, 8), width=st.integers(1, 4))
def test_real_networks_are_always_possible(data, n, depth, width):
    size = n * depth * width
    flags = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    dead = np.array(flags).reshape(n, depth, width)
    neurons = printed(int(dead.sum()), n, 2, ROUND_HALF_EVEN, trim=True)
    layers = printed(int(dead.all(axis=2).sum()), n, 2, ROUND_HALF_EVEN, trim=True)
    assert dead_layers_possible(neurons, layers, n=n, depth=depth, width=width, decimals=2)


@pytest.mark.parametrize(("n", "depth", "width"), [(1, 2, 2), (2, 2, 2), (1, 3, 2), (1, 2, 3), (2, 1, 3), (2, 3, 1)])
def test_possible_dead_layers_are_exactly_those_of_some_networks(n, depth, width):
    size = n * depth * width
    networks = np.array(list(itertools.product([False, True], repeat=size))).reshape(-1, n, depth, width)
    neurons, layers = networks.sum(axis=(1, 2, 3)), networks.all(axis=3).sum(axis=(1, 2))
    found = set(zip(neurons.tolist(), layers.tolist(), strict=True))
    for pair in itertools.product(range(size + 1), range(n * depth + 1)):
        one, two = (printed(total, n, 2, ROUND_HALF_EVEN) for total in pair)
        assert dead_layers_possible(one, two, n=n, depth=depth, width=width) == (pair in found)


# two groups


def test_p_values_agree_with_published_ones():
    assert compare_counts(3, 4, 1, 4) == pytest.approx(0.4857142857)  # Fisher's tea; R's fisher.test
    assert compare_counts(7, 15, 12, 15, "barnard") == pytest.approx(2 * 0.0341, abs=1e-4)  # Barnard (1945)


def boschloo_by_grid(k1, k2, n):
    """Return Boschloo's two-sided p by enumeration over a fine grid of the common rate."""
    rates = np.linspace(0, 1, 2001)[:, None]
    mass = stats.binom.pmf(np.arange(n + 1), n, rates)
    k = np.arange(n + 1)
    tails = []
    for sign in (1, -1):
        first, second = (k, k) if sign == 1 else (n - k, n - k)
        one_sided = stats.hypergeom.cdf(first[:, None], 2 * n, first[:, None] + second[None, :], n)
        extreme = one_sided <= one_sided[k1, k2] * (1 + 1e-9)
        tails.append(np.einsum("ri,ij,rj->r", mass, extreme, mass).max())
    return min(1.0, 2 * min(tails))


@pytest.mark.parametrize(("k1", "k2"), [(0, 4), (0, 8), (1, 7), (2, 7), (4, 5), (9, 3)])
def test_boschloo_agrees_with_enumeration(k1, k2):
    assert compare_counts(k1, 10, k2, 10, "boschloo") == pytest.approx(boschloo_by_grid(k1, k2, 10), rel=1e-3)


@pytest.mark.parametrize("test", TESTS)
def test_equal_groups_differ_by_nothing_and_opposite_ones_by_much(test):
    assert compare_counts(0, 10, 0, 10, test) == compare_counts(10, 10, 10, 10, test) == 1.0
    assert compare_counts(4, 10, 4, 10, test) > 0.9
    assert compare_counts(0, 10, 10, 10, test) < 1e-4


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("rate", [0.0, 0.05, 0.3, 0.5])
def test_false_findings_keep_to_the_level(test, rate):
    assert 2 * power(rate, rate, 6, 6, alpha=0.05, test=test) <= 0.05


def test_power_is_the_probability_of_the_significant_counts():
    least = next(k for k in range(11) if compare_counts(0, 10, k, 10) <= 0.05)
    assert least == 5
    assert power(0.0, 0.4, 10, 10) == pytest.approx(stats.binom.sf(4, 10, 0.4))
    assert power(0.4, 0.0, 10, 10) == 0, "the second rate is not the higher one"


@pytest.mark.parametrize("test", TESTS)
@settings(deadline=None)  # the first example fills a table of p-values
@given(rate=st.floats(0, 1), ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_power_rises_with_the_second_rate_and_falls_with_the_first(test, rate, ends):
    low, high = sorted(ends)
    assert power(rate, low, 7, 7, test=test) <= power(rate, high, 7, 7, test=test) + 1e-12
    assert power(low, rate, 7, 7, test=test) >= power(high, rate, 7, 7, test=test) - 1e-12


@settings(deadline=None)
@given(rate=st.floats(0, 0.3))
def test_more_runs_detect_smaller_differences(rate):
    assert detectable_rate(rate, 40) < detectable_rate(rate, 10)


def test_detectable_rate_has_the_power_wanted_and_less_below():
    rate = detectable_rate(0.1, 20, wanted=0.9)
    assert power(0.1, rate, 20, 20) >= 0.9 > power(0.1, rate - 1e-4, 20, 20)
    assert detectable_rate(0.5, 10) == math.inf


@pytest.mark.parametrize("alpha", [0.01, 0.1])
@pytest.mark.parametrize("test", ["fisher", "boschloo"])
def test_detectable_rate_is_that_of_the_level_and_the_test_asked_for(alpha, test):
    rate = detectable_rate(0.1, 8, wanted=0.5, alpha=alpha, test=test)
    assert power(0.1, rate, 8, 8, alpha=alpha, test=test) >= 0.5
    assert power(0.1, rate - 1e-4, 8, 8, alpha=alpha, test=test) < 0.5
    assert (detectable_rate(0.4, 6, wanted=0.9, alpha=alpha, test=test) < math.inf) == (
        power(0.4, 1, 6, 6, alpha=alpha, test=test) >= 0.9
    )


def test_possible_counts_round_to_the_decimals_given():
    assert possible_counts("0.5", 3) == (2,)
    assert possible_counts("0.3", 3) == (3,)
    assert possible_counts("0.3", 3, decimals=2) == ()
    assert possible_counts("4", 1) == (1,)


def test_the_largest_rounds_to_the_decimals_given():
    assert largest_at_least("0.3", 3) == 1
    with pytest.raises(ValueError, match="not possible for n = 3"):
        largest_at_least("0.3", 3, decimals=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compare_counts(11, 10, 0, 10), "k1 must be at most n1 = 10, not 11"),
        (lambda: compare_counts(1, 10, -1, 10), "k2 must be at least 0, not -1"),
        (lambda: compare_counts(0, 0, 0, 10), "n1 must be at least 1, not 0"),
        (lambda: compare_counts(1, 2, 1, 2, "chi2"), "fisher, boschloo, barnard, not 'chi2'"),
        (lambda: power(1.2, 0.5, 10, 10), "rate1 must be between 0 and 1"),
        (lambda: power(0.2, 0.5, 10, 10, alpha=0), "alpha must be between 0 and 1"),
        (lambda: power(0.2, 0.5, 10, 10, alpha=1), "alpha must be between 0 and 1"),
        (lambda: power(0.2, 0.5, 0, 10), "n1 must be at least 1"),
        (lambda: power(0.2, 0.5, 10, 0), "^n2 must be at least 1"),
        (lambda: detectable_rate(0.2, 10, wanted=0), "wanted must be between 0 and 1"),
        (lambda: wrong_totals({"a": [], "b": []}, {}), "a, b"),
        (lambda: detectable_rate(0.2, 10, wanted=1), "wanted must be between 0 and 1"),
        (lambda: holm([0.1, 1.1]), "between 0 and 1"),
        (lambda: holm([[0.1]]), "flat list"),
        (lambda: holm([math.nan]), "between 0 and 1"),
    ],
)
def test_bad_numbers_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_holm_agrees_with_r():
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.5, 0.001, 0.9]), [1.0, 0.003, 1.0])
    assert holm([]).shape == (0,)


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_raises_values_and_keeps_their_order(p):
    adjusted, raw = holm(p), np.array(p)
    assert np.all(raw <= adjusted)
    assert np.all(adjusted <= np.minimum(1, len(p) * raw.max()))
    assert np.all(np.diff(adjusted[np.argsort(raw, kind="stable")]) >= 0)


# words


def test_agreeing_descriptions_have_no_conflict():
    assert conflicts({"caption": {"depth": 10, "lr": 0.01}, "text": {"depth": 10}, "list": {"depth": None}}) == {}


def test_conflict_names_both_sources():
    said = {"caption": {"depth": 10, "style": "batch"}, "text": {"depth": 5, "style": "batch"}, "list": {}}
    assert conflicts(said) == {"depth": {"caption": 10, "text": 5}}


def test_conflict_needs_descriptions():
    with pytest.raises(ValueError, match="at least one source"):
        conflicts({})


def test_a_group_of_one_has_little_power_but_has_it():
    assert 0 <= power(0.1, 0.9, 10, 1) < 1

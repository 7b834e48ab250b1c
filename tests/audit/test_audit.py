"""Dead layers, two groups of counts, descriptions: each with a right case and a planted fault."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from decimal import ROUND_HALF_EVEN, Decimal

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
    power,
)

TESTS = ["fisher", "boschloo", "barnard"]


def printed(k, n, decimals, rounding, trim=False):
    """Return the mean k / n as a table prints it."""
    text = str((Decimal(k) / Decimal(n)).quantize(Decimal(1).scaleb(-decimals), rounding))
    return text.rstrip("0").rstrip(".") if trim and "." in text else text


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
    real = set(zip(neurons.tolist(), layers.tolist(), strict=True))
    for dead in itertools.product(range(size + 1), range(n * depth + 1)):
        mean_neurons, mean_layers = printed(dead[0], n, 2, ROUND_HALF_EVEN), printed(dead[1], n, 2, ROUND_HALF_EVEN)
        assert dead_layers_possible(mean_neurons, mean_layers, n=n, depth=depth, width=width) == (dead in real)


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


@pytest.mark.parametrize("test", [*TESTS, "pearson", "yates"])
def test_one_side_is_never_above_two(test):
    for k1, k2 in [(1, 4), (4, 1), (3, 3), (0, 6)]:
        assert compare_counts(k1, 8, k2, 8, test, sided=1) <= compare_counts(k1, 8, k2, 8, test)
    with pytest.raises(ValueError, match="sided must be 1 or 2; got 3"):
        compare_counts(1, 2, 1, 2, test, sided=3)


def test_pearson_and_yates_agree_with_the_formula():
    chi = 40 * (9 * 15 - 11 * 5) ** 2 / (20 * 20 * 14 * 26)
    assert compare_counts(9, 20, 5, 20, "pearson") == pytest.approx(stats.chi2.sf(chi, 1))
    corrected = 40 * (abs(9 * 15 - 11 * 5) - 20) ** 2 / (20 * 20 * 14 * 26)
    assert compare_counts(9, 20, 5, 20, "yates") == pytest.approx(stats.chi2.sf(corrected, 1))
    assert compare_counts(9, 20, 5, 20, "pearson", sided=1) == pytest.approx(stats.chi2.sf(chi, 1) / 2)


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
    rate = detectable_rate(0.1, 20, target_power=0.9)
    assert power(0.1, rate, 20, 20) >= 0.9 > power(0.1, rate - 1e-4, 20, 20)
    assert detectable_rate(0.5, 10) == math.inf


@pytest.mark.parametrize("alpha", [0.01, 0.1])
@pytest.mark.parametrize("test", ["fisher", "boschloo"])
def test_detectable_rate_is_that_of_the_level_and_the_test_asked_for(alpha, test):
    rate = detectable_rate(0.1, 8, target_power=0.5, alpha=alpha, test=test)
    assert power(0.1, rate, 8, 8, alpha=alpha, test=test) >= 0.5
    assert power(0.1, rate - 1e-4, 8, 8, alpha=alpha, test=test) < 0.5
    assert (detectable_rate(0.4, 6, target_power=0.9, alpha=alpha, test=test) < math.inf) == (
        power(0.4, 1, 6, 6, alpha=alpha, test=test) >= 0.9
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compare_counts(11, 10, 0, 10), "k1 must be at most n1 = 10, not 11"),
        (lambda: compare_counts(1, 10, -1, 10), "k2 must be at least 0, not -1"),
        (lambda: compare_counts(0, 0, 0, 10), "n1 must be at least 1, not 0"),
        (lambda: compare_counts(1, 2, 1, 2, "chi2"), "fisher, boschloo, barnard, pearson, yates, not 'chi2'"),
        (lambda: power(1.2, 0.5, 10, 10), "rate1 must be between 0 and 1"),
        (lambda: power(0.2, 0.5, 10, 10, alpha=0), "alpha must be between 0 and 1"),
        (lambda: power(0.2, 0.5, 10, 10, alpha=1), "alpha must be between 0 and 1"),
        (lambda: power(0.2, 0.5, 0, 10), "n1 must be at least 1"),
        (lambda: power(0.2, 0.5, 10, 0), "^n2 must be at least 1"),
        (lambda: detectable_rate(0.2, 10, target_power=0), "target_power must be between 0 and 1"),
        (lambda: detectable_rate(0.2, 10, target_power=1), "target_power must be between 0 and 1"),
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
    descriptions = {"caption": {"depth": 10, "style": "batch"}, "text": {"depth": 5, "style": "batch"}, "list": {}}
    assert conflicts(descriptions) == {"depth": {"caption": 10, "text": 5}}


def test_conflict_needs_descriptions():
    with pytest.raises(ValueError, match="at least one source"):
        conflicts({})


def test_a_group_of_one_has_little_power_but_has_it():
    assert 0 <= power(0.1, 0.9, 10, 1) < 1


def test_auditing_loads_neither_torch_nor_pandas_nor_the_plugin():
    heavy = "'torch', 'pandas', 'lrn.plugin', 'pytest'"
    code = f"import sys, lrn.audit; sys.exit(any(name in sys.modules for name in ({heavy})))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

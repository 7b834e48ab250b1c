"""The conclusions that ten runs per cell allow by themselves, and those that they could have allowed."""

from __future__ import annotations

from itertools import product

import pytest

from claims.audit.published import CELLS, FIGURES, RUNS, STYLES, TOTALS
from lrn.audit import compare_counts, detectable_rate, holm, power
from lrn.claims import claim
from lrn.intervals import rate_interval

ALPHA = 0.05


def p_values(test="fisher", figures=FIGURES, min_depth=0):
    """Return {(figure, style, depth): p} of every comparison of ten plain runs with ten late ones."""
    p = {}
    for (figure, style, depth, connection), row in CELLS.items():
        if connection == "plain" and figure in figures and int(depth) >= min_depth:
            plain, late = int(row["converged"]), int(CELLS[figure, style, depth, "late"]["converged"])
            p[figure, style, depth] = compare_counts(plain, RUNS, late, RUNS, test)
    return p


def significant(p):
    """Return the comparisons that are significant."""
    return [key for key, value in p.items() if value <= ALPHA]


def not_significant(p):
    """Return the comparisons that are not significant."""
    return [key for key, value in p.items() if value > ALPHA]


@claim(
    "Of the 84 plain-late comparisons, 28 (Fisher) or 41 (Boschloo) are significant at 5 % one by one",
    source="ours",
    id="E-significant",
    exact=True,
)
@pytest.mark.parametrize(("test", "count"), [("fisher", 28), ("boschloo", 41)])
def test_significant_one_by_one(test, count):
    p = p_values(test)
    assert len(p) == 84
    assert len(significant(p)) == count


@claim(
    "After Holm's adjustment for 84 comparisons, 1 (Fisher) or 4 (Boschloo) are significant at 5 %",
    source="ours",
    id="E-significant-holm",
    exact=True,
)
@pytest.mark.parametrize(
    ("test", "comparisons"),
    [
        ("fisher", {("4.9", "batch", "30")}),
        (
            "boschloo",
            {("4.9", "batch", "30"), ("4.3", "iterative", "15"), ("4.3", "batch", "20"), ("4.6", "iterative", "30")},
        ),
    ],
    ids=["fisher-found0", "boschloo-found1"],  # as the record has them
)
def test_significant_after_holm(test, comparisons):
    p = p_values(test)
    adjusted = dict(zip(p, holm(list(p.values())), strict=True))
    assert set(significant(adjusted)) == comparisons


SEVEN = pytest.mark.refuted("Figure 4.6, iterative: 2 and 7 of 10, p = 0.041; the other eleven p-values are above 0.4")


@claim(
    "No comparison at depth 2 is significant by itself",
    source="ours",
    id="E-significant-depth-2",
    exact=True,
)
@pytest.mark.parametrize("test", ["fisher", pytest.param("boschloo", marks=SEVEN)])
def test_nothing_is_significant_at_depth_2(test):
    assert [key for key in significant(p_values(test)) if key[2] == "2"] == []


DEPTH_30 = pytest.mark.refuted("Figure 4.3, depth 30, iterative and batch: 0 and 4 of 10, p = 0.087")


@claim(
    "From depth 10 each plain-late comparison of Figure 4.3 is significant by itself",
    source="ours",
    id="E-significant-4.3",
    exact=True,
)
@pytest.mark.parametrize("test", [pytest.param("fisher", marks=DEPTH_30), "boschloo"])
def test_deep_comparisons_of_figure_4_3_are_significant(test):
    assert not_significant(p_values(test, figures=("4.3",), min_depth=10)) == []


@claim(
    "Each plain-late comparison of Figure 4.6 is significant by itself",
    source="ours",
    refuted="Figure 4.6: 7 of 14 by Fisher's test, 11 of 14 by Boschloo's; 4 and 4 of 10 in batch at depth 2",
    id="E-significant-4.6",
    exact=True,
)
@pytest.mark.parametrize("test", ["fisher", "boschloo"])
def test_every_comparison_of_figure_4_6_is_significant(test):
    assert not_significant(p_values(test, figures=("4.6",))) == []


@claim(
    "Over all depths the late total is above the plain one, significantly after Holm, in 9 of 12 columns",
    source="ours",
    id="E-significant-totals",
    exact=True,
)
def test_totals_are_significant_where_anything_converged():
    p, late_ahead = {}, []
    for figure, style in product(FIGURES, STYLES):
        column = f"{style}_total_converged"
        plain, late = int(TOTALS[figure, "plain"][column]), int(TOTALS[figure, "late"][column])
        p[figure, style] = compare_counts(plain, 7 * RUNS, late, 7 * RUNS)
        if late > plain:
            late_ahead.append((figure, style))
    adjusted = dict(zip(p, holm(list(p.values())), strict=True))
    assert significant(adjusted) == late_ahead
    assert len(significant(adjusted)) == 9


@claim(
    "0 of 10 convergences show a rate below 5 %",
    source="ours",
    reading="practical",
    refuted="0 of 10 is compatible with every rate up to 0.31 (Clopper-Pearson, 95 %); a bound of 5 % needs 72 runs",
    id="E-zero-of-ten",
    exact=True,
)
def test_zero_of_ten_shows_a_rate_below_5_percent():
    assert round(rate_interval(0, RUNS, ALPHA)[1], 3) < 0.05


def test_zero_of_72_shows_a_rate_below_5_percent():
    assert rate_interval(0, 72, ALPHA)[1] < 0.05 <= rate_interval(0, 71, ALPHA)[1]


HALF = pytest.mark.refuted(
    "power 0.62 (Fisher): from a plain rate of 0 only late rates above 0.58 are found 4 times in 5"
)


@claim(
    "Ten runs a connection find a late rate of one half against a plain rate of 0, four times in five",
    source="ours",
    id="E-power-zero",
    exact=True,
)
@pytest.mark.parametrize("test", [pytest.param("fisher", marks=HALF), "boschloo"])
def test_ten_runs_find_one_half_against_zero(test):
    assert round(power(0.0, 0.5, RUNS, RUNS, alpha=ALPHA, test=test), 3) >= 0.8


@claim(
    "Ten runs a connection find some late rate against the plain rate of one half, four times in five",
    source="ours",
    id="E-power-half",
    exact=True,
)
@pytest.mark.parametrize(
    "test",
    [pytest.param("fisher", marks=pytest.mark.refuted("not even a rate of 1: power 0.62")), "boschloo"],
)
def test_ten_runs_find_something_against_one_half(test):
    assert detectable_rate(0.5, RUNS, alpha=ALPHA, test=test) <= 1


@claim(
    "Ten runs a connection could have found a difference of 10 points at depth 2, four times in five",
    source="ours",
    refuted="power 0.02 (Fisher), 0.06 (Boschloo)",
    id="E-power-depth-2",
    exact=True,
)
@pytest.mark.parametrize("test", ["fisher", "boschloo"])
def test_ten_runs_find_a_difference_of_ten_points(test):
    assert round(power(0.4, 0.5, RUNS, RUNS, alpha=ALPHA, test=test), 3) >= 0.8


@claim(
    "The runs by themselves show that late, Adam, batch converges more often than not",
    source="ours",
    id="E-more-than-likely-shown",
    exact=True,
)
@pytest.mark.parametrize(
    "figures",
    [
        pytest.param(("4.9",), id="0.001"),
        pytest.param(
            ("4.3", "4.9", "4.15"),
            id="all",
            marks=pytest.mark.refuted("114 of 210: the 95 % interval of the rate is 0.47 to 0.61"),
        ),
    ],
)
def test_late_adam_batch_is_shown_more_than_likely(figures):
    converged = 0
    for figure in figures:
        converged += int(TOTALS[figure, "late"]["batch_total_converged"])
    assert round(rate_interval(converged, 7 * RUNS * len(figures), ALPHA)[0], 3) > 0.5

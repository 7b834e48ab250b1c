"""The published cases of the peers come out as published; where we disagree, the reason is written down.

`published.csv` and `published_p.csv` hold figures only: the numbers in a peer's tests, data or pages, its answer, ours,
and the reason if they differ.
"""

from __future__ import annotations

import csv
import warnings
from operator import attrgetter, itemgetter
from pathlib import Path

import pytest
from scipy.stats import ttest_ind_from_stats

from lrn.audit import NoPowerWarning, check_text, debit, grim, grimmer, repeated_values, sd_bounds, sprite
from lrn.audit import check_p_from_counts as p_from_counts
from lrn.audit import check_p_from_means as p_from_means

HERE = Path(__file__).parent
CHECKS = {"grim": grim, "grimmer": grimmer, "sprite": sprite, "debit": debit}


def read(name):
    with open(HERE / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CASES, P_CASES = read("published.csv"), read("published_p.csv")


def named(case):
    return "-".join(filter(None, itemgetter("test", "mean", "sd", "n", "items", "rounding")(case)))


def options(case):
    how = {"rounding": case["rounding"]}
    if case["test"] != "debit":
        how["items"] = int(case["items"])
    if case["percent"]:
        how["percent"] = True
    if case["ddof"]:
        how["ddof"] = int(case["ddof"])
    if case["scale"]:
        how["scale"] = tuple(map(int, case["scale"].split()))
    if case["counts"]:
        how["counts"] = {}
        for pair in case["counts"].split():
            value, count = map(int, pair.split(":"))
            how["counts"][value] = count
    return how


@pytest.mark.parametrize("case", CASES, ids=named)
def test_published_mean_or_sd(case):
    numbers = [case["mean"], *([case["sd"]] if case["sd"] else []), int(case["n"])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoPowerWarning)
        answer = CHECKS[case["test"]](*numbers, **options(case))
    assert bool(answer) == (case["ours"] == "yes"), answer
    assert "left open" not in answer.warning


@pytest.mark.parametrize("case", P_CASES, ids=lambda case: case["text"])
def test_published_p_value(case):
    (answer,) = check_text(
        case["text"],
        sided=int(case["sided"]),
        alpha=float(case["alpha"]),
        equal_is_significant=case["equal"] == "yes",
    )
    if case["ours_error"]:
        assert (not answer) == (case["ours_error"] == "yes"), answer
    if case["decision_error"]:
        assert answer.decision_error == (case["decision_error"] == "yes"), answer


def test_every_disagreement_has_a_reason():
    disagreements = 0
    for cases, theirs, ours in ((CASES, "published", "ours"), (P_CASES, "error", "ours_error")):
        for case in cases:
            assert bool(case["reason"]) == (case[theirs] != case[ours]), case
            disagreements += case[theirs] != case[ours]
    assert disagreements < len(CASES) / 10


def test_enough_cases_of_every_peer():
    cases = [*CASES, *P_CASES]
    assert len(cases) >= 150
    assert set(map(itemgetter("peer"), cases)) >= {"scrutiny", "rsprite2", "pysprite", "GRIMMER (Allard)", "statcheck"}
    assert all(map(itemgetter("where"), cases))


@pytest.mark.parametrize(
    ("mean", "n", "items", "least", "most"),
    [("4.2", 5, 1, 0.45, 3.03), ("4.2", 5, 2, 0.27, 3.03), ("1", 100, 1, 0, 0)],
)
def test_sd_bounds_of_rsprite2(mean, n, items, least, most):
    """rsprite2, test-core-and-plot-functions, .sd_limits."""
    if mean == "1":  # of means that are exactly 1
        assert sd_bounds("1.000", n, scale=(1, 7)) == (0, 0)
    else:
        bounds = sd_bounds(mean, n, items=items, scale=(1, 7))
        assert [round(bound, 2) for bound in bounds] == [least, most]


def test_duplicates_of_scrutiny():
    """scrutiny, pigs4: 8.13, 4.22 and 5.17 stand in several cells."""
    snout, tail = ["4.73", "8.13", "4.22", "4.22", "5.17"], ["6.88", "7.33", "5.17", "7.57", "8.13"]
    columns = {"snout": snout, "tail": tail, "wings": ["6.09", "8.27", "4.40", "5.92", "5.17"]}
    cells = {}
    for name, column in columns.items():
        for row, value in enumerate(column):
            cells[f"{name} {row}"] = value
    assert sorted(map(attrgetter("value"), repeated_values(cells))) == ["4.22", "5.17", "8.13"]


def test_p_values_of_counts():
    """Fisher (1935) and R's fisher.test on the tea; Barnard (1945), one-sided."""
    assert p_from_counts(3, 4, 1, 4, ".4857", test="fisher", sided=2)
    assert p_from_counts(3, 4, 1, 4, ".2429", test="fisher", sided=1)
    assert p_from_counts(7, 15, 12, 15, ".0341", test="barnard", sided=1)
    assert not p_from_counts(3, 4, 1, 4, ".48", test="fisher", sided=2)


@pytest.mark.parametrize("p", [".02535", ".06241", ".02287", ".02791", ".06043", ".03410", ".04727", ".01431"])
def test_every_test_of_counts_that_recalc_has(p):
    """recalc, test-recalc_chisq: 3 of 15 against 9 of 15 by nine tests, p-values from their formulas."""
    assert p_from_counts(3, 15, 9, 15, p)
    assert not p_from_counts(3, 15, 9, 15, f"{float(p) + 0.0005:.5f}", sided=2)


@pytest.mark.parametrize("p", [".00241", ".00840", ".00152", ".00285", ".00430", ".00700", ".00364", ".00262"])
def test_every_test_of_unequal_counts_that_recalc_has(p):
    """recalc, test-recalc_chisq, "asymmetric": 1 of 9 against 15 of 21."""
    assert p_from_counts(1, 9, 15, 21, p)


def test_t_tests_from_means_of_recalc():
    """recalc, test-recalc_independent_t and test-t-test: miles per gallon with four carburettors and with others."""
    assert p_from_means("10.30", "3.12", 50, "8.71", "2.80", 48, "< .01", sided=2)
    assert p_from_means("10", "1", 50, "1", "1", 50, "< .001", sided=2)
    four = ("15.79", "3.91", 10)
    others = ("22.05", "5.85", 22)
    for equal in (True, False):
        p = ttest_ind_from_stats(15.79, 3.91, 10, 22.05, 5.85, 22, equal_var=equal).pvalue
        assert p_from_means(*four, *others, f"{p:.3f}", sided=2)
        assert not p_from_means(*four, *others, f"{p + 0.010:.3f}", sided=2)

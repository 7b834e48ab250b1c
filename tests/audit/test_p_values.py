"""Printed p-values against statistics, counts and means; results found in text."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from lrn.audit import check_p_from_counts, check_p_from_means, check_p_value, check_text, recompute_p

EXACT = {
    ("t", 28): lambda x: 2 * stats.t.sf(x, 28),
    ("z", None): lambda x: 2 * stats.norm.sf(x),
    ("F", (2, 28)): lambda x: stats.f.sf(x, 2, 28),
    ("chi2", 4): lambda x: stats.chi2.sf(x, 4),
    ("Q", 4): lambda x: stats.chi2.sf(x, 4),
}


@pytest.mark.parametrize(("statistic", "df"), EXACT)
def test_the_range_is_that_of_the_rounded_statistic(statistic, df):
    exact = EXACT[statistic, df]
    assert recompute_p(statistic, "2.20", df) == pytest.approx((exact(2.205), exact(2.195)), rel=1e-5)
    assert recompute_p(statistic, "2.20", df, sided=1) == pytest.approx((exact(2.205) / 2, exact(2.195) / 2), rel=1e-5)
    assert recompute_p(statistic, "< 2.20", df) == pytest.approx((exact(2.205), exact(0)), rel=1e-5)


def test_a_correlation_is_tested_by_t():
    t = 0.22 * math.sqrt(28 / (1 - 0.22**2))
    low, high = recompute_p("r", ".22000", 28)
    assert low < 2 * stats.t.sf(t, 28) < high
    assert recompute_p("r", "1.00", 28)[0] == 0
    assert recompute_p("t", "-2.20", 28) == recompute_p("t", "−2.20", 28) == recompute_p("t", "2.20", 28)
    assert recompute_p("t", "0.0", 28)[1] == 1


@pytest.mark.parametrize(
    ("p", "fits"),
    [
        (".036", True),
        ("p = .037", True),
        (".04", True),
        (".03", False),
        ("< .05", True),
        ("p < .01", False),
        ("> .01", True),
        ("> .05", False),
        ("≤ .036", True),
        ("ns", False),
        ("n.s.", False),
        ("p = ns", False),
        ("3.6e-2", True),
        ("0.000", False),
    ],
)
def test_what_fits_t_of_2_20(p, fits):
    assert bool(check_p_value("t", "2.20", p, df=28, sided=2)) == fits


def test_either_number_of_sides_will_do_unless_told():
    either = check_p_value("t", "2.20", ".018", df=28)
    assert either
    assert either.reading == "one-sided"
    assert "one-sided only" in str(either)
    assert not check_p_value("t", "2.20", ".018", df=28, sided=2)
    assert check_p_value("F", "2.20", ".13", df=np.array([2, 28]))
    assert not check_p_value("F", "2.20", ".065", df=(2, 28)), "an F of two groups of freedom has no sides"
    assert check_p_value("F", "4.84", ".018", df=(1, 28)), "F is t squared"


def test_a_one_sided_test_may_go_the_other_way():
    assert check_p_value("t", "-2.20", ".982", df=28).reading == "one-sided, other direction"
    assert not check_p_value("t", "-2.20", ".982", df=28, sided=2)
    assert not check_p_value("t", "-2.20", ".95", df=28)
    assert check_p_value("t", "2.20", "ns", df=28).decision_error, "ns is not what such a test would say"


def test_slips_and_decision_errors_are_told_apart():
    slip = check_p_value("t", "2.20", ".01", df=28)
    assert not slip
    assert not slip.decision_error
    wrong = check_p_value("t", "2.20", ".30", df=28)
    assert wrong.decision_error
    assert "the decision changes: it is significant" in wrong.message
    assert not check_p_value("t", "1.80", ".03", df=28).decision_error, "one-sided it is significant"
    assert check_p_value("t", "1.80", ".03", df=28, sided=2).decision_error
    assert check_p_value("t", "1.20", "< .05", df=28).decision_error
    assert not check_p_value("t", "2.20", ".10", df=28, alpha=0.1).decision_error
    assert check_p_value("t", "2.20", ".10", df=28, alpha=0.1, equal_is_significant=False).decision_error


def test_zero_is_below_half_of_the_last_digit():
    assert check_p_value("t", "22.20", ".000", df=28)
    assert not check_p_value("t", "22.20", "< .000", df=28)
    assert not check_p_value("t", "3.20", ".000", df=28)
    assert check_p_value("t", "22.20", "0", df=28)


def test_degrees_of_freedom_with_decimals_are_rounded():
    """Welch's df of 2.26 and of 2.34 both print as 2.3."""
    for df in (2.26, 2.34):
        assert check_p_value("t", "4.303", f"{2 * stats.t.sf(4.303, df):.4f}", df=2.3, sided=2)
    assert not check_p_value("t", "4.303", f"{2 * stats.t.sf(4.303, 2.44):.4f}", df=2.3, sided=2)
    assert check_p_value("t", "2.927", f"{2 * stats.t.sf(2.927, 7.951):.4f}", df="8.0", sided=2)
    assert recompute_p("t", "2.927", "8") == recompute_p("t", "2.927", 8)
    assert recompute_p("t", "4.303000", 2.0)[0] == pytest.approx(2 * stats.t.sf(4.303, 2), rel=1e-5)


@pytest.mark.parametrize("name", ["T", "Z", "R", "f", "CHI2", "Chi2", "q", "χ²"])
def test_names_of_statistics_may_be_in_any_case(name):
    df = {"z": None, "f": (1, 28)}.get(name.lower(), 28)
    assert recompute_p(name, ".50", df)[1] <= 1


def test_counts_by_any_test_or_the_one_told():
    assert check_p_from_counts(3, 4, 1, 4, ".49").reading == "fisher, two-sided"
    assert check_p_from_counts(9, 20, 5, 20, ".185", test="pearson")
    assert not check_p_from_counts(9, 20, 5, 20, ".185", test="fisher")
    assert check_p_from_counts(9, 20, 5, 20, ".185").reading == "pearson, two-sided"
    wrong = check_p_from_counts(9, 20, 5, 20, "p < .05")
    assert wrong.decision_error
    assert "9 of 20 against 5 of 20" in wrong.message


def test_means_by_student_or_welch():
    summary = ("10.30", "3.12", 50, "8.71", "2.80", 48)
    numbers = (10.30, 3.12, 50, 8.71, 2.80, 48)
    student = stats.ttest_ind_from_stats(*numbers, equal_var=True).pvalue
    welch = stats.ttest_ind_from_stats(*numbers, equal_var=False).pvalue
    assert check_p_from_means(*summary, f"{student:.4f}")
    assert check_p_from_means(*summary, f"{welch:.4f}")
    assert check_p_from_means(*summary, f"{student / 2:.4f}").reading == "student, one-sided"
    assert not check_p_from_means(*summary, f"{student / 2:.4f}", sided=2)
    assert check_p_from_means(*summary, ".21").decision_error
    assert check_p_from_means("1.0", "0.0", 5, "1.0", "0.0", 5, "1")


RESULTS = {
    "t(28) = 2.20, p = .036": True,
    "t ( 28 ) = 2.20 , p = .036": True,
    "t(28)=2.20,p=.036": True,
    "t(28) = −2.20, p = .036": True,
    "t(28.1) = 2.20, p = .036": True,
    "t(28) = 2.20; p = .036": True,
    "t[28] = 2.20, p = .036": True,
    "T(28) = 2.20, p = .036": True,
    "t(28) > 2.20, p < .05": True,
    "t(28) = 2.20, p = 0.036": True,
    "t(28) = 2.20, ns": False,
    "t(28) = 0.20, n.s.": True,
    "t(28) = 2,000.20, p < .001": True,
    "F(2, 28) = 2.20, p = .13": True,
    "F(2,28)=2.20, p=.13": True,
    "F(2, 1,200) = 3.10, p = .05": True,
    "F(1, 28) < 1, ns": True,
    "r(28) = .22, p = .24": True,
    "r(28) = 1.22, p = .24": False,
    "z = 2.20, p = .028": True,
    "Z = −2.20, p < .05": True,
    "χ2(1, N = 11,455) = 16.78, p <.001": True,
    "χ²(1, n = 81) = 3.25, p = 0.07": True,
    "chi2(28) = 22.20, p = .77": True,
    "x^2(28) = 22.20, p = .77": True,
    "Q(28) = 22.20, p = .77": True,
    "Qbetween(1) = 14.59, p = .0001": True,
    "t_change(28) = 2.20, p = .036": True,
    "tWelch(28.3) = 2.20, p = .036": True,
    "t(28) = 2.20 (p = .036)": True,
    "t(28)=2.20 p=.036": True,
    "t(28) = 2.20, P = .036": True,
    "t(28) = 2.20, p-value = .036": True,
    "*t*(28) = 2.20, *p* = .036": True,
    "*χ*²(1) = 3.84, *p* = .05": True,
    "_F_(2, 28) = 2.20, _p_ = .13": True,
    "F(2,25) = 11.37, MSE = 236.43, p < .01": True,
    "t(191) = 8.22, p < . 001": True,
    "t(191) = 9.54, p <. 001": True,
    "t(28) = 5.20, p = 1.6 × 10^-5": True,
    "t(28) = 5.20, p = .16 × 10⁻⁴": True,
    "t(28) = 5.20, p = 1.6e-5": True,
    "t(28) = 5.20, p = 1 × 10−5": False,
    "QBetween(1) = 14.59, p = .0001": True,
    "Q_B(1) = 14.59, p = .0001": True,
    "t(28) = 2.20, p = .5e-3": False,
    "t(28) = 2.20, p = 1": False,
}


@pytest.mark.parametrize(("text", "fits"), RESULTS.items())
def test_results_are_found_in_every_spelling(text, fits):
    (answer,) = check_text(f"The groups differed, {text}, as they should.", sided=2)
    assert bool(answer) == fits, answer


@pytest.mark.parametrize(
    "text",
    [
        "t(28) = 2.20, p = 1.03",
        "at(28) = 2.20, p = .03",
        "p = .03",
        "t(28) = 2.20, power = .8",
        "",
        "tau(28) = .35, p = .007",
        "rho(28) = .40, p = .03",
        "raw(28) = .40, p = .3",
        "Table(3) = 2, p = .5",
        "t(28) = 2.20, p = 0,036",
        "t(28) = 2,20, p = .036",
        "t(2,28) = 2.20, p = .03",
        "z(28) = 2.20, p = .03",
        "QError(16) = .26, p = .10",
    ],
)
def test_what_is_not_a_result_is_left_alone(text):
    assert check_text(text) == []


def test_several_results_and_sides_in_one_text():
    text = "first t(28) = 2.20, p = .018, one-tailed; then t(28) = 2.20, p = .018, and F(2, 28) = 2.20, p = .13."
    assert list(map(bool, check_text(text, sided=2))) == [True, False, True]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: recompute_p("u", "2.2"), "statistic must be one of t, F, r, z, chi2, Q; got 'u'"),
        (lambda: recompute_p("t", "2.2"), "df must be 1 positive numbers for t; got None"),
        (lambda: recompute_p("F", "2.2", 3), "df must be 2 positive numbers for F"),
        (lambda: recompute_p("t", "2.2", 0), "df must be 1 positive"),
        (lambda: recompute_p("t", "2.2", "many"), "df must be 1 positive"),
        (lambda: recompute_p("t", "2.2", "-3"), "df must be 1 positive"),
        (lambda: recompute_p("t", "2.2", 28, sided=3), "sided must be 1 or 2; got 3"),
        (lambda: recompute_p("chi2", "-2.2", 3), "chi2 must not be negative"),
        (lambda: recompute_p("r", "1.2", 28), "r must be between -1 and 1"),
        (lambda: check_p_value("z", "2.2", "1.03"), "p must be between 0 and 1; got '1.03'"),
        (lambda: check_p_value("z", "2.2", ".03", alpha=1), "alpha must be between 0 and 1"),
        (lambda: check_p_from_means("1", "1", 1, "1", "1", 5, ".5"), "n1 must be at least 2"),
    ],
)
def test_bad_questions_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

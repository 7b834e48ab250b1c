"""Numbers as the report writes them."""

from __future__ import annotations

import dataclasses
import math

import pytest

from lrn.report import interval_text, number_text, percent_text, range_text, setting_text, value_text
from lrn.report._numbers import number_view
from lrn.report._reasons import reason_text
from lrn.report._text import quotation
from lrn.verdicts import MeasuredQuantity, Quantity
from tests.report.conftest import MEAN, RATE, verdict


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "0"), (0.5, "0.5"), (1 / 3, "0.333"), (12.3456, "12.3"), (99.96, "100"), (100.4, "100"), (2778.4, "2,778"),
        (131072, "131,072"), (-2.5, "−2.5"), (3.97e-11, "4.0 × 10⁻¹¹"), (2.5e12, "2.5 × 10¹²"),
        (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits(x, text):
    assert number_text(x) == text


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0, "0 %"), (1, "100 %"), (0.5, "50.0 %"), (0.5632, "56.3 %"), (0.0039, "0.39 %"), (0.99219, "99.22 %"),
        (1e-9, ">0 %"), (1 - 1e-9, "<100 %"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_rates_are_in_percent_and_only_what_is_0_reads_0(x, text):
    assert percent_text(x) == text.replace(" ", "\u00a0")


def quantity(statistic, metric="x"):
    return MeasuredQuantity("k", "k", 0.25, 0.125, 0.5, 1, 1, quantity=Quantity(statistic, metric, ("a",)))


@pytest.mark.parametrize(
    ("statistic", "metric", "text"),
    [
        ("rate", "x", "25.0\u00a0% [12.5, 50.0]"),
        ("rate of larger", "x", "25.0\u00a0% [12.5, 50.0]"),
        ("mean", "x", "0.25 [0.125, 0.5]"),
        ("mean", "dead_fraction", "25.0\u00a0% [12.5, 50.0]"),
        ("quantile", "test_accuracy", "25.0\u00a0% [12.5, 50.0]"),
        ("quantile", "epochs_to_accuracy", "0.25 [0.125, 0.5]"),
        ("mean difference", "share of neurons", "25.0\u00a0points [12.5, 50.0]"),
    ],
)
def test_shares_are_in_percent_and_nothing_else(statistic, metric, text):
    assert interval_text(quantity(statistic, metric)) == text


def test_differences_of_shares_are_in_points_and_sums_in_percent():
    share, number = quantity("rate"), quantity("mean")
    whole = MeasuredQuantity("k", "k", -0.25, -0.5, 0.125, 1, 1)
    difference = whole.replace(terms=(share, share), coefficients=(1.0, -1.0))
    assert interval_text(difference) == "−25.0\u00a0points [−50.0, 12.5]"
    assert interval_text(whole.replace(terms=(share, number), coefficients=(1.0, -1.0))) == "−0.25 [−0.5, 0.125]"
    assert interval_text(whole.replace(point=0.2, terms=(share, share), coefficients=(0.5, 0.5))).startswith(
        "20.0\u00a0% "
    )


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (-math.inf, math.inf, "(no bounds)"), (-math.inf, 2.0, "(at most 2)"), (24.1, math.inf, "(at least 24.1)"),
        (1.7e308, math.inf, ""), (-1.7e308, 1.7e308, "(no bounds)"), (-math.inf, -1.7e308, ""),
        (2.0, 1e301, "(at least 2)"),
        (0.0, 1.0, "[0, 1]"),
    ],
)  # fmt: skip
def test_an_end_without_a_bound_is_said_in_words(low, high, text):
    assert range_text(low, high, "") == text


def test_no_value_reads_inf():
    for unit in ("%", "points", ""):
        assert value_text(math.inf, unit) == value_text(1.7976e308, unit) == "without limit"
        assert value_text(math.nan, unit) == "–"


@pytest.mark.parametrize("x", [1e-9, 3e-5, 0.0004, -0.0004])
def test_a_small_difference_never_reads_zero(x):
    shown = value_text(x, "points").replace("\u00a0points", "").replace("−", "-")
    assert shown in (">0", "<0") or float(shown) != 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The **residual connection** helps", "The residual connection helps"),
        ("an *exponential increase* in the **number**", "an exponential increase in the number"),
        ("deep ($>20$ layers), a delay of $d_1$", "deep (>20 layers), a delay of d1"),
        ("2 * 3 * 4 and 5 $ each", "2 * 3 * 4 and 5 $ each"),
        ("plain", "plain"),
    ],
)
def test_quotations_have_no_marks(text, shown):
    assert quotation(text) == shown


@pytest.mark.parametrize(
    ("labels", "common", "sides"),
    [
        (["f(n=1, start='he')", "f(n=2, start='he')"], ("f", "start='he'"), "n=1 than in n=2"),
        (["f(t='a, b', x=1)", "f(t='a, c', x=1)"], ("f", "x=1"), "t='a, b' than in t='a, c'"),
        (["f(t=[1, 2], x=1)", "f(t=[1, 3], x=1)"], ("f", "x=1"), "t=[1, 2] than in t=[1, 3]"),
        (["late, depth 3", "plain, depth 3"], ("depth 3",), "late than in plain"),
        (["f(it's, a)", "f(it's, b)"], ("f(it's",), "a) than in b)"),
    ],
)
def test_what_labels_share_is_told_from_what_they_do_not(labels, common, sides):
    quantity = Quantity("rate of larger", "accuracy", tuple(labels))
    view = number_view(RATE.replace(quantity=quantity), (0.0, 1.0))
    assert (view.setting, view.about) == (common, sides)


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("about 0.25", "about 25\u00a0%"),
        ("0.2503 after 10 seeds, from 0.21 to 0.31", "25.03\u00a0% after 10 seeds, from 21\u00a0% to 31\u00a0%"),
        # A setting, a number that is not a measured share, and a share in percent stay.
        ("at 0.25, learning rate 0.25", "at 0.25, learning rate 0.25"),
        ("a cosine above 0.99", "a cosine above 0.99"),
        ("0.25 % of them", "0.25 % of them"),
        ("10.25 and 0.25.1", "10.25 and 0.25.1"),
        ("at most 8e-4", "at most 8 × 10⁻⁴"),
    ],
)
def test_a_reason_has_its_shares_in_percent(reason, shown):
    assert reason_text(reason, [verdict("t.py::test", estimates=(RATE,))]) == shown


def test_a_reason_has_differences_of_shares_in_points():
    lower = dataclasses.replace(RATE, key="k9", point=0.02, low=0.01, high=0.03)
    difference = MeasuredQuantity("d", "d", 0.23, 0.2, 0.26, 64, 64, (0.0,), 1, None, (RATE, lower), (1.0, -1.0))
    case = verdict("t.py::test", estimates=(difference,))
    assert reason_text("larger by about 0.23: 0.02 and 0.45", [case]) == (
        "larger by about 23\u00a0points: 2\u00a0% and 45\u00a0%"
    )


def test_a_reason_beside_means_is_left_as_it_is():
    assert reason_text("about 0.25", [verdict("t.py::test", estimates=(RATE, MEAN))]) == "about 0.25"


def test_settings_name_optimizers_as_sentences_do():
    assert setting_text("late, depth 10, adam 0.01, batch") == "late, depth 10, Adam, 0.01, batch"
    assert setting_text("sgd 0.1") == "SGD, 0.1"
    assert setting_text("madam 3, adam") == "madam 3, adam"
    of_adam = Quantity("rate", "heads", ("depth 10, adam 0.01",))
    view = number_view(MeasuredQuantity("k", "n", 0.5, 0.4, 0.6, 8, 8, (), 1, of_adam), (0.0, 1.0))
    assert view.setting == ("depth 10", "Adam, 0.01")

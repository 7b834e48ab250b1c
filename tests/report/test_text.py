"""Numbers as the report writes them."""

from __future__ import annotations

import math

import pytest

from lrn.report import interval_text, number_text, percent_text
from lrn.verdicts import MeasuredQuantity, Quantity


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


def test_only_rates_are_in_percent():
    measured = MeasuredQuantity("k", "k", 0.25, 0.125, 0.5, 1, 1)
    for statistic, text in (("rate", "25.0\u00a0% [12.5, 50.0]"), ("mean", "0.25 [0.125, 0.5]")):
        one = measured.replace(quantity=Quantity(statistic, "x", ("a",)))
        assert interval_text(one) == text
        assert interval_text(measured.replace(terms=(one, one), coefficients=(1.0, -1.0))) == text
    rate, mean = (measured.replace(quantity=Quantity(statistic, "x", ("a",))) for statistic in ("rate", "mean"))
    mixed = measured.replace(terms=(rate, mean), coefficients=(1.0, -1.0))
    assert interval_text(mixed) == "0.25 [0.125, 0.5]"

"""Printed numbers are read as printed, and what can be read in two ways is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrn.audit import parse_number

PLAIN = {
    "5.27": ("5.27", 2),
    "5.27*": ("5.27", 2),
    "5.27***": ("5.27", 2),
    "5.27 *": ("5.27", 2),
    "5.27†": ("5.27", 2),
    "5.27a": ("5.27", 2),
    "5.27 a,b": ("5.27", 2),
    "5.27ᵃ": ("5.27", 2),
    "5.27²": ("5.27", 2),
    "5.27^a": ("5.27", 2),
    "$5.27^{*}$": ("5.27", 2),
    "**5.27**": ("5.27", 2),
    r"\textbf{5.27}": ("5.27", 2),
    "(1.2)": ("1.2", 1),
    "[1.2]": ("1.2", 1),
    "(1.2)*": ("1.2", 1),
    ".05": ("0.05", 2),
    "+3": ("3", 0),
    "17.": ("17", 0),
    "0.40": ("0.40", 2),
    "5,27": ("5.27", 2),
    "0,123": ("0.123", 3),
    "5·27": ("5.27", 2),
    "1,234.5": ("1234.5", 1),
    "1.234,5": ("1234.5", 1),
    "1,234,567": ("1234567", 0),
    "1.234.567": ("1234567", 0),
    "1 234.5": ("1234.5", 1),
    "1\u202f234": ("1234", 0),
    "1’234": ("1234", 0),
    "1.2e-3": ("0.0012", 4),
    "1.2e3": ("1200", -2),
    "1.2 × 10^-3": ("0.0012", 4),
    "1.2 × 10⁻³": ("0.0012", 4),
    r"1.2 \times 10^{-3}": ("0.0012", 4),
    "M = 5.19": ("5.19", 2),
    "n=28": ("28", 0),
}


@pytest.mark.parametrize(("text", "number"), PLAIN.items())
def test_every_way_of_printing_a_number(text, number):
    read = parse_number(text)
    assert (read.value, read.decimals) == (Fraction(number[0]), number[1])
    assert not read.percent
    assert not read.minus
    assert read.spread is None


@pytest.mark.parametrize("sign", ["-", "−", "–", "—", "‒", "‐", "\ufe63", "\uff0d", "- "])
def test_every_minus(sign):
    assert parse_number(f"{sign}1.5").value == Fraction(-3, 2)
    assert parse_number(f"({sign}1.5)").minus
    assert parse_number(f"{sign}.00").minus


@pytest.mark.parametrize(
    "text", ["71 %", "71%", "71\u00a0%", r"71\%", "71 percent", "71 per cent", "71 pct", "71 %*", "(71 %)", "(71) %"]
)
def test_every_percent_sign(text):
    assert (parse_number(text).value, parse_number(text).percent) == (71, True)


@pytest.mark.parametrize(
    ("text", "percents"),
    [
        ("94.0 ± 0.3", (False, False)),
        ("94.0±0.3", (False, False)),
        ("94.0 +/- 0.3", (False, False)),
        (r"$94.0 \pm 0.3$", (False, False)),
        (r"$94.0_{\pm 0.3}$", (False, False)),
        (r"\mathbf{94.0}_{\pm0.3}", (False, False)),
        ("**94.0** ± 0.3*", (False, False)),
        ("94.0 (0.3)", (False, False)),
        ("94.0 [0.3]", (False, False)),
        ("94.0* (0.3)", (False, False)),
        ("94.0** ± 0.3", (False, False)),
        ("94.0ᵃ (0.3)", (False, False)),
        ("94.0a,b (0.3)", (False, False)),
        ("94.0* (0.3)*", (False, False)),
        ("94.0 {0.3}", (False, False)),
        ("94.0 ± 0.3 %", (True, True)),
        ("94.0 % ± 0.3 %", (True, True)),
        ("94.0 (0.3 %)", (False, True)),
        ("94.0 (± 0.3)", (False, False)),
        ("94.0 (±0.3)", (False, False)),
        ("94.0 (SD = 0.3)", (False, False)),
        ("94.0 [SD 0.3]", (False, False)),
    ],
)
def test_every_spread(text, percents):
    read = parse_number(text)
    assert (read.value, read.spread.value, read.spread.decimals) == (94, Fraction(3, 10), 1)
    assert (read.percent, read.spread.percent) == percents


@pytest.mark.parametrize(
    ("text", "plus_minus"), [("94.0 ± 0.3", True), ("94.0 (± 0.3)", True), ("94.0 (0.3)", False), ("94.0", False)]
)
def test_a_spread_behind_plus_minus_is_marked(text, plus_minus):
    assert parse_number(text).plus_minus == plus_minus


@pytest.mark.parametrize(
    ("text", "relation", "value"),
    [
        ("< .001", "<", ".001"),
        ("p<.05", "<", ".05"),
        ("p = .03", "=", ".03"),
        ("> .99", ">", ".99"),
        ("≤ 0.05", "<=", ".05"),
        ("p ≥ 0.05", ">=", ".05"),
    ],
)
def test_bounds(text, relation, value):
    assert (parse_number(text).relation, parse_number(text).value) == (relation, Fraction(value))


@pytest.mark.parametrize("text", ["1,234", "10,000 (5.2)", "999,999"])
def test_a_comma_that_can_be_either_is_refused(text):
    with pytest.raises(ValueError, match="can be read in two ways; say decimal="):
        parse_number(text)
    assert parse_number(text, decimal=".").value >= 1000
    if text == "1,234":
        assert parse_number(text, decimal=",").value == Fraction("1.234")


def test_a_bracket_that_can_be_either_is_refused():
    with pytest.raises(ValueError, match=r"write '94\.0 ± 0\.3' or"):
        parse_number("94.0(3)")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "twelve",
        "5.2.7",
        "1,23,4",
        "12 34",
        "5 27",
        "--3",
        "5..2",
        "3/4",
        "0x10",
        "1_000",
        "5.27 5.28",
        "5k",
        "5.27M",
        "94.0 ± ",
        "94.0 (0.3",
        "94.0 ± ± 0.3",
        "94.0 (SE = 0.3)",
        "±3",
        "%",
        "*",
        "()",
    ],
)
def test_what_is_not_a_number_is_refused(text):
    with pytest.raises(ValueError, match=r"must look like '17\.12'"):
        parse_number(text)


def test_other_refusals():
    with pytest.raises(ValueError, match="must be finite"):
        parse_number("nan")
    with pytest.raises(ValueError, match="at most 1000 zeros"):
        parse_number("1e9999")
    with pytest.raises(TypeError, match="as text, as printed"):
        parse_number(0.4)
    with pytest.raises(ValueError, match="decimal must be"):
        parse_number("1", decimal=";")


@settings(deadline=None)  # a busy machine is not a bug
@given(st.decimals(-(10**6), 10**6, places=3), st.sampled_from(["{}", "{}*", "{} %", "({})", "{} ± 1.0"]))
def test_what_is_printed_is_read_back(number, form):
    assert parse_number(form.format(number)).value == Fraction(number)

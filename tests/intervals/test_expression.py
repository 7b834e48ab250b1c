"""Linear expressions: a compared expression is measured as one quantity, all others by interval arithmetic."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrn.intervals import Estimate, Evidence, Expression, Terms, every

# The same examples every time, however busy the machine is.
repeatable = settings(derandomize=True, deadline=None)


class Source:
    """Knows each quantity up to its width; an expression is known up to the smallest width of its terms."""

    def __init__(self, **values: float) -> None:
        self.values, self.width = values, 0.1
        self.requests: list[Any] = []

    def rate(self, name: str) -> Estimate:
        return Estimate.of(Expression(self, ((name, 1.0),)))

    def point(self, terms: Terms) -> float:
        return sum(c * self.values[str(name)] for name, c in terms)

    def observations(self, terms: Terms) -> int:
        return 64

    def ends(self, terms: Terms) -> tuple[float, float]:
        self.requests.append(("ends", terms))
        return self.shown(terms)

    def shown(self, terms: Terms) -> tuple[float, float]:
        point = self.point(terms)
        return point - self.width, point + self.width

    def compare(self, terms: Terms, threshold: float, inclusive: bool) -> Evidence:
        self.requests.append((terms, threshold, inclusive))
        low, high = self.shown(terms)
        leaning = None if self.point(terms) == threshold else self.point(terms) > threshold
        return Evidence(low > threshold, low >= threshold, high <= threshold, high < threshold, leaning, 2.0, 128.0)

    def kinds_of_requests(self) -> set[Any]:
        """The first part of each request: "ends", or the terms that were compared."""
        return set(map(operator.itemgetter(0), self.requests))

    def label(self, terms: Terms) -> str:
        return " ".join(f"{c:+g}{name}" for name, c in terms)


@pytest.fixture
def source() -> Source:
    return Source(a=0.5, b=0.25, c=2.0)


@pytest.mark.parametrize(
    ("compare", "terms", "threshold", "inclusive", "value"),
    [
        (lambda a, b: a > b, (("a", 1.0), ("b", -1.0)), 0.0, False, True),
        (lambda a, b: a > b + 0.125, (("a", 1.0), ("b", -1.0)), 0.125, False, True),
        (lambda a, b: b < a, (("b", 1.0), ("a", -1.0)), 0.0, True, True),
        (lambda a, b: a >= b + 0.5, (("a", 1.0), ("b", -1.0)), 0.5, True, False),
        (lambda a, b: a <= 0.25, (("a", 1.0),), 0.25, False, False),
        (lambda a, b: 2 * a > 0.5, (("a", 1.0),), 0.25, False, True),
        (lambda a, b: -a > -0.25, (("a", 1.0),), 0.25, True, False),
        (lambda a, b: 1 - a < 0.25, (("a", 1.0),), 0.75, False, False),
        (lambda a, b: a > 0.25, (("a", 1.0),), 0.25, False, True),
        (lambda a, b: a / 2 > b, (("a", 0.5), ("b", -1.0)), 0.0, False, None),
        (lambda a, b: a - b - b + b > 0, (("a", 1.0), ("b", -1.0)), 0.0, False, True),
        (lambda a, b: (a + b) / 2 > 0.125, (("a", 0.5), ("b", 0.5)), 0.125, False, True),
        (lambda a, b: a - (b - 0.25) > 0.375, (("a", 1.0), ("b", -1.0)), 0.125, False, True),
    ],
)
def test_a_comparison_asks_once_about_one_expression(
    source: Source, compare: Any, terms: Terms, threshold: float, inclusive: bool, value: bool | None
) -> None:
    decision = compare(source.rate("a"), source.rate("b"))
    assert source.requests == [(terms, threshold, inclusive)]
    assert decision.value is value
    assert decision.measured


def test_an_open_comparison_names_its_expression(source: Source) -> None:
    a, b = source.rate("a"), source.rate("b")
    decision = a > b + 0.25 - 1e-3
    (expression,) = decision.undecided
    assert expression == (a - b).quantities[0]
    assert (decision.growth, decision.needed) == (2.0, 128.0)
    assert (decision.leaning, (a < b + 0.249).leaning) == (True, False)
    assert decision.reason == "+1a -1b = 0.25 [0.15, 0.35] > 0.249"


@pytest.mark.parametrize(
    ("sign", "value"),
    [(operator.gt, False), (operator.ge, True), (operator.lt, False), (operator.le, True), (operator.eq, True)],
)
def test_what_cancels_is_known_without_measuring(source: Source, sign: Callable[[Any, Any], Any], value: bool) -> None:
    a, b = source.rate("a"), source.rate("b")
    assert sign(a, a).value is value
    assert sign(a - b + b, a).value is value
    assert (a + 0.5 > a).value is True
    assert source.requests == []


def test_unequal_is_tested_on_both_sides(source: Source) -> None:
    a, b = source.rate("a"), source.rate("b")
    assert (a != b).value is True
    assert (a == b).value is False
    assert (a == 0.45).value is None
    assert ((("a", 1.0), ("b", -1.0)), 0.0, False) in source.requests
    assert ((("a", 1.0), ("b", -1.0)), 0.0, True) in source.requests


@pytest.mark.parametrize(
    "use",
    [
        lambda a, c: a * c > 0.5,
        lambda a, c: a / c < 0.5,
        lambda a, c: abs(a - c) > 1,
        lambda a, c: a.apply(math.sqrt, "increasing") > 0.5,
        lambda a, c: a < math.inf,
        lambda a, c: a + Estimate(1, 0.5, 1.5) > 0,
    ],
)
def test_all_else_is_interval_arithmetic_and_pays_for_both_ends(source: Source, use: Any) -> None:
    decision = use(source.rate("a"), source.rate("c"))
    assert decision.value is True
    assert source.kinds_of_requests() == {"ends"}


def test_showing_costs_nothing(source: Source) -> None:
    difference = source.rate("a") - source.rate("b")
    assert str(difference) == "0.25 [0.15, 0.35]"
    assert repr(difference) == "Estimate(0.25 [0.15, 0.35], n=64, '+1a -1b')"
    assert (float(difference.low), float(difference.high)) == pytest.approx((0.15, 0.35))
    assert source.requests == []


def test_expressions_of_two_sources_are_kept_apart(source: Source) -> None:
    other = Source(a=0.1)
    assert (source.rate("a") > other.rate("a")).value is True
    assert source.kinds_of_requests() == {"ends"}
    assert other.requests


def test_logic_takes_them(source: Source) -> None:
    assert every(source.rate(name) > 0.1 for name in "abc").value is True


@repeatable
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(-3, 3)), min_size=1, max_size=6),
    st.integers(-4, 4),
    st.integers(-8, 8),
)
def test_a_linear_expression_has_the_value_of_its_terms(
    parts: list[tuple[str, int]], offset: int, threshold: int
) -> None:
    source = Source(a=0.5, b=0.25, c=2.0)
    source.width = 0.0
    total = Estimate.constant(offset / 4)
    exact = offset / 4
    for name, coefficient in parts:
        total = total + coefficient * source.rate(name)
        exact += coefficient * source.values[name]
    assert float(total.point) == exact
    for sign in (operator.gt, operator.ge, operator.lt, operator.le):
        assert sign(total, threshold / 4).value is sign(exact, threshold / 4)


@repeatable
@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0, 0.5), st.sampled_from([operator.gt, operator.le]))
def test_a_decided_comparison_is_true_of_all_values_within_the_ends(
    value: float, threshold: float, width: float, sign: Callable[[Any, Any], Any]
) -> None:
    source = Source(a=value)
    source.width = width
    decision = sign(source.rate("a"), threshold)
    if decision.value is not None:
        for possible in (value - width, value, value + width):
            assert sign(possible, threshold) is decision.value


@pytest.mark.parametrize(
    "cancelling",
    [lambda a: a / 49 * 49 < a, lambda a: 0.1 * a + 0.2 * a > 0.3 * a, lambda a: a * (1 - 1e-15) - a],
)
def test_terms_that_cancel_but_for_rounding_are_refused(source: Source, cancelling: Callable[[Estimate], Any]) -> None:
    with pytest.raises(ValueError, match="must not cancel except for a rounding error"):
        cancelling(source.rate("a"))


@pytest.mark.parametrize("factor", [1e200, 1e-200])
def test_coefficients_that_floats_cannot_hold_are_refused(source: Source, factor: float) -> None:
    with pytest.raises(ValueError, match="must be a number that floats can hold"):
        source.rate("a") * factor * factor


def test_terms_that_cancel_leave_a_constant(source: Source) -> None:
    a, b = source.rate("a"), source.rate("b")
    assert (a * 3 / 3 - a < 1).value is True
    assert not (a - a < 0).measured
    assert (a + b - a).quantities == b.quantities
    assert (0 * a > 0).value is False

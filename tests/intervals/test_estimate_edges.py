"""Estimates and decisions where one step aside would go unnoticed: signs, refusals, texts, ends of a list."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from lrn.intervals import Decision, Estimate, Undecided


class Foreign:
    """Knows how to combine with anything."""

    def answer(self, other: object) -> str:
        return "its own"

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = answer
    __lt__ = __gt__ = __le__ = __ge__ = answer


ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv]
ORDERINGS = [operator.lt, operator.gt, operator.le, operator.ge]


@pytest.mark.parametrize("operation", [*ARITHMETIC, *ORDERINGS])
def test_other_types_may_say_how_they_combine(operation: Callable[[Any, Any], Any]) -> None:
    assert operation(Estimate(1, 0, 2), Foreign()) == "its own"
    assert operation(Foreign(), Estimate(1, 0, 2)) == "its own"


@pytest.mark.parametrize("operation", ARITHMETIC)
def test_nothing_else_combines_from_the_left(operation: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        operation(object(), Estimate(1, 0, 2))


@pytest.mark.parametrize(
    ("operation", "sign"),
    [(operator.lt, "<"), (operator.gt, ">"), (operator.le, "<="), (operator.ge, ">="), (operator.eq, "==")],
)
def test_the_reason_shows_the_sign(operation: Callable[[Any, Any], Any], sign: str) -> None:
    assert operation(Estimate(1, 0, 2), Estimate(3, 1, 4)).reason == f"1 [0, 2] {sign} 3 [1, 4]"


def test_points_that_differ_lean_to_unequal() -> None:
    assert (Estimate(1, 0, 2) == Estimate(3, 1, 4)).leaning is False
    assert (Estimate(1, 0, 2) != Estimate(3, 1, 4)).leaning is True
    assert (Estimate(1, 0, 2) == Estimate(1, 1, 4)).leaning is None


def test_orderings_lean_as_the_points_do() -> None:
    low, high = Estimate(1, 0, 3), Estimate(2, 1, 4)
    assert [(high > low).leaning, (low > high).leaning, (low < high).leaning, (high <= low).leaning] == [
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("name", ["point", "low", "high"])
def test_an_end_that_is_not_a_number_is_named(name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{name} "):
        Estimate.measured("key", **({"point": 1.0, "low": 0.0, "high": 2.0} | {name: "much"}), n=64)


@pytest.mark.parametrize("operation", ARITHMETIC)
@pytest.mark.parametrize(("x", "y"), [(0.1, 0.3), (0.1, 0.7), (-0.1, 0.2), (0.7, -0.3)])
def test_what_floats_cannot_hold_lies_between_the_ends(
    operation: Callable[[Any, Any], Any], x: float, y: float
) -> None:
    result, exact = operation(Estimate.constant(x), Estimate.constant(y)), operation(Fraction(x), Fraction(y))
    assert result.low <= exact <= result.high
    assert result.high == math.nextafter(result.low, math.inf) or result.low == exact == result.high


def test_a_quotient_has_the_quotient_of_the_points() -> None:
    assert (Estimate(6, 5, 7) / Estimate(2, 1, 3)).point == 3
    assert math.isnan((Estimate(6, 5, 7) / Estimate(0, 0, 3)).point)


def test_apply_moves_each_end_outward_by_two_floats() -> None:
    same = Estimate(0.5, 0.25, 0.75).apply(lambda x: x, "increasing")
    assert (same.low, same.point, same.high) == (0.25 - 2 * 2**-55, 0.5, 0.75 + 2 * 2**-53)
    assert same.name == ""
    endless = Estimate(1, 1, 2).apply(lambda x: math.inf, "increasing")
    assert (endless.low, endless.high) == (math.inf, math.inf)


@pytest.mark.parametrize("at_point", [-1, 5])
def test_apply_refuses_a_point_that_leaves_the_ends(at_point: float) -> None:
    with pytest.raises(ValueError, match="not increasing over 1 \\[0, 2\\]"):
        Estimate(1, 0, 2).apply(lambda x: at_point if x == 1 else x, "increasing")


def test_apply_names_the_estimate_where_the_function_is_not_defined() -> None:
    with pytest.raises(ValueError, match=r"^the function is NaN at 1\.0, which 1 \[0, 2\] allows$"):
        Estimate(1, 0, 2).apply(lambda x: math.nan if x == 1 else x, "increasing")


def open_decision(count: int) -> Decision:
    quantities = tuple(f"q{i}" for i in range(count))
    return Decision(None, "it", quantities, growth=2.0, needed=128.0)


def test_eight_quantities_are_all_shown_and_of_nine_one_is_counted() -> None:
    assert "more" not in str(Undecided(open_decision(8)))
    assert "q7; about 130 " in str(Undecided(open_decision(8)))
    assert "q7; and 1 more; about 130 " in str(Undecided(open_decision(9)))


def test_an_open_decision_about_no_quantity_says_so() -> None:
    error = Undecided(Decision(None, "it", needed=math.inf))
    outlook = "no number of observations can be said to settle it"
    assert str(error) == f"undecided: it; too wide: no measured quantity; {outlook}"


def test_equality_of_decisions_says_what_to_do_instead() -> None:
    with pytest.raises(TypeError, match=r"^a Decision cannot be compared by ==; use its \.value, or combine it with &"):
        Decision(True) == Decision(True)  # noqa: B015

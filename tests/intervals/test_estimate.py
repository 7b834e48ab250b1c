"""Interval arithmetic and comparisons of estimates."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lrn.intervals import Decision, Estimate, note_decisions

# The same examples every time, however busy the machine is.
repeatable = settings(derandomize=True, deadline=None)

finite = st.floats(-1e6, 1e6, allow_subnormal=False)


@st.composite
def estimates(draw: Callable[[Any], Any]) -> Estimate:
    low, point, high = sorted(draw(st.tuples(finite, finite, finite)))
    return Estimate(point, low, high)


def inside(draw: Callable[[Any], float], estimate: Estimate) -> Fraction:
    return Fraction(draw(st.floats(estimate.low, estimate.high)))


OPERATIONS = [operator.add, operator.sub, operator.mul, operator.truediv]


@repeatable
@given(estimates(), estimates(), st.sampled_from(OPERATIONS), st.data())
def test_arithmetic_contains_every_exact_result(
    a: Estimate, b: Estimate, operation: Callable[[Any, Any], Any], data: st.DataObject
) -> None:
    result = operation(a, b)
    x, y = inside(data.draw, a), inside(data.draw, b)
    assume(operation is not operator.truediv or y != 0)
    assert result.low <= operation(x, y) <= result.high
    assert math.isnan(result.point) or result.low <= result.point <= result.high


@repeatable
@given(estimates(), finite, st.sampled_from(OPERATIONS), st.data())
def test_numbers_combine_from_both_sides(
    a: Estimate, number: float, operation: Callable[[Any, Any], Any], data: st.DataObject
) -> None:
    x = inside(data.draw, a)
    if operation is not operator.truediv or number != 0:
        right = operation(a, number)
        assert right.low <= operation(x, Fraction(number)) <= right.high
    assume(operation is not operator.truediv or x != 0)
    left = operation(number, a)
    assert left.low <= operation(Fraction(number), x) <= left.high


@repeatable
@given(st.lists(estimates(), min_size=2, max_size=5), st.data())
def test_long_expressions_contain_every_exact_result(parts: list[Estimate], data: st.DataObject) -> None:
    total, exact = parts[0], inside(data.draw, parts[0])
    for part in parts[1:]:
        operation = data.draw(st.sampled_from(OPERATIONS[:3]))
        total, exact = abs(-operation(total, part)), abs(-operation(exact, inside(data.draw, part)))
    assert total.low <= exact <= total.high


@repeatable
@given(estimates(), estimates())
def test_ends_are_the_tightest_floats(a: Estimate, b: Estimate) -> None:
    low, high = Fraction(a.low) + Fraction(b.low), Fraction(a.high) + Fraction(b.high)
    total = a + b
    assert math.nextafter(total.low, math.inf) > low
    assert math.nextafter(total.high, -math.inf) < high


def test_exact_arithmetic_of_constants_stays_exact() -> None:
    quarter = Estimate.constant(0.25)
    assert bool(quarter + 0.5 == 0.75)
    assert bool(3 * quarter == 0.75)
    rounded = Estimate.constant(0.1) + 0.2
    assert rounded.low < rounded.high
    assert Fraction(rounded.low) < Fraction(0.1) + Fraction(0.2) < Fraction(rounded.high)


def test_overflow_stays_on_the_safe_side() -> None:
    large = Estimate.constant(1.5e308)
    assert (large + large).low < math.inf
    assert (large + large).high == math.inf
    assert (large * -10).low == -math.inf
    assert (Estimate.constant(5e-324) / 10).high > 0


@pytest.mark.parametrize(
    ("estimate", "low", "high"),
    [
        (abs(Estimate(1, -2, 3)), 0, 3),
        (abs(Estimate(-1, -4, 3)), 0, 4),
        (abs(Estimate(-1, -2, -0.5)), 0.5, 2),
        (abs(Estimate(1, 0.5, 2)), 0.5, 2),
        (-Estimate(1, -2, 3), -3, 2),
        (+Estimate(1, -2, 3), -2, 3),
        (Estimate(1, -2, 3) * Estimate(1, -5, 7), -15, 21),
        (Estimate(-1, -2, -0.5) * Estimate(1, -5, 7), -14, 10),
        (Estimate(1, 1, 2) / Estimate(4, 4, 8), 0.125, 0.5),
        (Estimate(1, 1, 2) / Estimate(-4, -8, -4), -0.5, -0.125),
        (1 / Estimate(4, 4, 8), 0.125, 0.25),
        (1 - Estimate(0.25, 0, 0.5), 0.5, 1),
    ],
)
def test_known_results(estimate: Estimate, low: float, high: float) -> None:
    assert (estimate.low, estimate.high) == (low, high)


@pytest.mark.parametrize("divisor", [Estimate(0, -1, 1), Estimate(0.1, 0, 1), Estimate(0, 0, 0), 0])
def test_dividing_by_an_interval_that_holds_zero_leaves_everything_possible(
    divisor: Estimate | float,
) -> None:
    ratio = Estimate(1, 1, 2) / divisor
    assert (ratio.low, ratio.high) == (-math.inf, math.inf)
    assert (ratio > 0).value is None


def test_infinite_ends_keep_what_is_known() -> None:
    never = Estimate(math.inf, 300, math.inf)
    assert (never * Estimate(0, 0, 1)).point == (Estimate(0, 0, 1) * never).point == 0
    assert ((never + 1).low, (never + 1).high) == (301, math.inf)
    assert ((never * 2).low, (never * 0).high) == (600, 0)
    difference = never - never
    assert (difference.low, difference.high) == (-math.inf, math.inf)
    assert math.isnan(difference.point)
    assert (1 / never).low == 0
    ratio = never / never
    assert (ratio.low, ratio.high) == (-math.inf, math.inf)
    certain = Estimate.constant(math.inf)
    assert (certain - certain > 0).value is None


@pytest.mark.parametrize(
    ("a", "b", "greater", "greater_equal", "equal"),
    [
        (Estimate(3, 2, 4), Estimate(1, 0, 1.5), True, True, False),
        (Estimate(3, 2, 4), Estimate(1, 0, 2), None, True, None),
        (Estimate(3, 2, 4), Estimate(1, 0, 2.5), None, None, None),
        (Estimate(1, 0, 2), Estimate(3, 2, 4), False, None, None),
        (Estimate(1, 0, 1.5), Estimate(3, 2, 4), False, False, False),
        (Estimate(1, 0, 2), 1, None, None, None),
        (Estimate(1, 0, 2), 2, False, None, None),
        (Estimate(1, 0, 2), 0, None, True, None),
        (Estimate.constant(2), 2, False, True, True),
        (Estimate.constant(2), 1, True, True, False),
        (Estimate.constant(math.inf), Estimate(math.inf, 5, math.inf), None, True, None),
    ],
)
def test_comparisons_decide_exactly_what_the_ends_decide(
    a: Estimate, b: Estimate | float, greater: bool | None, greater_equal: bool | None, equal: bool | None
) -> None:
    def opposite(truth: bool | None) -> bool | None:
        return None if truth is None else not truth

    assert (a > b).value is greater
    assert (b < a).value is greater
    assert (a >= b).value is greater_equal
    assert (b <= a).value is greater_equal
    assert (a < b).value is opposite(greater_equal)
    assert (a <= b).value is opposite(greater)
    assert (a == b).value is equal
    assert (b == a).value is equal
    assert (a != b).value is opposite(equal)


@repeatable
@given(estimates(), estimates(), st.data())
def test_a_decided_comparison_is_true_of_every_pair_of_values(a: Estimate, b: Estimate, data: st.DataObject) -> None:
    x, y = inside(data.draw, a), inside(data.draw, b)
    for compare in (operator.gt, operator.ge, operator.lt, operator.le, operator.eq, operator.ne):
        assert compare(a, b).value in (None, compare(x, y))


def test_chained_comparisons_ask_both() -> None:
    rate = Estimate(0.5, 0.4, 0.6)
    assert bool(0.3 < rate < 0.7)
    assert not bool(0.3 < rate < 0.4)


@pytest.mark.parametrize("number", [np.float64(0.25), np.float32(0.25), Fraction(1, 4), np.int64(2), 2])
def test_numbers_of_any_kind_combine_and_compare(number: Any) -> None:
    rate = Estimate(0.5, 0.25, 1)
    for result in (number + rate, number - rate, number * rate, number / rate, rate + number, rate / number):
        assert isinstance(result, Estimate)
    for decision in (
        number < rate,
        number <= rate,
        number > rate,
        number >= rate,
        number == rate,
        rate != number,
    ):
        assert isinstance(decision, Decision)


@pytest.mark.parametrize("other", ["0.5", None, True, 1j, [0.5], np.array([0.5]), Decision(True)])
def test_other_things_neither_combine_nor_compare(other: Any) -> None:
    rate = Estimate(0.5, 0.25, 1)
    for operation in (*OPERATIONS, operator.lt, operator.ge, operator.eq, operator.ne):
        with pytest.raises(TypeError):
            operation(rate, other)


def test_comparing_with_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="a constant must be a number that can be compared and computed with; got NaN"):
        Estimate(0.5, 0.25, 1) > math.nan  # noqa: B015


def test_an_estimate_itself_has_no_truth() -> None:
    with pytest.raises(TypeError, match="compare it with a number"):
        bool(Estimate(0.5, 0.25, 1))


def test_quantities_travel_through_arithmetic_once_each() -> None:
    a = Estimate.measured("a", 0.5, 0.4, 0.6, 64)
    b = Estimate.measured("b", 0.2, 0.1, 0.3, 128, name="second")
    mixed = abs(1 - (a + b) * a / 2).apply(math.exp, "increasing")
    assert mixed.quantities == ("a", "b")
    assert mixed.n == 0
    assert (a.n, b.n, a.name, b.name) == (64, 128, "a", "second")
    assert Estimate.constant(2).quantities == ()


def test_apply_maps_the_ends_outward() -> None:
    rate = Estimate.measured("a", 0.5, 0.25, 0.75, 64)
    rising = rate.apply(lambda p: 1 - (1 - p) ** 10, "increasing", name="at least one of ten")
    assert rising.name == "at least one of ten"
    assert rising.low <= 1 - 0.75**10 < 1 - 0.25**10 <= rising.high
    assert rising.point == 1 - 0.5**10
    falling = rate.apply(lambda p: -p, "decreasing")
    assert falling.low <= -0.75 < -0.25 <= falling.high
    assert rate.apply(lambda p: 3.0, "increasing").point == 3
    assert (Estimate.constant(4).apply(math.sqrt, "increasing") == 2).value is True
    unknown = Estimate(math.nan, 0, 1).apply(math.exp, "increasing")
    assert math.isnan(unknown.point)


@pytest.mark.parametrize(
    ("function", "monotone", "message"),
    [
        (lambda p: -p, "increasing", "the function is not increasing over"),
        (lambda p: p, "decreasing", "the function is not decreasing over"),
        (lambda p: (p - 0.4) ** 2, "increasing", "the function is not increasing over"),
        (math.log, "increasing", r"not defined at 0\.0, which 0\.5 \[0, 0\.75\] allows"),
        (lambda p: 1 / p, "decreasing", "not defined at"),
        (lambda p: math.nan, "increasing", "the function is NaN at"),
        (math.exp, "rising", 'monotone must be "increasing" or "decreasing"'),
    ],
)
def test_apply_refuses_a_function_that_does_not_fit(function: Any, monotone: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Estimate(0.5, 0, 0.75).apply(function, monotone)


@pytest.mark.parametrize(
    ("point", "low", "high", "message"),
    [
        (0.5, 0.6, 0.4, r"an interval needs low <= high; got \[0\.6, 0\.4\]"),
        (0.5, math.nan, 1, "an interval needs low <= high"),
        (0.5, 0.6, 0.7, r"the point must lie in its interval \[0\.6, 0\.7\]; got 0\.5"),
    ],
)
def test_impossible_intervals_are_refused(point: float, low: float, high: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Estimate(point, low, high)
    with pytest.raises(ValueError, match=message):
        Estimate.measured("key", point, low, high, 64)


def test_a_measured_point_that_rounding_put_outside_is_moved_to_the_end() -> None:
    mean = float(np.mean([0.1] * 3))
    assert mean > 0.1
    assert Estimate.measured("mean", mean, 0.0, 0.1, 3).point == 0.1
    assert math.isnan(Estimate.measured("nothing", math.nan, 0, 1, 0).point)


def test_texts_show_the_interval() -> None:
    rate = Estimate.measured("late", 0.6101, 0.55, 0.66, 256)
    assert str(rate) == "0.6101 [0.55, 0.66]"
    assert repr(rate) == "Estimate(0.6101 [0.55, 0.66], n=256, 'late')"
    assert repr(Estimate.constant(0.2)) == "Estimate(0.2)"
    assert rate.quantities == ("late",)
    assert (rate > 0.05).reason == "0.6101 [0.55, 0.66] > 0.05"


def test_estimates_can_be_hashed_copied_and_pickled() -> None:
    rate = Estimate.measured("late", 0.61, 0.55, 0.66, 256)
    assert len({rate, rate}) == 1
    for twin in (copy.deepcopy(rate), pickle.loads(pickle.dumps(rate))):
        assert (twin.point, twin.low, twin.high, twin.quantities) == (0.61, 0.55, 0.66, rate.quantities)


def test_numbers_are_kept_as_plain_floats() -> None:
    rate = Estimate.measured("late", np.float32(0.5), np.float64(0.25), 1, np.int64(64))
    assert type(rate.n) is int
    for number in (rate.point, rate.low, rate.high):
        assert isinstance(number, float)
        assert not isinstance(number, np.floating)
    assert (rate > np.float64(0.1)).value is True


def test_bare_numbers_are_noted_where_somebody_listens() -> None:
    rate = Estimate.measured("late", 0.5, 0.4, 0.6, 64)
    with note_decisions() as noted:
        rate > 0.3, rate + rate, abs(rate) * rate, rate.apply(math.exp, "increasing")
    assert not noted.bare
    for name in ("point", "low", "high", "n"):
        with note_decisions() as noted:
            getattr(rate, name)
        assert noted.bare


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
def test_comparing_bare_numbers_is_noted(compare: Callable[[Any, Any], Any]) -> None:
    rate = Estimate.measured("late", 0.5, 0.4, 0.6, 64)
    for left, right in ((rate.point, 0.3), (0.3, rate.low), (rate.high - 1, 0), (2 * abs(rate.point), rate.point)):
        with note_decisions() as noted:
            assert isinstance(compare(left, right), bool)
        assert noted.unasked


def test_bare_numbers_can_be_shifted_and_decisions_stay() -> None:
    rate = Estimate.measured("late", 0.5, 0.4, 0.6, 64)
    with note_decisions(shift=100.0):
        assert (float(rate.point), float(rate.low), float(rate.high)) == (100.5, 100.4, 100.6)
        assert rate.n == 164
        assert str(rate) == "100.5 [100.4, 100.6]"
        assert (rate > 0.3).value is True
        assert (rate * rate).apply(math.sqrt, "increasing")._point == 0.5
    assert float(rate.point) == 0.5


def test_a_bare_number_is_not_a_constant() -> None:
    rate = Estimate.measured("late", 0.5, 0.4, 0.6, 64)
    for use in (lambda: rate > rate.point, lambda: rate + rate.low, lambda: Estimate.constant(2 * rate.high)):
        with pytest.raises(TypeError, match="a constant must be a known number, not the point of an estimate"):
            use()

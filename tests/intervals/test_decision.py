"""Kleene's logic, every and some, and the text of an open decision."""

from __future__ import annotations

import copy
import itertools
import math
import operator
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrn.intervals import Decision, Estimate, Undecided, every, note_decisions, rate_interval, some

# The same examples every time, however busy the machine is.
repeatable = settings(derandomize=True, deadline=None)

Truth = bool | None
TRUTHS: list[Truth] = [True, False, None]


def decision(value: Truth, key: str = "q") -> Decision:
    """Return a decision of the given value about a quantity with the given key."""
    rate = Estimate.measured(key, 0.5, 0.4, 0.6, 64)
    return rate > {True: 0.3, False: 0.7, None: 0.45}[value]


def kleene_and(a: Truth, b: Truth) -> Truth:
    return False if a is False or b is False else None if a is None or b is None else True


def kleene_or(a: Truth, b: Truth) -> Truth:
    return True if a is True or b is True else None if a is None or b is None else False


@pytest.mark.parametrize(("a", "b"), list(itertools.product(TRUTHS, repeat=2)))
def test_and_or_follow_the_truth_tables(a: Truth, b: Truth) -> None:
    assert (decision(a) & decision(b)).value is kleene_and(a, b)
    assert (decision(a) | decision(b)).value is kleene_or(a, b)
    if b is not None:
        for truth in (b, np.bool_(b)):
            assert (decision(a) & truth).value is (truth & decision(a)).value is kleene_and(a, b)
            assert (decision(a) | truth).value is (truth | decision(a)).value is kleene_or(a, b)


@pytest.mark.parametrize(("value", "opposite"), [(True, False), (False, True), (None, None)])
def test_not_follows_the_truth_table(value: Truth, opposite: Truth) -> None:
    assert (~decision(value)).value is opposite
    assert (~~decision(value)).value is value


@repeatable
@given(st.lists(st.sampled_from(TRUTHS), min_size=1, max_size=6))
def test_every_and_some_are_chains_of_and_and_or(values: list[Truth]) -> None:
    chained_and, chained_or = decision(values[0]), decision(values[0])
    for value in values[1:]:
        chained_and, chained_or = chained_and & decision(value), chained_or | decision(value)
    decisions = list(map(decision, values))
    assert every(decisions).value is chained_and.value
    assert some(decisions).value is chained_or.value
    assert (~every(decisions)).value is some(map(operator.invert, decisions)).value


@repeatable
@given(st.lists(st.sampled_from(TRUTHS), min_size=3, max_size=3), st.data())
def test_a_decided_combination_is_right_however_the_open_parts_close(values: list[Truth], data: st.DataObject) -> None:
    closed = [data.draw(st.booleans()) if value is None else value for value in values]
    a, b, c = map(decision, values)
    x, y, z = closed
    for combined, truth in [
        (a & ~b | c, (x and not y) or z),
        ((a | b) & ~c, (x or y) and not z),
        (every([a, b, c]), x and y and z),
        (some([a, b, c]), x or y or z),
    ]:
        assert combined.value in (None, truth)


def counted(values: list[Truth], passed: list[Truth]) -> Iterator[Decision]:
    for value in values:
        passed.append(value)
        yield decision(value)


def test_every_stops_at_the_first_false_and_passes_open_ones() -> None:
    passed: list[Truth] = []
    assert every(counted([True, None, False, True], passed)).value is False
    assert passed == [True, None, False]


def test_some_stops_at_the_first_true_and_passes_open_ones() -> None:
    passed: list[Truth] = []
    assert some(counted([False, None, True, False], passed)).value is True
    assert passed == [False, None, True]


def test_every_and_some_take_bools() -> None:
    assert every([True, np.bool_(True), decision(True)]).value is True
    assert every([True, decision(None)]).value is None
    assert every([np.bool_(False), decision(None)]).value is False
    assert some([False, decision(None)]).value is None
    assert some([True, decision(None)]).value is True


@pytest.mark.parametrize("combine", [every, some])
def test_nothing_to_decide_is_refused(combine: Any) -> None:
    with pytest.raises(ValueError, match=rf"{combine.__name__}\(\) was given nothing to decide"):
        combine([])


@pytest.mark.parametrize("part", [None, 1, "yes", Estimate(0.5, 0, 1)])
def test_only_truths_and_decisions_combine(part: Any) -> None:
    with pytest.raises(TypeError, match="a Decision or a bool is needed"):
        every([True, part])
    with pytest.raises(TypeError):
        decision(True) & part


def test_a_decided_decision_is_its_truth() -> None:
    assert decision(True)
    assert not decision(False)
    assert bool(decision(True)) is True


def test_the_truth_of_an_open_decision_raises_and_names_the_wide_intervals() -> None:
    late = Estimate.measured("late", 0.5, 0.4, 0.6, 256)
    plain = Estimate.measured("plain", 0.45, 0.35, 0.55, 128)
    with pytest.raises(Undecided) as caught:
        assert late > plain
    undecided = caught.value
    assert undecided.quantities == ("late", "plain")
    # The widths facing each other are 0.1 + 0.1, four times the gap.
    assert undecided.growth == pytest.approx(16)
    assert undecided.needed == pytest.approx(16 * 256)
    assert str(undecided) == (
        "undecided: 0.5 [0.4, 0.6] > 0.45 [0.35, 0.55]; too wide: "
        "late; plain; "
        "about 4100 observations of each would settle it"
    )


@pytest.mark.parametrize("ask", [bool, lambda d: not d, lambda d: d and True, lambda d: 1 if d else 0])
def test_every_way_of_asking_an_open_decision_raises(ask: Any) -> None:
    with pytest.raises(Undecided):
        ask(decision(None))


def test_equality_of_decisions_is_refused_rather_than_silently_false() -> None:
    with pytest.raises(TypeError, match="a Decision cannot be compared"):
        decision(False) != True  # noqa: B015, E712


def test_an_open_combination_names_the_open_parts_only() -> None:
    combined = every([decision(True, "a"), decision(None, "b"), decision(None, "c"), decision(None, "b")])
    assert list(combined.undecided) == ["b", "c"]
    combined = some([decision(False, "a"), decision(None, "b") & decision(None, "c"), ~decision(None, "d")])
    assert list(combined.undecided) == ["b", "c", "d"]
    settled = decision(False, "a") & decision(None, "b")
    assert settled.undecided == ()
    assert (settled.growth, settled.needed) == (1, 0)


def open_decision(needed: float, leaning: bool | None) -> Decision:
    return Decision(None, "open", ("q",), leaning, needed / 64, needed)


def test_needed_is_that_of_the_part_which_will_settle_the_whole() -> None:
    soon_false, late_false = open_decision(100, False), open_decision(900, False)
    soon_true, late_true = open_decision(200, True), open_decision(800, True)
    tied = open_decision(math.inf, None)
    assert every([soon_false, late_false, late_true, tied]).needed == 100
    assert every([soon_true, late_true]).needed == 800
    assert every([soon_true, tied]).needed == math.inf
    assert some([soon_true, late_true, late_false, tied]).needed == 200
    assert some([soon_false, late_false]).needed == 900
    assert (~every([soon_true, late_true])).needed == 800
    assert every([~soon_true, late_true]).needed == 200


@pytest.mark.parametrize(
    "open_one",
    [
        Estimate.measured("a", 0.5, 0.4, 0.6, 64) > 0.5,
        Estimate.measured("a", 0.0, 0.0, 0.1, 64) == 0,
        Estimate.measured("a", math.nan, 0.0, 1, 0) > 0.5,
        Estimate(0.5, 0.4, 0.6) > 0.45,
    ],
)
def test_ties_and_the_unknown_need_infinitely_many_observations(open_one: Decision) -> None:
    with pytest.raises(Undecided, match="no number of observations can be said to settle it") as caught:
        bool(open_one)
    assert caught.value.needed == caught.value.growth == math.inf


@pytest.mark.parametrize("point", [450, math.inf])
def test_an_infinite_end_asks_for_twice_as_many_observations(point: float) -> None:
    open_one = Estimate.measured("median epochs", point, 300, math.inf, 64) < 500
    assert (open_one.growth, open_one.needed) == (2, 128)


@pytest.mark.parametrize(
    ("rate", "margin", "alpha"), [(0.5, 0.45, 1e-6), (0.2, 0.22, 1e-8), (0.0, 0.01, 1e-8), (0.9, 0.91, 1e-3)]
)
def test_about_the_needed_observations_do_settle_it(rate: float, margin: float, alpha: float) -> None:
    def compare(n: int) -> Decision:
        hits = round(rate * n)
        return Estimate.measured("rate", hits / n, *rate_interval(hits, n, alpha), n) > margin

    open_one = compare(200)
    assert open_one.value is None
    assert compare(int(1.5 * open_one.needed)).value is not None
    assert compare(int(0.5 * open_one.needed)).value is None


def test_reasons_read_as_the_statement_that_was_decided() -> None:
    x, y = Estimate(0.5, 0.4, 0.6), Estimate(2, 1, 3)
    assert ((x > 0.3) & (y > 0)).reason == "0.5 [0.4, 0.6] > 0.3 and 2 [1, 3] > 0"
    assert ((x > 0.7) & (y > 0)).reason == "0.5 [0.4, 0.6] > 0.7"
    assert ((x > 0.7) | (y > 4)).reason == "0.5 [0.4, 0.6] > 0.7 or 2 [1, 3] > 4"
    assert (~(x > 0.7)).reason == "not (0.5 [0.4, 0.6] > 0.7)"
    assert ((x > 0.3) & ((y > 4) | (y > 2))).reason == "2 [1, 3] > 2"
    assert ((x > 0.3) & ((y > 2) | (y > 1.5))).reason == "2 [1, 3] > 2 or 2 [1, 3] > 1.5"
    assert every([x > 0.3] * 5).reason.endswith("0.5 [0.4, 0.6] > 0.3 and 2 more")
    assert every([x > 0.3] * 3).reason == " and ".join(["0.5 [0.4, 0.6] > 0.3"] * 3)
    assert every([(x > 0) & (y > 0), x < 1]).reason == "(0.5 [0.4, 0.6] > 0 and 2 [1, 3] > 0) and 0.5 [0.4, 0.6] < 1"
    assert some([(x > 2) | (y > 4), x > 1]).reason == "(0.5 [0.4, 0.6] > 2 or 2 [1, 3] > 4) or 0.5 [0.4, 0.6] > 1"
    assert (every([True]).reason, some([False]).reason) == ("True", "False")
    assert repr(x > 0.3) == "Decision(true: 0.5 [0.4, 0.6] > 0.3)"
    assert str(x > 0.5) == "undecided: 0.5 [0.4, 0.6] > 0.5"


def test_a_long_message_is_shortened() -> None:
    with pytest.raises(Undecided, match="and 32 more; about") as caught:
        bool(every(decision(None, f"key {i}") for i in range(40)))
    assert len(caught.value.quantities) == 40


def test_decisions_and_their_exception_can_be_copied_and_pickled() -> None:
    open_one = decision(None)
    for twin in (copy.deepcopy(open_one), pickle.loads(pickle.dumps(open_one))):
        assert (twin.value, twin.reason, twin.undecided) == (None, open_one.reason, open_one.undecided)
    error = pickle.loads(pickle.dumps(Undecided(open_one)))
    assert str(error) == str(Undecided(open_one))
    assert error.quantities == open_one.undecided


def test_the_decisions_whose_truth_was_read_are_noted() -> None:
    first, second, unasked = decision(True), decision(False), decision(True)
    assert first
    with note_decisions() as outer:
        assert first
        with note_decisions() as inner:
            assert not second
            every([unasked])
        (only,) = inner.decisions
        assert only is second
        with pytest.raises(Undecided):
            bool(decision(None))
    true, undecided = outer.decisions
    assert (true.value, undecided.value) == (True, None)
    assert first
    assert len(outer.decisions) == 2


def test_reading_the_value_reads_the_truth_but_raises_nothing() -> None:
    open_one = decision(None)
    with note_decisions() as noted:
        assert open_one.value is None
    assert noted.decisions == [open_one]


def test_combining_and_showing_ask_for_nothing() -> None:
    with note_decisions() as noted:
        combined = ~(decision(True) & decision(None)) | every([decision(False), decision(True)])
        assert "undecided" in str(combined)
        assert combined.reason
    assert noted.decisions == []
    assert noted.unasked == []


def test_reading_what_the_estimates_lean_to_is_noted() -> None:
    with note_decisions() as noted:
        assert decision(None).leaning is True
    assert noted.unasked == ["what the estimates lean to"]


def test_answers_replace_the_truth_of_measured_decisions_only() -> None:
    measured, constant = decision(True), Estimate.constant(1) > 0
    with note_decisions(lambda index, truth: not truth) as noted:
        assert not measured
        assert measured.value is False
        assert constant
    assert measured.value is True
    assert noted.measured == [measured, measured]
    with note_decisions(lambda index, truth: truth is not (index == 1)):
        assert (bool(measured), bool(decision(True)), bool(decision(True))) == (True, False, True)


def test_a_decision_answers_alike_whenever_its_truth_is_read() -> None:
    comparison = decision(True)
    with note_decisions(lambda index, truth: truth is not (index == 1)):
        assert (bool(comparison), bool(comparison), comparison.value) == (True, True, True)


def test_a_thread_that_is_started_is_listened_to() -> None:
    comparison = decision(True)
    with note_decisions(lambda index, truth: not truth) as noted, ThreadPoolExecutor() as threads:
        assert threads.submit(bool, comparison).result() is False
    assert noted.decisions == [comparison]
    with ThreadPoolExecutor() as threads:
        assert threads.submit(bool, comparison).result() is True


def test_bare_estimates_that_are_compared_change_places_with_the_sign_of_a_growing_shift() -> None:
    low, high = Estimate(0.2, 0.1, 0.3), Estimate(0.8, 0.7, 0.9)
    order = []
    for shift in (1e6, -1e6):
        with note_decisions(shift=shift, growing=True):
            order.append(float(low.point) < float(high.point))
    assert order == [True, False]


@pytest.mark.parametrize("shown", [str, repr, "{:}".format, lambda estimate: (estimate > 0.5).reason])
def test_the_text_of_an_estimate_is_a_bare_estimate(shown: Any) -> None:
    estimate = Estimate(0.2, 0.1, 0.3)
    with note_decisions(shift=1e6) as noted:
        moved = shown(estimate)
    assert noted.bare
    assert moved != shown(estimate)


@pytest.mark.parametrize("truth", [True, False, None])
def test_the_text_of_a_decision_is_another_one_with_a_shift(truth: bool | None) -> None:
    shown = []
    for shift in (0.0, 1.0, -1.0):
        with note_decisions(shift=shift) as noted:
            shown.append(str(decision(truth)).partition(":")[0])
        assert noted.bare
    assert shown[0] == str(decision(truth)).partition(":")[0]
    assert len(set(shown)) == 3


def test_an_open_decision_stays_open_whatever_is_answered() -> None:
    with note_decisions(lambda index, truth: True), pytest.raises(Undecided):
        bool(decision(None))


def test_undecided_is_not_an_ordinary_exception() -> None:
    assert not issubclass(Undecided, Exception)


@pytest.mark.parametrize("combine", [lambda d: ~d, lambda d: d & True, lambda d: d | False, lambda d: every([d, d])])
def test_what_rests_on_something_measured_says_so(combine: Any) -> None:
    assert combine(decision(True)).measured
    assert combine(decision(None)).measured
    assert not combine(Estimate.constant(1) > 0).measured
    assert not Decision(True).measured

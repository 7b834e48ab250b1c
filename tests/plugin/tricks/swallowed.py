"""Decisions that are swallowed."""

import concurrent.futures
import contextlib
import threading

import pytest
from known import BAD, GOOD, HALF, SAME, error, heads, undecided

from lrn.claims import Undecided


def larger(one, other):
    assert one > other, "smaller"


@undecided("pytest.raises(Exception)")
def test_raises(measure):
    with pytest.raises(Exception):  # noqa: B017, PT011
        assert heads(measure, HALF) > heads(measure, SAME)


@undecided("pytest.raises(BaseException)")
def test_raises_base(measure):
    with pytest.raises(BaseException):  # noqa: B017, PT011
        assert heads(measure, HALF) > heads(measure, SAME)


@undecided("pytest.raises(Undecided)")
def test_raises_undecided(measure):
    with pytest.raises(Undecided):
        assert heads(measure, HALF) > heads(measure, SAME)


@undecided("suppress")
def test_suppress(measure):
    with contextlib.suppress(BaseException):
        assert heads(measure, HALF) > heads(measure, SAME)
    assert heads(measure, GOOD) > 0.5


@undecided("A bare except")
def test_bare_except(measure):
    try:
        larger = bool(heads(measure, HALF) > heads(measure, SAME))
    except:  # noqa: E722
        larger = True
    assert larger


@undecided("except Undecided in a helper")
def test_helper_catches(measure):
    def holds(decision):
        try:
            return bool(decision)
        except Undecided:
            return True

    assert holds(heads(measure, HALF) > heads(measure, SAME))
    assert holds(heads(measure, GOOD) > 0.5)


@undecided("finally and return")
def test_finally(measure):
    try:
        assert heads(measure, HALF) > heads(measure, SAME)
    finally:
        return  # noqa: B012


@undecided("The open value of a decision taken for false")
def test_open_value(measure):
    assert not (heads(measure, HALF) > heads(measure, SAME)).value


@undecided("The open value of a decision that is not false")
def test_open_value_is_not_false(measure):
    assert (heads(measure, HALF) > heads(measure, SAME)).value is not False
    assert heads(measure, GOOD) > 0.5


@undecided("An open equality caught beside what holds")
def test_open_equality(measure):
    assert heads(measure, GOOD) > 0.5
    with contextlib.suppress(Undecided):
        assert heads(measure, HALF) == heads(measure, SAME)


@error("A false assertion caught")
def test_false_caught(measure):
    try:
        assert heads(measure, BAD) > 0.5
    except Exception:
        print("hm")


@error("A false assertion caught beside one that holds")
def test_false_caught_beside(measure):
    assert heads(measure, GOOD) > 0.5
    with contextlib.suppress(AssertionError):
        assert heads(measure, BAD) > 0.5


@error("A false assertion in a helper, caught beside one that holds")
def test_false_helper_caught(measure):
    with contextlib.suppress(AssertionError):
        larger(heads(measure, BAD), 0.5)
    assert heads(measure, GOOD) > 0.5


@error("pytest.raises(AssertionError) beside what holds")
def test_raises_assertion(measure):
    with pytest.raises(AssertionError):
        assert heads(measure, BAD) > 0.5
    assert heads(measure, GOOD) > 0.5


@error("A false assertion and finally")
def test_false_finally(measure):
    try:
        assert heads(measure, BAD) > 0.5
    finally:
        return  # noqa: B012


@error("A false assertion in a thread")
def test_thread(measure):
    def check():
        assert heads(measure, BAD) > 0.5

    with concurrent.futures.ThreadPoolExecutor() as threads:
        threads.submit(check)
    assert heads(measure, GOOD) > 0.5


@undecided("An open decision in a thread")
def test_open_thread(measure):
    def check():
        with contextlib.suppress(BaseException):
            assert heads(measure, HALF) > heads(measure, SAME)

    thread = threading.Thread(target=check)
    thread.start()
    thread.join()
    assert heads(measure, GOOD) > 0.5


@error("A false subtest", id="subtests")
def test_subtests(measure, subtests):
    with subtests.test("false"):
        assert heads(measure, BAD) > 0.5


@error("A subtest by another name")
def test_subtests_by_name(measure, request):
    subtests = request.getfixturevalue("subtests")
    with subtests.test("false"):
        assert heads(measure, BAD) > 0.5
    assert heads(measure, GOOD) > 0.5


@error("Expected to fail")
@pytest.mark.xfail(reason="known")
def test_xfail(measure):
    assert heads(measure, BAD) > 0.5


@error("Expected to fail, by a call")
def test_xfail_call(measure):
    if heads(measure, BAD) < 0.5:
        pytest.xfail("known")
    assert heads(measure, BAD) > 0.5

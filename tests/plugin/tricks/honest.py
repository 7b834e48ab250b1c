"""Honest claims stay possible."""

# ruff: noqa: PT009, PT018 - what people write

import asyncio
import concurrent.futures
import contextlib
import unittest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known import BAD, COINS, GOOD, HALF, SAME, heads, refuted, supported, undecided
from populations import Coin

from lrn.claims import every, some


@supported("An assertion")
def test_assertion(measure):
    assert heads(measure, GOOD) > heads(measure, BAD)


@refuted("An assertion that is false")
def test_false_assertion(measure):
    assert heads(measure, BAD) > heads(measure, GOOD)


@undecided("An assertion that is open")
def test_open_assertion(measure):
    assert heads(measure, HALF) > heads(measure, SAME)


@supported("The negation of what is false")
def test_assert_not(measure):
    assert not heads(measure, BAD) > heads(measure, GOOD)
    assert not (heads(measure, BAD) > heads(measure, GOOD))


@refuted("The negation of what is true")
def test_assert_not_true(measure):
    assert not (heads(measure, GOOD) > heads(measure, BAD))


@supported("Python's own or, and, chains")
def test_or_and_chain(measure):
    good = heads(measure, GOOD)
    assert good < 0.1 or good > 0.5
    assert good > 0.3 and good > 0.5
    assert 0.5 < good < 1.5


@refuted("Python's own or, both false")
def test_false_or(measure):
    assert heads(measure, BAD) > 0.5 or heads(measure, BAD) > 0.6


@supported("every and some")
def test_every_some(measure):
    assert every(heads(measure, coin) > 0.5 for coin in COINS)
    assert some(heads(measure, coin) > 0.5 for coin in [BAD, GOOD])
    assert all(heads(measure, coin) > 0.5 for coin in COINS)
    assert any(heads(measure, coin) > 0.5 for coin in [BAD, GOOD])


@supported("A loop of assertions")
def test_loop(measure):
    for coin in COINS:
        assert heads(measure, coin) > 0.5


@refuted("A loop of assertions of which one is false")
def test_false_loop(measure):
    for coin in [*COINS, BAD, GOOD]:
        assert heads(measure, coin) > 0.5


@supported("Most of several")
def test_count(measure):
    assert sum(bool(heads(measure, coin) > 0.5) for coin in [*COINS, BAD]) >= 3


@refuted("Too few of several, and one more would not do")
def test_false_count(measure):
    wins = [coin for coin in [*COINS, BAD, Coin(0.1), Coin(0.15)] if heads(measure, coin) > 0.5]
    assert len(wins) >= 6


@refuted("As many as are true, and no more")
def test_exact_count(measure):
    assert sum(bool(heads(measure, coin) > 0.5) for coin in [*COINS, BAD]) == 5


def larger(one, other):
    assert one > other, "smaller"


def check_larger(one, other):
    if not one > other:
        raise AssertionError("smaller")


def never(truth):
    if truth:
        assert False, "it did"  # noqa: B011, PT015


@supported("Helpers that assert")
def test_helpers(measure):
    larger(heads(measure, GOOD), 0.5)
    check_larger(heads(measure, GOOD), 0.5)
    never(heads(measure, GOOD) < 0.5)


@supported("A helper that raises")
def test_helper_raises(measure):
    check_larger(heads(measure, GOOD), 0.5)


@supported("A helper that must not come true")
def test_helper_never(measure):
    never(heads(measure, GOOD) < 0.5)


@refuted("A helper that asserts")
def test_false_helper(measure):
    larger(heads(measure, GOOD), 0.5)
    larger(heads(measure, BAD), 0.5)


@refuted("A helper that raises, in vain")
def test_false_helper_raises(measure):
    check_larger(heads(measure, BAD), 0.5)


@refuted("A helper that must not come true, and does")
def test_false_helper_never(measure):
    never(heads(measure, GOOD) > 0.5)


@supported("A nested function asserts")
def test_nested(measure):
    def check(coin):
        assert heads(measure, coin) > 0.5

    for coin in COINS:
        check(coin)


@supported("A message that shows the estimate")
def test_message(measure):
    good = heads(measure, GOOD)
    assert good > 0.5, f"only {good.point:.3f} [{good.low:.3f}, {good.high:.3f}], n = {good.n}"


@refuted("A message that shows the estimate")
def test_false_message(measure):
    bad = heads(measure, BAD)
    assert bad > 0.5, f"only {bad.point:.3f} [{bad.low:.3f}, {bad.high:.3f}], n = {bad.n}"


@supported("Estimates may be printed")
def test_print(measure):
    good = heads(measure, GOOD)
    print(good, good.point, good.n)
    assert good > 0.5


@pytest.mark.parametrize("coin", COINS, ids=lambda coin: coin.label)
@supported("Parameters")
def test_parameters(measure, coin):
    assert heads(measure, coin) > 0.5


@supported("What is equal in truth is decided one way")
def test_larger_of_two(measure):
    assert max(heads(measure, GOOD), heads(measure, BAD)) > 0.5


@supported("unittest's words in a plain function")
def test_unittest_words(measure):
    unittest.TestCase().assertTrue(heads(measure, GOOD) > heads(measure, BAD))


@refuted("unittest's words in a plain function, false")
def test_false_unittest_words(measure):
    unittest.TestCase().assertGreater(heads(measure, BAD), heads(measure, GOOD))


@supported("A truth that is read")
def test_value(measure):
    assert (heads(measure, GOOD) > 0.5).value


@supported("A truth that is read again while it is open")
def test_value_that_opens(measure):
    assert (heads(measure, Coin(0.6)) > 0.5).value is True


@supported("An event loop within")
def test_event_loop(measure):
    async def check():
        assert heads(measure, GOOD) > 0.5

    asyncio.run(check())


@supported("Exceptions of other kinds may be caught")
def test_other_exceptions(measure):
    with pytest.raises(ZeroDivisionError):
        1 / 0  # noqa: B018
    with contextlib.suppress(KeyError):
        {}["nothing"]
    assert heads(measure, GOOD) > 0.5


@supported("hypothesis within")
def test_hypothesis(measure):
    @settings(derandomize=True, deadline=None, max_examples=5, database=None)
    @given(st.sampled_from(range(len(COINS))))
    def check(i):
        assert heads(measure, COINS[i]) > 0.5

    check()


@supported("What cancels")
def test_cancels(measure):
    good = heads(measure, GOOD)
    assert good + 0.1 > good
    assert good > 0.5


class TestMethods:
    @supported("A method")
    def test_method(self, measure):
        assert heads(measure, GOOD) > 0.5


@supported("A class")
class TestClass:
    def test_one(self, measure):
        assert heads(measure, GOOD) > 0.5

    def test_two(self, measure):
        assert heads(measure, GOOD) > heads(measure, BAD)


@pytest.fixture
def rate(measure):
    return lambda coin: measure.rate(coin, "heads")


@supported("A fixture that gives a function")
def test_function_of_a_fixture(rate):
    assert rate(GOOD) > 0.5


@supported("Arithmetic is exact", exact=True)
def test_exact():
    assert 2 + 2 == 4


@refuted("Arithmetic is exact", exact=True)
def test_false_exact():
    assert 2 + 2 == 5


@supported("numpy's assertions are assertions", exact=True)
def test_exact_numpy():
    np.testing.assert_allclose([1.0], [1.0])


@supported("Decisions in threads")
def test_threads(measure):
    with concurrent.futures.ThreadPoolExecutor() as threads:
        assert list(threads.map(bool, [heads(measure, GOOD) > 0.5, heads(measure, BAD) > 0.5])) == [True, False]


@refuted("A false decision in a thread")
def test_false_thread(measure):
    with concurrent.futures.ThreadPoolExecutor() as threads:
        assert threads.submit(bool, heads(measure, BAD) > 0.5).result()


@refuted("Every example of Hypothesis is false")
def test_false_hypothesis(measure):
    @settings(max_examples=5, database=None, deadline=None)
    @given(st.floats(0.5, 0.9))
    def check(share):
        assert heads(measure, BAD) > share

    check()

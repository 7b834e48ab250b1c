"""Claims whose right verdict is known; the suites under test run a copy of this file.

Each says in its `reading` how it must end. Coins fall on heads as often as their number says, so what is true is
known; what asserts nothing about it must be an ERROR, whatever it looks like.
"""

# ruff: noqa: PT009, PT018 - what people write

import asyncio
import contextlib
import threading
import unittest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_less
from populations import Coin

from lrn.claims import Decision, Estimate, Measure, Undecided, claim, every, some

GOOD, BAD, HALF, SAME = Coin(0.9), Coin(0.2), Coin(0.5), Coin(0.5, "same", stream=1)
COINS = [Coin(p) for p in (0.7, 0.75, 0.8, 0.85)]


def supported(what, **more):
    return claim(what, reading="SUPPORTED", max_seeds=1024, **more)


def refuted(what, **more):
    return claim(what, reading="REFUTED", max_seeds=1024, **more)


def undecided(what, **more):
    return claim(what, reading="INCONCLUSIVE", max_seeds=64, **more)


def error(what, **more):
    return claim(what, reading="ERROR", max_seeds=64, **more)


def heads(measure, coin):
    return measure.rate(coin, "heads")


# What is honest stays possible.


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


# Decisions that are swallowed.


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
    result = []

    def check():
        result.append(bool(heads(measure, BAD) > 0.5))

    thread = threading.Thread(target=check)
    thread.start()
    thread.join()
    assert result == [False]


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


# Nothing is asserted.


@error("An empty body")
def test_empty(measure):
    pass


@error("No measure")
def test_no_measure():
    assert 2 + 2 == 4


@error("Own random numbers without a measure")
def test_own_random_numbers():
    assert np.random.default_rng(0).random(3).mean() > 0.3


@error("Nothing asserted of arithmetic", exact=True)
def test_exact_nothing():
    2 + 2 == 5  # noqa: B015


@error("A loop over nothing", exact=True)
def test_exact_loop():
    for table in []:
        assert table


@error("An exact assertion that was caught", exact=True)
def test_exact_caught():
    with contextlib.suppress(AssertionError):
        assert 2 + 2 == 5


@error("An exact claim that measures by itself", exact=True)
def test_exact_measures():
    measure = Measure(lambda population, seeds, trace: population.sample(seeds))
    assert measure.rate(Coin(0.95), "heads") > 0.5


@error("assert was forgotten")
def test_forgotten(measure):
    heads(measure, BAD) > 0.5  # noqa: B015


@error("A tuple is always true")
def test_tuple(measure):
    pair = (heads(measure, BAD) > 0.5, "it is smaller")
    assert pair


@error("A list of decisions is always true")
def test_list(measure):
    assert [heads(measure, BAD) > 0.5]


@error("is True never asks")
def test_is_true(measure):
    assert (heads(measure, GOOD) > 0.5) is not False


@error("is True beside what holds refutes nothing")
def test_is_true_beside(measure):
    if heads(measure, GOOD) > 0.5:
        assert (heads(measure, GOOD) > 0.5) is True


@error("or something that is always true")
def test_or_true(measure):
    assert heads(measure, BAD) > 0.5 or "it is smaller"


@error("A mere if")
def test_if(measure):
    if heads(measure, GOOD) < heads(measure, BAD):
        print("surprise")


@error("max")
def test_max(measure):
    max(heads(measure, GOOD), heads(measure, BAD))


@error("sorted")
def test_sorted(measure):
    print(sorted([heads(measure, GOOD), heads(measure, BAD)]))
    assert True


@error("A return before the assertion")
def test_early_return(measure):
    if heads(measure, BAD) < 0.9:
        return
    assert heads(measure, BAD) > 0.9


@error("A return before the assertion, in a helper")
def test_early_return_in_a_helper(measure):
    def check(rate):
        if rate < 0.9:
            return
        assert rate > 0.9

    check(heads(measure, BAD))


@error("All are passed over")
def test_continue(measure):
    for coin in [BAD, Coin(0.1)]:
        if heads(measure, coin) < 0.5:
            continue
        assert heads(measure, coin) > 0.9


@error("A loop over nothing")
def test_loop_over_nothing(measure):
    good = [coin for coin in [BAD] if heads(measure, coin) > 0.5]
    for coin in good:
        assert heads(measure, coin) > 0.9


@error("all of nothing")
def test_all_of_nothing(measure):
    assert all(heads(measure, coin) > 0.9 for coin in [])


@error("A returned decision")
def test_return(measure):
    return heads(measure, BAD) > 0.5


@error("A generator")
def test_lambda(measure):
    check = lambda: heads(measure, BAD) > 0.5  # noqa: E731
    assert check


@error("An async test")
async def test_async(measure):
    assert heads(measure, GOOD) > 0.5


@error("A set of identical decisions")
def test_identity(measure):
    good = heads(measure, GOOD)
    assert good in [good]


@error("A constant decision")
def test_constant(measure):
    heads(measure, BAD)
    assert Decision(True)


@error("A number without a population")
def test_made_up(measure):
    assert Estimate.measured("rate of heads", 0.9, 0.8, 0.95, 100) > 0.5


@error("What cancels is no measurement")
def test_only_cancels(measure):
    assert heads(measure, BAD) + 0.1 > heads(measure, BAD)


@error("Something else failed")
def test_other_failure(measure):
    if heads(measure, GOOD) > 0.5:
        assert 2 + 2 == 5


# Bare estimates are compared.


@error("A point refutes")
def test_point(measure):
    assert heads(measure, HALF).point > 0.9


@error("A point beside what holds")
def test_point_beside(measure):
    assert heads(measure, GOOD) > 0.5
    assert heads(measure, HALF).point < 0.9


@error("Two points")
def test_two_points(measure):
    assert heads(measure, GOOD) > 0.5
    assert heads(measure, GOOD).point - heads(measure, BAD).point > 0.1


@error("A point as a plain number")
def test_float(measure):
    assert heads(measure, GOOD) > 0.5
    assert float(np.float64(heads(measure, HALF).point)) < 0.9


@error("A point in an array")
def test_array(measure):
    assert heads(measure, GOOD) > 0.5
    assert_array_less([heads(measure, HALF).point], [0.9])


@error("A point in an array refutes")
def test_false_array(measure):
    assert heads(measure, GOOD) > 0.5
    assert np.asarray([heads(measure, HALF).point])[0] > 0.9


@error("A point as text")
def test_text(measure):
    assert heads(measure, GOOD) > 0.5
    assert f"{heads(measure, HALF).point:.3f}"[0] == "0"


@error("A rounded point")
def test_rounded(measure):
    assert heads(measure, GOOD) > 0.5
    assert int(100 * heads(measure, HALF).point) in range(100)


@error("An end of the interval refutes")
def test_low(measure):
    if heads(measure, GOOD) > 0.5:
        assert heads(measure, GOOD).low > 0.89


@error("An end of the interval beside what holds")
def test_high(measure):
    assert heads(measure, GOOD) > 0.5
    assert heads(measure, HALF).high < 1.1


@error("How many observations")
def test_n(measure):
    assert heads(measure, GOOD) > 0.5
    assert measure.rate(HALF, "odd", given="heads").n > 1


@error("What the estimates lean to")
def test_leaning(measure):
    assert heads(measure, GOOD) > 0.5
    assert (heads(measure, GOOD) > heads(measure, HALF)).leaning


@error("The larger of two points is chosen")
def test_argmax(measure):
    best = max([GOOD, HALF], key=lambda coin: heads(measure, coin).point)
    assert heads(measure, best) > 0.3


@error("A constant made of a point")
def test_constant_point(measure):
    assert Estimate.constant(heads(measure, HALF).point) > 0.1


@error("A margin made of a point")
def test_margin(measure):
    assert heads(measure, GOOD) > heads(measure, HALF).point


@error("An estimate made of points")
def test_estimate_of_points(measure):
    good, half = heads(measure, GOOD), heads(measure, HALF)
    assert good > 0.5
    assert Estimate(half.point, half.low, half.high) < 1.5


# Estimates from elsewhere.


@pytest.fixture
def rates(measure):
    return measure.rate(GOOD, "heads"), measure.rate(BAD, "heads")


@error("A fixture measures")
def test_fixture(rates):
    assert rates[0] > rates[1]


@pytest.fixture(autouse=True, params=[1])
def everywhere(request):
    return request.param


@pytest.fixture(scope="module")
def module_rate(measure):
    return measure.rate(GOOD, "heads")


@error("A fixture of a larger scope measures")
def test_module_fixture(module_rate):
    assert module_rate > 0.5


@pytest.fixture
def after(measure):
    yield
    assert measure.rate(BAD, "heads") > 0.5


@error("A fixture asserts afterwards")
def test_teardown(after):
    pass


CACHE = {}


@supported("Keeps its estimate")
def test_cache_1(measure):
    CACHE["good"] = heads(measure, GOOD)
    assert CACHE["good"] > 0.5


@error("Uses the estimate of another claim")
def test_cache_2(measure):
    estimate = CACHE.get("good") or Estimate.constant(0.9)
    heads(measure, GOOD)
    assert estimate > 0.5


@error("A quantity asked by a name")
def test_ratio_identity(measure):
    heads(measure, GOOD)
    assert measure.ratio(GOOD, BAD, "heads") is not None


@undecided("A ratio that is equal")
def test_ratio_equal(measure):
    assert measure.ratio(HALF, SAME, "heads") == 1


@supported("A ratio that is another")
def test_ratio_differs(measure):
    assert measure.ratio(GOOD, BAD, "heads") != 1


class TestCase(unittest.TestCase):
    @error("A unittest")
    def test_it(self):
        self.assertTrue(True)

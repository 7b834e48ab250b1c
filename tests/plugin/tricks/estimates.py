"""Bare estimates are compared, or estimates from elsewhere."""

# ruff: noqa: PT009 - what people write

import unittest

import numpy as np
import pytest
from known import BAD, GOOD, HALF, SAME, error, heads, supported, undecided
from numpy.testing import assert_array_less

from lrn.claims import Estimate


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


@error("Two points as plain numbers")
def test_two_floats(measure):
    assert heads(measure, GOOD) > 0.5
    assert float(heads(measure, GOOD).point) > float(heads(measure, BAD).point)


@error("The largest of two points")
def test_largest(measure):
    assert heads(measure, GOOD) > 0.5
    assert np.array([heads(measure, GOOD).point, heads(measure, HALF).point]).argmax() == 0


@error("The remainder of a point")
def test_remainder(measure):
    assert heads(measure, GOOD) > 0.5
    assert heads(measure, HALF).point % 1 < 0.9


@error("A point with two digits")
def test_two_digits(measure):
    assert heads(measure, GOOD) > 0.5
    assert round(heads(measure, HALF).point, 2) < 0.9


@error("An estimate as text")
def test_text_of_estimate(measure):
    assert heads(measure, GOOD) > 0.5
    assert float(str(heads(measure, HALF)).partition(" ")[0]) < 0.9


@error("The statement of a decision as text")
def test_text_of_reason(measure):
    assert heads(measure, GOOD) > 0.5
    assert float((heads(measure, HALF) > 0.3).reason.split()[6]) < 0.9


@error("A decision as text")
def test_text_of_decision(measure):
    assert heads(measure, GOOD) > 0.5
    assert str(heads(measure, HALF) > heads(measure, SAME)).startswith("undecided")


@error("How open a decision is")
def test_openness(measure):
    assert heads(measure, GOOD) > 0.5
    assert (heads(measure, HALF) > heads(measure, SAME)).growth > 1


@error("The open quantities of a decision")
def test_undecided(measure):
    assert heads(measure, GOOD) > 0.5
    assert (heads(measure, HALF) > heads(measure, SAME)).undecided


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

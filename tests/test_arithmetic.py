"""`lrn.arithmetic`: right to the last digits, and blind to the order in which others add."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lrn import arithmetic
from lrn.arithmetic import exp, log, log10, matmul, normal, tanh, total

ULP = 2.0**-52


def philox(key):
    return np.random.Generator(np.random.Philox(key=key))


fractions = np.vectorize(Fraction, otypes=[object])
"""Exactly the numbers of an array, which numpy then adds and multiplies without rounding."""


@settings(deadline=None)
@given(st.floats(-740, 709))
def test_exp_is_right_to_two_units_in_the_last_place(x):
    assert exp(x).item() == pytest.approx(math.exp(x), rel=2 * ULP, abs=5e-324)


@settings(deadline=None)
@given(st.floats(5e-324, 1.7e308))
def test_log_is_right_to_two_units_in_the_last_place(x):
    assert log(x).item() == pytest.approx(math.log(x), rel=4 * ULP)
    assert log10(x).item() == pytest.approx(math.log10(x), rel=6 * ULP, abs=ULP)


@settings(deadline=None)
@given(st.floats(-800, 800))
def test_tanh_is_right_to_a_unit_of_one(x):
    assert tanh(x).item() == pytest.approx(math.tanh(x), rel=0, abs=2 * ULP)


def test_edges():
    assert exp([-1e9, 1e9]).tolist() == [0.0, np.inf]
    assert log([0.0, np.inf]).tolist() == [-np.inf, np.inf]
    assert np.isnan([*log([-1.0, np.nan]), *exp([np.nan]), *tanh([np.nan])]).all()
    assert np.signbit(tanh(-0.0))


def test_sines_and_cosines_of_turns():
    turns = np.linspace(0, 1, 4097)
    cosine, sine = arithmetic._on_circle(turns)
    assert cosine == pytest.approx(np.cos(2 * np.pi * turns), abs=4 * ULP)
    assert sine == pytest.approx(np.sin(2 * np.pi * turns), abs=4 * ULP)


def test_normal_numbers_are_normal():
    numbers = normal(philox(7), 400_000)
    assert stats.kstest(numbers, "norm").pvalue > 0.01
    assert stats.kstest(np.square(numbers[::2]) + np.square(numbers[1::2]), stats.chi2(2).cdf).pvalue > 0.01
    assert abs(np.corrcoef(numbers[::2], numbers[1::2])[0, 1]) < 0.01  # 4.5 standard deviations
    assert np.abs(numbers).max() > 4


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_first_normal_numbers_do_not_depend_on_how_many_are_drawn(count):
    assert normal(philox(1), count).tolist() == normal(philox(1), 9)[:count].tolist()


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32), st.integers(1, 60), st.floats(-30, 30))
def test_products_are_right_and_no_order_of_adding_shows(seed, inner, exponent):
    generator = philox(seed)
    a = generator.normal(size=(3, 5, inner)) * np.exp(exponent * generator.random((3, 5, inner)))
    b = generator.normal(size=(3, inner, 4))
    product = matmul(a, b)
    order = generator.permutation(inner)
    assert np.array_equal(matmul(a[..., order], b[:, order]), product)
    largest = np.abs(a[0]).max() * np.abs(b[0]).max() * inner
    exact = fractions(a[0]) @ fractions(b[0, :, 0])
    assert product[0, :, 0] == pytest.approx(exact.astype(float), rel=0, abs=1e-12 * largest)


def test_the_parts_products_are_exact():
    """To the last bit what fractions give: sums of such parts have no rounding that an order could move."""
    a, _ = arithmetic._parts(philox(1).normal(size=(1, 33)), 23)
    b, _ = arithmetic._parts(philox(2).normal(size=(1, 33)), 23)
    assert Fraction((a @ b.T).item()) == fractions(a[0]) @ fractions(b[0])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1e6, 1e6), max_size=40))
def test_totals_are_sums(values):
    assert total(np.array([values, values])) == pytest.approx([math.fsum(values)] * 2, rel=1e-12, abs=1e-8)


def test_totals_run_along_any_axis():
    x = philox(4).random((3, 7, 5))
    assert np.array_equal(total(x, axis=1), total(x.swapaxes(1, 2)))
    assert total(x, axis=0) == pytest.approx(x.sum(axis=0))


def test_zeros_and_empty_products():
    assert matmul(np.zeros((2, 3)), np.ones((3, 2))).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert matmul(np.zeros((2, 0)), np.ones((0, 1))).tolist() == [[0.0], [0.0]]

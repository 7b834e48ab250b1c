"""The thesis's 20 points, and how data are standardised."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from lrn.data import Data, absolute_value

# Drawn once; numpy promises that RandomState never changes. Table 3.1 of the thesis begins with the first three.
POINTS = [
    *(-0.25091976, 0.90142861, 0.46398788, 0.19731697, -0.68796272, -0.68801096, -0.88383278, 0.73235229),
    *(0.20223002, 0.41614516, -0.95883101, 0.93981970, 0.66488528, -0.57532178, -0.63635007, -0.63319098),
    *(-0.39151551, 0.04951286, -0.13610996, -0.41754172),
]


def test_points_are_the_thesiss_in_its_order():
    data = absolute_value()
    assert data.x.shape == data.t.shape == (20, 1)
    assert data.x.dtype == data.t.dtype == np.float64
    assert np.allclose(data.x[:, 0], POINTS, atol=5e-9)
    assert np.round(data.x[:3, 0], 4).tolist() == [-0.2509, 0.9014, 0.4640]
    assert not np.array_equal(data.x, np.sort(data.x, axis=0))


def test_targets_are_the_absolute_values():
    data = absolute_value()
    assert np.array_equal(data.t, np.where(data.x < 0, -data.x, data.x))


@pytest.mark.parametrize(("raw", "standardised"), [("x", "x_standardised"), ("t", "t_standardised")])
def test_standardised_with_mean_and_unbiased_standard_deviation(raw, standardised):
    data = absolute_value()
    values = getattr(data, raw)[:, 0].tolist()
    centred = np.subtract(values, statistics.fmean(values))
    unbiased, biased = centred / statistics.stdev(values), centred / statistics.pstdev(values)  # by n - 1, and by n
    assert np.allclose(getattr(data, standardised)[:, 0], unbiased, rtol=1e-14, atol=1e-14)
    assert not np.allclose(getattr(data, standardised)[:, 0], biased, rtol=1e-2)


def test_target_mean_and_scale_lead_back_to_original_units():
    data = absolute_value()
    assert math.isclose(data.target_mean, statistics.fmean(map(abs, POINTS)), abs_tol=1e-8)
    assert math.isclose(data.target_scale, statistics.stdev(map(abs, POINTS)), abs_tol=1e-8)
    assert np.allclose(data.t_standardised * data.target_scale + data.target_mean, data.t, rtol=0, atol=1e-15)


def test_each_feature_has_its_own_scale_and_all_outputs_share_one():
    rng = np.random.default_rng(0)
    data = Data(x=rng.normal([0, 50], [1, 9], (30, 2)), t=rng.normal([3, -4], [1, 7], (30, 2)))
    assert data.samples == 30
    assert np.allclose(data.x_standardised.mean(axis=0), 0, atol=1e-13)
    assert np.allclose(data.x_standardised.std(axis=0, ddof=1), 1)
    assert np.allclose(data.t_standardised * data.target_scale + data.target_mean, data.t)


def test_every_call_gives_the_same_data_and_leaves_numpys_random_state_alone():
    np.random.seed(3)  # noqa: NPY002 - the global state is what must stay as it is
    first = absolute_value()
    drawn = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    assert drawn == np.random.random()  # noqa: NPY002
    assert np.array_equal(first.x, absolute_value().x)


def test_with_a_factor_nothing_is_standardised_but_the_targets_multiplied():
    data = absolute_value(20.0)
    assert np.array_equal(data.x_standardised, absolute_value().x)
    assert np.allclose(data.t_standardised, 20 * np.abs(data.x), rtol=1e-15)
    assert (data.target_mean, data.target_scale) == (0.0, 0.05)
    assert np.array_equal(data.t, absolute_value().t)

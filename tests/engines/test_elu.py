"""The native engine's own exponential, read off networks of one neuron whose output is that neuron's."""

from __future__ import annotations

import numpy as np
import pytest
from native_variants import each_variant, needs_native

from lrn import Experiment
from lrn.engines.native import NativeEngine

pytestmark = needs_native


def elu(z, variant):
    """ELU as the kernel computes it: the neuron's weight is 0 and its bias z, the output layer's 1 and 0.

    The one step that there must be changes them by some 1e-30.
    """
    experiment = Experiment(
        width=1, depth=1, activation="elu", optimizer="sgd", lr=1e-30, epochs=1, target_scale=1, dtype=str(z.dtype)
    )
    zero, one = np.zeros_like(z), np.ones_like(z)
    initial = np.column_stack([zero, z, one, zero])
    runs = NativeEngine(threads=1, variant=variant).train(
        experiment, np.arange(len(z), dtype=np.uint64), initial=initial
    )
    return runs.prediction[:, 0]


@each_variant
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_elu_is_right_to_two_units_in_the_last_place(variant, dtype):
    rng = np.random.default_rng(0)
    z = np.concatenate([-rng.uniform(0, 50, 4000), -np.exp(rng.uniform(-20, 0, 4000))]).astype(dtype)
    exact = np.expm1(z.astype(np.longdouble))
    units = np.abs(elu(z, variant) - exact) / np.spacing(np.abs(exact).astype(dtype))
    assert units.max() <= 2


@each_variant
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_elu_of_numbers_far_out(variant, dtype):
    z = np.array([-1e30, -100.0, np.nan, 1.0, 70.0], dtype)
    assert np.array_equal(elu(z, variant), np.array([-1, -1, np.nan, 1, 70], dtype), equal_nan=True)


@each_variant
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("z", [-0.5, -5.0, -20.0, -60.0])
def test_derivative_is_as_fine_as_the_exponential(variant, dtype, z):
    # One step, so long that it shows. The targets' mean is 0: the loss has the derivative 2 elu(z) against the output.
    experiment = Experiment(
        width=1, depth=1, activation="elu", optimizer="sgd", lr=1e3 * np.exp(-z), epochs=1, style="batch", dtype=dtype
    )
    initial = np.array([[0, z, 1, 0]], dtype)
    engine = NativeEngine(threads=1, variant=variant)
    runs = engine.train(experiment, np.zeros(1, np.uint64), initial=initial, parameters=True)
    assert runs.parameters[0, 1] - z == pytest.approx(-2e3 * np.expm1(z), rel=1e-5)

"""The native engine's own exponential, read off networks of one neuron whose output is that neuron's."""

from __future__ import annotations

import numpy as np
import pytest

from lrn import Experiment
from lrn.engines import native
from lrn.engines.native import NativeEngine

pytestmark = pytest.mark.skipif(not native.available(), reason="the native engine was not built")

VARIANTS = native.variants() if native.available() else []
variants = pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)


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


@variants
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_elu_is_right_to_two_units_in_the_last_place(variant, dtype):
    rng = np.random.default_rng(0)
    z = np.concatenate([-rng.uniform(0, 50, 4000), -np.exp(rng.uniform(-20, 0, 4000))]).astype(dtype)
    exact = np.expm1(z.astype(np.longdouble))
    units = np.abs(elu(z, variant) - exact) / np.spacing(np.abs(exact).astype(dtype))
    assert units.max() <= 2


@variants
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_elu_of_numbers_far_out(variant, dtype):
    z = np.array([-1e30, -100.0, np.nan, 1.0, 70.0], dtype)
    assert np.array_equal(elu(z, variant), np.array([-1, -1, np.nan, 1, 70], dtype), equal_nan=True)

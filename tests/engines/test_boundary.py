"""Calls that the native engine's boundary must refuse because its own sums would not notice."""

from __future__ import annotations

import numpy as np
import pytest
from native_variants import needs_native

from lrn.engines.native import NativeEngine

pytestmark = needs_native


def classify(layers, initial):
    channels = 65_536
    return NativeEngine(threads=1).classify(
        layers=np.array(layers, np.int32),
        read=np.array([0], np.int32),
        activations=0,
        last=0,
        initial=initial,
        train=(np.zeros((1, channels, 1, 1), np.float32), np.zeros(1, np.int32)),
        test=np.zeros((1, channels, 1, 1), np.float32),
        classes=2,
        order=np.zeros((len(initial), 0, 1), np.int32),
        part=1,
        batch=1,
        lr=0.1,
        momentum=0.0,
    )


def test_numbers_of_parameters_that_overflow_are_refused():
    """Two layers of 2^64 parameters and more, whose number is small again when it has wrapped around."""
    channels = 65_536
    layers = [[0, 0, -1, channels, 65_535, 1, 0, 0], [0, 1, -1, channels, 363, 1, 0, 0]]
    wrapped = (channels**2 * (65_535**2 + 363**2) + 2 * (channels + 1)) % 2**64
    assert 0 < wrapped < 2**42
    with pytest.raises(ValueError, match="layer 0's parameters must be at most 1099511627776"):
        classify(layers, np.empty((0, wrapped), np.float32))

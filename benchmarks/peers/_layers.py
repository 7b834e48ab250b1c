"""Flat parameters (S, P) as the layers of stacked networks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lrn.experiment import Experiment

__all__ = ["layers"]


def layers(experiment: Experiment, flat: NDArray[np.float32]) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weight (S, out, in) and bias (S, out) of each Linear layer, the output layer last."""
    parts, start = [], 0
    for out, fan_in in experiment.shapes:
        middle, end = start + out * fan_in, start + out * (fan_in + 1)
        parts.append((flat[:, start:middle].reshape(-1, out, fan_in), flat[:, middle:end]))
        start = end
    return parts

"""Values of networks before training, computed once for all experiments that share the initial weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrn import Experiment

__all__ = ["before_training"]

CHUNK = 256  # seeds that are computed together; neighbours do not change a network's values

_Of = Callable[[Experiment, NDArray[np.uint64]], NDArray[Any]]


def before_training(compute: _Of, e: Experiment, seeds: NDArray[np.uint64]) -> NDArray[Any]:
    """Values (S, ...) of untrained networks, for experiments that may differ in how they train.

    Args:
        compute: gives them for an experiment and seeds (S,); it must not depend on optimizer, rate, style or epochs.
        e: the experiment.
        seeds: shape (S,).
    """
    start = e.replace(optimizer="adam", lr=0.01, style="batch", epochs=1)
    chunks, chunk_of_seed = np.unique(seeds // CHUNK, return_inverse=True)
    values = np.concatenate([_chunk(compute, start, number) for number in chunks.tolist()])
    return values[chunk_of_seed * CHUNK + (seeds % CHUNK).astype(np.intp)]


@cache
def _chunk(compute: _Of, start: Experiment, number: int) -> NDArray[Any]:
    return compute(start, np.arange(number * CHUNK, (number + 1) * CHUNK, dtype=np.uint64))

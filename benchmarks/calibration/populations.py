"""Populations that cost nothing to observe and whose rates, means and quantiles are known exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Synthetic"]

_Column = Callable[[NDArray[np.float64]], NDArray[np.generic]]


@dataclass(frozen=True, eq=False)
class Synthetic:
    """One uniform number a seed, and what is observed of it.

    The number is Philox's, keyed by the stream and counted by the seed, so it depends on nothing else. Populations of
    one stream share their numbers, as networks of one seed share their weights.

    Attributes:
        label: what it is called.
        stream: which sequence of uniform numbers it observes.
        metrics: for each metric the function of the numbers (S,) that it is.
    """

    label: str
    stream: int
    metrics: Mapping[str, _Column]

    def sample(self, seeds: range) -> dict[str, NDArray[np.generic]]:
        """What was observed for each seed, in arrays (S,); a block of seeds starts at a multiple of four."""
        if seeds.start % 4:
            raise ValueError(f"a block of seeds must start at a multiple of 4; got {seeds.start}")
        philox = np.random.Philox(key=self.stream, counter=seeds.start // 4)  # four numbers a count
        uniform = np.random.Generator(philox).random(len(seeds))
        return {name: metric(uniform) for name, metric in self.metrics.items()}

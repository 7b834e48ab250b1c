"""Populations whose values depend on the seed alone; the generated suite imports a copy of this file."""

from __future__ import annotations

import numpy as np
from scipy import special


def uniform(seeds: range, stream: int) -> np.ndarray:
    """Returns one number in (0, 1) per seed (S,), from its seed and stream alone (splitmix64 as a counter)."""
    with np.errstate(over="ignore"):
        z = np.arange(seeds.start, seeds.stop, dtype=np.uint64) + np.uint64(stream << 32)
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


class Bernoulli:
    """Hits with a known rate."""

    def __init__(self, rate: float, stream: int) -> None:
        self.rate, self.stream, self.label = rate, stream, f"hits at {rate:g} ({stream})"

    def sample(self, seeds: range) -> dict[str, np.ndarray]:
        """Returns whether each seed hits (S,)."""
        return {"hit": uniform(seeds, self.stream) < self.rate}


class Normal:
    """Normal values within [0, 1], part of which is common to all populations of one stream."""

    def __init__(self, mean: float, sd: float, correlation: float, stream: int, own: int) -> None:
        self.mean, self.sd, self.correlation, self.stream, self.own = mean, sd, correlation, stream, own
        self.label = f"values at {mean:g} ({stream}, {own})"

    def sample(self, seeds: range) -> dict[str, np.ndarray]:
        """Returns the value of each seed (S,)."""
        common, own = special.ndtri(uniform(seeds, self.stream)), special.ndtri(uniform(seeds, self.own))
        noise = np.sqrt(self.correlation) * common + np.sqrt(1 - self.correlation) * own
        return {"value": np.clip(self.mean + self.sd * noise, 0.0, 1.0)}

"""Populations that need no training; the suites under test import a copy of this file."""

import numpy as np


def uniform(seeds, stream=0):
    """Uniform numbers in [0, 1), each from its seed and stream alone: the splitmix64 generator, used as a counter."""
    with np.errstate(over="ignore"):
        z = np.arange(seeds.start, seeds.stop, dtype=np.uint64) + np.uint64(stream << 40)
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


class Coin:
    """Heads with probability p; counts how often it was asked for which seeds, and is not asked again for old ones."""

    varies = True

    def __init__(self, p, name="coin", stream=0):
        self.p, self.label, self.stream = p, f"{name} {p}", stream
        self.sampled = []

    def sample(self, seeds):
        self.sampled.append(seeds)
        u = uniform(seeds, self.stream)
        return {
            "heads": u < self.p,
            "odd": np.arange(seeds.start, seeds.stop) % 2 == 1,
            "u": u,
            "late": np.where(u < self.p, u, np.nan),
            "first": np.where(u < self.p, 1.0, np.inf),
            "seed": np.arange(seeds.start, seeds.stop),
        }


class Broken:
    """Cannot be sampled."""

    label = "broken"

    def sample(self, seeds):
        raise AssertionError("the engine is broken")

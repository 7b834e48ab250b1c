"""A population that takes a few milliseconds per block."""

import time

import numpy as np


class Coin:
    label, version, seeds_per_block = "coin", "1", 32

    def sample(self, seeds):
        time.sleep(0.005)
        u = np.array([np.random.Generator(np.random.Philox(key=seed)).random() for seed in seeds])
        return {"heads": u < 0.5, "u": u}

"""Guards the native engine's speed; outside the test tier, since time depends on what else the machine does.

Before a change `pytest benchmarks/test_regression.py --benchmark-autosave`, and after it
`pytest benchmarks/test_regression.py --benchmark-compare --benchmark-compare-fail=min:10%`.
"""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest

from benchmarks.flops import flops
from benchmarks.peak import fma_peak
from benchmarks.timing import seconds
from lrn.engines import native
from lrn.experiment import Experiment

pytestmark = pytest.mark.skipif(not native.available(), reason="the native engine was not built")

CASES = {
    "late-2": Experiment(depth=2),
    "late-10": Experiment(depth=10),
    "late-30": Experiment(depth=30),
    "late-10-sgd": Experiment(depth=10, optimizer="sgd"),
    "late-10-iterative": Experiment(depth=10, style="iterative"),
    "plain-30": Experiment(depth=30, connection="plain"),
    "late-10-width-4": Experiment(depth=10, width=4, epochs=1000),
    "late-10-width-16": Experiment(depth=10, width=16, epochs=100),
}
FLOOR = 0.15
"""Share of one core's FMA peak, with Adam: half of what was measured, so that only a lost vectorisation falls below."""


@pytest.mark.parametrize("name", CASES)
def test_training_a_fleet(benchmark, name):
    engine, seeds = native.NativeEngine(threads=1), np.arange(256, dtype=np.uint64)
    benchmark.pedantic(engine.train, (CASES[name], seeds), rounds=7, warmup_rounds=1)
    benchmark.extra_info["ms per network"] = benchmark.stats.stats.min * 1e3 / len(seeds)


@pytest.mark.parametrize("name", ["late-10", "late-30", "late-10-width-16"])
def test_training_uses_the_vector_units(name):
    if (peak := fma_peak()) is None:
        pytest.skip("no C++ compiler")
    engine, seeds, shares = native.NativeEngine(threads=1), np.arange(256, dtype=np.uint64), []
    for _ in range(7):
        took = seconds(lambda: engine.train(CASES[name], seeds))
        shares.append(flops(CASES[name]).total * len(seeds) / took * 1e-9 / peak(1, 0.05))
    assert median(shares) > FLOOR

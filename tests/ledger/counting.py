"""Shared by the tests of the ledger: two small experiments, and a ledger that notes the seeds it trains."""

from __future__ import annotations

import dataclasses
from itertools import chain, starmap
from operator import attrgetter
from pathlib import Path

import numpy as np

from lrn import Experiment, Ledger, Runs, train
from lrn.engines import native

TINY = Experiment(depth=2, epochs=3)
OTHER = TINY.replace(connection="plain")
COLUMNS = list(map(attrgetter("name"), dataclasses.fields(Runs)[1:]))


class Counting:
    """An engine that notes the seeds it is asked to train."""

    def __init__(self, engine):
        self.engine, self.trained = engine, []
        self.name, self.arithmetic = engine.name, engine.arithmetic

    @property
    def seeds(self):
        """Every trained seed, in the order of training."""
        return seeds_of(self.trained)

    def train(self, experiment, seeds, **options):
        self.trained.append((int(seeds[0]), int(seeds[-1]) + 1))
        return self.engine.train(experiment, seeds, **options)


def counting(path, **options):
    ledger = Ledger(path, **options)
    ledger.engine = Counting(ledger.engine)
    return ledger


def again(ledger):
    """The same ledger for a later process: it knows the blocks on disk, and counts on."""
    other = Ledger(ledger.root)
    other.engine = ledger.engine
    return other


def assert_trained(runs, experiment, seeds, trace=False):
    expected = train(experiment, seeds, trace=trace)
    for name in COLUMNS:
        ours, theirs = getattr(runs, name), getattr(expected, name)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert ours.dtype == theirs.dtype
            # The native engine gives the same bits in any company; torch may round a stack of another size otherwise.
            same = np.array_equal if native.available() else np.allclose
            assert same(ours, theirs), name


def seeds_of(intervals):
    """Every seed of some half-open intervals."""
    return list(chain.from_iterable(starmap(range, intervals)))


def blocks(folder):
    """The names of the blocks in a folder and those below it."""
    return sorted(map(attrgetter("name"), Path(folder).rglob("*.parquet")))


def contents(folder, pattern="*.parquet"):
    """The bytes of each file in a folder and those below it, by its path from there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob(pattern)}

"""The settings of the thesis's tables."""

from __future__ import annotations

import itertools

from lrn.experiment import Experiment

__all__ = ["thesis_cells"]


def thesis_cells(depths: tuple[int, ...] = (2, 5, 10, 15, 20, 25, 30)) -> list[Experiment]:
    """The 168 settings of the thesis's tables (fewer for fewer depths): networks, optimizers, rates and styles."""
    ways = itertools.product(depths, ("plain", "late"), ("adam", "sgd"), (0.01, 0.001, 0.1), ("batch", "iterative"))
    return [Experiment(depth=d, connection=c, optimizer=o, lr=lr, style=s) for d, c, o, lr, s in ways]

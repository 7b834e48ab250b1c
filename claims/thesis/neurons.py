"""What becomes of neurons in training: killed, brought to life, and whether they contribute to the output."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from claims.ours.starts import KILLED, born_dead
from lrn import Experiment
from lrn.experiment.metrics import Metric
from lrn.experiment.runs import Runs

__all__ = [
    "CONTRIBUTING",
    "CONVERGED_OVER_HALF_DEAD",
    "KILLED",
    "KILLS",
    "NEEDED",
    "REVIVED",
    "contributing",
    "needed",
]


def needed(runs: Runs) -> NDArray[np.int64]:
    """Living neurons in front of the first dead layer, which pruning leaves of a late network, shape (S,)."""
    in_front = ~np.logical_or.accumulate(runs.dead.all(axis=2), axis=1)
    return (~runs.dead & in_front[:, :, None]).sum(axis=(1, 2))


def contributing(runs: Runs) -> NDArray[np.int64]:
    """Living neurons whose signal can reach the output, shape (S,).

    What lies behind a dead layer is the same for every sample. In a plain network what lies in front of it cannot reach
    the output either, so that none contributes; that a living neuron may be cut off by what follows it in other ways too
    is not counted, in favour of plain networks.
    """
    if runs.experiment.connection == "plain":
        return np.where(runs.dead.all(axis=2).any(axis=1), 0, needed(runs))
    return needed(runs)


def _unit(_: Experiment) -> tuple[float, float]:
    return 0.0, 1.0


def _share(runs: Runs) -> NDArray[Any]:
    return contributing(runs) / runs.experiment.neurons


NEEDED = Metric("neurons needed", needed, lambda e: (0.0, float(e.neurons)))
CONTRIBUTING = Metric("share of neurons that contribute", _share, _unit)
REVIVED = Metric(
    "share of neurons brought to life in training", lambda runs: (born_dead(runs) & ~runs.dead).mean(axis=(1, 2)), _unit
)
CONVERGED_OVER_HALF_DEAD = Metric(
    "converged with over half dead", lambda runs: runs.converged & (2 * runs.dead_neurons > runs.experiment.neurons)
)
KILLS = Metric("training killed a neuron", lambda runs: (runs.dead & ~born_dead(runs)).any(axis=(1, 2)), _unit)

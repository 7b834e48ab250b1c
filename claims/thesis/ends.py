"""Where training ends for networks that fail: at rest, as a constant function, oscillating, or still on the way (§3.4).

A local optimum is where the loss of a network rests without having converged; in a valley it would go up and down. Both
are read off the last 300 of the 3,000 epochs, in steps of a tenth of the convergence threshold.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrn import Experiment
from lrn.experiment import CONVERGED_RMSE
from lrn.experiment.metrics import Metric
from lrn.experiment.runs import Runs

__all__ = ["AT_REST", "FAILED", "FAILED_CHANGING", "OSCILLATING", "SLOWLY_FALLING"]

LAST = 300
STEP = CONVERGED_RMSE / 10


def _last(runs: Runs) -> NDArray[np.float64]:
    assert runs.trace is not None
    last = runs.trace[:, -LAST:].astype(np.float64)
    return np.where(np.isfinite(last), last, np.inf)


def _unit(_: Experiment) -> tuple[float, float]:
    return 0.0, 1.0


def _at_rest(runs: Runs) -> NDArray[Any]:
    last = _last(runs)
    with np.errstate(invalid="ignore"):  # infinity less infinity, where training diverged
        return last.max(axis=1) - last.min(axis=1) < STEP


def _oscillating(runs: Runs) -> NDArray[Any]:
    with np.errstate(invalid="ignore"):
        return (np.diff(_last(runs), axis=1) > STEP).any(axis=1)


FAILED = Metric("not converged", lambda runs: ~runs.converged, _unit)
FAILED_CHANGING = Metric(
    "not converged, and no constant function",
    lambda runs: ~runs.converged & (runs.prediction != runs.prediction[:, :1]).any(axis=1),
    _unit,
)
AT_REST = Metric("loss at rest in the last 300 epochs", _at_rest, _unit, trace=True)
OSCILLATING = Metric("loss rises by more than 0.007 in the last 300 epochs", _oscillating, _unit, trace=True)
SLOWLY_FALLING = Metric(
    "loss neither at rest nor rising in the last 300 epochs",
    lambda runs: ~_at_rest(runs) & ~_oscillating(runs),
    _unit,
    trace=True,
)

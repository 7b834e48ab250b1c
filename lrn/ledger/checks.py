"""Whether runs can come from their experiment.

A checksum tells a damaged file from a sound one, but not a true one from an invented one, because whoever writes wrong
numbers writes their checksum, too. This module refuses impossible values, and values that contradict each other or the
seeds. It does not detect numbers that are invented with care; only training again would.
"""

from __future__ import annotations

import dataclasses
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from lrn.engines import Engine, native
from lrn.experiment.runs import Runs

__all__ = ["check_start", "check_values"]

STARTS = 128
"""Networks of a block whose first error is computed again."""


def check_values(runs: Runs) -> None:
    """Raises ValueError for numbers that no network of the experiment can have."""
    last = runs.experiment.epochs
    for name, values in {"rmse": runs.rmse, "rmse_initial": runs.rmse_initial, "trace": runs.trace}.items():
        if values is not None and (values < 0).any():
            raise ValueError(f"it has an impossible {name} ({values[values < 0].flat[0]:g})")
    if runs.converged_at.size and not -1 <= runs.converged_at.min() <= runs.converged_at.max() <= last:
        raise ValueError(f"it has an impossible converged_at (from -1 to {last} it can be)")
    if ((runs.converged_at >= 0) != runs.converged).any():
        raise ValueError("its converged_at contradicts its rmse")
    if not _consistent(runs).all():
        raise ValueError("its rmse is not that of its predictions")
    if not _silent(runs).all():
        raise ValueError("its predictions vary where its networks are dead")


def check_start(engine: Engine, runs: Runs) -> None:
    """Raises ValueError for networks that did not start as those of their seeds do.

    Their error before training depends on experiment and seed alone, and takes microseconds to compute again. Rows in
    another order, or of other seeds, are found by it. It needs the compiled kernel; without it nothing is checked.
    """
    if not native.available() or (engine.name != "native" and runs.experiment.norm != "none"):
        return
    kernel = engine if isinstance(engine, native.NativeEngine) else native.NativeEngine()
    rows = np.unique(np.linspace(0, len(runs) - 1, min(len(runs), STARTS)).astype(int))
    briefly = dataclasses.replace(kernel, threads=1).train(runs.experiment.replace(epochs=1), runs.seeds[rows])
    tolerance = 1e-5 if engine.name == "native" else 1e-2  # other arithmetic rounds otherwise
    if not np.allclose(runs.rmse_initial[rows], briefly.rmse_initial, rtol=tolerance, atol=tolerance, equal_nan=True):
        raise ValueError("its networks are not those of its seeds")


def _consistent(runs: Runs) -> NDArray[np.bool_]:
    """Where the stored error is that of the stored predictions, shape (S,)."""
    data, limits = runs.experiment.data, np.finfo(runs.rmse.dtype)
    # Squares leave the range of numbers, in the networks' own units, long before predictions do.
    least = float(np.sqrt(limits.tiny)) * data.target_scale
    most = float(np.sqrt(limits.max)) * data.target_scale
    with np.errstate(over="ignore", invalid="ignore"):
        again = np.sqrt(np.mean((runs.prediction.astype(np.float64) - data.t.reshape(-1)) ** 2, axis=1))
        near = np.abs(again - runs.rmse) <= 1e-3 * runs.rmse + 1e-5 + 10 * least
    return np.where(np.isfinite(runs.rmse), near, ~(again < most / 1e6))


def _silent(runs: Runs) -> NDArray[np.bool_]:
    """Where a network that lets nothing through predicts one number, shape (S,)."""
    layers = reduce(np.logical_and, np.moveaxis(runs.dead, 2, 0))  # much quicker than `all` where layers are narrow
    blocked = (layers.any if runs.experiment.connection == "plain" else layers.all)(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        spread = runs.prediction.max(axis=1) - runs.prediction.min(axis=1)
        varies = spread > 1e-4 * (1 + np.abs(runs.prediction).max(axis=1))
    return ~(blocked & varies)

"""Straight pieces of the thesis's networks on the interval of its data, before and after training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from claims.note import SOURCES
from claims.note.stacks import Weights, pieces
from claims.versions import code_and_arithmetic
from lrn import Experiment, train
from lrn.experiment import initial_parameters


@dataclass(frozen=True)
class Lines:
    """Networks of an experiment; observes how many straight pieces the output has between the data's extremes."""

    experiment: Experiment
    trained: bool = True

    @property
    def label(self) -> str:
        return f"lines through {self.experiment.label}, {'trained' if self.trained else 'before training'}"

    @property
    def version(self) -> str:
        return code_and_arithmetic(*SOURCES)

    def sample(self, seeds: range) -> dict[str, NDArray[np.generic]]:
        e = self.experiment
        if self.trained:
            runs = train(e, seeds, parameters=True, threads=1)
            flat, converged = np.asarray(runs.parameters, np.float64), runs.converged
        else:
            flat, converged = initial_parameters(e, np.array(seeds, np.uint64)), np.zeros(len(seeds), bool)
        x = e.data.x_standardised
        whole = np.isfinite(flat).all(axis=1)
        counts = pieces(_weights(e, np.where(whole[:, None], flat, 0.0)), e.connection, float(x.min()), float(x.max()))
        return {"pieces": counts, "converged": converged}


def _weights(e: Experiment, flat: NDArray[np.float64]) -> Weights:
    hidden, at = [], 0
    for out, fan_in in e.shapes:
        weight = flat[:, at : at + out * fan_in].reshape(-1, out, fan_in)
        at += out * fan_in
        hidden.append((weight, flat[:, at : at + out]))
        at += out
    return Weights(hidden[:-1], hidden[-1][0][:, 0])

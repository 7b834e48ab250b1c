"""The networks and losses of our own that stand beside the thesis's pictures, recorded for the report.

python -m claims.thesis.pictures        trains them and records them again
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claims.thesis.drawn import DRAWN, Drawn
from claims.thesis.grid import pair
from lrn import train
from lrn.experiment import CONVERGED_RMSE
from lrn.experiment.runs import Runs
from lrn.files import replace_file

__all__ = ["ALIVE", "NETWORKS", "RECORD", "SEEDS", "STRETCH", "Network", "Pictures", "Plot", "recorded", "trained"]

RECORD = Path(__file__).with_name("pictures.json")
SEEDS = 256
"""The networks that are looked at: those of the seeds from 0 on."""
ALIVE = 4
"""Living layers of each late network of Figure 4.2, by its caption."""
NETWORKS = (5, 10, 15)
"""Depths that are drawn; the thesis does not say which it draws."""
STRETCH = 50
"""Epochs that a loss is recorded together for."""


@dataclass(frozen=True)
class Plot:
    """One network's loss and prediction.

    Attributes:
        figure: the thesis's figure that it stands beside.
        seed: the first seed whose network ended as the one drawn, converged or not.
        alike: how many of all seeds ended so.
        rmse: its error at the end, over all samples.
        dead: its dead neurons.
        first: the loss of its first epoch.
        last: the loss of its last epoch.
        converged_at: the first epoch whose loss over all samples is at most the threshold, counted from 1; None if
            there is none, or where an epoch sees one sample only.
        spikes: epochs whose loss is larger by more than the threshold than the one before: the first 100, and all.
        last_change: the change of the loss in the last epoch.
        low: the least loss of each stretch of epochs.
        high: the greatest.
        mean: the mean over the last epochs of each stretch, as many as there are samples.
        rising: whether the least loss of a stretch comes before the greatest.
        prediction: the prediction of each sample, in the order of training.
    """

    figure: str
    seed: int
    alike: int
    rmse: float
    dead: int
    first: float
    last: float
    converged_at: int | None
    spikes: tuple[int, int]
    last_change: float
    low: list[float]
    high: list[float]
    mean: list[float]
    rising: list[int]
    prediction: list[float]


@dataclass(frozen=True)
class Network:
    """The late network of one depth, and the plain one of the same seed.

    Attributes:
        depth: hidden layers.
        seed: the first whose late network converged with as many living layers as those of Figure 4.2.
        alike: how many of all seeds have such a late network.
        converged: how many have a late network that converged.
        late: its dead neurons, shape (D, W), as 0 and 1.
        plain: those of the plain network.
        plain_converged: whether the plain network converged.
    """

    depth: int
    seed: int
    alike: int
    converged: int
    late: list[list[int]]
    plain: list[list[int]]
    plain_converged: bool


@dataclass(frozen=True)
class Pictures:
    """All of them."""

    plots: list[Plot]
    networks: list[Network]


def trained() -> Pictures:
    """Trains all networks, on this machine; the same seed gives the same network everywhere."""
    return Pictures(list(map(_plot, DRAWN.values())), list(map(_network, NETWORKS)))


def _plot(drawn: Drawn) -> Plot:
    runs = train(drawn.experiment, range(SEEDS), trace=True)
    alike = np.flatnonzero(runs.converged == drawn.converges)
    at = int(alike[0])
    assert runs.trace is not None
    loss = runs.trace[at].astype(np.float64)
    rises = np.diff(loss) > CONVERGED_RMSE
    below = np.flatnonzero((loss <= CONVERGED_RMSE) & (drawn.experiment.style == "batch"))
    parts = loss.reshape(-1, STRETCH)
    return Plot(
        figure=drawn.figure,
        seed=at,
        alike=len(alike),
        rmse=_short(runs.rmse[at]),
        dead=int(runs.dead_neurons[at]),
        first=_short(loss[0]),
        last=_short(loss[-1]),
        converged_at=int(below[0]) + 1 if len(below) else None,
        spikes=(int(rises[:99].sum()), int(rises.sum())),
        last_change=_short(loss[-1] - loss[-2]),
        low=_shorts(parts.min(axis=1)),
        high=_shorts(parts.max(axis=1)),
        mean=_shorts(parts[:, -len(runs.experiment.data.t) :].mean(axis=1)),
        rising=(parts.argmin(axis=1) < parts.argmax(axis=1)).astype(int).tolist(),
        prediction=_shorts(runs.prediction[at].reshape(-1)),
    )


def _network(depth: int) -> Network:
    plain, late = pair(depth, "adam", 0.1, "batch")
    runs = train(late, range(SEEDS))
    alike = np.flatnonzero(runs.converged & (runs.dead_layers == depth - ALIVE))
    seed = int(alike[0])
    other = train(plain, [seed])
    return Network(
        depth=depth,
        seed=seed,
        alike=len(alike),
        converged=int(runs.converged.sum()),
        late=_marks(runs, seed),
        plain=_marks(other, 0),
        plain_converged=bool(other.converged[0]),
    )


def _marks(runs: Runs, at: int) -> list[list[int]]:
    marks: list[list[int]] = runs.dead[at].astype(int).tolist()
    return marks


def _short(value: Any) -> float:
    return float(f"{float(value):.4g}")


def _shorts(values: NDArray[np.floating]) -> list[float]:
    return list(map(_short, values.tolist()))


def recorded() -> Pictures:
    """The pictures as they were recorded."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    plots = []
    for plot in record["plots"]:
        plot["spikes"] = tuple(plot["spikes"])
        plots.append(Plot(**plot))
    return Pictures(plots, [Network(**network) for network in record["networks"]])


if __name__ == "__main__":
    replace_file(RECORD, json.dumps(asdict(trained()), separators=(",", ":")).replace('{"', '\n{"') + "\n")

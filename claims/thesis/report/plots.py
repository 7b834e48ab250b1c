"""The plots of a loss and a prediction, Figures 4.4 to 4.20, with real networks of the same settings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from claims.thesis.drawn import DRAWN, Drawn
from claims.thesis.report.context import Context
from lrn.experiment import CONVERGED_RMSE
from lrn.report import Section, interval_text
from lrn.report.figures import LATE, MUTED, PLAIN, TARGET, THESIS, drawing, inline
from lrn.runs import Runs

__all__ = ["plots"]

POINTS = 300
"""Stretches that a loss curve is drawn in, each from its least to its greatest value."""


def plots(context: Context) -> Section | None:
    """A loss and a prediction for every such figure of which the ledger has the losses."""
    shown = [found for drawn in DRAWN.values() if (found := _plot(context, drawn)) is not None]
    if not shown:
        return None
    missing = [figure for figure in DRAWN if figure not in {plot["figure"] for plot in shown}]
    return Section(
        "Losses and predictions: Figures 4.4 to 4.20", context.render("plots.html.j2", plots=shown, missing=missing)
    )


def _plot(context: Context, drawn: Drawn) -> dict[str, Any] | None:
    """The first network of the setting that ended as the one drawn."""
    runs = context.runs(drawn.experiment, trace=True)
    if runs is None:
        return None
    alike = np.flatnonzero(runs.converged == drawn.converges)
    if not len(alike):
        return None
    at, rate = int(alike[0]), context.rate(drawn.experiment)
    seed = int(runs.seeds[at])
    colour = LATE if drawn.experiment.connection == "late" else PLAIN
    label = f"Figure {drawn.figure}: {drawn.experiment.label}, seed {seed}"
    return {
        "figure": drawn.figure,
        "label": drawn.experiment.label,
        "caption": drawn.caption,
        "seed": seed,
        "converges": drawn.converges,
        "alike": len(alike),
        "of": len(runs),
        "rate": interval_text(rate) if rate is not None else "",
        "rmse": f"{float(runs.rmse[at]):.3g}",
        "dead": int(runs.dead_neurons[at]),
        "neurons": drawn.experiment.neurons,
        "loss": inline(_loss(runs, at, colour), f"{label}: root mean squared error by epoch"),
        "prediction": inline(_prediction(runs, at), f"{label}: prediction and target of the 20 points"),
    }


def _loss(runs: Runs, at: int, colour: str) -> Any:
    """The loss by epoch; where each epoch sees one sample, its range as a band and its mean over all samples as a line."""
    assert runs.trace is not None
    loss = runs.trace[at]
    with drawing(4.6, 2.1) as (figure, axes):
        if runs.experiment.style == "iterative":
            epochs, low, high = _band(loss)
            axes.fill_between(epochs, low, high, color=colour, alpha=0.25, linewidth=0)
            axes.plot(*_running_mean(loss, len(runs.experiment.data.t)), color=colour, linewidth=1.2)
        else:
            axes.plot(*_envelope(loss), color=colour, linewidth=0.9)
        axes.axhline(CONVERGED_RMSE, color=MUTED, linewidth=0.7, linestyle=(0, (3, 2)))
        side = "below" if runs.converged[at] else "above"
        axes.set(xlabel="epoch", ylim=(0, None), xlim=(0, len(loss)), title=f"Loss (RMSE): ends {side} the threshold")
    return figure


def _band(loss: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """The last epoch of each stretch, with the least and the greatest value of it."""
    parts = np.array_split(loss, min(POINTS, len(loss)))
    epochs = np.cumsum([len(part) for part in parts])
    return epochs, np.array([part.min() for part in parts]), np.array([part.max() for part in parts])


def _running_mean(loss: NDArray[np.floating], samples: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
    """The mean over the last epochs, as many as there are samples, at the end of each stretch."""
    size = min(samples, len(loss))
    means = np.convolve(loss, np.ones(size) / size, mode="valid")
    chosen = np.unique(np.linspace(0, len(means) - 1, POINTS).astype(int))
    return chosen + size, means[chosen]


def _prediction(runs: Runs, at: int) -> Any:
    target = runs.experiment.data.t[:, 0]
    samples = np.arange(1, len(target) + 1)
    with drawing(4.6, 2.1) as (figure, axes):
        axes.plot(samples, target, color=TARGET, marker="o", markersize=4, linewidth=0.9, label="target")
        axes.plot(
            samples, runs.prediction[at], color=THESIS, marker="x", markersize=4.5, linewidth=0.9, label="prediction"
        )
        axes.set(
            xlabel="sample, in the order of training",
            title=f"Prediction misses by {runs.rmse[at]:.3g} (RMSE)",
            xticks=(1, 5, 10, 15, 20),
            ylim=(-0.1, 1.35),
        )
        axes.legend(loc="upper right", ncols=2)
    return figure


def _envelope(loss: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The curve through the least and the greatest value of each stretch, in the order in which they come."""
    epochs, values = [], []
    for part in np.array_split(np.arange(len(loss)), min(POINTS, len(loss))):
        ends = sorted({int(part[np.argmin(loss[part])]), int(part[np.argmax(loss[part])])})
        epochs += [end + 1 for end in ends]
        values += [float(loss[end]) for end in ends]
    return np.array(epochs), np.array(values)

"""One trained network as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrn.experiment import CONVERGED_RMSE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrn.experiment.runs import Runs

__all__ = ["outcome", "summary"]

BARS = "▁▂▃▄▅▆▇█"
MOST_LAYERS, MOST_NEURONS, LOSS_COLUMNS = 30, 16, 60


def summary(runs: Runs) -> str:
    """Returns a summary of the one network in `runs`, which must have its trace."""
    e = runs.experiment
    parts = [f"Seed {runs.seeds[0]}: {e.label}", f"{outcome(runs)}", "", _structure(runs.dead[0]), "", *_loss(runs)]
    return "\n".join([*parts, "", *_prediction(runs)])


def outcome(runs: Runs) -> str:
    """Returns whether it converged, and how much of it is dead, in a line."""
    e, rmse, at = runs.experiment, float(runs.rmse[0]), int(runs.converged_at[0])
    ended = f"converged after {at:,} epochs" if runs.converged[0] else f"did not converge in {e.epochs:,} epochs"
    dead = f"{runs.dead_neurons[0]} of {e.neurons} neurons and {runs.dead_layers[0]} of {e.depth} layers are dead"
    return f"It {ended} (RMSE {rmse:.3g}, where at most {CONVERGED_RMSE:g} is converged); {dead}."


def _structure(dead: NDArray[np.bool_]) -> str:
    """Layers from left to right, a row for each neuron; x is dead."""
    D, W = dead.shape
    if D > MOST_LAYERS or W > MOST_NEURONS:
        counts = dead.sum(axis=1)
        shown = ", ".join(map(str, counts[:MOST_LAYERS]))
        return f"Dead neurons of each layer of {W}: {shown}{', …' if D > MOST_LAYERS else ''}"
    lines = ["layer   " + " ".join(map("{:>2}".format, range(1, D + 1)))]
    for neuron in dead.T:
        lines.append("neuron  " + " ".join(np.where(neuron, " x", " o")))
    return "\n".join([*lines, "        (x: zero on every input)"])


def _loss(runs: Runs) -> list[str]:
    """The largest loss in each stretch of the training, as bars."""
    assert runs.trace is not None
    loss = runs.trace[0].astype(np.float64)
    stretches = np.array_split(loss, min(LOSS_COLUMNS, len(loss)))
    tops = np.array(list(map(np.max, stretches)))
    if not np.isfinite(tops).all():
        return ["Loss: it diverged."]
    most = max(float(tops.max()), np.finfo(np.float64).tiny)
    heights = np.minimum((tops / most * len(BARS)).astype(np.int64), len(BARS) - 1)
    bars = "".join(map(BARS.__getitem__, heights))
    return [f"Loss (RMSE of what each epoch trained on; 0 to {most:.3g}) over {len(loss):,} epochs:", bars]


def _prediction(runs: Runs) -> list[str]:
    data = runs.experiment.data
    if data.x.shape[1] != 1 or data.t.shape[1] != 1:
        return []
    lines = ["     input    target  prediction"]
    for i in np.argsort(data.x[:, 0]):
        lines.append(f"{data.x[i, 0]:10.4f}{data.t[i, 0]:10.4f}{float(runs.prediction[0].ravel()[i]):12.4f}")
    return lines

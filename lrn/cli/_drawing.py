"""One trained network as a picture: its structure, its loss and its prediction (thesis, Figures 4.2, 4.4 and 4.5)."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from lrn.cli._summary import outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrn.experiment import Experiment
    from lrn.experiment.runs import Runs

__all__ = ["check", "draw"]

MOST_NEURONS = 600
ALIVE, DEAD, WIRE, LATE = "#0072B2", "#D55E00", "#9AA0A6", "#56B4E9"  # colours that the colour-blind can tell apart


def check(experiment: Experiment) -> None:
    """Refuses, before any training, what cannot be drawn.

    Raises:
        ValueError: it has too many neurons.
        RuntimeError: matplotlib is not installed.
    """
    if experiment.neurons > MOST_NEURONS:
        raise ValueError(f"a picture has room for {MOST_NEURONS} neurons; this network has {experiment.neurons:,}")
    try:
        import matplotlib as _  # noqa: F401
    except ImportError:
        raise RuntimeError(
            "--out needs matplotlib: pip install 'lrn-claims[plots]' (without --out there is text)"
        ) from None


def draw(runs: Runs, path: str) -> None:
    """Writes the picture of the one network in `runs`, which must have its trace; the ending says in which format."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    e = runs.experiment
    with mpl.rc_context({"svg.hashsalt": "lrn", "svg.fonttype": "none", "font.size": 9}):
        title = outcome(runs).replace("; ", ";\n") if e.depth < 20 else outcome(runs)
        tall = 1.2 + 0.4 * max(e.width, 2)
        figure = Figure(figsize=(max(8.0, 0.42 * (e.depth + 3)), tall + 3.0), layout="constrained")
        above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[tall, 3.0]).ravel()
        above.suptitle(f"Seed {runs.seeds[0]}: {e.label}\n{title}", fontsize=10)
        _structure(above.subplots(), runs.dead[0], e.connection)
        loss, prediction = below.subplots(1, 2)
        _loss(loss, runs)
        _prediction(prediction, runs)
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.lower().endswith((".svg", ".pdf")) else None)


def _structure(axes: Any, dead: NDArray[np.bool_], connection: str) -> None:
    D, W = dead.shape
    layers = [[(0.0, 0.0)]]
    for d in range(D):
        layers.append([(d + 1.0, w - (W - 1) / 2) for w in range(W)])
    layers.append([(D + 1.0, 0.0)])
    for before, after in pairwise(layers):
        for x0, y0 in before:
            for x1, y1 in after:
                axes.plot([x0, x1], [y0, y1], color=WIRE, linewidth=0.6, zorder=1)
    if connection == "late":
        _late_wires(axes, dead)
    if connection == "residual":
        _additions(axes, D, W)
    for (x, y), is_dead in zip(chain.from_iterable(layers[1:-1]), dead.ravel(), strict=True):
        axes.scatter(x, y, s=70, color="white", edgecolor=DEAD if is_dead else ALIVE, linewidth=1.4, zorder=3)
        if is_dead:
            axes.scatter(x, y, s=90, marker="x", color=DEAD, linewidth=1.6, zorder=4)
    for (x, y), name in ((layers[0][0], "input"), (layers[-1][0], "output")):
        axes.scatter(x, y, s=70, marker="s", color="white", edgecolor="black", zorder=3)
        axes.annotate(name, (x, y), (0, -16), textcoords="offset points", ha="center", fontsize=8)
    axes.scatter([], [], color="white", edgecolor=ALIVE, label="alive")
    axes.scatter([], [], marker="x", color=DEAD, label="dead: zero on every input")
    axes.legend(loc="lower left", ncols=2, frameon=False, fontsize=8)
    axes.set_axis_off()
    axes.set_ylim(-(W + 1) / 2 - 0.5, (W + 1) / 2 + 0.4)


def _late_wires(axes: Any, dead: NDArray[np.bool_]) -> None:
    """From every living neuron to a line above that ends at the output; the dead add nothing there."""
    D, W = dead.shape
    alive = np.flatnonzero(~dead.all(axis=1))
    if not len(alive):
        return
    bus = (W + 1) / 2 + 0.2
    for d, w in np.argwhere(~dead):
        axes.plot([d + 1.0, d + 1.3], [w - (W - 1) / 2, bus], color=LATE, linewidth=1.0, zorder=2)
    axes.plot([alive[0] + 1.3, D + 1.0, D + 1.0], [bus, bus, 0.0], color=LATE, linewidth=1.8, zorder=2)


def _additions(axes: Any, D: int, W: int) -> None:
    """Arrows around every hidden layer but the first, to the neuron that each output is added to."""
    for d in range(1, D):
        for w in range(W):
            y = w - (W - 1) / 2
            arc = {"arrowstyle": "->", "connectionstyle": "arc3,rad=-0.5", "color": LATE, "shrinkA": 5, "shrinkB": 5}
            axes.annotate("", (d + 1.0, y), (float(d), y), arrowprops=arc, zorder=2)


def _loss(axes: Any, runs: Runs) -> None:
    assert runs.trace is not None
    axes.plot(np.arange(1, runs.experiment.epochs + 1), runs.trace[0], color=ALIVE, linewidth=0.8, rasterized=True)
    axes.set(xlabel="epoch", ylabel="RMSE of what the epoch trained on", title="Loss", ylim=(0, None))


def _prediction(axes: Any, runs: Runs) -> None:
    data = runs.experiment.data
    order = np.argsort(data.x[:, 0])
    axes.plot(data.x[order, 0], data.t[order, 0], "o-", color="#009E73", markersize=5, linewidth=0.8, label="target")
    prediction = runs.prediction[0].reshape(data.t.shape)
    axes.plot(data.x[order, 0], prediction[order, 0], "x--", color=DEAD, linewidth=0.8, label="prediction")
    axes.set(xlabel="input", ylabel="output", title="Prediction")
    axes.legend(frameon=False, fontsize=8)

"""The plots of a loss and a prediction, Figures 4.4 to 4.20, with real networks of the same settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from claims.thesis.drawn import DRAWN
from claims.thesis.grid import readings
from claims.thesis.pictures import SEEDS, STRETCH, Plot, recorded
from claims.thesis.report.context import Context
from lrn.experiment import CONVERGED_RMSE
from lrn.report import Section, interval_text, number_text, setting_text
from lrn.report.figures import LATE, MUTED, PLAIN, TARGET, THESIS, drawing, inline, standalone
from lrn.verdicts.text import markdown_text

__all__ = ["plots"]

_LABEL = "Losses of networks like those of Figures 4.4 to 4.20, plain on the left and late on the right"


def plots(context: Context) -> Section | None:
    """A loss and a prediction for every such figure, beside the words of the thesis about its own; None without verdicts."""
    if context.ended("C5-spikes") is None:
        return None
    recorded_plots = recorded().plots
    shown = [_shown(context, plot) for plot in recorded_plots]
    html = context.render("plots.html.j2", plots=shown, seeds=SEEDS)
    lines = [f"![{_LABEL}](figures/losses.svg)", ""]
    lines += ["| figure | setting | in the thesis | ours | loss, first and last epoch |", "|---" * 5 + "|"]
    for one in shown:
        cells = (one["figure"], one["label"], one["thesis"], f"seed {one['seed']}: {one['ours']}", one["ends"])
        lines.append(f"| {' | '.join(map(markdown_text, cells))} |")
    files = {"losses.svg": standalone(_losses(recorded_plots), _LABEL)}
    return Section("Losses and predictions: Figures 4.4 to 4.20", html, "\n".join(lines), files)


def _shown(context: Context, plot: Plot) -> dict[str, Any]:
    drawn = DRAWN[plot.figure]
    rate, setting = context.rate(drawn.experiment), setting_text(drawn.experiment.label)
    label = f"Figure {plot.figure}: {setting}, seed {plot.seed}"
    ended = "converges" if drawn.converges else "does not converge"
    theirs, ours = [ended], [ended]
    for row in readings(plot.figure):
        theirs.append(f"{row['quantity']}: {row['value']} ({row['source']})")
        ours.append(_same(plot, row["quantity"]))
    if drawn.converges and plot.converged_at is not None and theirs == [ended]:
        ours.append(f"epochs until it converges: {plot.converged_at:,}")
    return {
        "figure": plot.figure,
        "label": setting,
        "caption": drawn.caption,
        "seed": plot.seed,
        "converges": drawn.converges,
        "alike": plot.alike,
        "rate": interval_text(rate) if rate is not None else "",
        "rmse": number_text(plot.rmse),
        "dead": plot.dead,
        "neurons": drawn.experiment.neurons,
        "thesis": "; ".join(theirs),
        "ours": "; ".join(ours),
        "ends": f"{number_text(plot.first)} → {number_text(plot.last)}",
        "loss": inline(_loss(plot), f"{label}: root mean squared error by epoch"),
        "prediction": inline(_prediction(plot), f"{label}: prediction and target of the 20 points"),
    }


def _same(plot: Plot, quantity: str) -> str:
    """Our network's figure for a quantity that the thesis has a figure for."""
    first, every = plot.spikes
    values = {
        "epochs until it converges": f"{plot.converged_at:,}" if plot.converged_at else "none",
        "epochs with spikes": f"{first} of the first 100, {every - first} later",
        "change of the loss": number_text(plot.last - plot.first),
        "change of the loss in the last epoch": number_text(plot.last_change),
    }
    return f"{quantity}: {values[quantity]}"


def _loss(plot: Plot) -> Any:
    """The loss by epoch, by itself."""
    with drawing(4.6, 2.1) as (figure, axes):
        _draw_loss(axes, plot)
        side = "below" if DRAWN[plot.figure].converges else "above"
        axes.set(xlabel="epoch", title=f"Loss (RMSE): ends {side} the threshold")
    return figure


def _losses(every: Sequence[Plot]) -> Any:
    """The losses of all figures; each plain network's stands beside that of the late one."""
    with drawing(9.0, 10.5) as (figure, axes):
        axes.remove()
        grid = figure.subplots(len(every) // 2, 2)
        figure.subplots_adjust(hspace=0.62, wspace=0.14, top=0.97, bottom=0.04, left=0.05, right=0.98)
        for axes, plot in zip(grid.flat, every, strict=True):
            _draw_loss(axes, plot)
            axes.set_title(f"{plot.figure}: {setting_text(DRAWN[plot.figure].experiment.label)}", fontsize=8.5)
    return figure


def _draw_loss(axes: Any, plot: Plot) -> None:
    """The loss; where each epoch sees one sample, its range as a band and its mean over all samples as a line."""
    experiment = DRAWN[plot.figure].experiment
    colour = LATE if experiment.connection == "late" else PLAIN
    ends = STRETCH * np.arange(1, len(plot.low) + 1)
    if experiment.style == "iterative":
        axes.fill_between(ends, plot.low, plot.high, color=colour, alpha=0.25, linewidth=0)
        axes.plot(ends, plot.mean, color=colour, linewidth=1.2)
    else:
        values: list[float] = []
        for low, high, rising in zip(plot.low, plot.high, plot.rising, strict=True):
            values += (low, high) if rising else (high, low)
        axes.plot([1, *np.repeat(ends, 2)[:-1]], values, color=colour, linewidth=1.1)
    axes.axhline(CONVERGED_RMSE, color=MUTED, linewidth=0.7, linestyle=(0, (3, 2)))
    axes.set(ylim=(0, None), xlim=(0, ends[-1]))


def _prediction(plot: Plot) -> Any:
    target = DRAWN[plot.figure].experiment.data.t[:, 0]
    samples = np.arange(1, len(target) + 1)
    with drawing(4.6, 2.1) as (figure, axes):
        axes.plot(samples, target, color=TARGET, marker="o", markersize=4, linewidth=0.9, label="target")
        axes.plot(samples, plot.prediction, color=THESIS, marker="x", markersize=4.5, linewidth=0.9, label="prediction")
        axes.set(
            xlabel="sample, in the order of training",
            title=f"Prediction misses by {number_text(plot.rmse)} (RMSE)",
            xticks=(1, 5, 10, 15, 20),
            ylim=(-0.1, 1.35),
        )
        axes.legend(loc="upper right", ncols=2)
    return figure

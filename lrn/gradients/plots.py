"""Plots of what `lrn.gradients` finds; they need matplotlib (`pip install 'lrn-claims[plots]'`).

Each draws on the axes given, or on those of a new figure, and returns them: `axes.figure.savefig("norms.svg")`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lrn.gradients import (
    GradientHistory,
    GradientReport,
    GradientSimilarity,
    LinearRegions,
    LineGradient,
)

__all__ = [
    "plot_autocorrelation",
    "plot_history",
    "plot_line",
    "plot_regions",
    "plot_report",
    "plot_similarity",
]


def plot_report(report: GradientReport, axes: Any = None, label: str | None = None) -> Any:
    """The norm of the gradient against each layer's output, first layer left, on a log axis."""
    axes = _axes(axes)
    norms = [layer.output for layer in report.layers if layer.output is not None]
    axes.plot(range(1, len(norms) + 1), norms, marker="o", markersize=3, label=label)
    axes.set(yscale="log", xlabel="layer", ylabel="norm of the gradient")
    return _labelled(axes, label)


def plot_history(history: GradientHistory, axes: Any = None) -> Any:
    """The gradient norm of each layer's parameters along a training, on a log axis, one line per layer."""
    axes = _axes(axes)
    for name, norms in zip(history.names, history.norms.T, strict=True):
        axes.plot(history.steps, norms, label=name)
    axes.set(yscale="log", xlabel="step", ylabel="norm of the gradient")
    return _labelled(axes, "layers")


def plot_line(line: LineGradient, axes: Any = None, label: str | None = None) -> Any:
    """The derivative of the output along the line."""
    axes = _axes(axes)
    axes.plot(line.positions, line.slopes, label=label)
    axes.set(xlabel="distance along the line", ylabel="derivative of the output")
    return _labelled(axes, label)


def plot_autocorrelation(values: Any, axes: Any = None, label: str | None = None) -> Any:
    """Autocorrelations (lags + 1,) against the lag, with a line at 0, where white noise lies."""
    axes = _axes(axes)
    axes.axhline(0, color="0.7", linewidth=0.8)
    axes.plot(np.arange(len(values)), values, label=label)
    axes.set(xlabel="lag", ylabel="autocorrelation")
    return _labelled(axes, label)


def plot_regions(regions: LinearRegions, axes: Any = None, label: str | None = None) -> Any:
    """The derivative of the output as the step function that it is, with a tick at every breakpoint."""
    axes = _axes(axes)
    axes.stairs(
        regions.slopes, np.concatenate([[0.0], regions.breakpoints, [regions.length]]), baseline=None, label=label
    )
    axes.plot(regions.breakpoints, np.zeros_like(regions.breakpoints), "|", color="0.5")
    axes.set(xlabel="distance along the line", ylabel="derivative of the output")
    return _labelled(axes, label)


def plot_similarity(similarity: GradientSimilarity, axes: Any = None, label: str | None = None) -> Any:
    """The mean cosine of each parameter's gradient with that at changed weights, first parameter left."""
    axes = _axes(axes)
    axes.plot(range(1, len(similarity.names) + 1), similarity.each.mean(axis=0), marker="o", markersize=3, label=label)
    axes.set(xlabel="parameter", ylabel="cosine similarity", ylim=(-1.05, 1.05))
    return _labelled(axes, label)


def _axes(axes: Any) -> Any:
    if axes is not None:
        return axes
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("plots need matplotlib: pip install 'lrn-claims[plots]'") from None
    return Figure(figsize=(6.0, 3.2), layout="constrained").add_subplot()


def _labelled(axes: Any, label: str | None) -> Any:
    if label is not None:
        axes.legend(frameon=False, fontsize="small")
    return axes

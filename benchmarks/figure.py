"""The figure of a run: `speed.svg`."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers import AUTHOR, COMPILED, JAX, NATIVE_1, NATIVE_2, REFERENCE, STACKED, VMAP
from benchmarks.tables import measured_peers, number, shape_of

__all__ = ["draw"]

COLOURS = {
    NATIVE_2.name: "#b2182b",
    NATIVE_1.name: "#ef8a62",
    REFERENCE.name: "#fddbc7",
    COMPILED.name: "#2166ac",
    JAX.name: "#4d9221",
    STACKED.name: "#67a9cf",
    VMAP.name: "#92c5de",
    AUTHOR.name: "#777777",
}


def draw(results: dict[str, Any], path: Path) -> None:
    """Two bar charts of the comparison, the four axes of scaling; the same results always give the same file."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "lrn", "svg.fonttype": "none", "font.size": 8})
    plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(2, 3, figsize=(10.5, 6), constrained_layout=True)
    shapes = list(dict.fromkeys(map(shape_of, results["side_by_side"])))
    shown = [s for s in ((10, 2), (30, 2), (10, 16)) if s in shapes] or shapes
    _bars(axes[0, 0], results, *shown[0])
    _bars(axes[0, 1], results, *shown[1 % len(shown)])
    for axis, name in zip([axes[0, 2], *axes[1]], results["scaling"], strict=True):
        _lines(axis, name, results["scaling"][name])
    handles = {}
    for axis in axes.flat:
        for line in axis.get_lines():
            handles[line.get_label()] = line
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _bars(axis: Any, results: dict[str, Any], depth: int, width: int) -> None:
    peers, base = {}, []
    for row in results["side_by_side"]:
        if shape_of(row) == (depth, width):
            peers[row["peer"]] = row["ms"]
            base.append(row["base_ms"])
    peers[NATIVE_2.name] = median(base)
    names = sorted(peers, key=lambda name: -peers[name])
    times = list(map(peers.__getitem__, names))
    bars = axis.barh(names, times, color=list(map(COLOURS.__getitem__, names)))
    axis.bar_label(bars, list(map(number, times)), padding=2)
    axis.set(xscale="log", title=f"depth {depth}, width {width}", xlabel="ms per network, 3,000 epochs")
    axis.margins(x=0.25)
    axis.invert_yaxis()


def _lines(axis: Any, name: str, points: list[dict[str, Any]]) -> None:
    for who in measured_peers(points):
        x, y = [], []
        for point in points:
            if who in point["ms"]:
                x.append(point["value"])
                y.append(point["ms"][who])
        axis.plot(x, y, "o-", markersize=3, color=COLOURS[who], label=who)
    axis.set(xscale="log", yscale="log", xlabel=name, ylabel="ms per network", title=f"scaling in {name}")
    ticks = list(map(itemgetter("value"), points))
    axis.set_xticks(ticks, list(map(_tick, ticks)))
    axis.minorticks_off()


def _tick(value: int) -> str:
    return str(value) if value < 1000 else f"{value / 1000:.0f}k"

"""The figure of a run: `speed.svg`."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers import AUTHOR, COMPILED, JAX, NATIVE_1, NATIVE_2, REFERENCE, STACKED, VMAP
from benchmarks.tables import number

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
    shapes = list(dict.fromkeys((r["depth"], r["width"]) for r in results["side_by_side"]))
    shown = [s for s in ((10, 2), (30, 2), (10, 16)) if s in shapes] or shapes
    _bars(axes[0, 0], results, *shown[0])
    _bars(axes[0, 1], results, *shown[1 % len(shown)])
    for axis, name in zip([axes[0, 2], *axes[1]], results["scaling"], strict=True):
        _lines(axis, name, results["scaling"][name])
    handles = {h.get_label(): h for axis in axes.flat for h in axis.get_lines()}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _bars(axis: Any, results: dict[str, Any], depth: int, width: int) -> None:
    rows = [r for r in results["side_by_side"] if (r["depth"], r["width"]) == (depth, width)]
    times = {r["peer"]: r["ms"] for r in rows} | {NATIVE_2.name: median(r["base_ms"] for r in rows)}
    names = sorted(times, key=lambda name: -times[name])
    bars = axis.barh(names, [times[n] for n in names], color=[COLOURS[n] for n in names])
    axis.bar_label(bars, [number(times[n]) for n in names], padding=2)
    axis.set(xscale="log", title=f"depth {depth}, width {width}", xlabel="ms a network, 3,000 epochs")
    axis.margins(x=0.25)
    axis.invert_yaxis()


def _lines(axis: Any, name: str, points: list[dict[str, Any]]) -> None:
    for who in dict.fromkeys(n for p in points for n in p["ms"]):
        measured = [p for p in points if who in p["ms"]]
        x, y = [p["value"] for p in measured], [p["ms"][who] for p in measured]
        axis.plot(x, y, "o-", markersize=3, color=COLOURS[who], label=who)
    axis.set(xscale="log", yscale="log", xlabel=name, ylabel="ms a network", title=f"scaling in {name}")
    ticks = [p["value"] for p in points]
    axis.set_xticks(ticks, [str(v) if v < 1000 else f"{v / 1000:.0f}k" for v in ticks])
    axis.minorticks_off()

"""Draws the figures of vanishing-and-exploding-gradients.md, by the code there: `python -m docs.gradient_figures`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE / "vanishing-and-exploding-gradients.md"
FIGURES = {
    "vanishing": {"small": "weights of 0.25", "repaired": "the same with skip connections"},
    "exploding": {
        "large": "weights of 4",
        "worse": "the same with skip connections",
        "calm": "skip connections, steps of 1/10",
    },
}


def run_page() -> dict[str, Any]:
    """The names that the page's Python defines, run as one program."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile("\n".join(blocks), PAGE.name, "exec"), names)
    return names


def draw(folder: Path) -> None:
    """Write one SVG a figure into `folder`."""
    import matplotlib
    from matplotlib.figure import Figure

    from lrn.gradients.plots import plot_report

    names = run_page()
    for figure, networks in FIGURES.items():
        with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": figure, "font.family": "sans-serif"}):
            axes = Figure(figsize=(5.5, 3.0), layout="constrained").add_subplot()
            for name, label in networks.items():
                plot_report(names["report"](names[name], names["x"], names["loss"]), axes, label)
            axes.set(xlabel="layer", ylabel="gradient against its output")
            axes.figure.savefig(folder / f"{figure}.svg", metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    draw(HERE / "figures")

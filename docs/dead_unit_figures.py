"""Draws the figures of dead-units.md, by the code there: `python -m docs.dead_unit_figures`."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE / "dead-units.md"


def run_page() -> tuple[dict[str, Any], str]:
    """The names that the page's Python defines, run as one program, and its output."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n".join(blocks), PAGE.name, "exec"), names)
    return names, printed.getvalue()


def draw(folder: Path) -> None:
    """Write both figures into `folder`."""
    import matplotlib

    names, _ = run_page()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "dead-units", "font.family": "sans-serif"}):
        _save(_channels(names), folder / "dead-units.svg")
        _save(_training(names), folder / "dead-units-training.svg")


def _channels(names: dict[str, Any]) -> Any:
    """Share of zeros of each channel of the first example."""
    axes = _axes(5.5, 2.4)
    layer = names["report"]["2"]
    outputs = names["cnn"][:3].eval()(names["images"]).detach()
    zeros = (outputs == 0).float().mean((0, 2, 3)).numpy()
    colours = ["tab:red" if dead else "tab:blue" for dead in layer.dead]
    axes.bar(range(layer.units), 100 * zeros, color=colours)
    axes.set(xlabel="channel of layer 2 (red: dead)", ylabel="zeros, %", ylim=(0, 105))
    return axes.figure


def _training(names: dict[str, Any]) -> Any:
    """Share of dead units over the steps of the second example."""
    axes = _axes(5.5, 2.8)
    history = names["observer"].history
    for column, name in enumerate(history.names):
        axes.plot(history.steps, 100 * history.dead[:, column], label=f"layer {name}")
    axes.set(xlabel="step", ylabel="dead units, %", ylim=(0, None))
    axes.legend(frameon=False)
    return axes.figure


def _axes(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    draw(HERE / "figures")

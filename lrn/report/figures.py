"""Matplotlib figures as SVG: inlined in the page, where they follow its light or dark theme, or as files of their own.

A figure draws with the colours named here, each of which stands for a colour of the page:

    from lrn.report.figures import LATE, drawing, inline

    with drawing() as (figure, axes):
        axes.plot(x, y, color=LATE)
    html = inline(figure, "A description of the figure, for those who cannot see it")
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

__all__ = [
    "INK",
    "LATE",
    "LIGHT",
    "MUTED",
    "PAPER",
    "PLAIN",
    "RULE",
    "TARGET",
    "THEMED",
    "THESIS",
    "drawing",
    "inline",
    "standalone",
]

# Colours that nothing else has, so that they can be found in the SVG and replaced.
INK, MUTED, RULE, PAPER = "#010101", "#020202", "#030303", "#040404"
LATE, PLAIN, THESIS, TARGET = "#050505", "#060606", "#070707", "#080808"

_VARIABLES = {
    INK: ("--ink", "#1a1d21"),
    MUTED: ("--muted", "#565d66"),
    RULE: ("--line", "#d9dde2"),
    PAPER: ("--bg", "#ffffff"),
    LATE: ("--late", "#0a66b0"),
    PLAIN: ("--plain", "#6a7078"),
    THESIS: ("--thesis", "#b34700"),
    TARGET: ("--target", "#0b6b5c"),
}

LIGHT = {variable.removeprefix("--"): light for variable, light in _VARIABLES.values()}
"""The page's colours by their names, on white: a drawing without matplotlib uses them, too."""

THEMED = {variable.removeprefix("--"): f"var({variable})" for variable, _ in _VARIABLES.values()}
"""The page's colours by their names, as the page's light or dark theme has them."""

_STYLE: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "legend.handlelength": 1.4,
    "lines.linewidth": 1.3,
}


@contextmanager
def drawing(width: float = 4.5, height: float = 2.5) -> Iterator[tuple[Any, Any]]:
    """A figure and its axes in the page's style; sizes in inches, of which a phone shows 4.5 side to side."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height))
        # Room for the labels, in inches: a layout that measures them takes longer than all else.
        figure.subplots_adjust(0.5 / width, 0.43 / height, 1 - 0.22 / width, 1 - 0.26 / height)
        yield figure, figure.add_subplot()


def inline(figure: Any, label: str) -> str:
    """The figure as an element of the page, with a text for those who cannot see it."""
    svg = _svg(figure, label)
    for colour, (variable, _) in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1)


def standalone(figure: Any, label: str) -> str:
    """The figure as an SVG file, light on every background."""
    svg = _svg(figure, label)
    for colour, (_, light) in _VARIABLES.items():
        svg = svg.replace(colour, light)
    head, rest = svg.split(">", 1)
    return f'{head}>\n<title>{escape(label)}</title><rect width="100%" height="100%" fill="#ffffff"/>{rest}\n'


def _svg(figure: Any, salt: str) -> str:
    """The SVG element, the same bytes for the same figure, without what would leak into the page around it."""
    import matplotlib

    buffer = io.StringIO()
    # The salt keeps the ids of one page's figures apart.
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": salt}):
        nothing: dict[str, Any] = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: system-ui, sans-serif", svg)
    svg = re.sub(r' id="[A-Za-z0-9.]+_\d+"', "", svg)
    # Positions need two decimals; the text between tags keeps all of its own.
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d+\.\d{2})\d+", r"\1", tag[0]), svg)
    svg = svg.replace("<svg ", '<svg style="stroke-linejoin: round; stroke-linecap: butt" ', 1)
    return re.sub(r"\n\s*", "\n", svg).strip()

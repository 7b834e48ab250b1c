"""The section Efficiency of docs/calibration.md, and its figure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchmarks.pages import filled
from benchmarks.tables import _table as table
from lrn.verdicts import replace_file

__all__ = ["DOCUMENT", "FIGURE", "RESULTS", "draw", "sections", "write"]

_HERE = Path(__file__).parent
RESULTS = _HERE.parent / "efficiency.json"
DOCUMENT = _HERE.parents[1] / "docs" / "calibration.md"
FIGURE = DOCUMENT.with_name("efficiency.svg")

_Results = Sequence[dict[str, Any]]

_MARKS = {
    "lrn": ("lrn", "#0072B2"),
    "fisher": ("Fisher, once, 90 % power", "#D55E00"),
    "turner_grunwald": ("Turner and Grünwald, independent sides only", "#009E73"),
    "plug_in": ("plug-in bets, as in confseq", "#CC79A7"),
}
_WIDTH, _TOP, _STEP, _LEFT, _RIGHT = 900, 72, 26, 300, 870
_TICKS = (1, 1.5, 2, 3, 4, 6)
_ALT = "Seeds per decision as multiples of the bound: lrn's beside those of other tests."


def write(results: _Results) -> None:
    """Writes the figure, and the table between its marks."""
    replace_file(FIGURE, draw(results))
    replace_file(DOCUMENT, filled(DOCUMENT.read_text(encoding="utf-8"), sections(results)))


def sections(results: _Results) -> dict[str, str]:
    """The part of the page that is made of figures."""
    _, *others = map(itemgetter(0), _MARKS.values())
    head = ("", "α", "bound", "lrn", "95 % of it", "to reach", "met", *others)
    return {"efficiency": table(head, map(list, map(_cells, results)))}


def _cells(row: dict[str, Any]) -> Iterator[str]:
    yield row["name"]
    yield f"{row['alpha']:g}"
    yield _number(row["bound"])
    yield _number(row["lrn"])
    yield f"± {_number(1.96 * row['standard_error'])}"
    yield f"≤ {row['reach']:,}"
    yield "yes" if row["lrn"] <= row["reach"] else "**no**"
    for name in list(_MARKS)[1:]:
        yield "" if row[name] is None else _number(row[name])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def draw(results: _Results) -> str:
    """The SVG; the same results give the same text."""
    height = _TOP + _STEP * len(results) + 80
    body = "\n".join(_drawn(results, height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="{_ALT}">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>\n{body}\n</svg>\n'
    )


def _drawn(results: _Results, height: int) -> Iterator[str]:
    yield '<text x="12" y="26" font-size="16" font-weight="600" fill="#111">Seeds until a comparison is decided</text>'
    yield '<text x="12" y="46" fill="#444">as a multiple of log(12 / α) / KL; the bar is what was to be reached</text>'
    bottom = _TOP + _STEP * len(results)
    for tick in _TICKS:
        yield f'<path d="M{_x(tick):.1f} {_TOP}V{bottom}" stroke="#ddd"/>'
        yield f'<text x="{_x(tick):.1f}" y="{bottom + 16}" text-anchor="middle" fill="#444">{tick:g} ×</text>'
    for i, row in enumerate(results):
        y = _TOP + _STEP * (i + 0.5)
        name = f"{_escaped(row['name'])}, α = {row['alpha']:g}"
        yield f'<text x="{_LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{name}</text>'
        yield f'<path d="M{_x(row["reach"] / row["bound"]):.1f} {y - 9:.1f}v18" stroke="#999" stroke-width="3"/>'
        for name, (_, colour) in _MARKS.items():
            if row[name] is not None:
                x = _x(row[name] / row["bound"])
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}" fill-opacity="0.85"/>'
    for i, (name, colour) in enumerate(_MARKS.values()):
        x, y = 20 + 300 * (i % 2), height - 34 + 18 * (i // 2)
        yield f'<circle cx="{x}" cy="{y - 4}" r="4.5" fill="{colour}"/>'
        yield f'<text x="{x + 10}" y="{y}" fill="#444">{name}</text>'


def _escaped(text: str) -> str:
    return text.replace(">", "&gt;")


def _x(ratio: float) -> float:
    first, last = math.log(0.7), math.log(8)
    return _LEFT + (_RIGHT - _LEFT) * (math.log(ratio) - first) / (last - first)

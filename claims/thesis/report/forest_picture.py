"""The forest plot: a row per statement, the thesis's figure above the measured one, on a line of shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape

from lrn.report.figures import LIGHT, THEMED

__all__ = ["Bar", "forest_svg", "row_svg"]

WIDTH, HEIGHT, EDGE = 260, 28, 8
LEFT = 680
"""Room for the statements, left of the pictures."""


@dataclass(frozen=True)
class Bar:
    """The figures of a row, in shares: low end, estimate and high end, as measured and in the thesis.

    Attributes:
        measured: as measured.
        published: the thesis's figure; None where it has none.
        line: where the answer changes.
        difference: whether these are differences, from -1 to 1, or shares, from 0 to 1.
    """

    measured: tuple[float, float, float]
    published: tuple[float, float, float] | None
    line: float
    difference: bool

    def x(self, share: float) -> float:
        """Where a share lies, from the left."""
        start = -1.0 if self.difference else 0.0
        return EDGE + (WIDTH - 2 * EDGE) * (min(max(share, start), 1.0) - start) / (1.0 - start)


def row_svg(bar: Bar) -> str:
    """One row's picture for the page, in the page's colours; its numbers stand beside it as text."""
    return (
        f'<svg class="forest" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        f"{''.join(_marks(bar, THEMED))}</svg>"
    )


def forest_svg(rows: Iterable[tuple[str, str, Bar, str]], finding: str, label: str, levels: tuple[float, float]) -> str:
    """The whole plot as a file.

    Args:
        rows: for each its group, its statement, its picture and how the two figures compare.
        finding: the title.
        label: a description for those who cannot see it.
        levels: those of the thesis's intervals and of the measured ones, in percent.
    """
    ink, muted, left, y = LIGHT["ink"], LIGHT["muted"], LEFT, 62
    parts, group = [_text(20, 26, finding, ink, 'font-size="15" font-weight="600"')], ""
    for of, words, bar, word in rows:
        if of != group:
            group, y = of, y + 30
            parts.append(_text(20, y - 6, of, ink, 'font-weight="600"'))
        parts.append(_text(left - 14, y + 18, words, ink, 'text-anchor="end"'))
        parts.append(f'<g transform="translate({left} {y})">{"".join(_marks(bar, LIGHT))}</g>')
        parts.append(_text(left + WIDTH + 14, y + 18, word, ink))
        y += 32
    parts.append(_text(20, 50, f"◇ in the thesis, with the {levels[0]:g} % interval of its few runs", LIGHT["thesis"]))
    parts.append(_text(400, 50, f"● measured, with its interval (all hold at once, {levels[1]:g} %)", LIGHT["late"]))
    scale = "differences from −100 to 100 points (of dead neurons: all fewer to all more), shares from 0 to 100 %; dashed: where the answer changes"
    parts.append(_text(20, y + 24, scale, muted))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + 400} {y + 40}" width="{LEFT + 400}" height="{y + 40}" '
        f'font-family="system-ui, sans-serif" font-size="12.5" role="img" aria-label="{escape(label)}">\n'
        f'<title>{escape(label)}</title><rect width="100%" height="100%" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, colour: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" {more}>{escape(text)}</text>'


def _marks(bar: Bar, colours: Mapping[str, str]) -> Iterator[str]:
    x, thesis, late = bar.x, colours["thesis"], colours["late"]
    yield f'<path d="M{EDGE} {HEIGHT / 2:g}H{WIDTH - EDGE}" stroke="{colours["line"]}"/>'
    yield f'<path d="M{x(bar.line):.1f} 0V{HEIGHT}" stroke="{colours["muted"]}" stroke-dasharray="3 2"/>'
    if bar.published is not None:
        low, point, high = bar.published
        yield f'<path d="M{x(low):.1f} 8H{x(high):.1f}M{x(low):.1f} 5v6M{x(high):.1f} 5v6" stroke="{thesis}" stroke-width="1.5" fill="none"/>'
        yield f'<path d="M{x(point) - 5:.1f} 8l5-5 5 5-5 5z" fill="{colours["bg"]}" stroke="{thesis}" stroke-width="1.5"/>'
    low, point, high = bar.measured
    yield f'<path d="M{x(low):.1f} 20H{max(x(high), x(low) + 0.8):.1f}" stroke="{late}" stroke-width="4" opacity=".5"/>'
    yield f'<circle cx="{x(point):.1f}" cy="20" r="4" fill="{late}"/>'

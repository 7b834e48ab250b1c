"""The figure of the calibration: `docs/calibration.svg`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lrn.intervals import rate_interval

__all__ = ["draw"]

WIDTH, PANEL, TOP, STEP = 1120, 560, 72, 24
LEFT, RIGHT = 290, 536  # where a panel's axis begins and ends
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SEQUENCES = {
    "lrn, four looks a doubling": ("lrn, four looks a doubling", BLUE),
    "beta-binomial mixture, every 64": ("beta-binomial mixture", ORANGE),
    "hedged betting, every 64": ("hedged betting", GREEN),
    "stitched empirical Bernstein, every 64": ("stitched empirical Bernstein", PURPLE),
}
MOST_WRONG, RATIOS = 0.5, (0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
ALT = (
    "Left: in simulated suites of claims whose truth is known, wrong verdicts are no more frequent than allowed. "
    "Right: how many seeds confidence sequences that look every 64 seeds take, as multiples of what lrn takes."
)


def draw(results: dict[str, Any]) -> str:
    """The SVG; the same results give the same text."""
    suites, seeds = results["suites"], results["seeds"]
    height = TOP + STEP * max(len(suites), len(seeds)) + 70
    panels = [*_errors(suites, height), f'<g transform="translate({PANEL} 0)">', *_seeds(seeds, height), "</g>"]
    body = "\n".join(panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="{ALT}">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n{body}\n</svg>\n'
    )


def _errors(suites: list[dict[str, Any]], height: int) -> Iterator[str]:
    """Shares of wrong suites, their 99.9 % intervals, what is allowed and, where known, the exact probability."""

    def x(share: float) -> float:
        return LEFT + (RIGHT - LEFT) * share / MOST_WRONG

    yield from _title("Suites with a wrong verdict", "out of those simulated, on claims whose truth is known")
    yield from _axis(len(suites), [(x(t / 10), f"{10 * t} %") for t in range(6)])
    for i, suite in enumerate(suites):
        y = TOP + STEP * (i + 0.5)
        low, high = rate_interval(suite["wrong"], suite["suites"], 0.001)
        ends, bound = (x(low), min(x(high), RIGHT)), x(suite["bound"])
        yield _label(y, f"{suite['name']}, α = {suite['alpha']:g}")
        yield f'<path d="M{bound:.1f} {y - 9:.1f}v18" stroke="{ORANGE}" stroke-width="3"/>'
        yield f'<path d="M{ends[0]:.1f} {y:.1f}H{ends[1]:.1f}" stroke="{BLUE}" stroke-width="2"/>'
        yield f'<circle cx="{x(suite["wrong"] / suite["suites"]):.1f}" cy="{y:.1f}" r="4" fill="{BLUE}"/>'
        if "exact" in suite:
            yield f'<path d="M{x(suite["exact"]) - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10" stroke="#111" fill="none"/>'
    y = height - 20
    yield f'<circle cx="20" cy="{y - 4}" r="4" fill="{BLUE}"/><text x="30" y="{y}" fill="#444">measured, 99.9 %</text>'
    yield f'<path d="M160 {y - 12}v16" stroke="{ORANGE}" stroke-width="3"/>'
    yield f'<text x="168" y="{y}" fill="#444">allowed</text>'
    yield f'<text x="240" y="{y}" fill="#444">× exact probability, where it can be computed</text>'


def _seeds(rows: list[dict[str, Any]], height: int) -> Iterator[str]:
    """For each claim the seeds that each way takes, as multiples of lrn's."""

    def x(ratio: float) -> float:
        first, last = math.log(RATIOS[0]), math.log(RATIOS[-1])
        return LEFT + (RIGHT - LEFT) * (math.log(ratio) - first) / (last - first)

    yield from _title("Seeds until a claim is decided", "as a multiple of what lrn takes at its looks")
    yield from _axis(len(rows), [(x(ratio), f"{ratio:g}") for ratio in RATIOS])
    for i, row in enumerate(rows):
        y = TOP + STEP * (i + 0.5)
        yield _label(y, _shortened(row["name"]))
        for name, (_, colour) in SEQUENCES.items():
            if name in row["seeds"]:
                ratio = row["seeds"][name] / row["seeds"]["lrn"]
                yield f'<circle cx="{x(ratio):.1f}" cy="{y:.1f}" r="4.5" fill="{colour}" fill-opacity="0.85"/>'
    for i, (name, colour) in enumerate(SEQUENCES.values()):
        x0, y = 20 + 240 * (i % 2), height - 34 + 18 * (i // 2)
        yield f'<circle cx="{x0}" cy="{y - 4}" r="4.5" fill="{colour}"/>'
        yield f'<text x="{x0 + 10}" y="{y}" fill="#444">{name}</text>'


def _shortened(name: str) -> str:
    return name.replace(" in [0.375, 0.625]", "").replace(", nine in ten are 0,", "")


def _title(title: str, label: str) -> Iterator[str]:
    yield f'<text x="12" y="26" font-size="16" font-weight="600" fill="#111">{title}</text>'
    yield f'<text x="12" y="46" fill="#444">{label}</text>'


def _axis(rows: int, ticks: list[tuple[float, str]]) -> Iterator[str]:
    bottom = TOP + STEP * rows
    for x, text in ticks:
        yield f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle" fill="#444">{text}</text>'


def _label(y: float, text: str) -> str:
    return f'<text x="{LEFT - 12}" y="{y + 4:.1f}" text-anchor="end" fill="#222">{text}</text>'

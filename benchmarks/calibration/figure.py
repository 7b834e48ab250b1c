"""The figure of the calibration: `docs/calibration.svg`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scipy import stats

__all__ = ["draw"]

_WIDTH, _TOP, _STEP = 980, 72, 24
_LEFT, _RIGHT = 430, 950
_BLUE, _ORANGE = "#0072B2", "#D55E00"
_MOST = 0.6
_ALT = "In simulated suites of claims whose truth is known, wrong verdicts are no more frequent than allowed."


def draw(results: Sequence[dict[str, Any]]) -> str:
    """The SVG; the same results give the same text."""
    height = _TOP + _STEP * len(results) + 70
    body = "\n".join(_marks(results, height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="{_ALT}">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>\n{body}\n</svg>\n'
    )


def _marks(results: Sequence[dict[str, Any]], height: int) -> Iterator[str]:
    """Shares of wrong suites, their 99.9 % intervals, the allowed share and, where known, the exact probability."""
    yield '<text x="12" y="26" font-size="16" font-weight="600" fill="#111">Suites with a wrong verdict</text>'
    yield '<text x="12" y="46" fill="#444">out of those simulated, on claims whose truth is known</text>'
    bottom = _TOP + _STEP * len(results)
    for tick in range(7):
        yield f'<path d="M{_x(tick / 10):.1f} {_TOP}V{bottom}" stroke="#ddd"/>'
        yield f'<text x="{_x(tick / 10):.1f}" y="{bottom + 16}" text-anchor="middle" fill="#444">{10 * tick} %</text>'
    for i, suite in enumerate(results):
        yield from _row(suite, _TOP + _STEP * (i + 0.5))
    y = height - 20
    yield f'<circle cx="20" cy="{y - 4}" r="4" fill="{_BLUE}"/><text x="30" y="{y}" fill="#444">measured, 99.9 %</text>'
    yield f'<path d="M160 {y - 12}v16" stroke="{_ORANGE}" stroke-width="3"/>'
    yield f'<text x="168" y="{y}" fill="#444">allowed</text>'
    yield f'<text x="240" y="{y}" fill="#444">× exact probability, where it can be computed</text>'


def _row(suite: dict[str, Any], y: float) -> Iterator[str]:
    interval = stats.binomtest(suite["wrong"], suite["suites"]).proportion_ci(0.999)
    low, high, bound = _x(interval.low), _x(min(interval.high, _MOST)), _x(suite["alpha"])
    name = f"{suite['name']}, α = {suite['alpha']:g}"
    yield f'<text x="{_LEFT - 12}" y="{y + 4:.1f}" text-anchor="end" fill="#222">{name}</text>'
    yield f'<path d="M{bound:.1f} {y - 9:.1f}v18" stroke="{_ORANGE}" stroke-width="3"/>'
    yield f'<path d="M{low:.1f} {y:.1f}H{high:.1f}" stroke="{_BLUE}" stroke-width="2"/>'
    yield f'<circle cx="{_x(suite["wrong"] / suite["suites"]):.1f}" cy="{y:.1f}" r="4" fill="{_BLUE}"/>'
    if "exact" in suite:
        yield f'<path d="M{_x(suite["exact"]) - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10" stroke="#111" fill="none"/>'


def _x(share: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * share / _MOST

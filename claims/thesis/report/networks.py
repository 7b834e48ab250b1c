"""Drawings of networks: their layers, their connections, and which neurons are dead (Figures 4.2 and 4.21)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from lrn.report.figures import LIGHT, THEMED

__all__ = ["network_svg", "networks_svg"]

WIDTH, EDGE, GAP, RADIUS = 680, 22, 40, 9
_WIDEST_STEP = 64
"""Between layers, at most: a shallow network is narrower than a deep one."""
_Point = tuple[float, float]


def network_svg(dead: NDArray[np.bool_], late: bool, label: str) -> str:
    """A network from its input on the left to its output on the right, in the page's colours.

    A dead neuron is crossed out. Nothing is drawn out of a dead neuron, and so no late connection out of a dead layer.

    Args:
        dead: dead neurons, shape (D, W).
        late: whether every layer is also wired to the output.
        label: the drawing in words, for those who cannot see it.
    """
    across, down = _size(dead, late)
    return (
        f'<svg class="net" role="img" aria-label="{escape(label)}" viewBox="0 0 {across:g} {down:g}" '
        f'width="{across:g}" height="{down:g}" fill="none">{"".join(_parts(dead, late, THEMED))}</svg>'
    )


def networks_svg(drawn: Sequence[tuple[NDArray[np.bool_], bool, str]], label: str) -> str:
    """Networks below each other, each under its text, as a file.

    Args:
        drawn: of each, what `network_svg` draws.
        label: the drawing in words, for those who cannot see it.
    """
    panels, y = [], 0.0
    for dead, late, text in drawn:
        parts = "".join(_parts(dead, late, LIGHT))
        panels.append(
            f'<g transform="translate(10 {y + 22:g})"><text fill="{LIGHT["ink"]}">{escape(text)}</text>'
            f'<g transform="translate(0 8)" fill="none">{parts}</g></g>'
        )
        y += _size(dead, late)[1] + 36
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 20} {y:g}" width="{WIDTH + 20}" '
        f'height="{y:g}" font-family="system-ui, sans-serif" font-size="13" role="img" '
        f'aria-label="{escape(label)}">\n<title>{escape(label)}</title>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(panels) + "\n</svg>\n"
    )


def _step(depth: int) -> float:
    return min(_WIDEST_STEP, round((WIDTH - 2 * EDGE) / (depth + 1), 1))


def _arch(dead: NDArray[np.bool_], late: bool) -> float:
    """How far late connections reach above and below the middle."""
    depth, width = dead.shape
    return GAP * (width - 1) / 2 + (22 + 3.4 * depth if late else 0)


def _size(dead: NDArray[np.bool_], late: bool) -> tuple[float, float]:
    depth = len(dead)
    return 2 * EDGE + _step(depth) * (depth + 1), 2 * (_arch(dead, late) + RADIUS + 4)


def _points(dead: NDArray[np.bool_], late: bool) -> list[list[_Point]]:
    """The neurons of each layer, the input and the output among them."""
    (depth, width), middle = dead.shape, _size(dead, late)[1] / 2
    step = _step(depth)
    rows = [middle + GAP * (neuron - (width - 1) / 2) for neuron in range(width)]
    layers = [[(EDGE, middle)]]
    for layer in range(1, depth + 1):
        layers.append(list(product([EDGE + step * layer], rows)))
    return [*layers, [(EDGE + step * (depth + 1), middle)]]


def _parts(dead: NDArray[np.bool_], late: bool, colours: Mapping[str, str]) -> Iterator[str]:
    points = _points(dead, late)
    yield f'<g stroke="{colours["muted"]}" stroke-width="1" opacity=".7">{"".join(_wires(points, dead))}</g>'
    if late:
        arcs = "".join(_arcs(points, dead))
        yield f'<g stroke="{colours["late"]}" stroke-width="1.3" opacity=".75">{arcs}</g>'
    colour = colours["late" if late else "plain"]
    for neurons, crossed in zip(points[1:-1], dead, strict=True):
        for (x, y), is_dead in zip(neurons, crossed, strict=True):
            fill, stroke = (colours["bg"], colours["thesis"]) if is_dead else (colour, colour)
            yield f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}" fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>'
            if is_dead:
                cross = f"M{x - 6:g} {y - 6:g}l12 12m0-12l-12 12"
                yield f'<path class="net-cross" d="{cross}" stroke="{stroke}" stroke-width="2.2"/>'
    for x, y in (points[0][0], points[-1][0]):
        yield f'<rect x="{x - 7:g}" y="{y - 7:g}" width="14" height="14" rx="2" fill="{colours["ink"]}"/>'


def _wires(points: Sequence[Sequence[_Point]], dead: NDArray[np.bool_]) -> Iterator[str]:
    """Between neighbouring layers."""
    for layer, (before, after) in enumerate(pairwise(points)):
        for (neuron, (x0, y0)), (x1, y1) in product(enumerate(before), after):
            if layer == 0 or not dead[layer - 1, neuron]:
                yield f'<path d="M{x0:g} {y0:g}L{x1:g} {y1:g}"/>'


def _arcs(points: Sequence[Sequence[_Point]], dead: NDArray[np.bool_]) -> Iterator[str]:
    """Late connections of all layers but the last, which is wired to the output anyway."""
    end_x, middle = points[-1][0]
    most = _arch(dead, True) * 4 / 3
    for layer, neuron in product(range(len(dead) - 1), range(dead.shape[1])):
        if not dead[layer, neuron]:
            x, y = points[layer + 1][neuron]
            # Around the layers between: above them from an upper neuron, below from a lower one.
            far = middle + (-1 if y <= middle else 1) * most * (0.5 + 0.5 * (1 - x / end_x))
            yield f'<path class="net-late" d="M{x:g} {y:g}C{x + 24:g} {far:.4g} {end_x - 24:g} {far:.4g} {end_x:g} {middle:g}"/>'

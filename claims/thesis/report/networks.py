"""Drawings of networks: their layers, their connections, and which neurons are dead (Figures 4.2 and 4.21)."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

__all__ = ["network_svg"]

STEP, GAP, RADIUS, EDGE = 30, 30, 7, 26


def network_svg(dead: NDArray[np.bool_], late: bool, label: str) -> str:
    """A network from its input on the left to its output on the right.

    A dead neuron is crossed out. Nothing is drawn out of a dead neuron, and so no late connection out of a dead layer.

    Args:
        dead: dead neurons, shape (D, W).
        late: whether every layer is also wired to the output.
        label: what is drawn, for those who cannot see it.
    """
    depth, width = dead.shape
    arc = (18 + 3.2 * depth) if late else 0
    across, down = 2 * EDGE + STEP * (depth + 1), max(2 * arc, GAP * (width - 1) + 2 * RADIUS) + 8
    middle = down / 2
    x = [EDGE + STEP * (layer + 1) for layer in range(depth)]
    y = [middle + GAP * (neuron - (width - 1) / 2) for neuron in range(width)]
    first, last = (EDGE, middle), (EDGE + STEP * (depth + 1), middle)
    lines = [_line(first, (x[0], b)) for b in y]
    for layer in range(depth - 1):
        lines += [
            _line((x[layer], y[a]), (x[layer + 1], y[b]))
            for a in range(width)
            for b in range(width)
            if not dead[layer, a]
        ]
    if late:
        lines += [
            _arc((x[layer], y[a]), last, middle, arc)
            for layer in range(depth - 1)
            for a in range(width)
            if not dead[layer, a]
        ]
    lines += [_line((x[-1], y[a]), last) for a in range(width) if not dead[-1, a]]
    neurons = [_neuron(x[layer], y[a], bool(dead[layer, a])) for layer in range(depth) for a in range(width)]
    ends = [
        f'<rect class="net-end" x="{a - 6:g}" y="{b - 6:g}" width="12" height="12" rx="2"/>' for a, b in (first, last)
    ]
    return (
        f'<svg class="net{" net-plain" * (not late)}" role="img" aria-label="{escape(label)}" viewBox="0 0 {across:g} {down:g}" width="{across:g}" '
        f'height="{down:g}"><g class="net-lines">{"".join(lines)}</g>{"".join(ends)}{"".join(neurons)}</svg>'
    )


def _line(a: tuple[float, float], b: tuple[float, float]) -> str:
    return f'<path d="M{a[0]:g} {a[1]:g}L{b[0]:g} {b[1]:g}"/>'


def _arc(a: tuple[float, float], b: tuple[float, float], middle: float, height: float) -> str:
    """Around the layers between: above them from an upper neuron, below from a lower one."""
    side = -1 if a[1] <= middle else 1
    far = middle + side * height * min(1.0, 0.45 + (b[0] - a[0]) / 600) * 4 / 3
    return f'<path class="net-late" d="M{a[0]:g} {a[1]:g}C{a[0] + 18:g} {far:.4g} {b[0] - 18:g} {far:.4g} {b[0]:g} {b[1]:g}"/>'


def _neuron(x: float, y: float, dead: bool) -> str:
    circle = f'<circle class="{"net-dead" if dead else "net-live"}" cx="{x:g}" cy="{y:g}" r="{RADIUS}"/>'
    return circle + (f'<path class="net-cross" d="M{x - 6:g} {y - 6:g}l12 12m0-12l-12 12"/>' if dead else "")

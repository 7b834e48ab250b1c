"""One step of a network that goes around its dead layers: the network on the left, its answers on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise, product
from textwrap import wrap

from lrn.report.figures import LIGHT, THEMED

__all__ = ["Step", "step_svg", "steps_svg"]

WIDTH, HEIGHT = 460, 132
_BUS = 22
"""The height of the line that collects the late connections."""
_ROWS = (66, 98)
_LEFT, _PITCH, _RADIUS = 16, 23, 7
_PLOT = (330, 450, 20, 112)
"""Left, right, top and bottom of the answers."""
_LOWEST, _HIGHEST = -0.1, 1.5
_COLUMN, _ROW = 500, 270


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        title: its finding, in a few words.
        text: the same in two or three sentences.
        dead: dead neurons, shape (D, W).
        late: whether layers are wired to the output.
        layers: the layers that the answers come from; of a plain network, those that the input reaches.
        inputs: shape (N,), ascending.
        answers: shape (N,).
    """

    title: str
    text: str
    dead: Sequence[Sequence[bool]]
    late: bool
    layers: int
    inputs: Sequence[float]
    answers: Sequence[float]


def step_svg(step: Step) -> str:
    """The picture for the page, in the page's colours."""
    return (
        f'<svg class="step" role="img" aria-label="{escape(step.title)}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-size="11" fill="none">{"".join(_parts(step, THEMED))}</svg>'
    )


def steps_svg(steps: Sequence[Step], label: str) -> str:
    """All steps with their titles and texts, as a file."""
    rows = -(-len(steps) // 2)
    width, height = 2 * _COLUMN, _ROW * rows + 10
    panels = []
    for number, step in enumerate(steps, 1):
        x, y = 20 + _COLUMN * ((number - 1) % 2), 28 + _ROW * ((number - 1) // 2)
        title = f'<text y="0" font-weight="600" fill="{LIGHT["ink"]}">{number}. {escape(step.title)}</text>'
        text = ""
        for n, line in enumerate(wrap(step.text, 74)):
            text += f'<text y="{168 + 17 * n}" fill="{LIGHT["muted"]}">{escape(line)}</text>'
        picture = f'<g transform="translate(0 12)" fill="none" font-size="11">{"".join(_parts(step, LIGHT))}</g>'
        panels.append(f'<g transform="translate({x} {y})">{title}{picture}{text}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12.5" role="img" aria-label="{escape(label)}">\n'
        f'<title>{escape(label)}</title><rect width="100%" height="100%" fill="#ffffff"/>\n'
        + "\n".join(panels)
        + "\n</svg>\n"
    )


def _x(layer: int) -> float:
    """The centre of a layer; 0 is the input and depth + 1 the output."""
    return _LEFT + _PITCH * layer


def _parts(step: Step, colours: dict[str, str]) -> Iterator[str]:
    yield from _wires(step, colours)
    if step.late:
        yield from _late_wires(step, colours)
    yield from _neurons(step, colours)
    yield from _answers(step, colours)


def _points(step: Step) -> list[list[tuple[float, float]]]:
    """The neurons of each layer, the input and the output among them."""
    middle, depth = sum(_ROWS) / 2, len(step.dead)
    layers = [[(_x(0), middle)]]
    for layer in range(1, depth + 1):
        layers.append(list(product([_x(layer)], _ROWS)))
    return [*layers, [(_x(depth + 1), middle)]]


def _wires(step: Step, colours: dict[str, str]) -> Iterator[str]:
    """Between neighbouring layers; those that the answers come through are strong."""
    for layer, (before, after) in enumerate(pairwise(_points(step))):
        strong = layer < step.layers
        stroke = f'stroke="{colours["muted" if strong else "line"]}" stroke-width="{1.3 if strong else 1}"'
        for neuron, (x0, y0) in enumerate(before):
            silent = layer > 0 and step.dead[layer - 1][neuron]
            for x1, y1 in after:
                if not silent:
                    yield f'<path d="M{x0} {y0}L{x1} {y1}" {stroke}/>'


def _late_wires(step: Step, colours: dict[str, str]) -> Iterator[str]:
    """A line from every living neuron up to the line above, which ends at the output."""
    points = _points(step)
    for layer, neuron in product(range(1, len(step.dead) + 1), range(len(_ROWS))):
        if not step.dead[layer - 1][neuron]:
            (x, y), strong = points[layer][neuron], layer <= step.layers
            stroke = f'stroke="{colours["late" if strong else "line"]}" stroke-width="{1.8 if strong else 1}"'
            yield f'<path d="M{x} {y}L{x + 11} {_BUS}" {stroke}/>'
    (x, y) = points[-1][0]
    yield f'<path d="M{_x(1) + 11} {_BUS}H{x}V{y}" stroke="{colours["late"]}" stroke-width="1.8"/>'


def _neurons(step: Step, colours: dict[str, str]) -> Iterator[str]:
    first, *hidden, last = _points(step)
    for layer, (neurons, dead) in enumerate(zip(hidden, step.dead, strict=True), 1):
        colour = colours[("late" if step.late else "plain") if layer <= step.layers else "line"]
        for (x, y), is_dead in zip(neurons, dead, strict=True):
            fill, stroke = (colours["bg"], colours["thesis"]) if is_dead else (colour, colour)
            yield f'<circle cx="{x}" cy="{y}" r="{_RADIUS}" fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>'
            if is_dead:
                yield f'<path d="M{x - 4} {y - 4}l8 8m0-8l-8 8" stroke="{stroke}" stroke-width="1.5"/>'
        yield f'<text x="{neurons[0][0]}" y="{HEIGHT - 10}" text-anchor="middle" fill="{colours["muted"]}">{layer}</text>'
    for x, y in (first[0], last[0]):
        yield f'<rect x="{x - 6}" y="{y - 6}" width="12" height="12" rx="2" fill="{colours["ink"]}"/>'


def _answers(step: Step, colours: dict[str, str]) -> Iterator[str]:
    """The answers as a line, and the targets as rings."""
    left, right, top, bottom = _PLOT
    yield f'<path d="M{left} {top}V{bottom}H{right}" stroke="{colours["line"]}"/>'
    points = []
    for value, answer in zip(step.inputs, step.answers, strict=True):
        x = left + (right - left) * (value + 1) / 2
        yield f'<circle cx="{x:.1f}" cy="{_height(abs(value)):.1f}" r="2.6" stroke="{colours["target"]}" stroke-width="1.3"/>'
        points.append(f"{x:.1f} {_height(answer):.1f}")
    yield f'<path d="M{"L".join(points)}" stroke="{colours["late" if step.late else "plain"]}" stroke-width="2"/>'
    for x, text in ((left, "−1"), (right, "1")):
        yield f'<text x="{x}" y="{HEIGHT - 6}" text-anchor="middle" fill="{colours["muted"]}">{text}</text>'


def _height(value: float) -> float:
    _, _, top, bottom = _PLOT
    return bottom - (bottom - top) * (min(max(value, _LOWEST), _HIGHEST) - _LOWEST) / (_HIGHEST - _LOWEST)

"""Draws network.svg, the README's picture of a late network with its dead neurons: `python docs/network.py`.

The network is trained for it, on this machine; a seed names the same network everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

from lrn.engines.training import train
from lrn.experiment import Experiment
from lrn.experiment.runs import Runs
from lrn.files import replace_file

EXPERIMENT, SEED = Experiment(depth=10, connection="late"), 19
ALIVE, DEAD, WIRE = "#0072B2", "#D55E00", "#9AA0A6"  # colours that the colour-blind can tell apart
WIDTH, HEIGHT = 900, 250
BUS = 50  # the height of the line that collects the late connections


def picture(runs: Runs) -> str:
    """The SVG of the one network in `runs`.

    Raises:
        ValueError: there is not exactly one, or it is not a late one.
    """
    if len(runs) != 1 or runs.experiment.connection != "late":
        raise ValueError(f"the picture shows one late network; got {len(runs)} of {runs.experiment.label}")
    converged = "converged" if runs.converged[0] else "did not converge"
    layers = f"{runs.dead_layers[0]} of its {runs.experiment.depth} hidden layers"
    alt = f"A late network of depth {runs.experiment.depth} that {converged} although {layers} are dead."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="{alt}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
        + "\n".join([*_wires(runs), *_late_connections(runs), *_neurons(runs), *_texts(runs)])
        + "\n</svg>\n"
    )


def _x(layer: int) -> float:
    """The centre of a layer; 0 is the input and depth + 1 the output."""
    return 50 + layer * (WIDTH - 100) / (EXPERIMENT.depth + 1)


def _y(neuron: float) -> float:
    return 110 + 70 * neuron


def _points(experiment: Experiment) -> list[list[tuple[float, float]]]:
    """The neurons of each layer, the input and the output among them."""
    middle, heights = _y((experiment.width - 1) / 2), list(map(_y, range(experiment.width)))
    layers = [[(_x(0), middle)]]
    for layer in range(1, experiment.depth + 1):
        layers.append(list(product([_x(layer)], heights)))
    return [*layers, [(_x(experiment.depth + 1), middle)]]


def _wires(runs: Runs) -> Iterator[str]:
    for before, after in pairwise(_points(runs.experiment)):
        for (x0, y0), (x1, y1) in product(before, after):
            yield f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="{WIRE}" stroke-width="0.8"/>'


def _late_connections(runs: Runs) -> Iterator[str]:
    """A line from every living neuron to the line above, which ends at the output."""
    hidden = _points(runs.experiment)[1:-1]
    for layer, dead in zip(hidden, runs.dead[0], strict=True):
        for (x, y), is_dead in zip(layer, dead, strict=True):
            if not is_dead:
                yield f'<path d="M{x:.1f} {y:.1f}L{x + 24:.1f} {BUS}" stroke="{ALIVE}" stroke-width="1.3"/>'
    right, middle = _points(runs.experiment)[-1][0]
    bus = f"M{_x(1) + 24:.1f} {BUS}H{right:.1f}V{middle:.1f}"
    yield f'<path d="{bus}" fill="none" stroke="{ALIVE}" stroke-width="2.4"/>'


def _neurons(runs: Runs) -> Iterator[str]:
    first, *hidden, last = _points(runs.experiment)
    for layer, dead in zip(hidden, runs.dead[0], strict=True):
        for (x, y), is_dead in zip(layer, dead, strict=True):
            style = f'fill="white" stroke="{DEAD if is_dead else ALIVE}" stroke-width="2"'
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="11" {style}/>'
            if is_dead:
                yield f'<path d="M{x - 8:.1f} {y - 8:.1f}l16 16m0 -16l-16 16" stroke="{DEAD}" stroke-width="2"/>'
    for (x, y), name in ((first[0], "input"), (last[0], "output")):
        square = f'x="{x - 10:.1f}" y="{y - 10:.1f}" width="20" height="20"'
        yield f'<rect {square} fill="white" stroke="#111" stroke-width="2"/>'
        yield f'<text x="{x:.1f}" y="{y + 28:.1f}" text-anchor="middle" fill="#444">{name}</text>'


def _texts(runs: Runs) -> Iterator[str]:
    neurons, layers = int(runs.dead_neurons[0]), int(runs.dead_layers[0])
    dead = f"{neurons} of {runs.experiment.neurons} neurons and {layers} of {runs.experiment.depth} layers are dead"
    title = f"{dead}, and it learned |x| (RMSE {runs.rmse[0]:.1g})"
    yield f'<text x="{_x(1) - 11:.1f}" y="28" font-size="16" font-weight="600" fill="#111">{title}</text>'
    legend = "○ alive, with its late connection to the output; × dead: zero on all 20 inputs after training"
    yield f'<text x="{_x(1) - 11:.1f}" y="{HEIGHT - 14}" fill="#444">{legend}</text>'


if __name__ == "__main__":
    replace_file(Path(__file__).parent / "network.svg", picture(train(EXPERIMENT, [SEED])))

"""A late network going around its dead layers, step by step: one real seed, beside the plain network of that seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from claims.thesis.going_around import Pair, dead_layers, recorded
from claims.thesis.report.context import Context
from claims.thesis.report.going_around_picture import Step, step_svg, steps_svg
from lrn.report import Section
from lrn.verdicts import Outcome
from lrn.verdicts.text import markdown_text

__all__ = ["going_around", "steps"]


def steps(pair: Pair) -> list[Step]:
    """Four steps: the plain network, the late one with its first layer, with those before the first dead one, with all."""
    first = pair.dead_layers[0]
    before, depth = first - 1, len(pair.late_dead)
    cut = dead_layers(pair.plain_dead)[0]
    constant = float(np.mean(pair.plain_answers))
    worst = float(np.max(np.abs(np.array(pair.late_answers[-1]) - np.abs(pair.inputs))))
    return [
        Step(
            "A plain network has one road, and a dead layer cuts it",
            f"Each layer hears only the layer before it. Layer {cut} is dead: it gives zero, whatever comes in. So "
            f"the network answers {constant:.2f} to every input, where it should answer the input’s absolute value.",
            pair.plain_dead, False, cut, pair.inputs, pair.plain_answers,
        ),
        Step(
            "A late network gives every layer a road of its own to the output",
            f"It began with the same hidden weights, and layer {first} died in it, too. But the output hears layer 1 "
            "directly. With layer 1 alone the answer already depends on the input.",
            pair.late_dead, True, 1, pair.inputs, pair.late_answers[1],
        ),
        Step(
            "The layers before the dead one find the shape",
            f"With layers 1 to {before} the answer bends where it should. It is only too high.",
            pair.late_dead, True, before, pair.inputs, pair.late_answers[before],
        ),
        Step(
            "The rest only shifts the output",
            f"Layers {_listed(pair.dead_layers)} are dead and add nothing. Layers {_listed(pair.constant_layers)} are "
            "alive but no longer hear the input: each adds the same number to every answer. Together they move the "
            f"answer into place. It is now within {_above(worst)} of every target.",
            pair.late_dead, True, depth, pair.inputs, pair.late_answers[-1],
        ),
    ]  # fmt: skip


def _listed(layers: Sequence[int]) -> str:
    return ", ".join(map(str, layers[:-1])) + f" and {layers[-1]}" if len(layers) > 1 else str(layers[0])


def _above(x: float) -> str:
    """The next power of ten above an error, as a decimal; 0.001 at least, as answers have four digits."""
    return next(f"{bound:g}" for bound in (0.001, 0.01, 0.1, 1.0) if x < bound)


def going_around(context: Context) -> Section | None:
    """The steps; None unless the claims that they illustrate, on dead layers in late and in plain networks, hold."""
    if not context.ended("B3") is context.ended("B4") is Outcome.SUPPORTED:
        return None
    pair = recorded()
    shown = steps(pair)
    html = context.render("going_around.html.j2", seed=pair.seed, steps=[(step, step_svg(step)) for step in shown])
    label = "A late network goes around its dead layers, in four steps"
    lines = [f"![{label}](figures/going-around.svg)", ""]
    for number, step in enumerate(shown, 1):
        lines.append(f"{number}. *{markdown_text(step.title)}.* {markdown_text(step.text)}")
    files = {"going-around.svg": steps_svg(shown, label)}
    return Section("How a late network goes around dead layers", html, "\n".join(lines), files, True, "In steps")

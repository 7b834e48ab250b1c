"""One seed's plain and late network with dead layers, recorded for the report, which trains nothing.

python -m claims.thesis.going_around        trains them and records them again
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lrn import Experiment
from lrn.data import absolute_value
from lrn.files import replace_file

__all__ = ["RECORD", "Pair", "dead_layers", "recorded", "trained"]

RECORD = Path(__file__).with_name("going_around.json")
DEPTH, SEED = 10, 19
_CONSTANT = 1e-3
"""A layer whose part of the answer varies by less, over all inputs, only shifts the answer."""


@dataclass(frozen=True)
class Pair:
    """The plain and the late network of one seed, after training; answers in original units.

    Attributes:
        seed: the seed.
        inputs: the inputs, shape (N,), in ascending order; their targets are their absolute values.
        plain_dead: dead neurons of the plain network, shape (D, W).
        plain_answers: its answers, shape (N,).
        late_dead: dead neurons of the late network, shape (D, W).
        late_answers: the late network's answers as its layers are added up, shape (D + 1, N): row d has the output's
            bias and the first d layers.
    """

    seed: int
    inputs: list[float]
    plain_dead: list[list[bool]]
    plain_answers: list[float]
    late_dead: list[list[bool]]
    late_answers: list[list[float]]

    @property
    def dead_layers(self) -> list[int]:
        """The late network's dead layers, counted from 1."""
        return dead_layers(self.late_dead)

    @property
    def constant_layers(self) -> list[int]:
        """Its layers that are alive but give the output the same number for every input, counted from 1."""
        parts = np.diff(self.late_answers, axis=0)
        still = 1 + np.flatnonzero(np.ptp(parts, axis=1) < _CONSTANT)
        return sorted(set(still.tolist()) - set(self.dead_layers))


def dead_layers(dead: list[list[bool]]) -> list[int]:
    """The layers, counted from 1, of which every neuron is dead; dead neurons have shape (D, W)."""
    return [layer for layer, neurons in enumerate(dead, 1) if all(neurons)]


def trained() -> Pair:
    """Trains both networks, on this machine; the same seed gives the same networks everywhere."""
    import torch

    from lrn import network, train

    plain = Experiment(depth=DEPTH, connection="plain")
    late = plain.replace(connection="late")
    data = absolute_value()
    order = np.argsort(data.x[:, 0])
    runs, other = train(late, [SEED]), train(plain, [SEED])
    model: Any = network(late, SEED)
    with torch.no_grad():
        layers = model.layer_outputs(torch.as_tensor(data.x_standardised, dtype=model.output.weight.dtype))
        weights = model.output.weight[0].split(late.width)
        parts = [model.output.bias.expand(data.samples), *(h @ w for h, w in zip(layers, weights, strict=True))]
    answers = data.target_mean + data.target_scale * torch.stack(parts).detach().double().cumsum(dim=0).numpy()
    return Pair(
        SEED,
        _rounded(data.x[order, 0]),
        other.dead[0].tolist(),
        _rounded(other.prediction[0].reshape(-1)[order]),
        runs.dead[0].tolist(),
        _rounded(answers[:, order]),
    )


def _rounded(values: Any) -> Any:
    return np.round(np.asarray(values, np.float64), 4).tolist()


def recorded() -> Pair:
    """The networks as they were recorded."""
    return Pair(**json.loads(RECORD.read_text(encoding="utf-8")))


if __name__ == "__main__":
    replace_file(RECORD, json.dumps(asdict(trained())) + "\n")

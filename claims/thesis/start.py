"""Networks before training: the gradient that reaches their first layer, and whether it goes with converging."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from claims.untrained import before_training
from claims.versions import code_and_arithmetic
from lrn import Experiment, network
from lrn.experiment import initial_parameters
from lrn.experiment.metrics import Metric
from lrn.experiment.runs import Runs

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Start:
    """The networks of an experiment at their initial weights, and the gradients that reach their hidden layers.

    Observes the norm of the gradient of the weights of the first layer ("first_layer_gradient") and of each layer
    ("gradient of layer 1", ...), and the share of hidden neurons whose weights have any gradient ("reached").
    """

    experiment: Experiment

    @property
    def label(self) -> str:
        return f"the start of {self.experiment.label}"

    @property
    def version(self) -> str:
        return code_and_arithmetic(Path(__file__))

    def sample(self, seeds: range) -> dict[str, NDArray[np.floating]]:
        neurons = neuron_gradients(self.experiment, np.array(seeds, np.uint64))
        layers = np.linalg.norm(neurons, axis=2)
        by_layer = {f"gradient of layer {d + 1}": layers[:, d] for d in range(layers.shape[1])}
        return {"first_layer_gradient": layers[:, 0], "reached": (neurons > 0).mean(axis=(1, 2))} | by_layer


def first_layer_gradients(experiment: Experiment, seeds: NDArray[np.uint64]) -> NDArray[np.floating]:
    """Norm of the gradient of the first layer's weights before training, shape (S,)."""
    return np.linalg.norm(neuron_gradients(experiment, seeds)[:, 0], axis=1)


def neuron_gradients(experiment: Experiment, seeds: NDArray[np.uint64]) -> NDArray[np.floating]:
    """Norm of the gradient of each hidden neuron's incoming weights before training, shape (S, D, W)."""
    return before_training(_norms, experiment, seeds)


def _norms(e: Experiment, seeds: NDArray[np.uint64]) -> NDArray[np.floating]:
    import torch  # takes a second, and values that the ledger has need none of it
    from torch.func import functional_call, grad, vmap

    net = network(e, 0, trained=False).double()
    x, t = torch.as_tensor(e.data.x_standardised), torch.as_tensor(e.data.t_standardised)
    flat, stacked, start = torch.as_tensor(initial_parameters(e, seeds)), {}, 0
    for name, p in net.named_parameters():
        stacked[name] = flat[:, start : start + p.numel()].reshape(-1, *p.shape)
        start += p.numel()

    def loss(parameters: dict[str, Tensor]) -> Tensor:
        return ((functional_call(net, parameters, (x,)) - t) ** 2).mean()

    gradients = vmap(grad(loss))(stacked)
    norms = [gradients[f"hidden.{d}.weight"].norm(dim=2) for d in range(e.depth)]
    return torch.stack(norms, dim=1).numpy()


def _one_of_two_converged(runs: Runs) -> NDArray[np.bool_]:
    return _first_of_two(runs) & (runs.converged != _partner(runs.converged))


def _larger_gradient_converged(runs: Runs) -> NDArray[np.bool_]:
    gradient = first_layer_gradients(runs.experiment, runs.seeds)
    return np.where(runs.converged, gradient > _partner(gradient), gradient < _partner(gradient))


def _first_of_two(runs: Runs) -> NDArray[np.bool_]:
    return np.arange(len(runs)) % 2 == 0


def _partner(values: NDArray[Any]) -> NDArray[Any]:
    return values.reshape(-1, 2)[:, ::-1].reshape(-1)


# Neighbouring seeds are two independent networks: each pair counts once, at its first seed.
ONE_OF_TWO_CONVERGED = Metric("one of two networks converged", _one_of_two_converged)
LARGER_GRADIENT_CONVERGED = Metric("the one with the larger gradient converged", _larger_gradient_converged)

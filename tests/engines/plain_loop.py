"""The protocol as anyone would write it down: one network, one plain torch loop. Every engine must agree with it.

It shares nothing with the engines but the modules of `lrn.nets`. `fault` plants a bug, to show that the comparison
would find it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn

from lrn import Experiment, network
from lrn.data import Data
from lrn.experiment.runs import Runs


@dataclass(frozen=True, kw_only=True)
class OtherData(Experiment):
    """An experiment on other data than the thesis's: any number of features, outputs and samples."""

    features: int = 1
    outputs: int = 1
    samples: int = 20

    @cached_property
    def data(self) -> Data:
        rng = np.random.default_rng(self.features + 10 * self.outputs + 100 * self.samples)
        x = rng.normal(1, 2, (self.samples, self.features))
        t = np.cos(x.sum(axis=1, keepdims=True)) + rng.uniform(-1, 2, (self.samples, self.outputs))
        return Data(x=x, t=t, target_factor=self.target_scale)


@dataclass
class Trained:
    """The loop's results for one network; the names are those of `Runs`."""

    rmse_initial: float
    rmse: float
    converged: bool
    converged_at: int
    dead: np.ndarray
    dead_neurons: int
    dead_layers: int
    prediction: np.ndarray
    trace: np.ndarray
    parameters: np.ndarray


def thesis_data() -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.from_numpy(np.random.RandomState(42).uniform(-1, 1, 20)).reshape(-1, 1)
    return x, x.abs()


def plain_loop(experiment: Experiment, seed: int = 0, *, net: nn.Module | None = None, fault: str = "") -> Trained:
    """Trains the network of `seed`, or `net`, by the protocol (docs/protocol.md)."""
    net = network(experiment, seed, trained=False) if net is None else copy.deepcopy(net)
    dtype = next(net.parameters()).dtype
    if isinstance(experiment, OtherData):
        x, t = torch.from_numpy(experiment.data.x), torch.from_numpy(experiment.data.t)
    else:
        x, t = thesis_data()
    if fault == "sorted data":
        x = x.sort(dim=0).values
        t = x.abs()
    unbiased = fault != "biased std"
    mean, scale = t.mean(), t.std(unbiased=unbiased)
    inputs = ((x - x.mean(dim=0)) / x.std(dim=0, unbiased=unbiased)).to(dtype)
    targets = ((t - mean) / scale).to(dtype)
    if experiment.target_scale is not None:
        mean, scale = torch.tensor(0.0), torch.tensor(1 / experiment.target_scale, dtype=torch.float64)
        inputs, targets = x.to(dtype), (t * experiment.target_scale).to(dtype)
    if fault == "raw targets":
        mean, scale, targets = torch.tensor(0.0), torch.tensor(1.0), t.to(dtype)

    forward = pre_activation_taps(net) if fault == "taps before the ReLU" else net
    optimizer = make_optimizer(experiment, net, fault)
    N = len(x)

    @torch.no_grad()
    def rmse() -> float:
        return float((forward(inputs) - targets).square().mean().sqrt() * scale)

    errors, trace = [rmse()], []
    for epoch in range(experiment.epochs):
        first = 1 if fault == "starts at the second" else 0
        rows = torch.arange(N) if experiment.style == "batch" else torch.tensor([(epoch + first) % N])
        rows = N - 1 - rows if fault == "backwards" else rows
        difference = forward(inputs[rows]) - targets[rows]
        loss = difference.square().sum() if fault == "summed loss" else difference.square().mean()
        optimizer.zero_grad()
        loss.backward()
        if fault == "output bias does not learn":
            net.output.bias.grad.zero_()
        optimizer.step()
        trace.append(float(difference.detach().square().mean().sqrt() * scale))
        errors.append(rmse())

    converged_at = converged_since(errors)
    if fault == "judged before the last step":
        errors.pop()
    with torch.no_grad():
        outputs = torch.stack(list(net.layer_outputs(inputs))).numpy()  # (D, N, W)
        prediction = (forward(inputs) * scale + mean).flatten().numpy()
    dead = silent(outputs, fault)
    dead_layers = dead.any(axis=1) if fault == "one dead neuron kills a layer" else dead.all(axis=1)
    return Trained(
        rmse_initial=errors[0],
        rmse=errors[-1],
        converged=errors[-1] <= 0.07,
        converged_at=converged_at,
        dead=dead,
        dead_neurons=int(dead.sum()),
        dead_layers=int(dead_layers.sum()),
        prediction=prediction,
        trace=np.array(trace),
        parameters=nn.utils.parameters_to_vector(net.parameters()).detach().numpy(),
    )


def converged_since(errors: list[float]) -> int:
    """The first epoch from which every error stays within the threshold, or -1."""
    outside = [epoch for epoch, error in enumerate(errors) if not error <= 0.07]  # NaN is outside
    first = outside[-1] + 1 if outside else 0
    return first if first < len(errors) else -1


def silent(outputs: np.ndarray, fault: str) -> np.ndarray:
    """The neurons that give 0 on every sample, shape (D, W); `outputs` has shape (D, N, W)."""
    if fault == "dead means never zero":
        return (outputs != 0).all(axis=1)
    if fault == "dead on one sample":
        return (outputs == 0).any(axis=1)
    return (outputs == 0).all(axis=1)


def make_optimizer(experiment: Experiment, net: nn.Module, fault: str) -> torch.optim.Optimizer:
    if experiment.optimizer == "rmsprop":
        return torch.optim.RMSprop(net.parameters(), lr=experiment.lr)
    if experiment.optimizer == "adamw":
        return torch.optim.AdamW(net.parameters(), lr=experiment.lr, weight_decay=0 if fault == "no decay" else 0.01)
    if experiment.optimizer == "momentum":
        dampening = 0.1 if fault == "dampened momentum" else 0.0
        return torch.optim.SGD(net.parameters(), lr=experiment.lr, momentum=0.9, dampening=dampening)
    if experiment.optimizer == "sgd":
        return torch.optim.SGD(net.parameters(), lr=experiment.lr, momentum=0.1 if fault == "momentum" else 0.0)
    if fault == "no bias correction":
        return UncorrectedAdam(net.parameters(), lr=experiment.lr)
    eps = 1e-7 if fault == "another epsilon" else 1e-8
    return torch.optim.Adam(net.parameters(), lr=experiment.lr, betas=(0.9, 0.999), eps=eps)


class UncorrectedAdam(torch.optim.Optimizer):
    """Adam without the correction of its moments: a bug to be found."""

    def __init__(self, params, lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state.setdefault(p, {})
                m, v = state.get("m", torch.zeros_like(p)), state.get("v", torch.zeros_like(p))
                state["m"], state["v"] = 0.9 * m + 0.1 * p.grad, 0.999 * v + 0.001 * p.grad**2
                p -= group["lr"] * state["m"] / (state["v"].sqrt() + 1e-8)


def pre_activation_taps(net: nn.Module):
    """A late network that wires the layers to the output before their activation: a bug to be found."""

    def forward(x: torch.Tensor) -> torch.Tensor:
        taps = []
        for linear, activation in zip(net.hidden, net.activations, strict=True):
            taps.append(linear(x))
            x = activation(taps[-1])
        return net.output(torch.cat(taps, dim=-1))

    return forward


def differences(runs: Runs, i: int, loop: Trained, tolerance: float) -> list[str]:
    """The names of what network `i` of `runs` and the loop disagree on: numbers beyond `tolerance`, or any verdict."""
    numbers = ("rmse_initial", "rmse", "prediction", "trace", "parameters")
    verdicts = ("converged", "converged_at", "dead", "dead_neurons", "dead_layers")

    def same(name: str) -> bool:
        ours, theirs = np.asarray(getattr(runs, name)[i]), np.asarray(getattr(loop, name))
        if name in verdicts or ours.shape != theirs.shape:
            return np.array_equal(ours, theirs)
        return np.allclose(ours, theirs, rtol=tolerance, atol=tolerance, equal_nan=True)

    return [name for name in numbers + verdicts if not same(name)]

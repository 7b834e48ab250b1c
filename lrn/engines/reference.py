"""The reference engine: networks stacked into torch tensors, gradients by autograd. Slow, and easy to read.

Every other engine must agree with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from math import prod
from typing import TYPE_CHECKING

from lrn.nets._torch import torch

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lrn.experiment import CONVERGED_RMSE, Experiment, check_initial, initial_parameters
from lrn.experiment.runs import Runs

if TYPE_CHECKING:
    from lrn.engines import Progress

__all__ = ["ReferenceEngine", "check_device"]

ACTIVATIONS = {"relu": torch.relu, "leaky_relu": F.leaky_relu, "elu": F.elu}
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9),
}


@cache
def _arithmetic_of(device: str) -> str:
    """Names the instructions that torch uses, and the bits of calculations that differ between kinds of processor."""
    start = torch.arange(1.0, 4097.0, device=device).remainder(127).reshape(64, 64) / 127
    calculations = [
        start,
        start @ start,
        start.t() @ (start * 0.1),
        start.exp(),
        start.tanh(),
        start.sum(dim=1),
        start.std(),
    ]
    flat = torch.cat(list(map(torch.flatten, calculations))).cpu().numpy()
    instructions = torch.backends.cpu.get_cpu_capability()
    return hashlib.sha256(flat.tobytes() + instructions.encode()).hexdigest()[:8]


def check_device(device: str) -> None:
    """Raises ValueError if torch cannot compute on that device here."""
    try:
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, TypeError) as error:  # torch raises any of these
        reason = str(error).splitlines()[0]
        raise ValueError(f"device must be one that torch can use here; got {device!r} ({reason})") from None


@dataclass(frozen=True)
class ReferenceEngine:
    """Trains stacked networks with torch.

    Attributes:
        device: any torch device.
        threads: torch's processor threads while training; None leaves torch's own setting.
        block: networks trained at a time.
    """

    device: str = "cpu"
    threads: int | None = None
    block: int = 1024
    name = "reference"

    @property
    def arithmetic(self) -> str:
        """Torch promises no bits across devices, versions and kinds of processor."""
        return f"torch-{torch.__version__}-{self.device}-{_arithmetic_of(self.device)}"

    def train(
        self,
        experiment: Experiment,
        seeds: NDArray[np.uint64],
        *,
        trace: bool = False,
        parameters: bool = False,
        initial: NDArray[np.floating] | None = None,
        progress: Progress | None = None,
    ) -> Runs:
        """Trains one network per seed; see `lrn.engines.Engine`."""
        check_initial(experiment, seeds, initial)
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads or before)
        try:
            parts = []
            for start in range(0, max(len(seeds), 1), self.block):
                these = seeds[start : start + self.block]
                weights = (
                    initial_parameters(experiment, these) if initial is None else initial[start : start + self.block]
                )
                parts.append(self._train_block(experiment, these, weights, trace, parameters))
                if progress is not None:
                    progress(start + len(these))
            return Runs.join(parts)
        finally:
            torch.set_num_threads(before)

    def _train_block(
        self, e: Experiment, seeds: NDArray[np.uint64], weights: NDArray[np.floating], trace: bool, keep: bool
    ) -> Runs:
        fleet = _Fleet(e, torch.as_tensor(weights, device=self.device))
        optimizer = OPTIMIZERS[e.optimizer](fleet.parameters, lr=e.lr)
        N, S = e.data.samples, len(seeds)
        traces = torch.empty((e.epochs, S), dtype=fleet.x.dtype, device=self.device) if trace else None
        since = torch.full((S,), -1, dtype=torch.int32, device=self.device)
        initial = fleet.rmse()
        for epoch in range(e.epochs):
            rows = slice(None) if e.style == "batch" else slice(epoch % N, epoch % N + 1)
            since = _since(since, initial if epoch == 0 else fleet.rmse(), epoch)
            error = fleet.forward(rows) - fleet.t[rows]
            loss = (error**2).mean(dim=(1, 2))
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            if traces is not None:
                traces[epoch] = loss.detach().sqrt() * e.data.target_scale
        with torch.no_grad():
            final, prediction = fleet.rmse(), fleet.forward()
            dead = torch.stack([(h == 0).all(dim=1) for h in fleet.hidden_outputs()], dim=1)
        since = _since(since, final, e.epochs)
        numpy = lambda a: a.cpu().numpy()  # noqa: E731
        return Runs(
            e,
            seeds,
            rmse=numpy(final),
            rmse_initial=numpy(initial),
            converged_at=numpy(since),
            dead=numpy(dead),
            prediction=numpy(prediction.flatten(1)) * e.data.target_scale + e.data.target_mean,
            trace=None if traces is None else numpy(traces.T.contiguous()),
            parameters=numpy(fleet.flat()) if keep else None,
        )


class _Fleet:
    """S stacked networks: weights (S, out, in), biases (S, 1, out), all samples at once."""

    def __init__(self, e: Experiment, flat: Tensor) -> None:
        dtype = getattr(torch, e.dtype)
        as_tensor = lambda a: torch.as_tensor(a, dtype=dtype, device=flat.device)  # noqa: E731
        self.x, self.t = as_tensor(e.data.x_standardised), as_tensor(e.data.t_standardised)
        self.experiment, self.scale = e, e.data.target_scale
        self.parameters: list[Tensor] = []
        parts = flat.split(list(map(prod, e.parameter_shapes)), dim=1)
        for part, shape in zip(parts, e.parameter_shapes, strict=True):
            rows = shape if len(shape) == 2 else (1, *shape)
            self.parameters.append(part.to(dtype).reshape(len(flat), *rows).clone().requires_grad_())
        self.weights, self.biases = self.parameters[: 2 * e.depth : 2], self.parameters[1 : 2 * e.depth : 2]
        others = self.parameters[2 * e.depth : -2]
        of_norms = 2 * e.depth * (e.norm == "batch")
        self.norms = list(zip(others[:of_norms:2], others[1:of_norms:2], strict=True))
        self.slopes = others[of_norms:]

    def hidden_outputs(self, rows: slice = slice(None)) -> list[Tensor]:
        """Post-activation output of each hidden layer, each (S, N, W)."""
        h, outputs = self.x[rows].expand(len(self.parameters[0]), -1, -1), []
        for d in range(self.experiment.depth):
            outputs.append(self._activation(d, self._norm(d, torch.baddbmm(self.biases[d], h, self.weights[d].mT))))
            h = outputs[d] + h if d and self.experiment.connection == "residual" else outputs[d]
        return outputs

    def forward(self, rows: slice = slice(None)) -> Tensor:
        """Predictions, standardised, (S, N, O)."""
        outputs = self.hidden_outputs(rows)
        if self.experiment.connection == "late":
            visible = torch.cat(outputs, dim=2)
        else:
            visible = sum(outputs[1:], outputs[0]) if self.experiment.connection == "residual" else outputs[-1]
        return torch.baddbmm(self.parameters[-1], visible, self.parameters[-2].mT)

    def _norm(self, d: int, z: Tensor) -> Tensor:
        """Batch normalisation of each neuron of each network by itself; torch's channels are neurons of networks."""
        if not self.norms:
            return z
        weight, bias = map(torch.flatten, self.norms[d])
        S, N, W = z.shape
        channels = z.transpose(0, 1).reshape(N, S * W)
        normed = F.batch_norm(channels, None, None, weight, bias, training=True, eps=1e-5)
        return normed.reshape(N, S, W).transpose(0, 1)

    def _activation(self, d: int, z: Tensor) -> Tensor:
        """The activation of layer `d`; each network has a PReLU slope of its own, which torch calls a channel's."""
        if self.slopes:
            return F.prelu(z.transpose(0, 1), self.slopes[d].flatten()).transpose(0, 1)
        return ACTIVATIONS[self.experiment.activation](z)

    @torch.no_grad()
    def rmse(self) -> Tensor:
        """Over all samples, in original units, (S,)."""
        return ((self.forward() - self.t) ** 2).mean(dim=(1, 2)).sqrt() * self.scale

    def flat(self) -> Tensor:
        """Parameters in torch's order, (S, P)."""
        return torch.cat([p.detach().flatten(1) for p in self.parameters], dim=1)


def _since(since: Tensor, rmse: Tensor, epoch: int) -> Tensor:
    now = torch.where(since < 0, epoch, since)
    return torch.where(rmse <= CONVERGED_RMSE, now, -1).to(torch.int32)

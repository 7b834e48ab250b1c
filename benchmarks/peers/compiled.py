"""`torch.compile` of one whole training step, gradient and Adam included; the networks axis last, to be vectorised."""

from __future__ import annotations

import shutil
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.peers import Run
from benchmarks.peers._layers import layers
from lrn.experiment import Experiment

if not (shutil.which("g++") or shutil.which("clang++")):
    raise ImportError("torch.compile needs a C++ compiler")


def prepare(experiment: Experiment, initial: NDArray[np.float32]) -> Run:
    torch.compiler.reset()
    e = experiment
    x = torch.tensor(e.data.x_standardised, dtype=torch.float32).T[..., None]  # (1, N, 1)
    t = torch.tensor(e.data.t_standardised, dtype=torch.float32)  # (N, 1)

    def linear(weight: Tensor, bias: Tensor, h: Tensor) -> Tensor:
        """(out, in, S), (out, S), (in, N, S) -> (out, N, S)."""
        return (weight[:, :, None] * h).sum(dim=1) + bias[:, None]

    def losses(parameters: list[Tensor]) -> Tensor:  # (S,)
        *hidden, output = zip(parameters[::2], parameters[1::2], strict=True)
        outputs = [x]
        for weight, bias in hidden:
            outputs.append(torch.relu(linear(weight, bias, outputs[-1])))
        h = torch.cat(outputs[1:]) if e.connection == "late" else outputs[-1]
        return ((linear(*output, h)[0] - t) ** 2).mean(dim=0)

    gradient = torch.func.grad(lambda parameters: losses(parameters).sum())

    @torch.compile(fullgraph=True, dynamic=False)
    def step(parameters: list[Tensor], first: list[Tensor], second: list[Tensor], rate: Tensor, root: Tensor) -> None:
        for p, m, v, g in zip(parameters, first, second, gradient(parameters), strict=True):
            m.lerp_(g, 1 - 0.9)
            v.mul_(0.999).addcmul_(g, g, value=1 - 0.999)
            p.sub_(rate * m / (v.sqrt() * root + 1e-8))

    def run(epochs: int) -> NDArray[np.floating]:
        parts = chain.from_iterable(layers(e, initial))
        parameters = [torch.tensor(np.moveaxis(part, 0, -1).copy()) for part in parts]
        first, second = list(map(torch.zeros_like, parameters)), list(map(torch.zeros_like, parameters))
        k = np.arange(1, epochs + 1)
        rates = torch.tensor(e.lr / (1 - 0.9**k), dtype=torch.float32)
        roots = torch.tensor(1 / np.sqrt(1 - 0.999**k), dtype=torch.float32)
        with torch.no_grad():
            for rate, root in zip(rates, roots, strict=True):
                step(parameters, first, second, rate, root)
            return losses(parameters).sqrt().cpu().numpy() * e.data.target_scale

    return run

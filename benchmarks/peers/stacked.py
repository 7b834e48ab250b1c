"""Torch, stacked: all networks in one tensor per layer, `baddbmm`, autograd, one `torch.optim.Adam`."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.peers import Run
from benchmarks.peers._layers import layers
from lrn.experiment import Experiment


def prepare(experiment: Experiment, initial: NDArray[np.float32]) -> Run:
    e, S = experiment, len(initial)
    x = torch.tensor(e.data.x_standardised, dtype=torch.float32).expand(S, -1, -1)
    t = torch.tensor(e.data.t_standardised, dtype=torch.float32)

    def losses(parameters: list[Tensor]) -> Tensor:  # (S,)
        *hidden, output = zip(parameters[::2], parameters[1::2], strict=True)
        outputs = [x]
        for weight, bias in hidden:
            outputs.append(torch.relu(torch.baddbmm(bias, outputs[-1], weight)))
        h = torch.cat(outputs[1:], dim=2) if e.connection == "late" else outputs[-1]
        return ((torch.baddbmm(output[1], h, output[0]) - t) ** 2).mean(dim=(1, 2))

    def run(epochs: int) -> NDArray[np.floating]:
        parameters = []
        for weight, bias in layers(e, initial):  # (S, in, out) and (S, 1, out), as baddbmm reads them
            parameters.append(torch.tensor(weight.transpose(0, 2, 1).copy(), requires_grad=True))
            parameters.append(torch.tensor(bias[:, None].copy(), requires_grad=True))
        optimizer = torch.optim.Adam(parameters, lr=e.lr)
        for _ in range(epochs):
            optimizer.zero_grad()
            losses(parameters).sum().backward()
            optimizer.step()
        with torch.no_grad():
            return losses(parameters).sqrt().numpy() * e.data.target_scale

    return run

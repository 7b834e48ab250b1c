"""The author's way: one network at a time, an ordinary module and an ordinary torch training loop."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.peers import Run
from lrn.experiment import Experiment
from lrn.nets import LateResidualNet, PlainNet


def prepare(experiment: Experiment, initial: NDArray[np.float32]) -> Run:
    e = experiment
    x = torch.tensor(e.data.x_standardised, dtype=torch.float32)
    t = torch.tensor(e.data.t_standardised, dtype=torch.float32)
    criterion = nn.MSELoss()

    def train(flat: NDArray[np.float32], epochs: int) -> float:
        net = (LateResidualNet if e.connection == "late" else PlainNet)(1, [e.width] * e.depth, 1)
        nn.utils.vector_to_parameters(torch.tensor(flat), net.parameters())  # a copy: it trains in place
        optimizer = torch.optim.Adam(net.parameters(), lr=e.lr)
        losses = []  # the thesis draws them
        for _ in range(epochs):
            optimizer.zero_grad()
            loss = criterion(net(x), t)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        with torch.no_grad():
            return criterion(net(x), t).sqrt().item() * e.data.target_scale

    return lambda epochs: np.array([train(flat, epochs) for flat in initial])

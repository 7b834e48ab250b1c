"""A model with a dead unit, and a file that runs code when it is read as a pickle."""

from __future__ import annotations

import os

import torch
from torch import nn


class Armed:
    """Stands for a hostile pickle: it writes a file when it is read."""

    def __reduce__(self):
        return os.mkdir, ("executed",)


def model():
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        net[0].weight.fill_(1.0)
        net[0].bias.copy_(torch.tensor([0.0, -100.0, 0.0]))
    return net

"""`torch.func.vmap`: the loss of one ordinary module, `grad` and `vmap` of it, one `torch.optim.Adam`."""

from __future__ import annotations

from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import functional_call, grad, vmap

from benchmarks.peers import Run
from benchmarks.peers._layers import layers
from lrn.experiment import Experiment
from lrn.nets import LateResidualNet, PlainNet


def prepare(experiment: Experiment, initial: NDArray[np.float32]) -> Run:
    e = experiment
    net = (LateResidualNet if e.connection == "late" else PlainNet)(1, [e.width] * e.depth, 1)
    names = list(dict(net.named_parameters()))
    x = torch.tensor(e.data.x_standardised, dtype=torch.float32)
    t = torch.tensor(e.data.t_standardised, dtype=torch.float32)

    def loss(parameters: dict[str, Tensor]) -> Tensor:
        return torch.nn.functional.mse_loss(functional_call(net, parameters, (x,)), t)

    gradients = vmap(grad(loss))

    def run(epochs: int) -> NDArray[np.floating]:
        tensors = [torch.tensor(part.copy()) for part in chain.from_iterable(layers(e, initial))]
        parameters = dict(zip(names, tensors, strict=True))
        optimizer = torch.optim.Adam(tensors, lr=e.lr)
        for _ in range(epochs):
            by_name = gradients(parameters)
            for name, tensor in parameters.items():
                tensor.grad = by_name[name]
            optimizer.step()
        return vmap(loss)(parameters).sqrt().numpy() * e.data.target_scale

    return run

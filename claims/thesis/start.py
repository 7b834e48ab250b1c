"""Networks before training, as a population of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.func import functional_call, grad, vmap

from lrn import Experiment, network
from lrn.experiment import initial_parameters

BLOCK = 1024


@dataclass(frozen=True)
class Start:
    """The networks of an experiment at their initial weights; observes the gradient norm of the first layer."""

    experiment: Experiment

    @property
    def label(self) -> str:
        return f"the start of {self.experiment.label}"

    def sample(self, seeds: range) -> dict[str, NDArray[np.floating]]:
        blocks = [self._norms(np.array(seeds[i : i + BLOCK], np.uint64)) for i in range(0, len(seeds), BLOCK)]
        return {"first_layer_gradient": np.concatenate(blocks)}

    def _norms(self, seeds: NDArray[np.uint64]) -> NDArray[np.floating]:
        e = self.experiment
        net = network(e, 0, trained=False).double()
        x, t = torch.as_tensor(e.data.x_standardised), torch.as_tensor(e.data.t_standardised)
        flat, stacked, start = torch.as_tensor(initial_parameters(e, seeds)), {}, 0
        for name, p in net.named_parameters():
            stacked[name] = flat[:, start : start + p.numel()].reshape(-1, *p.shape)
            start += p.numel()

        def loss(parameters: dict[str, torch.Tensor]) -> torch.Tensor:
            return ((functional_call(net, parameters, (x,)) - t) ** 2).mean()

        return vmap(grad(loss))(stacked)["hidden.0.weight"].flatten(1).norm(dim=1).numpy()

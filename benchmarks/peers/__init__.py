"""The alternatives to lrn's engines: each module trains the same networks from the same initial weights.

A module's `prepare(experiment, initial)` gets initial weights (S, P) and returns a function that trains all S networks
for a number of epochs and returns their RMSE (S,), in original units. All train in float32, with Adam, on all samples
at once. The peers train and nothing else; our engines also measure the RMSE over all samples before every epoch.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lrn.experiment import Experiment

__all__ = ["AUTHOR", "COMPILED", "JAX", "NATIVE_1", "NATIVE_2", "PEERS", "REFERENCE", "STACKED", "VMAP", "Peer", "Run"]

Run = Callable[[int], NDArray[np.floating]]


@dataclass(frozen=True)
class Peer:
    """One way to train.

    Attributes:
        name: what tables call it.
        where: "module:function" that prepares it.
        networks: how many it trains in one measurement; None for as many as the others.
        torch_threads: whether to try it on one torch thread and on all, and keep the faster one.
    """

    name: str
    where: str
    networks: int | None = None
    torch_threads: bool = False

    def prepare(self, experiment: Experiment, initial: NDArray[np.float32]) -> Run:
        """The training of these networks; ImportError if a package of it is not installed."""
        module, function = self.where.split(":")
        run: Run = getattr(importlib.import_module(f"benchmarks.peers.{module}"), function)(experiment, initial)
        return run


AUTHOR = Peer("author's loop", "author:prepare", networks=1, torch_threads=True)
VMAP = Peer("torch.func.vmap", "vmapped:prepare", torch_threads=True)
STACKED = Peer("torch stacked", "stacked:prepare", torch_threads=True)
JAX = Peer("JAX jit(vmap(scan))", "jax_scan:prepare")
COMPILED = Peer("torch.compile", "compiled:prepare")
REFERENCE = Peer("lrn reference", "engines:prepare_reference", torch_threads=True)
NATIVE_1 = Peer("lrn native, 1 thread", "engines:prepare_native_1")
NATIVE_2 = Peer("lrn native, 2 threads", "engines:prepare_native_2")
PEERS = (AUTHOR, VMAP, STACKED, JAX, COMPILED, REFERENCE, NATIVE_1)
"""Those that are compared with `NATIVE_2`."""

"""The same networks on the same GPU: the CUDA engine beside JAX and torch.compile. Prints JSON.

    JAX_PLATFORMS=cuda python -m benchmarks.gpu_peers

Peers train for as many epochs as take about a second and are scaled to 3,000; compiling is not timed. In turns, and the
ratio is the median of the turns' ratios. Before anyone is timed, its RMSE after 20 epochs is held against the engine's.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from benchmarks.peers import COMPILED, JAX, Peer, Run
from lrn.engines.cuda import CudaEngine
from lrn.experiment import Experiment, initial_parameters

EPOCHS = 3000
TRIED_EPOCHS = 100
PEER_SECONDS = 1.0


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def beside(peer: Peer, experiment: Experiment, networks: int, turns: int) -> dict[str, Any]:
    """Milliseconds per network of the engine and of one peer, for 3,000 epochs."""
    seeds = np.arange(networks, dtype=np.uint64)
    initial = initial_parameters(experiment, seeds).astype(np.float32)
    engine = CudaEngine()

    def train(epochs: int) -> np.ndarray:
        return engine.train(experiment.replace(epochs=epochs), seeds, initial=initial).rmse

    first = time.perf_counter()
    run: Run = peer.prepare(experiment, initial)
    errors = run(20)
    first_call = time.perf_counter() - first
    apart = np.sort(np.abs(errors - train(20)) / errors)[: int(0.97 * networks)].max()
    run(TRIED_EPOCHS)
    each = seconds(lambda: run(TRIED_EPOCHS)) / TRIED_EPOCHS
    epochs = int(np.clip(PEER_SECONDS / each, TRIED_EPOCHS, EPOCHS)) // TRIED_EPOCHS * TRIED_EPOCHS
    run(epochs)  # JAX compiles again for another number of epochs
    train(EPOCHS)
    theirs, ours = [], []
    for _ in range(turns):
        theirs.append(seconds(lambda: run(epochs)) * EPOCHS / epochs)
        ours.append(seconds(lambda: train(EPOCHS)))
    return {
        "peer": peer.name,
        "experiment": experiment.label,
        "networks": networks,
        "peer_epochs": epochs,
        "first_call_seconds": round(first_call, 2),
        "rmse_apart": float(apart),
        "peer_ms_per_network": float(np.median(theirs)) / networks * 1e3,
        "lrn_ms_per_network": float(np.median(ours)) / networks * 1e3,
        "times_slower": float(np.median(np.divide(theirs, ours))),
        "pairs_seconds": np.transpose([theirs, ours]).round(4).tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=65_536)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--depths", type=int, nargs="*", default=[10, 30])
    parser.add_argument("--widths", type=int, nargs="*", default=[2, 4])
    parser.add_argument("--peers", nargs="*", default=["jax", "compile"], choices=["jax", "compile"])
    options = parser.parse_args()
    os.environ.setdefault("JAX_PLATFORMS", "cuda")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if "compile" in options.peers:
        import torch

        torch.set_default_device("cuda")
    peers = {"jax": JAX, "compile": COMPILED}
    for name, depth, width in product(options.peers, options.depths, options.widths):
        result = beside(peers[name], Experiment(depth=depth, width=width), options.networks, options.turns)
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()

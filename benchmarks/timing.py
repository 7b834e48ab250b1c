"""How long things take: checked first, calibrated, then in pairs.

The machine's speed drifts, and other work comes and goes. So whatever is compared is measured in turns, and a ratio is
the median of the ratios of neighbours, never a ratio of medians.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.peers import NATIVE_2, Peer, Run
from lrn.engines.reference import ReferenceEngine
from lrn.experiment import Experiment, initial_parameters

__all__ = [
    "EPOCHS",
    "Subject",
    "compare",
    "initial_weights",
    "prepared",
    "processor_seconds",
    "ratios",
    "seconds",
    "torch_threads",
    "turns",
]

EPOCHS = 3000
"""Times are given for this many epochs, those of the thesis."""
CHECK_EPOCHS = 20
AGREEMENT, SHARE = 1e-3, 0.97
"""After `CHECK_EPOCHS`, at least this share of networks have the reference's RMSE to this relative difference. A few
wide networks amplify float32's rounding faster than that."""


@dataclass
class Subject:
    """A peer ready to be timed on one experiment.

    Attributes:
        epochs, rounds: one measurement trains that many epochs, that many times over.
        threads: torch's.
        first: seconds of its first call, compilation included.
        worst: largest relative difference of the RMSE from the reference's over the agreeing share of networks.
    """

    peer: Peer
    experiment: Experiment
    run: Run
    networks: int
    epochs: int
    rounds: int
    threads: int
    first: float
    worst: float

    def _run_rounds(self) -> None:
        for _ in range(self.rounds):
            self.run(self.epochs)

    def measure(self) -> float:
        """Milliseconds per network for `EPOCHS` epochs, scaled from the epochs that ran."""
        with torch_threads(self.threads):
            took = seconds(self._run_rounds)
        return took * 1e3 / (self.networks * self.rounds) * EPOCHS / self.epochs


def seconds(call: Callable[[], Any]) -> float:
    """The time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def processor_seconds(call: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> float:
    """The processor time of one call: of what runs on one thread, and shares it with others, the fairer measure."""
    start = clock()
    call()
    return clock() - start


def initial_weights(experiment: Experiment, networks: int) -> NDArray[np.float32]:
    """Of seeds 0, 1, ...: shape (S, P)."""
    return initial_parameters(experiment, np.arange(networks, dtype=np.uint64)).astype(np.float32)


def prepared(peer: Peer, experiment: Experiment, networks: int, target: float) -> Subject:
    """The peer, checked against the reference on these very networks; each of its runs takes about `target` seconds.

    Raises:
        ImportError: a package of it is not installed.
        AssertionError: it trains something else.
    """
    initial = initial_weights(experiment, peer.networks or networks)
    run = peer.prepare(experiment, initial)
    result: list[NDArray[np.floating]] = []
    threads = all_threads = torch.get_num_threads()
    first = seconds(lambda: result.append(run(CHECK_EPOCHS)))
    worst = disagreement(peer, experiment, result[0])
    took = seconds(lambda: run(CHECK_EPOCHS))
    if peer.torch_threads and all_threads > 1:
        with torch_threads(1):
            alone = seconds(lambda: run(CHECK_EPOCHS))
        took, threads = min((took, all_threads), (alone, 1))
    affordable = target / took * CHECK_EPOCHS
    epochs, rounds = int(np.clip(affordable, 2, EPOCHS)), int(np.clip(affordable / EPOCHS, 1, 50))
    subject = Subject(peer, experiment, run, len(initial), epochs, rounds, threads, first, worst)
    subject.measure()  # JAX compiles once more for another number of epochs
    return subject


def disagreement(peer: Peer, e: Experiment, rmse: NDArray[np.floating]) -> float:
    """The largest relative difference from the reference's RMSE, the worst few networks left out."""
    reference = _reference_rmse(e, len(rmse))
    worst = float(np.quantile(np.abs(rmse - reference) / reference, SHARE))
    assert worst < AGREEMENT, f"{peer.name} trains something else: {e.label} differs from the reference by {worst:.1e}"
    return worst


@lru_cache(maxsize=8)
def _reference_rmse(e: Experiment, networks: int) -> NDArray[np.floating]:
    seeds, initial = np.arange(networks, dtype=np.uint64), initial_weights(e, networks)
    return ReferenceEngine().train(e.replace(epochs=CHECK_EPOCHS), seeds, initial=initial).rmse


def turns(repeats: int, calls: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """The results of each call, `repeats` times, taking turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            times[name].append(call())
    return times


def ratios(times: list[float], others: list[float]) -> list[float]:
    """The ratios of neighbours: of results that were measured in the same turn."""
    return [time / other for time, other in zip(times, others, strict=True)]


def compare(peer: Peer, base: Subject, networks: int, target: float, repeats: int) -> dict[str, Any]:
    """A peer against the native engine on two threads: times, and the median ratio of pairs."""
    subject = prepared(peer, base.experiment, networks, target)
    times = turns(repeats, {"peer": subject.measure, "base": base.measure})
    slower = ratios(times["peer"], times["base"])
    return {
        "peer": peer.name,
        "base": NATIVE_2.name,
        "networks": subject.networks,
        "epochs": subject.epochs,
        "rounds": subject.rounds,
        "torch_threads": subject.threads if peer.torch_threads else None,
        "first_call_seconds": subject.first,
        "disagreement": subject.worst,
        "ms": median(times["peer"]),
        "base_ms": median(times["base"]),
        "ratio": median(slower),
        "ratio_range": [min(slower), max(slower)],
    }


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if threads == before:  # setting it anew would make compiled code compile again
        yield
        return
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)

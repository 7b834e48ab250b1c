"""Convolutional networks: the native engine beside torch, stacked and one network at a time.

`python -m benchmarks.cnns` measures this section alone and prints its tables.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product, starmap
from statistics import median
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks.timing import processor_seconds, ratios, seconds, torch_threads, turns
from lrn.classifiers import Classifiers
from lrn.classifiers._stack import STACK
from lrn.classifiers._training import standardised
from lrn.data import Images

__all__ = ["cnns"]

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
LOOP, LOOP_CORES, STACKED, NATIVE = "loop", "loop_cores", "stacked", "native"


@dataclass(frozen=True)
class Case:
    """A training: `networks` at a time, for as many epochs as show beside what comes before and after."""

    kind: str
    of: Classifiers
    networks: int
    epochs: dict[str, int]

    @property
    def images(self) -> str:
        height, width = self.of.data.x.shape[2:]
        return f"{height} x {width}"


def noise(number: int, side: int) -> Images:
    """Images on which training takes as long as on any others."""
    x = np.random.default_rng(0).random((number, 1, side, side), np.float32)
    return Images("noise", x, np.arange(number) % 10, tuple("0123456789"))


def cases() -> list[Case]:
    """The digits' claims, and what claims on MNIST's images need."""
    digits = [
        ("plain, as in the thesis's chapter 5", Classifiers(skip=False, normalise=False, lr=0.01)),
        ("residual with batch normalisation, as in the journal", Classifiers()),
    ]
    cases = []
    for kind, of in digits:
        cases.append(Case(kind, of, 2 * STACK, {LOOP: 4, LOOP_CORES: 4, STACKED: 8, NATIVE: 24}))
    for depth, batch in product((8, 20, 56), (32, 128)):
        of = Classifiers(depth=depth, images=noise(batch + 8, 28), train=batch, test=8, batch=batch, part=batch)
        kind = "residual with batch normalisation"
        epochs = 256 // batch
        cases.append(Case(kind, of, STACK, {LOOP: epochs, LOOP_CORES: epochs, STACKED: epochs, NATIVE: 8 * epochs}))
    return cases


def cnns(repeats: int, alone: bool = True) -> list[dict[str, Any]]:
    """Milliseconds to train a network on 1,000 images, without the measurements before and after.

    Torch's threads wait for each other, so on all cores it is measured only where nobody else is on them, `alone`.
    """
    rows = []
    for case in cases():
        calls = _calls(case)
        if not alone:
            del calls[LOOP_CORES]
        times = turns(repeats, calls)
        ms, ratio = {}, {}
        for who, values in times.items():
            ms[who] = median(values) * 1e6 / _images(case, who)
            times_slower = median(ratios(values, times[NATIVE]))
            ratio[who] = times_slower * _images(case, NATIVE) / _images(case, who)
        rows.append(
            {
                "kind": case.kind,
                "images": case.images,
                "depth": case.of.depth,
                "batch": case.of.batch,
                "networks": case.networks,
                "ms": ms,
                "ratio": ratio,
            }
        )
        print(f"  {case.kind}, depth {case.of.depth}, {case.images}, batch {case.of.batch}: " + _shown(ms), flush=True)
    return rows


def _images(case: Case, who: str) -> int:
    """The images that a call trains on, over all its networks and epochs."""
    networks = 1 if who in (LOOP, LOOP_CORES) else case.networks
    return networks * case.epochs[who] * case.of.train


def _shown(ms: dict[str, float]) -> str:
    return ", ".join(starmap("{} {:.2f} ms".format, ms.items()))


def _calls(case: Case) -> dict[str, Callable[[], float]]:
    return {
        LOOP: partial(_loop_alone, case, 1),
        LOOP_CORES: partial(_loop_alone, case, CORES),
        STACKED: partial(_epochs_alone, case, "reference", case.epochs[STACKED]),
        NATIVE: partial(_epochs_alone, case, "native", case.epochs[NATIVE]),
    }


def _epochs_alone(case: Case, engine: str, epochs: int) -> float:
    """Seconds that training takes longer with epochs than without; of one thread, whose processor may be shared."""

    def training(n: int) -> float:
        return processor_seconds(partial(replace(case.of, epochs=n).sample, range(case.networks), engine))

    training(0)  # the first call of a process gets its memory from the system, which takes as long as some epochs
    without = training(0)
    return training(epochs) - without


def _loop_alone(case: Case, threads: int) -> float:
    call = partial(loop, replace(case.of, epochs=case.epochs[LOOP]), 0)
    with torch_threads(threads):
        return processor_seconds(call, time.thread_time) if threads == 1 else seconds(call)


def loop(of: Classifiers, seed: int) -> None:
    """The training loop of any tutorial."""
    net, sets = of.network(seed), standardised(of)
    x, y = torch.as_tensor(sets.train_x), torch.as_tensor(sets.train_y)
    optimizer = torch.optim.SGD(net.parameters(), lr=of.lr, momentum=of.momentum)
    for epoch in range(of.epochs):
        for batch in torch.as_tensor(of.order(seed, epoch)).split(of.batch):
            optimizer.zero_grad()
            F.cross_entropy(net(x[batch]), y[batch]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()


def main() -> None:
    """Measures this section alone, as often as the first argument says, on a processor that may be shared."""
    from benchmarks.tables import cnn_table

    print(cnn_table(cnns(int(sys.argv[1]) if len(sys.argv) > 1 else 3, alone=False)))


if __name__ == "__main__":
    main()

"""Convolutional networks: the native engine beside torch, stacked and one network at a time, all on one thread."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

import torch
from torch.nn import functional as F

from benchmarks.timing import seconds, turns
from lrn.classifiers import Classifiers
from lrn.classifiers._training import standardised

__all__ = ["cnns"]

NETWORKS, EPOCHS = 32, 2
KINDS = {
    "plain, as in the thesis's chapter 5": Classifiers(skip=False, normalise=False, lr=0.01),
    "residual with batch normalisation, as in the journal": Classifiers(),
}


def cnns(repeats: int) -> list[dict[str, Any]]:
    """Milliseconds to train a network of depth 20 for an epoch, without what is looked at before and after."""
    found, threads = [], torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for kind, of in KINDS.items():
            calls = {"loop": partial(seconds, partial(loop, replace(of, epochs=EPOCHS), 0))}
            for engine in ("reference", "native"):
                calls[engine] = partial(epochs_alone, of, engine)
            times = turns(repeats, calls)
            each = {"loop": 1, "reference": NETWORKS, "native": NETWORKS}
            ms = {name: median(values) * 1e3 / each[name] / EPOCHS for name, values in times.items()}
            found.append({"kind": kind, "networks": NETWORKS, "epochs": EPOCHS, "ms": ms})
            print(f"  {kind}: " + ", ".join(f"{name} {value:.2f} ms" for name, value in ms.items()), flush=True)
    finally:
        torch.set_num_threads(threads)
    return found


def epochs_alone(of: Classifiers, engine: str) -> float:
    """Seconds that training takes longer with epochs than without."""
    calls = [partial(replace(of, epochs=epochs).sample, range(NETWORKS), engine) for epochs in (0, EPOCHS)]
    without, with_epochs = (seconds(call) for call in calls)
    return with_epochs - without


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

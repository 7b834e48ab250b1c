"""Training: an experiment and seeds in, runs out."""

from __future__ import annotations

import operator
import sys
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.engines import choose
from lrn.experiment import Experiment, initial_parameters
from lrn.experiment.runs import Runs

if TYPE_CHECKING:
    from torch import nn

__all__ = ["network", "train"]

_NETWORK_OPTIONS = ("engine", "device", "threads")


def train(
    experiment: Experiment,
    seeds: Iterable[int],
    *,
    engine: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    trace: bool = False,
    parameters: bool = False,
    progress: bool = False,
) -> Runs:
    """Trains one network for each seed.

    A network depends on its experiment and seed alone: not on other seeds, their order, or the threads.

    Args:
        experiment: how to train.
        seeds: non-negative whole numbers below 2**64, without duplicates.
        engine: "auto" (the fastest there is), "native", "cuda" or "reference".
        device: "cpu", "cuda", or with the reference engine any torch device.
        threads: processor threads; None for as many as this process may use.
        trace: keep the RMSE over the samples that each epoch trained on.
        parameters: keep the trained weights.
        progress: show progress and the time left on standard error.

    Returns:
        The runs, in the order of `seeds`.

    Raises:
        TypeError: `experiment`, a seed or the device has the wrong type.
        ValueError: a seed, the engine, the device or `threads` is out of range.

    Example:
        >>> runs = train(Experiment(depth=2, epochs=50), seeds=range(4))
        >>> runs.rmse.shape, runs.dead.shape
        ((4,), (4, 2, 2))
    """
    if not isinstance(experiment, Experiment):
        raise TypeError(f"train needs an Experiment; got {type(experiment).__name__}")
    chosen = choose(engine, device=device, threads=threads)
    checked = _seeds(seeds)
    report = _ProgressLine(experiment.label, len(checked)) if progress else None
    try:
        return chosen.train(experiment, checked, trace=trace, parameters=parameters, progress=report)
    finally:
        if report is not None:
            report.close()


def network(experiment: Experiment, seed: int, *, trained: bool = True, **options: Any) -> nn.Module:
    """The network of one seed as an ordinary module, at its trained or its initial weights.

    It reads standardised inputs and gives standardised outputs; `experiment.data` has both, and the way back.

    Args:
        experiment: how it is trained.
        seed: which network.
        trained: train it first; else its initial weights.
        options: `engine`, `device` and `threads` as in `train`; only training looks at them.

    Returns:
        A `PlainNet`, `LateResidualNet` or `ResidualNet` in the experiment's dtype, on the CPU.

    Raises:
        TypeError: `experiment` or the seed has the wrong type, or there is no such option.
        ValueError: the seed or an option is out of range.
    """
    from lrn.nets._torch import torch

    from lrn.nets import LateResidualNet, PlainNet, ResidualNet

    if not isinstance(experiment, Experiment):
        raise TypeError(f"network needs an Experiment; got {type(experiment).__name__}")
    unknown = sorted(set(options) - set(_NETWORK_OPTIONS))
    if unknown:
        raise TypeError(f"network's options are {', '.join(_NETWORK_OPTIONS)}; got {', '.join(unknown)}")
    if trained:
        flat = train(experiment, [seed], parameters=True, **options).parameters
    else:
        flat = initial_parameters(experiment, _seeds([seed]))
    assert flat is not None
    make = {
        "relu": torch.nn.ReLU,
        "leaky_relu": torch.nn.LeakyReLU,
        "prelu": torch.nn.PReLU,
        "elu": torch.nn.ELU,
    }[experiment.activation]
    norm = {"none": None, "batch": partial(torch.nn.BatchNorm1d, track_running_stats=False)}[experiment.norm]
    kind = {"plain": PlainNet, "late": LateResidualNet, "residual": ResidualNet}[experiment.connection]
    features, outputs = experiment.data.x.shape[1], experiment.data.t.shape[1]
    with torch.random.fork_rng(devices=[]):  # nobody's random numbers change because a network was looked at
        net = kind(features, [experiment.width] * experiment.depth, outputs, make, norm)
    net = net.to(getattr(torch, experiment.dtype))
    values = torch.as_tensor(flat[0], dtype=getattr(torch, experiment.dtype))
    torch.nn.utils.vector_to_parameters(values, net.parameters())
    return net


def _seeds(seeds: Iterable[int]) -> NDArray[np.uint64]:
    if isinstance(seeds, range):
        for seed in (seeds[0], seeds[-1]) if seeds else ():
            if not 0 <= seed < 2**64:
                raise ValueError(f"seeds must be non-negative whole numbers below 2**64; got {seed}")
        return np.arange(seeds.start, seeds.stop, seeds.step, dtype=np.uint64)
    if not isinstance(seeds, Iterable):
        raise TypeError(f"seeds must be several whole numbers, such as range(8); got {seeds!r}")
    checked = []
    for seed in seeds:
        if isinstance(seed, (bool, np.bool_)):
            raise TypeError(f"seeds must be non-negative whole numbers; got {seed!r}")
        try:
            checked.append(operator.index(seed))
        except TypeError:
            raise TypeError(f"seeds must be non-negative whole numbers; got {seed!r}") from None
        if not 0 <= checked[-1] < 2**64:
            raise ValueError(f"seeds must be non-negative whole numbers below 2**64; got {checked[-1]}")
    if len(set(checked)) != len(checked):
        twice, _ = Counter(checked).most_common(1)[0]
        raise ValueError(f"seeds must not have duplicates; got {twice} more than once")
    return np.array(checked, dtype=np.uint64)


class _ProgressLine:
    """One line on standard error: how many networks are done, and the time left."""

    def __init__(self, label: str, total: int) -> None:
        self.label, self.total, self.started, self.shown = label, total, time.monotonic(), 0.0

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if done and now - self.shown >= 0.2:
            self.shown = now
            left = (now - self.started) * (self.total - done) / done
            sys.stderr.write(f"\r{self.label}: {done:,} of {self.total:,} networks, {left:.0f} s left \x1b[K")
            sys.stderr.flush()

    def close(self) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")

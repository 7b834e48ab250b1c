"""Engines train fleets of networks. All do the same work; they differ in speed and in where they run.

| engine    | description                                  | where                                   |
|-----------|----------------------------------------------|-----------------------------------------|
| native    | C++, one network per SIMD lane               | this machine's processor                |
| cuda      | the same source, one network per GPU thread  | an NVIDIA GPU                           |
| reference | stacked torch tensors and autograd, readable | any torch device (cpu, cuda, mps)       |

`reference` is the truth that faster engines are compared with. `python -m lrn.engines` prints the available engines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lrn.experiment import Experiment
from lrn.experiment.runs import Runs

__all__ = ["ENGINES", "LARGEST_THREADS", "Engine", "Progress", "choose"]

ENGINES = ("auto", "native", "cuda", "reference")

LARGEST_THREADS = 1024  # torch ends the process where the system does not give it as many as it asks for

Progress = Callable[[int], None]
"""Told now and then how many networks of the fleet are done."""


class Engine(Protocol):
    """One way to train a fleet."""

    name: str

    @property
    def arithmetic(self) -> str:
        """Engines whose `arithmetic` is equal give results that are equal to the bit."""
        ...

    def train(
        self,
        experiment: Experiment,
        seeds: NDArray[np.uint64],
        *,
        trace: bool = False,
        parameters: bool = False,
        initial: NDArray[np.floating] | None = None,
        progress: Progress | None = None,
    ) -> Runs:
        """Trains one network per seed; `initial` (S, P) replaces the weights that the seeds would draw."""
        ...


def choose(name: str = "auto", *, device: str = "cpu", threads: int | None = None) -> Engine:
    """The engine of that name; "auto" is the fastest one there is for the device.

    The cuda engine takes the device "cpu", everyone's default, to mean "cuda". On a GPU, "auto" leaves small
    fleets of wide networks to the processor, which is faster and gives the same bits; "cuda" trains all on the GPU.

    Raises:
        TypeError: the device is not a text.
        ValueError: no such engine, it cannot run on that device, or `threads` is out of range.
        RuntimeError: the engine was asked for by name and is not installed here.
        ModuleNotFoundError: the reference engine is to train, and torch is not installed.
    """
    from lrn.engines import cuda, native

    whole = isinstance(threads, (int, np.integer)) and not isinstance(threads, bool)
    if threads is not None and not (whole and 1 <= threads <= LARGEST_THREADS):
        raise ValueError(f"threads must be a whole number from 1 to {LARGEST_THREADS:,}, or None; got {threads!r}")
    threads = None if threads is None else int(threads)
    if not isinstance(device, str):
        raise TypeError(f"device must be text, such as cpu or cuda:1; got {device!r}")
    if name not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}; got {name!r}")
    if name == "native" and device != "cpu":
        raise ValueError(f"the native engine runs on device cpu; got {device!r} (the reference engine takes any)")
    if name == "native" or (name == "auto" and device == "cpu" and native.available()):
        return native.NativeEngine(threads=threads)
    if name == "cuda":
        return cuda.CudaEngine("cuda" if device == "cpu" else device)
    if name == "auto" and device.split(":")[0] == "cuda" and cuda.available():
        return cuda.CudaEngine(device, _same_bits(cuda.CudaEngine.arithmetic, threads))

    from lrn.engines.reference import ReferenceEngine, check_device

    check_device(device)
    return ReferenceEngine(device=device, threads=threads)


def _same_bits(arithmetic: str, threads: int | None) -> Engine | None:
    """The native engine, if it is here and computes to the same bits."""
    from lrn.engines import native

    if not native.available():
        return None
    engine = native.NativeEngine(threads=threads)
    return engine if engine.arithmetic == arithmetic else None

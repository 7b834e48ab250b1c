"""Our own engines: the reference, and the native one on one thread and on two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import Run
from lrn.engines import Engine
from lrn.engines.native import NativeEngine
from lrn.experiment import Experiment


def prepare_reference(experiment: Experiment, initial: NDArray[np.float32]) -> Run:
    from lrn.engines.reference import ReferenceEngine

    return _run(ReferenceEngine(), experiment, initial)


def prepare_native_1(experiment: Experiment, initial: NDArray[np.float32]) -> Run:
    return _run(NativeEngine(threads=1), experiment, initial)


def prepare_native_2(experiment: Experiment, initial: NDArray[np.float32]) -> Run:
    return _run(NativeEngine(threads=2), experiment, initial)


def _run(engine: Engine, experiment: Experiment, initial: NDArray[np.float32]) -> Run:
    seeds = np.arange(len(initial), dtype=np.uint64)
    return lambda epochs: engine.train(experiment.replace(epochs=epochs), seeds, initial=initial).rmse

"""How many seeds are trained together: often more than were requested, because the engine takes as long for them."""

from __future__ import annotations

from collections.abc import Sequence

from lrn.engines import Engine
from lrn.engines.cuda import CudaEngine
from lrn.experiment import Experiment
from lrn.experiment.runs import Runs
from lrn.ledger.shelf import Shelf

__all__ = ["BATCH", "batch_size", "rounded", "work"]

_BATCH_WORK = 1 << 28
"""Work of one batch at most: a quarter of a second."""
BATCH = 64
"""Seeds of a batch. The kernel trains 16 at once per thread. In smaller batches, networks of depth 2 take up to twice
as long, because nothing takes the lanes of those that have settled. Larger ones save less than their files cost."""
_LANES = 16
"""Seeds of a batch of slow networks: the kernel trains this many in the time of one."""
_GPU_BATCH = 4096
"""Seeds of a batch on a GPU, where each network has a thread and thousands take as long as one."""
_GPU_TRACES = 256
"""The same where the error of every epoch is stored, which takes longer than the training."""


def work(experiment: Experiment) -> int:
    """Parameters times epochs of one network. The kernel takes about a nanosecond for each."""
    return experiment.parameters * experiment.epochs


def batch_size(engine: Engine, experiment: Experiment, trace: bool) -> int:
    """Seeds that are trained together: the missing seeds are rounded up to a multiple of it."""
    if isinstance(engine, CudaEngine) and engine.pays(experiment, _GPU_BATCH):
        return _GPU_TRACES if trace else _GPU_BATCH
    if work(experiment) * BATCH <= _BATCH_WORK:
        return BATCH
    return 1 if engine.name == "reference" else _LANES


def rounded(shelf: Shelf[Runs], missing: Sequence[range], batch: int) -> list[range]:
    """The missing seeds and those that fill the last batch, up to the next stored seed."""
    if not missing:
        return []
    last = missing[-1]
    stop = min(-(-last.stop // batch) * batch, 2**64)
    return [*missing[:-1], shelf.free(range(last.start, stop))]

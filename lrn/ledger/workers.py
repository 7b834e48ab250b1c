"""A ledger's blocks on a Dask cluster: the request, the worker's task, and its answer.

A request is an experiment and a range of seeds, the answer the block's file. A worker whose networks would not be those
of this machine is refused: before anything is trained, and by every request, as workers come and go.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from lrn.engines import Engine, choose
from lrn.experiment import Experiment
from lrn.ledger.blocks import to_table
from lrn.ledger.cluster import Cluster, ClusterError
from lrn.ledger.errors import first_line
from lrn.ledger.files import encode
from lrn.ledger.version import version

__all__ = ["Workers"]


@dataclass(frozen=True)
class _Request:
    engine: str
    device: str
    threads: int
    version: str
    experiment: Experiment
    seeds: range
    trace: bool


class Workers:
    """The workers of a Dask cluster.

    Args:
        scheduler: its address.
        engine: what trains.
        device: where.
        threads: processor threads for each block.

    Raises:
        ImportError: dask is not installed.
        ClusterError: the scheduler cannot be reached, or a worker would not train what `engine` does here.
    """

    def __init__(self, scheduler: str, engine: Engine, device: str, threads: int) -> None:
        self._how = (engine.name, device, threads, version(engine))
        self._cluster = Cluster(scheduler)
        try:
            for worker, theirs in self._cluster.everywhere(_version_of, (engine.name, device)).items():
                _check(worker, theirs if isinstance(theirs, Exception) else theirs.decode(), version(engine))
        except BaseException:
            self.close()
            raise

    @property
    def threads(self) -> int:
        """Blocks that can be trained at once."""
        return self._cluster.threads

    def train(
        self, blocks: Iterable[tuple[Experiment, range]], trace: bool = False
    ) -> Iterator[tuple[Experiment, range, bytes]]:
        """Blocks with their files, in the order they are done. Raises ClusterError where the cluster gives up."""
        requests = (_Request(*self._how, experiment, seeds, trace) for experiment, seeds in blocks)
        for request, data in self._cluster.each(_train, requests):
            yield request.experiment, request.seeds, data

    def close(self) -> None:
        """Lets go of the cluster."""
        self._cluster.close()


def _train(request: _Request) -> bytes:
    """On a worker: the file of a block."""
    _check(platform.node(), _version(request.engine, request.device), request.version)
    engine = choose(request.engine, device=request.device, threads=request.threads)
    seeds = np.arange(request.seeds.start, request.seeds.stop, dtype=np.uint64)
    return encode(to_table(request.experiment, engine.train(request.experiment, seeds, trace=request.trace)))


def _version_of(how: tuple[str, str]) -> bytes:
    """On a worker: the version of the code that it would train with."""
    return _version(*how).encode()


@cache
def _version(engine: str, device: str) -> str:
    """On a worker: the version of the code that it would train with."""
    return version(choose(engine, device=device))


def _check(worker: str, theirs: str | Exception, ours: str) -> None:
    if isinstance(theirs, Exception):
        raise ClusterError(f"the worker at {worker} cannot train: {first_line(theirs)}")
    if theirs != ours:
        raise ClusterError(
            f"the worker at {worker} would not train what this machine does: its version is {theirs}, here it is "
            f"{ours}; install the same lrn on both (and, for the reference engine, the same torch)"
        )

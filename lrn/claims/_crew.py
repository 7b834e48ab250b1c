"""Who runs the seeds of an expensive population: this machine's worker processes, or a cluster's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from lrn.claims._contract import MeasurementError
from lrn.claims._function import FunctionPopulation
from lrn.claims._worker import Answer, Task, answered, perform, pickler, task_for

if TYPE_CHECKING:
    from lrn.ledger.cluster import Cluster

__all__ = ["Crew"]


@dataclass(frozen=True)
class Crew:
    """Workers for the seeds of expensive populations.

    Attributes:
        workers: how many seeds run at once on this machine; None for as many as it has cores.
        scheduler: of a Dask cluster that runs them instead; None for this machine.
        slots: folder of locks that all pytest processes of a session share, so that together they run `workers` seeds.
        processes: how many pytest processes share them.
    """

    workers: int | None = None
    scheduler: str | None = None
    slots: str | None = None
    processes: int = 1

    @property
    def most(self) -> int:
        """Seeds that run at once."""
        return self._cluster.threads if self.scheduler else self.workers or available_cores()

    @property
    def works(self) -> bool:
        """Whether there is anybody, for more than one seed at a time."""
        return (self.scheduler is not None) or (self.most > 1 and _installed())

    def each(self, population: FunctionPopulation, seeds: Iterable[int]) -> Iterator[Answer]:
        """The answers for the seeds, as soon as they are there.

        Args:
            population: of which.
            seeds: they are taken one by one, as there is somebody to run them.

        Raises:
            MeasurementError: a worker process died.
            lrn.ledger.cluster.ClusterError: the cluster gave up.
        """
        task = task_for(population, by_value=self.scheduler is not None)
        if self.scheduler is not None:
            for _, data in self._cluster.each(perform, _for_each(seeds, replace(task, path=()))):
                yield answered(data)
            return
        most = max(1, self.most // population.definition.threads)
        task = replace(task, slots=self.slots, most=most, sender=os.getpid())
        yield from self._locally(population, _for_each(seeds, task), most)

    def close(self) -> None:
        """Lets go of the cluster, if there is one."""
        if "_cluster" in vars(self):
            self._cluster.close()

    def _locally(self, population: FunctionPopulation, tasks: Iterable[object], most: int) -> Iterator[Answer]:
        from joblib import Parallel, delayed, parallel_config
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        # Where several pytest processes share the slots, each needs no more than its part, and some to spare.
        own_share = most if self.processes <= 2 else max(2, -(-2 * most // self.processes))
        with parallel_config(backend="loky", inner_max_num_threads=population.definition.threads, n_jobs=own_share):
            pool = Parallel(batch_size=1, pre_dispatch=own_share, return_as="generator_unordered")
            answers = pool(map(delayed(perform), tasks))
        try:
            for data in answers:
                yield answered(data)
        except TerminatedWorkerError as error:
            raise MeasurementError(
                f"a process that trained {population.label} died (killed, or out of memory); finished seeds are kept"
            ) from error
        finally:
            answers.close()

    @cached_property
    def _cluster(self) -> Cluster:
        from lrn.ledger.cluster import Cluster

        assert self.scheduler is not None
        return Cluster(self.scheduler)


def _for_each(seeds: Iterable[int], task: Task) -> Iterator[Task]:
    """The task for each seed, made when it is taken."""
    for seed in seeds:
        yield replace(task, seed=seed)


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _installed() -> bool:
    try:
        import joblib  # noqa: F401
    except ImportError:
        return False
    return pickler() is not None

"""The ledger: trained networks on disk, shared by workers and by later runs.

    <ledger>/<version>/<experiment key>/<start>-<stop>.parquet      one file per block of seeds
                                        experiment.json             the experiment behind the key

`version` (`lrn.ledger.version`) names the code and arithmetic that trained, so a block is read only where training
again would give the same bits. Files appear whole or not at all. A file that is damaged or speaks of something else is
set aside, never read.

Any range of seeds can be asked for. Missing seeds are trained in batches that the engine likes, so up to one small
batch more than was asked for, and joined to the files beside it (`lrn.ledger.shelf`).

With a Dask cluster, workers train blocks and send back the content of their files; the ledger is written here, and
is the same whoever trained.
"""

from __future__ import annotations

import contextlib
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from lrn.engines import Engine, choose
from lrn.experiment import Experiment
from lrn.experiment.runs import Runs
from lrn.ledger.batches import batch_size, rounded, work
from lrn.ledger.blocks import RunsForm, row_bytes
from lrn.ledger.cluster import ClusterError
from lrn.ledger.covering import block_files, block_name, cut, gaps
from lrn.ledger.descriptions import describe, is_described
from lrn.ledger.errors import LedgerWarning, first_line
from lrn.ledger.files import folder, replace
from lrn.ledger.locks import lock
from lrn.ledger.shelf import Shelf
from lrn.ledger.tables import networks_table
from lrn.ledger.version import version
from lrn.ledger.workers import Workers

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["BLOCK", "Ledger", "LedgerWarning"]

BLOCK = 4096
"""Seeds that are trained and kept at once, at most: what a killed run can lose."""
SEGMENT_BYTES = 1 << 21
"""Length of a file, about, from which on blocks are no longer joined: 16,384 networks without their losses."""
MEMORY_BYTES = 1 << 28
"""What a ledger remembers in memory, at most, of experiments that were asked for before the last one."""

_BLOCK_WORK = 1 << 32
"""Work of one block at most (`lrn.ledger.batches.work`): some seconds."""
_WAITING_WORK = 1 << 30
"""Work per experiment from which on a ledger that `waits` writes at once: a second."""


class Ledger:
    """Trains missing seeds and stores the results.

    Args:
        path: folder of the ledger, made when needed, or with a scheme (`s3://bucket/ledger`) a place in any file system
            that fsspec knows; None remembers nothing on disk.
        engine: as in `lrn.train`.
        device: as in `lrn.train`.
        threads: as in `lrn.train`; on a cluster, of each block, None for one.
        scheduler: address of a Dask scheduler whose workers train, such as `tcp://10.0.0.1:8786`.
        waits: let networks that train in less than a second together wait in memory until `write` is called. A sample
            that grows in small steps would otherwise be written at each; a process that is killed loses them.

    Raises:
        TypeError: the device is not a text.
        ValueError: the engine, the device or `threads` is out of range, `path` is "", or there is no such file system.
        ImportError: the file system's package, or dask, is not installed.
        NotADirectoryError: `path` is a file.
        lrn.ledger.cluster.ClusterError: the scheduler cannot be reached, or its workers would not train as this
            machine does.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = ".ledger",
        *,
        engine: str = "auto",
        device: str = "cpu",
        threads: int | None = None,
        scheduler: str | None = None,
        waits: bool = False,
    ) -> None:
        self.engine: Engine = choose(engine, device=device, threads=threads)
        self.root = None if path is None else folder(path)
        self._shelves = OrderedDict[tuple[str, str, bool], Shelf[Runs]]()
        self.workers = None if scheduler is None else Workers(scheduler, self.engine, device, threads or 1)
        self._waits = waits

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self) -> None:
        """Writes the networks that are in memory only.

        Raises:
            OSError: the folder cannot be written to.
        """
        for (_, key, trace), shelf in self._shelves.items():
            self._write(key, trace, shelf)

    def tidy(self) -> None:
        """Writes the networks that are in memory only, and joins files that stand beside each other."""
        for (_, key, trace), shelf in self._shelves.items():
            self._put_away(key, trace, shelf)

    def close(self) -> None:
        """Calls `tidy`, and lets go of the cluster, if there is one."""
        self.tidy()
        if self.workers is not None:
            self.workers.close()

    @property
    def folder(self) -> Path:
        """Where blocks trained by this code and arithmetic lie."""
        if self.root is None:
            raise ValueError("this ledger remembers nothing: it was made with path None")
        return self.root / version(self.engine)

    def runs(self, experiment: Experiment, seeds: range, trace: bool = False) -> Runs:
        """The networks of consecutive seeds, trained now where the ledger does not have them.

        Args:
            experiment: how they are trained.
            seeds: a range of step 1, not empty.
            trace: also the RMSE over the samples that each epoch trained on.

        Raises:
            TypeError: `experiment` or `seeds` has the wrong type.
            ValueError: `seeds` is empty, has another step, or leaves 0 to 2**64.
            OSError: the folder cannot be written to.
        """
        _check_request(experiment, seeds)
        shelf = self._shelf(experiment, trace)
        known = shelf.held(seeds)
        if known is not None:
            return known
        missing = shelf.find(seeds)
        if self.root is None:
            self._train_missing(experiment, shelf, missing, trace)
        else:
            directory = self.folder / experiment.key
            if missing:
                with lock(directory, _lock_name(trace)):
                    describe(experiment, directory)
                    # Another process may have trained some while this one waited.
                    self._train_missing(experiment, shelf, shelf.find(seeds), trace)
            else:
                _look_after(experiment, directory, shelf, trace)
        self._forget()
        known = shelf.held(seeds)
        assert known is not None
        return known

    def remembered(self, experiment: Experiment, seeds: range, trace: bool = False) -> Runs | None:
        """The stored networks of these seeds, from the first up to the first gap; None if there are none. Never trains.

        Raises:
            TypeError, ValueError: as `runs`.
        """
        _check_request(experiment, seeds)
        shelf = self._shelf(experiment, trace)
        missing = shelf.find(seeds)
        self._forget()
        end = missing[0].start if missing else seeds.stop
        return shelf.held(range(seeds.start, end)) if end > seeds.start else None

    def missing(self, experiment: Experiment, seeds: range, size: int = BLOCK) -> list[range]:
        """The seeds that `runs` would train, by the names of the files that are there, in blocks of at most `size`."""
        missing = gaps(block_files(self.folder / experiment.key), seeds)
        blocks = []
        for gap in rounded(self._shelf(experiment, False), missing, batch_size(self.engine, experiment, False)):
            blocks += _blocks(gap, size)
        return blocks

    def fill(self, requests: Sequence[tuple[Experiment, range]]) -> Iterator[tuple[Experiment, range]]:
        """Has the cluster train blocks of any experiments; yields each once it is on disk, in the order they come in.

        Raises:
            ValueError: there is no cluster, or no folder.
            lrn.ledger.cluster.ClusterError: the cluster gave up.
        """
        if self.workers is None:
            raise ValueError("this ledger has no cluster: it was made without a scheduler")
        for experiment in dict.fromkeys(map(itemgetter(0), requests)):
            with lock(self.folder / experiment.key, "runs.lock"):
                describe(experiment, self.folder / experiment.key)
        for experiment, block, data in self.workers.train(requests):
            self._decoded(experiment, block, False, data)
            replace(self.folder / experiment.key / block_name(block), data)
            yield experiment, block

    def table(self, experiment: Experiment | None = None) -> pa.Table:
        """All networks, or those of one experiment: one row per network, with the experiment's fields as columns.

        Raises:
            TypeError: `experiment` is not an Experiment.
            ValueError: this ledger remembers nothing.
        """
        if experiment is not None:
            _check_experiment(experiment)
        self.write()
        return networks_table(self.folder, self.engine, experiment)

    def frame(self, experiment: Experiment | None = None) -> pd.DataFrame:
        """`table` as a pandas data frame (needs pandas)."""
        return self.table(experiment).to_pandas()

    def _train(self, experiment: Experiment, seeds: range, trace: bool) -> Runs:
        return self.engine.train(experiment, np.arange(seeds.start, seeds.stop, dtype=np.uint64), trace=trace)

    def _shelf(self, experiment: Experiment, trace: bool) -> Shelf[Runs]:
        """The known runs of an experiment."""
        name = (version(self.engine), experiment.key, trace)
        if name not in self._shelves:
            directory = None if self.root is None else self.folder / experiment.key
            form = RunsForm(experiment, self.engine, trace)
            batch, row = batch_size(self.engine, experiment, trace), row_bytes(experiment, trace)
            segment = max(batch, _power(SEGMENT_BYTES // row))
            precious = -(-16 * _BLOCK_WORK // work(experiment))
            self._shelves[name] = Shelf(directory, form, segment, trace=trace, precious=precious)
        self._shelves.move_to_end(name)
        return self._shelves[name]

    def _forget(self) -> None:
        """Forgets the least recently used experiments if they take too much memory."""
        size = sum(map(attrgetter("size"), self._shelves.values()))
        while len(self._shelves) > 1 and size > MEMORY_BYTES:
            (_, key, trace), shelf = self._shelves.popitem(last=False)
            size -= shelf.size
            self._put_away(key, trace, shelf)

    def _put_away(self, key: str, trace: bool, shelf: Shelf[Runs]) -> None:
        """Writes an experiment's networks, and joins its files unless another process does: nothing depends on that."""
        from filelock import Timeout

        self._write(key, trace, shelf)
        if self.root is not None and shelf.has_neighbours():
            with contextlib.suppress(OSError, Timeout), lock(self.folder / key, _lock_name(trace), 0):
                shelf.tidy()

    def _write(self, key: str, trace: bool, shelf: Shelf[Runs]) -> None:
        if self.root is not None and shelf.unwritten:
            with lock(self.folder / key, _lock_name(trace)):
                shelf.tidy(patient=True)

    def _train_missing(self, experiment: Experiment, shelf: Shelf[Runs], missing: Sequence[range], trace: bool) -> None:
        """Trains these seeds and a few more; writes each block but the last at once, and joins those side by side."""
        if not missing:
            return
        batch = batch_size(self.engine, experiment, trace)
        size = min(BLOCK, shelf.segment, max(batch, _power(_BLOCK_WORK // work(experiment))))
        blocks: list[range] = []
        for gap in rounded(shelf, missing, batch):
            blocks += cut(gap, size)
        for done, (block, runs) in enumerate(self._trained(experiment, blocks, trace), start=1):
            shelf.hold(block, runs)
            if done < len(blocks):  # the last one is written with those beside it
                shelf.write(block)
        if not self._waits or shelf.unwritten * work(experiment) >= _WAITING_WORK:
            shelf.tidy(patient=True)

    def _trained(self, experiment: Experiment, blocks: Sequence[range], trace: bool) -> Iterator[tuple[range, Runs]]:
        """Blocks in the order they are done."""
        if self.workers is None:
            for block in blocks:
                yield block, self._train(experiment, block, trace)
            return
        for _, block, data in self.workers.train([(experiment, block) for block in blocks], trace):
            yield block, self._decoded(experiment, block, trace, data)

    def _decoded(self, experiment: Experiment, block: range, trace: bool, data: bytes) -> Runs:
        """The runs in a worker's answer. Raises ClusterError if they are not the requested ones."""
        import pyarrow as pa

        try:
            return RunsForm(experiment, self.engine, trace).decode(data, block)
        except (ValueError, KeyError, OSError, pa.ArrowException) as error:
            what = f"seeds {block.start:,} to {block.stop - 1:,} of {experiment.label}"
            raise ClusterError(f"a worker's answer for {what} is not a block ({first_line(error)})") from None


def _power(n: int) -> int:
    """The largest power of two up to n; 1 for less."""
    return 1 << max(n, 1).bit_length() - 1


def _lock_name(trace: bool) -> str:
    return "trace.lock" if trace else "runs.lock"


def _look_after(experiment: Experiment, directory: Path, shelf: Shelf[Runs], trace: bool) -> None:
    """Joins small files, and writes a description that is gone; nothing of it is needed, so nobody waits for it."""
    from filelock import Timeout

    complete = is_described(experiment, directory)
    if complete and not shelf.untidy:
        return
    with contextlib.suppress(OSError, Timeout), lock(directory, _lock_name(trace), 0):
        describe(experiment, directory)
        shelf.tidy(patient=True)


def _check_experiment(experiment: object) -> None:
    if not isinstance(experiment, Experiment):
        raise TypeError(f"the ledger needs an Experiment; got {type(experiment).__name__}")


def _check_request(experiment: object, seeds: object) -> None:
    _check_experiment(experiment)
    if not isinstance(seeds, range):
        raise TypeError(f"seeds must be a range; got {seeds!r}")
    if seeds.step != 1 or not seeds or seeds.start < 0 or seeds.stop > 2**64:
        raise ValueError(f"seeds must be a range of step 1 within 0 to 2**64 that is not empty; got {seeds}")


def _blocks(seeds: range, size: int) -> list[range]:
    return [seeds[i : i + size] for i in range(0, len(seeds), size)]

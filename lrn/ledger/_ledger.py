"""The ledger: what was trained, on disk, shared by workers and by later runs.

    <ledger>/<version>/<experiment key>/<start>-<stop>.parquet      one file a block of seeds
                                        experiment.json             what the key stands for

`version` (`lrn.ledger.version`) names the code and arithmetic that trained, so a block is read only where training
again would give the same bits. Files appear whole or not at all. A file that is damaged or speaks of something else is
set aside, never read.

With a Dask cluster, workers train blocks and send back what is to stand in their files; the ledger is written here, and
is the same whoever trained.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from lrn.engines import Engine, choose
from lrn.experiment import Experiment
from lrn.ledger.blocks import from_table, summary, to_table
from lrn.ledger.files import LedgerWarning, decode, encode, first_line, folder, lock, read_block, replace, set_aside
from lrn.ledger.version import version
from lrn.ledger.workers import Workers
from lrn.runs import Runs

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["BLOCK", "Ledger", "LedgerWarning"]

BLOCK = 4096
"""Seeds of one file at most: what a killed run can lose."""


class Ledger:
    """Trains what has not been trained yet and remembers it.

    Args:
        path: folder of the ledger, made when needed, or with a scheme (`s3://bucket/ledger`) a place in any file system
            that fsspec knows; None remembers nothing.
        engine: as in `lrn.train`.
        device: as in `lrn.train`.
        threads: as in `lrn.train`; on a cluster, of each block, None for one.
        scheduler: address of a Dask scheduler whose workers train, such as `tcp://10.0.0.1:8786`.

    Raises:
        TypeError: the device is no text.
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
    ) -> None:
        self.engine: Engine = choose(engine, device=device, threads=threads)
        self.root = None if path is None else folder(path)
        self.workers = None if scheduler is None else Workers(scheduler, self.engine, device, threads or 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the cluster, if there is one."""
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
            trace: also the RMSE of what each epoch trained on.

        Raises:
            TypeError: `experiment` or `seeds` has the wrong type.
            ValueError: `seeds` is empty, has another step, or leaves 0 to 2**64.
            OSError: the folder cannot be written to.
        """
        _check_request(experiment, seeds)
        if self.root is None:
            return self._fresh(experiment, seeds, trace)

        from filelock import Timeout

        place = self.folder / experiment.key
        name = "trace.lock" if trace else "runs.lock"
        try:
            held = lock(place, name, 0)
        except Timeout:  # another process trains more of them; what is there need not wait for it
            known = self.remembered(experiment, seeds, trace)
            if known is not None and len(known) == len(seeds):
                return known
            held = lock(place, name)
        with held:
            _describe(experiment, place)
            return Runs.join(list(self._gather(experiment, place, seeds, trace)))

    def remembered(self, experiment: Experiment, seeds: range, trace: bool = False) -> Runs | None:
        """What is on disk of these seeds, from the first on without a gap; None if that is nothing. Never trains.

        Raises:
            TypeError, ValueError: as `runs`.
        """
        _check_request(experiment, seeds)
        if self.root is None:
            return None
        kept, at = [], seeds.start
        for start, stop, path in _files(self.folder / experiment.key, trace):
            if start <= at < min(stop, seeds.stop):
                runs = self._read(experiment, path, range(start, stop), trace)
                if runs is not None:
                    end = min(stop, seeds.stop)
                    kept.append(runs.select(slice(at - start, end - start)))
                    at = end
        return Runs.join(kept) if kept else None

    def missing(self, experiment: Experiment, seeds: range, size: int = BLOCK) -> list[range]:
        """The seeds that no file speaks of, in blocks of at most `size`."""
        gaps, at = [], seeds.start
        for start, stop, _ in _files(self.folder / experiment.key, False):
            gaps.append(range(at, min(start, seeds.stop)))
            at = max(at, stop)
        gaps.append(range(at, seeds.stop))
        return [block for gap in gaps for block in _blocks(gap, size)]

    def fill(self, wanted: Sequence[tuple[Experiment, range]]) -> Iterator[tuple[Experiment, range]]:
        """Has the cluster train blocks of any experiments; yields each once it is on disk, in the order they come in.

        Raises:
            ValueError: there is no cluster, or no folder.
            lrn.ledger.cluster.ClusterError: the cluster gave up.
        """
        if self.workers is None:
            raise ValueError("this ledger has no cluster: it was made without a scheduler")
        for experiment in dict.fromkeys(experiment for experiment, _ in wanted):
            with lock(self.folder / experiment.key, "runs.lock"):
                _describe(experiment, self.folder / experiment.key)
        for experiment, block, data in self.workers.train(wanted):
            self._keep(experiment, block, False, data)
            yield experiment, block

    def table(self, experiment: Experiment | None = None) -> pa.Table:
        """All networks, or those of one experiment: one row a network, with the experiment's fields as columns.

        Raises:
            TypeError: `experiment` is none.
            ValueError: this ledger remembers nothing.
        """
        if experiment is not None:
            _check_experiment(experiment)
        import pyarrow as pa

        tables = []
        for described in sorted(self.folder.glob("*/experiment.json")):
            known, place = _described(described), described.parent
            if known is None or experiment not in (None, known):
                continue
            runs = [
                r
                for start, stop, path in _files(place, False)
                if (r := self._read(known, path, range(start, stop), False))
            ]
            if runs:
                tables.append(summary(known, Runs.join(runs)))
        return pa.concat_tables(tables, promote_options="default") if tables else pa.table({})

    def frame(self, experiment: Experiment | None = None) -> pd.DataFrame:
        """`table` as a pandas data frame (needs pandas)."""
        return self.table(experiment).to_pandas()

    def _train(self, experiment: Experiment, seeds: range, trace: bool) -> Runs:
        return self.engine.train(experiment, np.arange(seeds.start, seeds.stop, dtype=np.uint64), trace=trace)

    def _gather(self, experiment: Experiment, place: Path, seeds: range, trace: bool) -> Iterator[Runs]:
        at, files = seeds.start, _files(place, trace)
        while at < seeds.stop:
            for start, stop, path in files:
                if start <= at < stop:
                    runs = self._read(experiment, path, range(start, stop), trace)
                    if runs is not None:
                        end = min(stop, seeds.stop)
                        yield runs.select(slice(at - start, end - start))
                        at = end
                        break
            else:
                later = [start for start, _, _ in files if start > at]
                gap = range(at, min([seeds.stop, *later]))
                yield self._fresh(experiment, gap, trace)
                at = gap.stop

    def _fresh(self, experiment: Experiment, seeds: range, trace: bool) -> Runs:
        """Networks trained now, each block kept as soon as it is there."""
        done = {}
        for block, runs, data in self._trained(experiment, _blocks(seeds), trace):
            done[block.start] = runs
            if self.root is not None:
                self._keep(experiment, block, trace, data or encode(to_table(experiment, runs)))
        return Runs.join([done[start] for start in sorted(done)])

    def _trained(
        self, experiment: Experiment, blocks: Sequence[range], trace: bool
    ) -> Iterator[tuple[range, Runs, bytes | None]]:
        """Blocks in the order they are done, with what is to stand in their files where a worker has written it."""
        if self.workers is None:
            yield from ((block, self._train(experiment, block, trace), None) for block in blocks)
            return
        for _, block, data in self.workers.train([(experiment, block) for block in blocks], trace):
            yield block, decode(data, partial(from_table, experiment, block=block, trace=trace)), data

    def _keep(self, experiment: Experiment, block: range, trace: bool, data: bytes) -> None:
        name = f"{block.start}-{block.stop}{'-trace' if trace else ''}.parquet"
        replace(self.folder / experiment.key / name, data)

    def _read(self, experiment: Experiment, path: Path, block: range, trace: bool) -> Runs | None:
        return read_block(path, partial(from_table, experiment, block=block, trace=trace))


def _check_experiment(experiment: object) -> None:
    if not isinstance(experiment, Experiment):
        raise TypeError(f"the ledger needs an Experiment; got {type(experiment).__name__}")


def _check_request(experiment: object, seeds: object) -> None:
    _check_experiment(experiment)
    if not isinstance(seeds, range):
        raise TypeError(f"seeds must be a range; got {seeds!r}")
    if seeds.step != 1 or not seeds or seeds.start < 0 or seeds.stop > 2**64:
        raise ValueError(f"seeds must be a range of step 1 within 0 to 2**64 that is not empty; got {seeds}")


def _blocks(seeds: range, size: int | None = None) -> list[range]:
    size = size or BLOCK
    return [seeds[i : i + size] for i in range(0, len(seeds), size)]


def _files(place: Path, trace: bool) -> list[tuple[int, int, Path]]:
    found = []
    for path in place.glob("*-trace.parquet" if trace else "*.parquet"):
        parts = path.name.removesuffix(".parquet").removesuffix("-trace" if trace else "").split("-")
        if len(parts) == 2 and all(part.isdecimal() for part in parts) and int(parts[0]) < int(parts[1]):
            found.append((int(parts[0]), int(parts[1]), path))
    return sorted(found)


def _describe(experiment: Experiment, place: Path) -> None:
    described = place / "experiment.json"
    if not described.exists() or _described(described) != experiment:
        replace(described, json.dumps(dataclasses.asdict(experiment), indent=1).encode())


def _described(path: Path) -> Experiment | None:
    try:
        experiment = Experiment(**json.loads(path.read_text()))
        if experiment.key != path.parent.name:
            raise ValueError("its folder is another one's")
        return experiment
    except (OSError, ValueError, TypeError, RecursionError) as error:
        set_aside(path, f"no description of an experiment ({first_line(error)})")
        return None

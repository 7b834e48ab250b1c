"""The ledger: what was trained, on disk, shared by workers and by later runs.

    <ledger>/<version>/<experiment key>/<start>-<stop>.parquet      one file a block of seeds
                                        experiment.json             what the key stands for

`version` names the code and arithmetic that trained, so a block is read only where training again would give the same
bits. Files appear whole or not at all. A file that is damaged or speaks of something else is set aside, never read.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrn.blocks import LedgerWarning, first_line, lock, read_block, replace, set_aside, write_block
from lrn.engines import Engine, choose
from lrn.experiment import Experiment
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
        path: folder of the ledger, made when needed; None remembers nothing.
        engine: as in `lrn.train`.
        device: as in `lrn.train`.
        threads: as in `lrn.train`.

    Raises:
        TypeError: the device is no text.
        ValueError: the engine, the device or `threads` is out of range, or `path` is "".
        NotADirectoryError: `path` is a file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = ".ledger",
        *,
        engine: str = "auto",
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        self.engine: Engine = choose(engine, device=device, threads=threads)
        if path == "":
            raise ValueError("the ledger must be a folder, or None for none; got ''")
        self.root = None if path is None else Path(path)
        if self.root is not None and self.root.exists() and not self.root.is_dir():
            raise NotADirectoryError(f"the ledger must be a folder; {self.root} is a file")

    @property
    def folder(self) -> Path:
        """Where blocks trained by this code and arithmetic lie."""
        if self.root is None:
            raise ValueError("this ledger remembers nothing: it was made with path None")
        return self.root / _version(self.engine)

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
            return Runs.join([self._train(experiment, block, trace) for block in _blocks(seeds)])

        place = self.folder / experiment.key
        with lock(place, "trace.lock" if trace else "runs.lock"):
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
                tables.append(_summary(known, Runs.join(runs)))
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
                for block in _blocks(range(at, min([seeds.stop, *later]))):
                    runs = self._train(experiment, block, trace)
                    self._write(experiment, place, block, runs)
                    yield runs
                    at = block.stop

    def _write(self, experiment: Experiment, place: Path, block: range, runs: Runs) -> None:
        name = f"{block.start}-{block.stop}{'-trace' if runs.trace is not None else ''}.parquet"
        write_block(place / name, _to_table(experiment, runs))

    def _read(self, experiment: Experiment, path: Path, block: range, trace: bool) -> Runs | None:
        return read_block(path, lambda table: _from_table(experiment, table, block, trace))


def _check_experiment(experiment: object) -> None:
    if not isinstance(experiment, Experiment):
        raise TypeError(f"the ledger needs an Experiment; got {type(experiment).__name__}")


def _check_request(experiment: object, seeds: object) -> None:
    _check_experiment(experiment)
    if not isinstance(seeds, range):
        raise TypeError(f"seeds must be a range; got {seeds!r}")
    if seeds.step != 1 or not seeds or seeds.start < 0 or seeds.stop > 2**64:
        raise ValueError(f"seeds must be a range of step 1 within 0 to 2**64 that is not empty; got {seeds}")


def _version(engine: Engine) -> str:
    here = Path(__file__).parent
    sources = [here / "data" / "_points.py", here / "experiment.py", here / "blocks.py", Path(__file__)]
    digest = hashlib.sha256(engine.arithmetic.encode())
    if engine.name == "reference":
        sources.append(here / "engines" / "reference.py")
    elif engine.name == "cuda":
        from lrn.engines import cuda

        digest.update(cuda.source_hash().encode())
    else:
        from lrn.engines import native

        digest.update(native.source_hash().encode())
        sources.append(here / "engines" / "native" / "__init__.py")
    for source in sources:
        digest.update(source.read_bytes())
    return f"{engine.name}-{digest.hexdigest()[:12]}"


def _blocks(seeds: range) -> list[range]:
    return [seeds[i : i + BLOCK] for i in range(0, len(seeds), BLOCK)]


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
        replace(described, lambda part: part.write_text(json.dumps(dataclasses.asdict(experiment), indent=1)))


def _described(path: Path) -> Experiment | None:
    try:
        return Experiment(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        set_aside(path, f"no description of an experiment ({first_line(error)})")
        return None


def _schema(experiment: Experiment, trace: bool) -> pa.Schema:
    import pyarrow as pa

    real = pa.from_numpy_dtype(np.dtype(experiment.dtype))
    columns = {
        "seed": pa.uint64(),
        "rmse": real,
        "rmse_initial": real,
        "converged_at": pa.int32(),
        "dead": pa.list_(pa.uint8(), -(-experiment.neurons // 8)),
        "prediction": pa.list_(real, experiment.data.t.size),
    }
    if trace:
        columns["trace"] = pa.list_(real, experiment.epochs)
    return pa.schema(columns, metadata={"lrn.experiment": experiment.key})


def _to_table(experiment: Experiment, runs: Runs) -> pa.Table:
    import pyarrow as pa

    S = len(runs)
    rows = lambda a: pa.FixedSizeListArray.from_arrays(pa.array(a.reshape(-1)), a.size // S)  # noqa: E731
    columns = {
        "seed": pa.array(runs.seeds),
        "rmse": pa.array(runs.rmse),
        "rmse_initial": pa.array(runs.rmse_initial),
        "converged_at": pa.array(runs.converged_at),
        "dead": rows(np.packbits(runs.dead.reshape(S, -1), axis=1)),
        "prediction": rows(runs.prediction),
    }
    if runs.trace is not None:
        columns["trace"] = rows(runs.trace)
    return pa.table(columns, schema=_schema(experiment, runs.trace is not None))


def _from_table(experiment: Experiment, table: pa.Table, block: range, trace: bool) -> Runs:
    if (table.schema.metadata or {}).get(b"lrn.experiment") != experiment.key.encode():
        raise ValueError("it belongs to another experiment")
    if not table.schema.equals(_schema(experiment, trace)):
        raise ValueError("its columns are not those of its experiment")
    if any(values.null_count for values in table.itercolumns()):
        raise ValueError("it has gaps")
    S, D, W = len(block), experiment.depth, experiment.width
    column = lambda name: table[name].combine_chunks()  # noqa: E731
    flat = lambda name: column(name).flatten().to_numpy().reshape(S, -1)  # noqa: E731
    seeds = column("seed").to_numpy()
    if not np.array_equal(seeds, np.arange(block.start, block.stop, dtype=np.uint64)):
        raise ValueError("it holds other seeds than its name says")
    return Runs(
        experiment,
        seeds,
        rmse=column("rmse").to_numpy(),
        rmse_initial=column("rmse_initial").to_numpy(),
        converged_at=column("converged_at").to_numpy(),
        dead=np.unpackbits(flat("dead"), axis=1, count=D * W).reshape(S, D, W).astype(np.bool_),
        prediction=flat("prediction"),
        trace=flat("trace") if trace else None,
    )


def _summary(experiment: Experiment, runs: Runs) -> pa.Table:
    import pyarrow as pa

    fields = {k: pa.array([v] * len(runs)) for k, v in dataclasses.asdict(experiment).items()}
    measured = {
        "seed": runs.seeds,
        "rmse": runs.rmse,
        "rmse_initial": runs.rmse_initial,
        "converged": runs.converged,
        "converged_at": runs.converged_at,
        "dead_neurons": runs.dead_neurons,
        "dead_layers": runs.dead_layers,
    }
    return pa.table(fields | {k: pa.array(v) for k, v in measured.items()})

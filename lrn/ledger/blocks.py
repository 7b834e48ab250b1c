"""Runs as tables and back: the columns of a block's file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrn.engines import Engine
from lrn.experiment import Experiment
from lrn.experiment.runs import Runs
from lrn.ledger.checks import check_start, check_values
from lrn.ledger.files import MOST_BYTES, decode, encode, read_block

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RunsForm", "from_table", "row_bytes", "summary", "to_table"]


@dataclasses.dataclass(frozen=True)
class RunsForm:
    """How an experiment's runs are read, written and put together (see `lrn.ledger.shelf.Form`).

    Attributes:
        experiment: theirs.
        engine: what trained them.
        trace: whether they have the loss of every epoch.
    """

    experiment: Experiment
    engine: Engine
    trace: bool = False

    def read(self, path: Path, seeds: range) -> Runs | None:
        """The runs in a file; None where there is none, or after setting one aside that is not sound."""
        rows = seeds.stop - seeds.start
        most = min(MOST_BYTES, (1 << 16) + 2 * rows * row_bytes(self.experiment, self.trace))
        return read_block(path, partial(self._parse, seeds=seeds), rows, most)

    def decode(self, data: bytes, seeds: range) -> Runs:
        """The runs in a file's bytes.

        Raises:
            ValueError, KeyError, OSError, pyarrow.ArrowException: it is damaged, or of no use.
        """
        return decode(data, partial(self._parse, seeds=seeds), seeds.stop - seeds.start)

    def encode(self, block: Runs) -> bytes:
        """A file."""
        return encode(to_table(self.experiment, block))

    def join(self, blocks: Sequence[Runs]) -> Runs:
        """Runs one after another."""
        return Runs.join(blocks)

    def select(self, block: Runs, rows: slice) -> Runs:
        """Some of the runs."""
        return block.select(rows)

    def size(self, block: Runs) -> int:
        """Bytes of memory."""
        return sum(value.nbytes for value in vars(block).values() if isinstance(value, np.ndarray))

    def freeze(self, block: Runs) -> None:
        """Lets nobody change what others will be given too."""
        for value in vars(block).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def _parse(self, table: pa.Table, seeds: range) -> Runs:
        runs = from_table(self.experiment, table, seeds, self.trace)
        check_start(self.engine, runs)
        return runs


def row_bytes(experiment: Experiment, trace: bool) -> int:
    """Bytes of one network in a file, about."""
    numbers = 2 + experiment.data.t.size + (experiment.epochs if trace else 0)
    dead = 4 * -(-experiment.neurons // 8)  # Parquet keeps each byte of a list as a number of 32 bits
    return 12 + numbers * np.dtype(experiment.dtype).itemsize + dead


def to_table(experiment: Experiment, runs: Runs) -> pa.Table:
    """One row per network, everything but the parameters."""
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


def from_table(experiment: Experiment, table: pa.Table, block: range, trace: bool) -> Runs:
    """The runs of a block. Raises ValueError for a table of anything else, and for what no network can have."""
    if (table.schema.metadata or {}).get(b"lrn.experiment") != experiment.key.encode():
        raise ValueError("it belongs to another experiment")
    if not table.schema.equals(_schema(experiment, trace)):
        raise ValueError("its columns are not those of its experiment")
    if any(values.null_count for values in table.itercolumns()):
        raise ValueError("it has gaps")
    S, D, W = table.num_rows, experiment.depth, experiment.width
    if block.stop - block.start != S:
        raise ValueError("it holds other seeds than its name says")
    column = lambda name: table[name].combine_chunks()  # noqa: E731
    flat = lambda name: column(name).flatten().to_numpy().reshape(S, -1)  # noqa: E731
    seeds = column("seed").to_numpy()
    if not np.array_equal(seeds, np.arange(block.start, block.stop, dtype=np.uint64)):
        raise ValueError("it holds other seeds than its name says")
    bits = np.unpackbits(flat("dead"), axis=1)
    if bits[:, D * W :].any():
        raise ValueError("it has dead neurons that its networks do not have")
    runs = Runs(
        experiment,
        seeds,
        rmse=column("rmse").to_numpy(),
        rmse_initial=column("rmse_initial").to_numpy(),
        converged_at=column("converged_at").to_numpy(),
        dead=bits[:, : D * W].reshape(S, D, W).astype(np.bool_),
        prediction=flat("prediction"),
        trace=flat("trace") if trace else None,
    )
    check_values(runs)
    return runs


def summary(experiment: Experiment, runs: Runs) -> pa.Table:
    """One row per network: the experiment's fields, and the network's counts."""
    import pyarrow as pa

    columns = {}
    for name, setting in dataclasses.asdict(experiment).items():
        columns[name] = pa.array([setting] * len(runs))
    measured = {
        "seed": runs.seeds,
        "rmse": runs.rmse,
        "rmse_initial": runs.rmse_initial,
        "converged": runs.converged,
        "converged_at": runs.converged_at,
        "dead_neurons": runs.dead_neurons,
        "dead_layers": runs.dead_layers,
    }
    for name, values in measured.items():
        columns[name] = pa.array(values)
    return pa.table(columns)


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

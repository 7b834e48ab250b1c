"""Runs as tables and back: the columns of a block's file."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from lrn.experiment import Experiment
from lrn.runs import Runs

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["from_table", "summary", "to_table"]


def to_table(experiment: Experiment, runs: Runs) -> pa.Table:
    """One row a network, everything but the parameters."""
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
    """The runs of a block. Raises ValueError for a table of anything else."""
    if (table.schema.metadata or {}).get(b"lrn.experiment") != experiment.key.encode():
        raise ValueError("it belongs to another experiment")
    if not table.schema.equals(_schema(experiment, trace)):
        raise ValueError("its columns are not those of its experiment")
    if any(values.null_count for values in table.itercolumns()):
        raise ValueError("it has gaps")
    S, D, W = table.num_rows, experiment.depth, experiment.width
    column = lambda name: table[name].combine_chunks()  # noqa: E731
    flat = lambda name: column(name).flatten().to_numpy().reshape(S, -1)  # noqa: E731
    seeds = column("seed").to_numpy()
    if block.stop - block.start != S or not np.array_equal(seeds, np.arange(block.start, block.stop, dtype=np.uint64)):
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


def summary(experiment: Experiment, runs: Runs) -> pa.Table:
    """One row a network: the experiment's fields, and what is counted of it."""
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

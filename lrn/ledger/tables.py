"""The networks of a ledger as a table, one row per network."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from lrn.engines import Engine
from lrn.experiment import Experiment
from lrn.ledger.blocks import RunsForm, summary
from lrn.ledger.covering import block_files, joined
from lrn.ledger.descriptions import FILE, read_described
from lrn.ledger.shelf import Shelf

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["networks_table"]


def networks_table(folder: Path, engine: Engine, experiment: Experiment | None) -> pa.Table:
    """All networks in a folder of one version, or those of one experiment; the experiment's fields are columns."""
    import pyarrow as pa

    tables = []
    for path in sorted(folder.glob(f"*/{FILE}")):
        known, directory = read_described(path), path.parent
        if known is None or experiment not in (None, known):
            continue
        shelf = Shelf(directory, RunsForm(known, engine), segment=1)  # never written, and forgotten at once
        ranges = joined(map(attrgetter("seeds"), block_files(directory)))
        if ranges:
            shelf.find(range(ranges[0].start, ranges[-1].stop))
        for seeds in ranges:
            for _, runs in shelf.parts(seeds):
                tables.append(summary(known, runs))
    return pa.concat_tables(tables, promote_options="default") if tables else pa.table({})

"""What populations that are no Experiments were observed to do, on disk: it is drawn once.

    <ledger>/samples-<version>/<digest of the label>/<start>-<stop>.parquet     one file a block of seeds
                                                     population.json            what the digest stands for

A population asks for it by its `version`, a text that names the code, the arithmetic and the data behind what it
observes: where that changes, it is drawn again. Workers that ask for the same seeds share them block by block.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.ledger.files import encode, read_block, replace
from lrn.ledger.locks import lock

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BLOCK", "Samples"]

BLOCK = 32
"""Seeds of one file: what a killed run can lose, and what workers share out among them."""

_Columns = dict[str, NDArray[Any]]


class Samples:
    """Draws what has not been drawn yet and remembers it.

    Args:
        path: folder of the ledger, made when needed.
    """

    def __init__(self, path: Path) -> None:
        self._root = path

    def folder(self, label: str, version: str) -> Path:
        """Where a population's blocks lie."""
        digest = [hashlib.sha256(text.encode()).hexdigest() for text in (version, label)]
        return self._root / f"samples-{digest[0][:12]}" / digest[1][:16]

    def sample(self, label: str, version: str, draw: Callable[[range], Any], seeds: range) -> _Columns:
        """What was observed for each seed, drawn now where it is not known.

        Args:
            label: the population's.
            version: the population's.
            draw: its `sample`; it is asked for whole blocks, so for more seeds than these where they are no blocks.
            seeds: a range of step 1, not empty.

        Returns:
            For each metric an array (S,).

        Raises:
            TypeError: what was drawn is no mapping of metrics to numbers or truths, `version` is no text, or `seeds` no
                range.
            ValueError: there is no metric, one has another shape, or `seeds` is empty or has another step.
            OSError: the folder cannot be written to.
        """
        if not isinstance(version, str) or not version:
            raise TypeError(f"the version of {label} must be a text that is not empty; got {version!r}")
        if not isinstance(seeds, range):
            raise TypeError(f"seeds must be a range; got {seeds!r}")
        if seeds.step != 1 or not seeds or seeds.start < 0 or seeds.stop > 2**64:
            raise ValueError(f"seeds must be a range of step 1 within 0 to 2**64 that is not empty; got {seeds}")
        place = self.folder(label, version)
        starts = range(seeds.start // BLOCK * BLOCK, seeds.stop, BLOCK)
        found = _share(place, label, draw, [range(start, start + BLOCK) for start in starts])
        names = list(found[0])
        if any(list(block) != names for block in found):
            raise ValueError(f"{label} must observe the same metrics for all seeds; got {', '.join(names)} and others")
        asked = slice(seeds.start - starts.start, seeds.stop - starts.start)
        return {name: np.concatenate([block[name] for block in found])[asked] for name in names}


def _share(place: Path, label: str, draw: Callable[[range], Any], blocks: list[range]) -> list[_Columns]:
    """All blocks; those that another process draws just now come last."""
    from filelock import Timeout

    found: dict[int, _Columns] = {}
    for wait in (0, -1):
        for block in blocks:
            if block.start in found:
                continue
            try:
                with lock(place, f"{block.start}.lock", wait):
                    found[block.start] = _block(place, label, draw, block)
            except Timeout:
                continue
    return [found[block.start] for block in blocks]


def _block(place: Path, label: str, draw: Callable[[range], Any], block: range) -> _Columns:
    path = place / f"{block.start}-{block.stop}.parquet"
    known = read_block(path, lambda table: _from_table(table, label, block))
    if known is not None:
        return known
    drawn = _checked(draw(block), label, len(block))
    described = place / "population.json"
    if not described.exists():
        replace(described, json.dumps({"label": label}, indent=1).encode())
    replace(path, encode(_to_table(drawn, label, block)))
    return drawn


def _checked(sample: Any, label: str, n: int) -> _Columns:
    if not isinstance(sample, Mapping):
        raise TypeError(f"{label} has a version, so it must observe a mapping of metrics to arrays; got {sample!r}")
    if not sample:
        raise ValueError(f"{label} must observe at least one metric; got none")
    columns = {str(name): np.asarray(values) for name, values in sample.items()}
    for name, values in columns.items():
        if values.shape != (n,):
            raise ValueError(f"{name} of {label} must have shape ({n},), one value a seed; got {values.shape}")
        if values.dtype.kind not in "biuf":
            raise TypeError(f"{name} of {label} must be numbers or truths; its values are {values.dtype}")
    return columns


def _to_table(columns: _Columns, label: str, block: range) -> pa.Table:
    import pyarrow as pa

    seeds = pa.array(np.arange(block.start, block.stop, dtype=np.uint64))
    arrays = {name: pa.array(values) for name, values in columns.items()}
    table = pa.table([seeds, *arrays.values()], names=["lrn.seed", *arrays])
    return table.replace_schema_metadata({"lrn.population": label})


def _from_table(table: pa.Table, label: str, block: range) -> _Columns:
    if (table.schema.metadata or {}).get(b"lrn.population") != label.encode():
        raise ValueError("it belongs to another population")
    if any(values.null_count for values in table.itercolumns()):
        raise ValueError("it has gaps")
    seeds, *columns = (values.combine_chunks().to_numpy(zero_copy_only=False) for values in table.itercolumns())
    if not np.array_equal(seeds, np.arange(block.start, block.stop, dtype=np.uint64)):
        raise ValueError("it holds other seeds than its name says")
    return _checked(dict(zip(table.column_names[1:], columns, strict=True)), label, len(block))

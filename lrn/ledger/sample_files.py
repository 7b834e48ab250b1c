"""Files of a population's samples: one population at one version, a range of seeds per file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.ledger.files import encode, read_block, read_note, replace, set_aside

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Columns", "Shelf", "checked", "gaps", "joined", "prefix"]

Columns = dict[str, NDArray[Any]]
"""Metric -> values (S,)."""

_REMEMBERED = 64  # files


class Shelf:
    """The files of one population at one version.

    Args:
        root: folder of the ledger.
        label: the population's.
        version: the population's.
        recent: files that were read lately.

    Raises:
        TypeError: `version` is not text, or empty.
    """

    def __init__(self, root: Path, label: str, version: str, recent: dict[Path, Columns] | None = None) -> None:
        if not isinstance(version, str) or not version:
            raise TypeError(f"the version of {label} must be a text that is not empty; got {version!r}")
        self.label, self.version = label, version
        self._recent = {} if recent is None else recent
        self.folder = root / f"samples-{_digest(version)[:12]}" / _digest(label)[:16]

    def files(self) -> list[tuple[int, int, Path]]:
        """First seed, end and path of every file, in order."""
        blocks = []
        for path in self.folder.glob("*.parquet"):
            parts = path.name.removesuffix(".parquet").split("-")
            if len(parts) == 2 and all(map(str.isdecimal, parts)) and int(parts[0]) < int(parts[1]):
                blocks.append((int(parts[0]), int(parts[1]), path))
        return sorted(blocks)

    def seeds_on_disk(self) -> int:
        """How many seeds the files hold."""
        return sum(stop - start for start, stop, _ in self.files())

    def read(self, seeds: range) -> list[tuple[range, Columns]]:
        """The known samples of these seeds, in order; a damaged file is set aside with a warning, and read no more."""
        known, at = [], seeds.start
        for start, stop, path in self.files():
            if stop <= at or start >= seeds.stop:
                continue
            columns = self._columns(path, range(start, stop))
            if columns is not None:
                part = range(max(at, start), min(stop, seeds.stop))
                known.append((part, {k: v[part.start - start : part.stop - start] for k, v in columns.items()}))
                at = part.stop
        return known

    def missing(self, seeds: range) -> list[range]:
        """The seeds that no file speaks of, by the files' names."""
        return gaps(seeds, [range(start, stop) for start, stop, _ in self.files()])

    def _columns(self, path: Path, block: range) -> Columns | None:
        """The columns of a file, cached for a while because growing samples need them again and again."""
        if path not in self._recent:
            rows = block.stop - block.start
            columns = read_block(path, lambda table: _from_table(table, self.label, block), rows)
            if columns is None:
                return None
            self._recent[path] = columns
            while len(self._recent) > _REMEMBERED:
                self._recent.pop(next(iter(self._recent)))
        return self._recent[path]

    def get_ready(self) -> None:
        """Loads the packages that writing needs, so that the first seed that is finished is on disk at once."""
        encode(_to_table({}, "", range(1)))

    def keep(self, seeds: range, columns: Columns) -> None:
        """Writes the observations of a range of seeds. Raises OSError where the folder cannot be written to."""
        replace(self.folder / f"{seeds.start}-{seeds.stop}.parquet", encode(_to_table(columns, self.label, seeds)))

    def fail(self, seed: int, why: str) -> None:
        """Writes that a seed failed, and why."""
        facts = {"label": self.label, "seed": seed, "failed": why}
        replace(self.folder / f"{seed}.failed.json", json.dumps(facts, indent=1).encode())

    def failures(self) -> dict[int, str]:
        """The seeds that failed, and why."""
        failed = {}
        for path in self.folder.glob("*.failed.json"):
            facts = read_note(path, "note of a failed seed")
            if facts is None:
                continue
            seed, why = facts.get("seed"), facts.get("failed")
            if facts.get("label") != self.label or not isinstance(seed, int) or path.name != f"{seed}.failed.json":
                set_aside(path, "no note of a failed seed (it belongs to another seed)")
            else:
                failed[seed] = str(why)
        return failed

    def described(self) -> dict[str, Any]:
        """What population.json says; empty if the file is missing or unusable."""
        path = self.folder / "population.json"
        facts = read_note(path, "description of a population")
        if facts is not None and facts.get("label") != self.label:
            set_aside(path, "no description of a population (it belongs to another population)")
            return {}
        return facts or {}

    def agree(self, settings: Mapping[str, str]) -> None:
        """Refuses another population of the same label and version. Raises ValueError where settings differ."""
        known = self.described().get("settings")
        if not isinstance(known, dict):
            return
        for name in sorted({*known, *settings}):
            before, now = known.get(name, "missing"), settings.get(name, "missing")
            if before != now:
                raise ValueError(
                    f"{self.label} has observations in {self.folder} that were made with {name} = {before}; here it "
                    f"is {now}. A label must name every setting, and a version everything else; what cannot matter may "
                    f"have a name that begins with _"
                )

    def describe(self, **facts: Any) -> None:
        """Adds facts to population.json."""
        known = self.described()
        description = {**known, "label": self.label, "version": self.version, **facts}
        if description != known:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace(self.folder / "population.json", json.dumps(description, indent=1).encode())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def prefix(seeds: range, known: list[range]) -> int:
    """How many of the seeds are known, from the first on."""
    missing = gaps(seeds, known)
    return (missing[0].start if missing else seeds.stop) - seeds.start


def joined(label: str, parts: list[tuple[range, Columns]]) -> Columns:
    """One mapping of all parts. Raises ValueError where they do not have the same metrics."""
    names = list(parts[0][1])
    for _, columns in parts:
        if list(columns) != names:
            raise ValueError(
                f"{label} must observe the same metrics for all seeds; got {', '.join(names)} and {', '.join(columns)}"
            )
    _, tables = zip(*parts, strict=True)
    return {name: np.concatenate(list(map(itemgetter(name), tables))) for name in names}


def checked(sample: Any, label: str, n: int) -> Columns:
    """The observations of n seeds, as arrays. Raises TypeError or ValueError for what no file can hold."""
    if not isinstance(sample, Mapping):
        raise TypeError(f"{label} has a version, so it must observe a mapping of metrics to arrays; got {sample!r}")
    if not sample:
        raise ValueError(f"{label} must observe at least one metric; got none")
    columns = {}
    for name, observed in sample.items():
        values = np.asarray(observed)
        if values.shape != (n,):
            raise ValueError(f"{name} of {label} must have shape ({n},), one value per seed; got {values.shape}")
        if values.dtype.kind not in "biuf":
            raise TypeError(f"{name} of {label} must be numbers or truths; its values are {values.dtype}")
        if np.ma.is_masked(observed):
            raise ValueError(f"{name} of {label} must not be masked: a file has no gaps; give NaN instead")
        columns[str(name)] = _as_stored(values)
    return columns


def _as_stored(values: NDArray[Any]) -> NDArray[Any]:
    """The values as a file can hold them: in this machine's byte order, and with at most 64 bits."""
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        return values.astype(np.float64)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def gaps(seeds: range, known: list[range]) -> list[range]:
    """The parts of `seeds` that are not in the known ranges, which are in order."""
    missing, at = [], seeds.start
    for part in known:
        if at < min(part.start, seeds.stop):
            missing.append(range(at, min(part.start, seeds.stop)))
        at = max(at, part.stop)
    return [*missing, range(at, seeds.stop)] if at < seeds.stop else missing


def _to_table(columns: Columns, label: str, block: range) -> pa.Table:
    import pyarrow as pa

    seeds = pa.array(np.arange(block.start, block.stop, dtype=np.uint64))
    table = pa.table([seeds, *map(pa.array, columns.values())], names=["lrn.seed", *columns])
    return table.replace_schema_metadata({"lrn.population": label})


def _from_table(table: pa.Table, label: str, block: range) -> Columns:
    if (table.schema.metadata or {}).get(b"lrn.population") != label.encode():
        raise ValueError("it belongs to another population")
    if any(values.null_count for values in table.itercolumns()):
        raise ValueError("it has gaps")
    if len(set(table.column_names)) < table.num_columns:
        raise ValueError("it has two columns of one name")
    seeds, *columns = (values.combine_chunks().to_numpy(zero_copy_only=False) for values in table.itercolumns())
    if not np.array_equal(seeds, np.arange(block.start, block.stop, dtype=np.uint64)):
        raise ValueError("it holds other seeds than its name says")
    return checked(dict(zip(table.column_names[1:], columns, strict=True)), label, len(block))

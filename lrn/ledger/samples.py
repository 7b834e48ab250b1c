"""What populations that are not Experiments were observed to do, on disk: each seed is sampled once.

    <ledger>/samples-<version>/<digest of the label>/<start>-<stop>.parquet     one file per seed or block of seeds
                                                     population.json            what the digest stands for

A population asks for it by its `version`, text that names the code, the arithmetic and the data behind what it
observes: where that changes, it is sampled again. Workers that ask for the same seeds share them.

How many seeds lie in one file depends on how long they take, which the first seed shows: about a second's worth, at
most 4,096. Where a seed takes longer than an eighth of a second, nothing is sampled that was not asked for, and each
result is written as soon as it is there.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.ledger.files import encode, first_line, read_block, replace, set_aside
from lrn.ledger.locks import lock

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BLOCK", "Columns", "Samples", "Shelf", "checked", "joined"]

BLOCK = 4096
"""Seeds of one file at most."""

SMALL = 8
"""Files of at least so many seeds are whole blocks, sampled in full; smaller ones hold what was asked for."""

Columns = dict[str, NDArray[Any]]
"""Metric -> values (S,)."""

_SECONDS = 1.0  # a file's worth
_REMEMBERED = 64  # files
_MOST_GROUP = 64  # expensive seeds of one call, each of which has a lock


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
        digests = [hashlib.sha256(text.encode()).hexdigest() for text in (version, label)]
        self.label, self.version = label, version
        self._recent = {} if recent is None else recent
        self.folder = root / f"samples-{digests[0][:12]}" / digests[1][:16]

    def files(self) -> list[tuple[int, int, Path]]:
        """First seed, end and path of every file, in order."""
        found = []
        for path in self.folder.glob("*.parquet"):
            parts = path.name.removesuffix(".parquet").split("-")
            if len(parts) == 2 and all(part.isdecimal() for part in parts) and int(parts[0]) < int(parts[1]):
                found.append((int(parts[0]), int(parts[1]), path))
        return sorted(found)

    def read(self, seeds: range) -> list[tuple[range, Columns]]:
        """What is known of these seeds, in order; a damaged file is set aside with a warning, and read no more."""
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
        return _gaps(seeds, [range(start, stop) for start, stop, _ in self.files()])

    def _columns(self, path: Path, block: range) -> Columns | None:
        """What a file holds, remembered for a while as growing samples ask for it again and again."""
        if path not in self._recent:
            columns = read_block(path, lambda table: _from_table(table, self.label, block))
            if columns is None:
                return None
            self._recent[path] = columns
            while len(self._recent) > _REMEMBERED:
                self._recent.pop(next(iter(self._recent)))
        return self._recent[path]

    def keep(self, seeds: range, columns: Columns) -> None:
        """Writes what was observed for a range of seeds. Raises OSError where the folder cannot be written to."""
        replace(self.folder / f"{seeds.start}-{seeds.stop}.parquet", encode(_to_table(columns, self.label, seeds)))

    def fail(self, seed: int, why: str) -> None:
        """Writes that a seed failed, and why."""
        facts = {"label": self.label, "seed": seed, "failed": why}
        replace(self.folder / f"{seed}.failed.json", json.dumps(facts, indent=1).encode())

    def failures(self) -> dict[int, str]:
        """The seeds that failed, and why."""
        failed = {}
        for path in self.folder.glob("*.failed.json"):
            try:
                facts = json.loads(path.read_text())
                if facts["label"] != self.label or path.name != f"{facts['seed']}.failed.json":
                    raise ValueError("it belongs to another seed")
                failed[int(facts["seed"])] = str(facts["failed"])
            except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
                set_aside(path, f"no note of a failed seed ({first_line(error)})")
        return failed

    def described(self) -> dict[str, Any]:
        """What population.json says; empty where there is none, or none of use."""
        path = self.folder / "population.json"
        try:
            facts = json.loads(path.read_text())
            if not isinstance(facts, dict) or facts.get("label") != self.label:
                raise ValueError("it belongs to another population")
            return facts
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            set_aside(path, f"no description of a population ({first_line(error)})")
            return {}

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
        told = {**known, "label": self.label, "version": self.version, **facts}
        if told != known:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace(self.folder / "population.json", json.dumps(told, indent=1).encode())


class Samples:
    """Samples what has not been sampled yet and remembers it.

    Args:
        path: folder of the ledger, made when needed.
    """

    def __init__(self, path: Path) -> None:
        self._root = path
        self._recent: dict[Path, Columns] = {}

    def folder(self, label: str, version: str) -> Path:
        """Where a population's files lie."""
        return Shelf(self._root, label, version).folder

    def known(self, label: str, version: str, seeds: range) -> int:
        """How many of these seeds are on disk, from the first on."""
        return _prefix(seeds, [part for part, _ in Shelf(self._root, label, version, self._recent).read(seeds)])

    def sample(
        self,
        label: str,
        version: str,
        draw: Callable[[range], Any],
        seeds: range,
        *,
        block: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Columns:
        """What was observed for each seed, sampled now where it is not known.

        Args:
            label: the population's.
            version: the population's.
            draw: its `sample`; cheap populations are asked for whole blocks, so for more seeds than these.
            seeds: a range of step 1, not empty.
            block: seeds of one call and file, a power of two; None for as many as take about a second.
            settings: where each setting of the population lies, and what it is.

        Returns:
            For each metric an array (S,).

        Raises:
            TypeError: what was observed is not a mapping of metrics to numbers or truths, `version` is not text, or
                `seeds` not a range.
            ValueError: there is no metric, one has another shape, `seeds` is empty or has another step, or what is on
                disk was made with other settings.
            OSError: the folder cannot be written to.
        """
        shelf = Shelf(self._root, label, version, self._recent)
        if not isinstance(seeds, range):
            raise TypeError(f"seeds must be a range; got {seeds!r}")
        if seeds.step != 1 or not seeds or seeds.start < 0 or seeds.stop > 2**64:
            raise ValueError(f"seeds must be a range of step 1 within 0 to 2**64 that is not empty; got {seeds}")
        if block is not None and (isinstance(block, bool) or not isinstance(block, int) or not _is_size(block)):
            raise ValueError(f"seeds_per_block of {label} must be a power of two from 1 to {BLOCK}; got {block!r}")
        if settings is not None:
            shelf.agree(settings)
        known = shelf.read(seeds)
        if _gaps(seeds, [part for part, _ in known]):
            if settings is not None:
                with lock(shelf.folder, "population.lock"):
                    shelf.describe(settings=dict(settings))
            _fill(shelf, draw, seeds, block)
            known = shelf.read(seeds)
        for gap in _gaps(seeds, [part for part, _ in known]):
            raise OSError(f"{label} was sampled, and the file for its seeds from {gap.start} on is gone again")
        return joined(label, known)


def _prefix(seeds: range, known: list[range]) -> int:
    """How many of the seeds are known, from the first on."""
    gaps = _gaps(seeds, known)
    return (gaps[0].start if gaps else seeds.stop) - seeds.start


def joined(label: str, parts: list[tuple[range, Columns]]) -> Columns:
    """One mapping of all parts. Raises ValueError where they do not have the same metrics."""
    names = list(parts[0][1])
    for _, columns in parts:
        if list(columns) != names:
            raise ValueError(
                f"{label} must observe the same metrics for all seeds; got {', '.join(names)} and {', '.join(columns)}"
            )
    return {name: np.concatenate([columns[name] for _, columns in parts]) for name in names}


def checked(sample: Any, label: str, n: int) -> Columns:
    """What was observed for n seeds, as arrays. Raises TypeError or ValueError for what no file can hold."""
    if not isinstance(sample, Mapping):
        raise TypeError(f"{label} has a version, so it must observe a mapping of metrics to arrays; got {sample!r}")
    if not sample:
        raise ValueError(f"{label} must observe at least one metric; got none")
    columns = {}
    for name, given in sample.items():
        values = np.asarray(given)
        if values.shape != (n,):
            raise ValueError(f"{name} of {label} must have shape ({n},), one value per seed; got {values.shape}")
        if values.dtype.kind not in "biuf":
            raise TypeError(f"{name} of {label} must be numbers or truths; its values are {values.dtype}")
        if np.ma.is_masked(given):
            raise ValueError(f"{name} of {label} must not be masked: a file has no gaps; give NaN instead")
        columns[str(name)] = values
    return columns


def _gaps(seeds: range, known: list[range]) -> list[range]:
    """The parts of `seeds` that are not in the known ranges, which are in order."""
    gaps, at = [], seeds.start
    for part in known:
        if at < min(part.start, seeds.stop):
            gaps.append(range(at, min(part.start, seeds.stop)))
        at = max(at, part.stop)
    return [*gaps, range(at, seeds.stop)] if at < seeds.stop else gaps


def _fill(shelf: Shelf, draw: Callable[[range], Any], seeds: range, block: int | None) -> None:
    """Samples what is missing; what another process samples just now comes last."""
    size = block or _probed(shelf, draw, seeds)
    if size >= SMALL:
        _in_blocks(shelf, draw, seeds, size, fixed=block is not None)
    else:
        _one_by_one(shelf, draw, seeds)


def _probed(shelf: Shelf, draw: Callable[[range], Any], seeds: range) -> int:
    """How many seeds a file shall hold at most, by the time that the first missing one takes."""
    size: int | None = shelf.described().get("size")
    if size is None:
        with lock(shelf.folder, "population.lock"):
            size = shelf.described().get("size")
            missing = shelf.missing(seeds)
            if size is None and missing:
                seed = missing[0][:1]
                start = time.perf_counter()
                columns = checked(draw(seed), shelf.label, 1)
                size = _size(time.perf_counter() - start)
                shelf.describe(size=size)
                if size < SMALL:
                    shelf.keep(seed, columns)
    return size if size is not None and _is_size(size) else 1


def _size(seconds: float) -> int:
    """The largest power of two, at most BLOCK, of seeds that take a second when one takes so many seconds."""
    most = min(BLOCK, int(_SECONDS / max(seconds, 1e-9)))
    return 1 << max(most.bit_length() - 1, 0)


def _is_size(size: object) -> bool:
    return isinstance(size, int) and 1 <= size <= BLOCK and not size & (size - 1)


def _in_blocks(shelf: Shelf, draw: Callable[[range], Any], seeds: range, size: int, fixed: bool) -> None:
    from filelock import Timeout

    blocks = list(_blocks(seeds, size, fixed))
    for wait in (0, -1):
        waiting = []
        for block in blocks:
            try:
                with lock(shelf.folder, f"{block.start}.lock", wait):
                    _block(shelf, draw, block)
            except Timeout:
                waiting.append(block)
        blocks = waiting


def _block(shelf: Shelf, draw: Callable[[range], Any], block: range) -> None:
    """Samples what is missing of a block: all of it, unless an earlier run had other blocks."""
    for part in shelf.missing(block):
        columns = checked(draw(part), shelf.label, len(part))
        if not shelf.described():
            shelf.describe()
        shelf.keep(part, columns)


def _blocks(seeds: range, size: int, fixed: bool) -> Iterator[range]:
    """Aligned blocks that hold the seeds: of that size, or at first smaller, as few seeds may be enough."""
    at = seeds.start
    while at < seeds.stop:
        now = size if fixed else min(size, max(32, 1 << max(at.bit_length() - 2, 0)))
        start = at // now * now
        yield range(start, start + now)
        at = start + now


def _one_by_one(shelf: Shelf, draw: Callable[[range], Any], seeds: range) -> None:
    """Samples expensive seeds: in growing groups while that makes one seed cheaper, each written at once."""
    from filelock import Timeout

    size, best, growing = 1, float("inf"), True
    for wait in (0, -1):
        for gap in shelf.missing(seeds):
            at = gap.start
            while at < gap.stop:
                group = range(at, min(at + size, gap.stop))
                at = group.stop
                try:
                    with ExitStack() as locks:
                        for seed in group:
                            locks.enter_context(lock(shelf.folder, f"{seed}.lock", wait))
                        seconds = _group(shelf, draw, group)
                except Timeout:
                    continue
                if seconds is not None and growing:
                    growing = seconds < 0.75 * best
                    size = min(2 * size, _MOST_GROUP) if growing else max(size // 2, 1)
                    best = min(best, seconds)


def _group(shelf: Shelf, draw: Callable[[range], Any], group: range) -> float | None:
    """Samples what is missing of a group of seeds; returns the seconds that one took, None if nothing was missing."""
    seconds = None
    for part in shelf.missing(group):
        start = time.perf_counter()
        columns = checked(draw(part), shelf.label, len(part))
        seconds = (time.perf_counter() - start) / len(part)
        shelf.keep(part, columns)
    return seconds


def _to_table(columns: Columns, label: str, block: range) -> pa.Table:
    import pyarrow as pa

    seeds = pa.array(np.arange(block.start, block.stop, dtype=np.uint64))
    arrays = {name: pa.array(values) for name, values in columns.items()}
    table = pa.table([seeds, *arrays.values()], names=["lrn.seed", *arrays])
    return table.replace_schema_metadata({"lrn.population": label})


def _from_table(table: pa.Table, label: str, block: range) -> Columns:
    if (table.schema.metadata or {}).get(b"lrn.population") != label.encode():
        raise ValueError("it belongs to another population")
    if any(values.null_count for values in table.itercolumns()):
        raise ValueError("it has gaps")
    seeds, *columns = (values.combine_chunks().to_numpy(zero_copy_only=False) for values in table.itercolumns())
    if not np.array_equal(seeds, np.arange(block.start, block.stop, dtype=np.uint64)):
        raise ValueError("it holds other seeds than its name says")
    return checked(dict(zip(table.column_names[1:], columns, strict=True)), label, len(block))

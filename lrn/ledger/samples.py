"""Samples of populations that are not Experiments, stored on disk: each seed is sampled once.

    <ledger>/samples-<version>/<digest of the label>/<start>-<stop>.parquet     one file per seed or block of seeds
                                                     population.json            the label behind the digest

A population asks for it by its `version`, text that names the code, the arithmetic and the data behind its
observations: if it changes, the population is sampled again. Workers that ask for the same seeds share them.

How many seeds lie in one file depends on how long they take, which the first seed shows: about a second's worth, at
most 4,096. Where a seed takes longer than an eighth of a second, nothing is sampled that was not asked for, and each
result is written as soon as it is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lrn.ledger.locks import lock
from lrn.ledger.sample_files import Columns, Shelf, checked, gaps, joined, prefix

__all__ = ["BLOCK", "Columns", "Samples", "Shelf", "checked", "joined"]

BLOCK = 4096
"""Seeds of one file at most."""

SMALL = 8
"""Files of at least so many seeds are whole blocks, sampled in full; smaller ones hold what was asked for."""

_SECONDS = 1.0  # a file's worth
_MOST_GROUP = 64  # expensive seeds of one call, each of which has a lock


class Samples:
    """Samples missing seeds and stores the results.

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
        return prefix(seeds, _ranges(Shelf(self._root, label, version, self._recent).read(seeds)))

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
        """The observations of each seed, sampled now if they are not stored.

        Args:
            label: the population's.
            version: the population's.
            draw: its `sample`; cheap populations are asked for whole blocks, so for more seeds than these.
            seeds: a range of step 1, not empty.
            block: seeds of one call and file, a power of two; None for as many as take about a second.
            settings: the place and the value of each setting of the population.

        Returns:
            For each metric an array (S,).

        Raises:
            TypeError: the observations are not a mapping of metrics to numbers or truths, `version` is not text, or
                `seeds` not a range.
            ValueError: there is no metric, one has another shape, `seeds` is empty or has another step, or the
                stored samples were made with other settings.
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
        if gaps(seeds, _ranges(known)):
            if settings is not None:
                with lock(shelf.folder, "population.lock"):
                    shelf.describe(settings=dict(settings))
            _fill(shelf, draw, seeds, block)
            known = shelf.read(seeds)
        for gap in gaps(seeds, _ranges(known)):
            raise OSError(f"{label} was sampled, and the file for its seeds from {gap.start} on is gone again")
        return joined(label, known)


def _ranges(parts: list[tuple[range, Columns]]) -> list[range]:
    return [seeds for seeds, _ in parts]


def _fill(shelf: Shelf, draw: Callable[[range], Any], seeds: range, block: int | None) -> None:
    """Samples the missing seeds; those that another process is sampling come last."""
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
    """Samples the missing seeds of a block: all of them, unless an earlier run had other blocks."""
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
    """Samples the missing seeds of a group; returns the seconds that one took, None if nothing was missing."""
    seconds = None
    for part in shelf.missing(group):
        start = time.perf_counter()
        columns = checked(draw(part), shelf.label, len(part))
        seconds = (time.perf_counter() - start) / len(part)
        shelf.keep(part, columns)
    return seconds

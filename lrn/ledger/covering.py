"""Which files of a folder hold which seeds, and how to read each seed from one of them only.

Files may overlap: two processes that do not lock each other out may train the same seeds, and for a moment several
files and the one that they were merged into are there together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap
from pathlib import Path
from typing import Protocol, TypeVar

__all__ = ["BlockFile", "HasSeeds", "block_files", "block_name", "by_seeds", "covering", "cut", "gaps", "joined"]

_NAME = re.compile(r"(0|[1-9][0-9]{0,19})-([1-9][0-9]{0,19})(-trace)?\.parquet", re.ASCII)


class HasSeeds(Protocol):
    """A block, wherever it is."""

    @property
    def seeds(self) -> range:
        """Which seeds it holds."""
        ...


_Block = TypeVar("_Block", bound=HasSeeds)


@dataclass(frozen=True)
class BlockFile:
    """A file and the seeds that its name promises."""

    seeds: range
    path: Path


def block_name(seeds: range, trace: bool = False) -> str:
    """The name of the file that holds these seeds."""
    return f"{seeds.start}-{seeds.stop}{'-trace' if trace else ''}.parquet"


def block_files(folder: Path, trace: bool = False) -> list[BlockFile]:
    """The blocks of a folder, by first seed and the longest first; other files are left alone."""
    try:
        paths = list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        why = error.strerror or str(error)
        raise type(error)(error.errno, f"the ledger cannot be read ({why})", str(folder)) from error
    blocks = []
    for path in paths:
        match = _NAME.fullmatch(path.name)
        if match and bool(match[3]) == trace and int(match[1]) < int(match[2]) <= 2**64:
            blocks.append(BlockFile(range(int(match[1]), int(match[2])), path))
    return sorted(blocks, key=by_seeds)


def by_seeds(block: HasSeeds) -> tuple[int, int]:
    """A key to sort blocks by: the first seed, then the longest."""
    return block.seeds.start, -block.seeds.stop


def covering(blocks: Sequence[_Block], seeds: range) -> Iterator[tuple[_Block | None, range]]:
    """Which block to read each seed from, in order: as few blocks as can be, and None for seeds that none has.

    Args:
        blocks: sorted by `by_seeds`.
        seeds: a range of step 1.

    Example:
        >>> blocks = [BlockFile(range(0, 8), Path("0-8")), BlockFile(range(4, 10), Path("4-10"))]
        >>> [(block and block.path.name, part) for block, part in covering(blocks, range(2, 12))]
        [('0-8', range(2, 8)), ('4-10', range(8, 10)), (None, range(10, 12))]
    """
    at, following = seeds.start, 0
    furthest: _Block | None = None
    while at < seeds.stop:
        while following < len(blocks) and blocks[following].seeds.start <= at:
            block = blocks[following]
            if furthest is None or block.seeds.stop > furthest.seeds.stop:
                furthest = block
            following += 1
        if furthest is not None and furthest.seeds.stop > at:
            part = range(at, min(furthest.seeds.stop, seeds.stop))
            yield furthest, part
        else:
            end = blocks[following].seeds.start if following < len(blocks) else seeds.stop
            part = range(at, min(end, seeds.stop))
            yield None, part
        at = part.stop


def gaps(blocks: Sequence[_Block], seeds: range) -> list[range]:
    """The seeds that no block has."""
    return [part for block, part in covering(blocks, seeds) if block is None]


def cut(seeds: range, size: int) -> list[range]:
    """The seeds in ranges that end at multiples of `size`."""
    multiples = range((seeds.start // size + 1) * size, seeds.stop, size)
    return list(starmap(range, pairwise([seeds.start, *multiples, seeds.stop])))


def joined(ranges: Iterable[range]) -> list[range]:
    """The same seeds in as few ranges as can be, in order."""
    merged: list[range] = []
    for seeds in sorted(ranges, key=lambda seeds: (seeds.start, seeds.stop)):
        if merged and seeds.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, seeds.stop))
        else:
            merged.append(seeds)
    return merged

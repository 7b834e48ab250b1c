"""Blocks of one thing, in memory and on disk: a file is read only once, and files are few.

A shelf holds the networks of one experiment, for example. It keeps the blocks that it has read or received. On disk,
adjacent blocks become one file, up to a *segment* of seeds (`[0, 16384)`, `[16384, 32768)`, ...). The files then depend
on the stored seeds only, not on the order in which processes added them. Long files wait for a few blocks beside them,
until the ledger is closed at the latest, so that a sample that grows is not written anew at each step.

The merged file is written first and appears at once, then the others go. A reader that comes between them sees both and
reads one (`covering`); one that comes too late for a file lists the folder again. So readers need no lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from lrn.ledger.covering import BlockFile, HasSeeds, block_files, block_name, by_seeds, covering, cut, gaps, joined
from lrn.ledger.files import replace

__all__ = ["Form", "Piece", "Shelf"]

LONG = 1 << 16
"""Bytes of a file, about, from which on writing it again takes longer than writing another one beside it."""
MOST_WAITING = 8
"""Blocks that stand beside each other in files of their own, at most, where the file of all would be long."""
_T = TypeVar("_T")


class Form(Protocol[_T]):
    """How blocks of one thing are read, written and put together."""

    def read(self, path: Path, seeds: range) -> _T | None:
        """The block in a file; None if the file is missing, or after setting one aside that is not sound."""
        ...

    def encode(self, block: _T) -> bytes:
        """A file."""
        ...

    def join(self, blocks: Sequence[_T]) -> _T:
        """Blocks one after another."""
        ...

    def select(self, block: _T, rows: slice) -> _T:
        """Some rows of a block."""
        ...

    def size(self, block: _T) -> int:
        """Bytes of memory."""
        ...

    def freeze(self, block: _T) -> None:
        """Lets nobody change what others will be given too."""
        ...


@dataclass(frozen=True)
class Piece(Generic[_T]):
    """A block and its seeds."""

    seeds: range
    block: _T


class Shelf(Generic[_T]):
    """Blocks of one thing.

    Args:
        folder: where their files are; None keeps them in memory alone.
        form: how they are read, written and put together.
        segment: seeds of one file at most.
        trace: whether they are those with the loss of every epoch.
        precious: rows from which a file must be on the disk before those go that it replaces.
    """

    def __init__(
        self, folder: Path | None, form: Form[_T], segment: int, *, trace: bool = False, precious: int = 0
    ) -> None:
        self._folder, self._form, self.segment = folder, form, segment
        self._trace, self._precious = trace, precious
        self._held: list[Piece[_T]] = []
        self.untidy = False
        """Whether blocks that could be one file were read from several."""
        self.size = 0
        """Bytes of memory that it takes."""
        self.unwritten = 0
        """Seeds that are in memory only."""

    def held(self, seeds: range) -> _T | None:
        """The blocks of these seeds, if all are in memory."""
        parts = list(covering(self._held, seeds))
        return None if any(piece is None for piece, _ in parts) else self._joined(parts)

    def find(self, seeds: range) -> list[range]:
        """Reads the stored seeds among these; returns those that are neither there nor in memory."""
        unsound: set[BlockFile] = set()
        while self._folder is not None:
            files = [file for file in block_files(self._folder, self._trace) if file not in unsound]
            known: list[HasSeeds] = [*self._held, *files]
            read: list[Piece[_T]] = []
            lost: set[BlockFile] = set()
            for file, _ in covering(sorted(known, key=by_seeds), seeds):
                if isinstance(file, BlockFile):
                    block = self._form.read(file.path, file.seeds)
                    if block is None:
                        lost.add(file)
                    else:
                        read.append(Piece(file.seeds, block))
            self._hold(read)
            self.untidy |= bool(read or lost) and self.has_neighbours()
            if not lost:
                break
            unsound |= lost
        return gaps(self._held, seeds)

    def parts(self, seeds: range) -> Iterator[tuple[range, _T]]:
        """The blocks of these seeds in memory, in order."""
        for piece, part in covering(self._held, seeds):
            if piece is not None:
                yield part, self._part(piece, part)

    def hold(self, seeds: range, block: _T) -> None:
        """Remembers a block that is not on disk yet."""
        self._hold([Piece(seeds, block)])
        self.unwritten += len(seeds)

    def write(self, seeds: range) -> None:
        """Writes the file of a block that is in memory."""
        block = self.held(seeds)
        if self._folder is not None and block is not None:
            replace(self._folder / block_name(seeds, self._trace), self._form.encode(block))
            self.unwritten -= len(seeds)

    def free(self, seeds: range) -> range:
        """The first of these seeds, up to those that are in memory or on disk."""
        files = [] if self._folder is None else block_files(self._folder, self._trace)
        known: list[HasSeeds] = [*self._held, *files]
        stop = seeds.stop
        for block in known:
            if block.seeds.start >= seeds.start:
                stop = min(stop, block.seeds.start)
        return range(seeds.start, stop)

    def tidy(self, *, patient: bool = False) -> None:
        """Writes the blocks that are in memory only, joins neighbours, and removes files that another one contains.

        Only one process at a time should do so; if several do, some files are written twice.

        Args:
            patient: let a few neighbours stand in files of their own where their joint file would be long.
        """
        files = defaultdict[int, list[BlockFile]](list)
        for file in block_files(self._folder, self._trace) if self._folder is not None else ():
            files[file.seeds.start // self.segment].append(file)
        tidied = list[Piece[_T]]()
        for pieces in self._segments():
            if not (patient and self._can_wait(pieces)):
                pieces = [self._merged(pieces)]
            for piece in pieces:
                self._settle(piece, files[piece.seeds.start // self.segment])
            tidied += pieces
        self._held = []
        self._hold(tidied)
        self.untidy, self.unwritten = False, 0

    def has_neighbours(self) -> bool:
        """Whether some blocks could be one file."""
        pairs = pairwise(map(attrgetter("seeds"), self._held))
        return any(b.start <= a.stop and a.start // self.segment == b.start // self.segment for a, b in pairs)

    def _segments(self) -> Iterator[list[Piece[_T]]]:
        """The blocks in memory that could be one file each."""
        for whole in joined(map(attrgetter("seeds"), self._held)):
            of_segment = defaultdict[int, list[Piece[_T]]](list)
            for piece, part in covering(self._held, whole):
                assert piece is not None
                for seeds in cut(part, self.segment):
                    of_segment[seeds.start // self.segment].append(Piece(seeds, self._part(piece, seeds)))
            yield from of_segment.values()

    def _can_wait(self, pieces: list[Piece[_T]]) -> bool:
        return len(pieces) <= MOST_WAITING and sum(self._form.size(piece.block) for piece in pieces) >= LONG

    def _merged(self, pieces: list[Piece[_T]]) -> Piece[_T]:
        seeds = range(pieces[0].seeds.start, pieces[-1].seeds.stop)
        return Piece(seeds, self._form.join(list(map(attrgetter("block"), pieces))))

    def _settle(self, piece: Piece[_T], files: list[BlockFile]) -> None:
        """Lets one file hold these seeds, and no other one that it contains."""
        if self._folder is None:
            return
        if not any(_contains(file.seeds, piece.seeds) for file in files):
            durable = 0 < self._precious <= len(piece.seeds)
            path = self._folder / block_name(piece.seeds, self._trace)
            replace(path, self._form.encode(piece.block), durable=durable)
        for file in files:
            if file.seeds != piece.seeds and _contains(piece.seeds, file.seeds):
                file.path.unlink(missing_ok=True)

    def _hold(self, pieces: list[Piece[_T]]) -> None:
        """Remembers blocks, and forgets those that others contain."""
        held: list[Piece[_T]] = []
        size = 0
        for piece in sorted([*self._held, *pieces], key=by_seeds):
            if not held or piece.seeds.stop > held[-1].seeds.stop:
                self._form.freeze(piece.block)
                held.append(piece)
                size += self._form.size(piece.block)
        self._held, self.size = held, size

    def _joined(self, parts: Sequence[tuple[Piece[_T] | None, range]]) -> _T:
        return self._form.join([self._part(piece, part) for piece, part in parts if piece is not None])

    def _part(self, piece: Piece[_T], part: range) -> _T:
        if part == piece.seeds:
            return piece.block
        first = part.start - piece.seeds.start
        return self._form.select(piece.block, slice(first, first + part.stop - part.start))


def _contains(outer: range, inner: range) -> bool:
    return outer.start <= inner.start and inner.stop <= outer.stop

"""The answers to all checks of a table, and the ways of rounding that fit all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import filterfalse
from operator import attrgetter

from lrn.audit._cells import CellCheck
from lrn.audit._rounding import NEAREST
from lrn.audit._sums import Repeated

__all__ = ["TableReport", "common_conventions"]


@dataclass(frozen=True)
class TableReport:
    """The answers to all checks of one table; true unless one of them failed.

    Attributes:
        checks: every check, in the order of the table.
        conventions: the ways of rounding that fit every mean at once; empty if no single one does.
        repeated: values of three and more digits that stand in several cells, for a human to look at.
        skipped: cells without a number, without an n, or without a test result that could be read.
    """

    checks: tuple[CellCheck, ...]
    conventions: tuple[str, ...]
    repeated: tuple[Repeated, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[CellCheck, ...]:
        """The checks that found something impossible."""
        return tuple(filterfalse(attrgetter("check"), self.checks))

    @property
    def uninformative(self) -> tuple[CellCheck, ...]:
        """The checks that could not have failed."""
        return tuple(cell for cell in self.checks if cell.check.verdict == "uninformative")

    def __bool__(self) -> bool:
        return not self.failures

    def __str__(self) -> str:
        mixed = not self.conventions and any(map(attrgetter("check.conventions"), self.checks))
        silent = f", {len(self.uninformative)} could not have failed" if self.uninformative else ""
        head = f"{len(self.failures)} of {len(self.checks)} checks failed{silent}"
        return "; ".join(
            [head + ("; no single way of rounding fits all means" if mixed else ""), *map(str, self.failures)]
        )

    def __repr__(self) -> str:
        return f"<{self}>"


def common_conventions(checks: Iterable[CellCheck]) -> tuple[str, ...]:
    """Return the ways of rounding under which every possible mean prints as it does."""
    shared: set[str] | None = None
    for cell in checks:
        if cell.check and cell.check.conventions:
            conventions = set(cell.check.conventions)
            shared = conventions if shared is None else shared & conventions
    return tuple(name for name in NEAREST if shared and name in shared)

"""The first line about a failed comparison. It is the reason of a refuted claim, so it depends on the values alone.

pytest's own line also depends on its version and on `-v`, which decide how much it leaves out and in which order it
prints a dictionary; and a set is printed in the order of its hashes, which differs from one process to the next.
"""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Generator, Iterable

import pytest

__all__ = ["JUDGED", "pytest_assertrepr_compare"]

JUDGED = pytest.StashKey[bool]()
"""Whether a claim's test is running."""

_CONTAINERS = (str, bytes, list, tuple, dict, set, frozenset)
_OF_ESTIMATES = ("<", "<=", ">", ">=", "==", "!=")


class _Values(reprlib.Repr):
    """Prints values: dictionaries and sets in order, long ones in part."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 12
        self.maxstring = self.maxother = self.maxlong = 60


_VALUES = _Values()


@pytest.hookimpl(wrapper=True)
def pytest_assertrepr_compare(
    config: pytest.Config, op: str, left: object, right: object
) -> Generator[None, list[Iterable[str] | None], list[Iterable[str] | None]]:
    """Shows the intervals of a comparison of estimates, and other values as `_Values` does."""
    explanations = yield
    intervals = _intervals(op, left, right)
    if intervals:
        return [intervals]
    if not (config.stash.get(JUDGED, False) and isinstance(left, _CONTAINERS) and isinstance(right, _CONTAINERS)):
        return explanations
    _, *details = next(filter(None, map(list, filter(None, explanations))), [""])
    return [[f"{_VALUES.repr(left)} {op} {_VALUES.repr(right)}", *details]]


def _intervals(op: str, left: object, right: object) -> list[str]:
    """Lines about a comparison of estimates; none about any other."""
    package = sys.modules.get("lrn.intervals")
    if package is None or op not in _OF_ESTIMATES:
        return []
    estimates = [side for side in (left, right) if isinstance(side, package.Estimate)]
    about = [f"{side}: {side.name or 'computed'}, n = {side.n}" for side in estimates]
    return [f"{left} {op} {right}", *about] if about else []

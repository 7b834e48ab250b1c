"""The files of a function's population and of its earlier code: the changes since, and the treatment of old files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeGuard

from lrn.claims._contract import MeasurementError
from lrn.claims._function import FunctionPopulation
from lrn.claims._version import changes
from lrn.ledger.files import note_in
from lrn.ledger.samples import Columns, Shelf
from lrn.verdicts.text import duration, plain_text

__all__ = ["STALE", "Editions", "is_duration"]

STALE = ("retrain", "use", "fail")
"""How to treat seeds that earlier code has trained."""


_CENTURY = 3.2e9  # seconds


class Editions:
    """Finds the files of populations.

    Args:
        root: folder of the ledger; None for no files.
        stale: one of `STALE`.
        say: shows a line; None shows nothing.

    Attributes:
        notes: a sentence about each population that uses seeds of earlier code, by label.
    """

    def __init__(self, root: Path | None, stale: str, say: Callable[[str], None] | None) -> None:
        self._root, self._stale, self._say = root, stale, say
        self._shelves: dict[tuple[str, str], list[Shelf]] = {}
        self._recent: dict[Path, Columns] = {}
        self.notes: dict[str, str] = {}

    def shelves(self, population: FunctionPopulation) -> list[Shelf]:
        """The files of the population, then those of earlier code if they are to be used.

        Raises:
            MeasurementError: there are some of earlier code, and they may be neither used nor replaced.
        """
        if self._root is None:
            return []
        key = population.label, population.version
        if key not in self._shelves:
            shelf = Shelf(self._root, *key, self._recent)
            self._shelves[key] = [shelf] if shelf.files() or shelf.failures() else [shelf, *self._earlier(population)]
        return self._shelves[key]

    def _earlier(self, population: FunctionPopulation) -> list[Shelf]:
        """The files of the code before, where there are some and they are to be used."""
        assert self._root is not None
        before = _latest(self._root, population)
        if before is None:
            return []
        shelf = Shelf(self._root, population.label, before["version"], self._recent)
        seeds = shelf.seeds_on_disk()
        if not seeds:
            return []
        parts = before.get("parts")
        changed = plain_text(changes(parts if isinstance(parts, dict) else {}, population.parts))
        seconds = before.get("seconds")
        took = f" ({duration(seeds * seconds)})" if is_duration(seconds) else ""
        text = f"{population.label}: {changed} since {seeds} of its seeds were trained{took}"
        if self._stale == "fail":
            raise MeasurementError(f"{text}; --stale=retrain trains them again, --stale=use keeps them")
        if self._stale == "use":
            self.notes[population.label] = f"{text}; those are used all the same (--stale=use)"
            return [shelf]
        if self._say is not None:
            self._say(f"{text}; they are trained again as far as they are needed (--stale=use keeps them)")
        return []


def is_duration(seconds: Any) -> TypeGuard[float]:
    """Whether a file says a number of seconds that can be one."""
    return isinstance(seconds, (int, float)) and 0 <= seconds < _CENTURY


def _latest(root: Path, population: FunctionPopulation) -> dict[str, Any] | None:
    """The facts in population.json of the latest other version; None where there is no other one."""
    folder = hashlib.sha256(population.label.encode()).hexdigest()[:16]
    others: list[tuple[float, dict[str, Any]]] = []
    for path in root.glob(f"samples-*/{folder}/population.json"):
        try:
            facts = note_in(path)
            version = facts.get("version")
            known = isinstance(version, str) and version not in ("", population.version)
            if known and facts.get("label") == population.label:
                others.append((path.stat().st_mtime, facts))
        except (OSError, ValueError, RecursionError):
            continue  # the code that needs the file reports its error
    return max(others, key=lambda pair: pair[0])[1] if others else None

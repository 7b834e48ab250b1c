"""Results that exist: the rows of a table, one for each run, as populations."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrn.claims._run_folders import STATE, read_runs, states_of
from lrn.claims._tables import Table, read_table

__all__ = ["Recorded", "RecordedPopulation", "recorded"]

RECORDED = "recorded"
"""Metric of every recorded population: whether the table has the seed."""


_UNFINISHED = ("error", "exclude", "include")


def recorded(
    source: Any,
    *,
    seed: str = "seed",
    by: str | Sequence[str] = (),
    name: str | None = None,
    unfinished: str = "error",
) -> Recorded:
    """Reads a table of runs that somebody has made; its populations are judged on the rows that there are.

    Args:
        source: a file (`.csv`, `.tsv`, `.parquet`, `.jsonl`), a folder that Weights & Biases or MLflow has left or
            exported (one run per folder, read from its files, without any network), or a data frame.
        seed: the column that names the seed of a run, a whole number.
        by: the columns that say which population a run belongs to.
        name: the table's name in labels; None for the file's name.
        unfinished: what becomes of runs that have failed, were killed, or still run, as Weights & Biases and MLflow
            say in a column called state or status: "error" refuses them, "exclude" leaves them out, with a note in the
            report, and "include" counts what they logged. Leaving out runs that failed because they went badly makes
            the others look better than the method is.

    Returns:
        A `Recorded`: call it with a value for each column of `by` for a population.

    Raises:
        ValueError: no such column, a seed that is not a whole number, two rows for one seed of one population, runs
            that did not finish, or a table that cannot be read.
        OSError: no such file.

    Example:
        >>> from lrn.claims import recorded
        >>> runs = recorded({"seed": [0, 1, 0, 1], "method": list("aabb"), "loss": [0.3, 0.2, 0.5, 0.4]}, by=["method"],
        ...                 name="runs")
        >>> runs(method="a").label
        "runs(method='a')"
    """
    columns = (by,) if isinstance(by, str) else tuple(by)
    is_folder = isinstance(source, (str, os.PathLike)) and os.path.isdir(source)
    table = read_runs(Path(source)) if is_folder else read_table(source)
    return Recorded(table, seed, columns, name or _named(source), unfinished)


class Recorded:
    """A table of runs.

    Args:
        table: its columns.
        seed: the column that names the seed.
        by: the columns that say which population a run belongs to.
        name: its name in labels.
        unfinished: as in `recorded`.

    Attributes:
        left_out: a sentence about the runs that did not finish and do not count; "" where there are none.

    Raises:
        ValueError: as `recorded`.
    """

    def __init__(self, table: Table, seed: str, by: tuple[str, ...], name: str, unfinished: str = "error") -> None:
        if unfinished not in _UNFINISHED:
            raise ValueError(f"unfinished must be one of {', '.join(_UNFINISHED)}; got {unfinished!r}")
        for column in (seed, *by):
            if column not in table:
                raise ValueError(
                    f"{name} must have the columns seed={seed!r} and by={list(by)!r}; it has {_list(table)}"
                )
        if RECORDED in table:
            raise ValueError(f"{name} must not have a column called {RECORDED!r}; rename it")
        self.name, self._by = name, by
        table, self.left_out = _finished(table, seed, by, name, unfinished)
        self._metrics = dict(table)
        self._metrics.pop(STATE, None)
        for column in {seed, *by}:
            self._metrics.pop(column, None)
        seeds = _whole(table[seed], seed, name)
        self._groups: dict[tuple[Hashable, ...], dict[int, int]] = {}
        for row, number in enumerate(seeds):
            key = tuple(_key_part(table[column][row], column, row, name) for column in by)
            row_of_seed = self._groups.setdefault(key, {})
            if number in row_of_seed:
                raise ValueError(
                    f"{name} must have one row for each seed of a population; seed {number} of "
                    f"{self._shown(key) or 'it'} is in rows {row_of_seed[number] + 1} and {row + 1} (is a column "
                    f"missing in by?)"
                )
            row_of_seed[number] = row
        self.seeds = tuple(sorted(set(seeds)))

    def __call__(self, **values: Any) -> RecordedPopulation:
        """The population of the runs with these values.

        Raises:
            TypeError: a column of `by` is missing, or one is not of it.
            ValueError: no run has them.
        """
        if set(values) != set(self._by):
            raise TypeError(
                f"{self.name} takes {', '.join(self._by) or 'nothing'}; got {', '.join(values) or 'nothing'}"
            )
        key = tuple(_plain(values[column]) for column in self._by)
        if key not in self._groups:
            known = "; ".join(map(self._shown, self._groups))
            raise ValueError(f"{self.name} has no runs with {self._shown(key)}; it has {known}")
        return RecordedPopulation(self, key)

    def populations(self) -> list[RecordedPopulation]:
        """All populations, in the order of the table."""
        return [RecordedPopulation(self, key) for key in self._groups]

    def __repr__(self) -> str:
        return self.name

    def label(self, key: tuple[Hashable, ...]) -> str:
        """The label of a population."""
        return f"{self.name}({self._shown(key)})"

    def rows(self, key: tuple[Hashable, ...]) -> dict[int, int]:
        """The row of each seed of a population."""
        return self._groups[key]

    def columns(self) -> Table:
        """The metrics."""
        return self._metrics

    def _shown(self, key: tuple[Hashable, ...]) -> str:
        return ", ".join(f"{column}={value!r}" for column, value in zip(self._by, key, strict=True))


@dataclass(frozen=True, repr=False)
class RecordedPopulation:
    """The runs of a table that belong together.

    Seeds are counted in the order of all seeds of the table, so that populations of one table are paired by seed. Where
    a population lacks one that another has, it does not count (`recorded` is False).

    Attributes:
        table: where the runs are.
        key: the values of the table's columns `by`.
    """

    table: Recorded
    key: tuple[Hashable, ...]

    recorded = True
    counts = RECORDED
    varies = ()

    @property
    def label(self) -> str:
        """The table's name and the values."""
        return self.table.label(self.key)

    def __repr__(self) -> str:
        return self.label

    @property
    def most(self) -> int:
        """How many seeds the table has."""
        return len(self.table.seeds)

    @property
    def missing(self) -> list[int]:
        """The seeds that the table has, and this population has not."""
        return sorted(set(self.table.seeds) - self.table.rows(self.key).keys())

    @property
    def notes(self) -> tuple[str, ...]:
        """Which runs were left out, and which seeds are missing, if any."""
        notes = [self.table.left_out] if self.table.left_out else []
        missing = self.missing
        if missing:
            shown = _some(list(map(str, missing)))
            notes.append(f"{self.label} has no run for {len(missing)} of the table's {self.most} seeds: {shown}")
        return tuple(notes)

    def sample(self, seeds: range) -> dict[str, NDArray[Any]]:
        """The recorded values of some seeds, by their place among all seeds of the table."""
        rows = self.table.rows(self.key)
        rows_in_order = list(map(rows.get, self.table.seeds[seeds.start : seeds.stop]))
        columns = {}
        for name, values in self.table.columns().items():
            columns[name] = _selected(values, rows_in_order)
        columns[RECORDED] = np.array([row is not None for row in rows_in_order], np.bool_)
        return columns


def _finished(table: Table, seed: str, by: tuple[str, ...], name: str, unfinished: str) -> tuple[Table, str]:
    """The table without the runs that did not finish, and a sentence about them; "" where there are none.

    Raises:
        ValueError: there are some, and `unfinished` does not say what becomes of them.
    """
    states = states_of(table, (seed, *by))
    if not states or unfinished == "include":
        return table, ""
    runs = []
    for row, state in sorted(states.items()):
        settings = [f"{column}={_plain(table[column][row])!r}" for column in (seed, *by)]
        runs.append(f"{', '.join(settings)} ({state})")
    count = f"{len(runs)} run of {name}" if len(runs) == 1 else f"{len(runs)} runs of {name}"
    if unfinished == "error":
        raise ValueError(
            f"runs must have finished; {count} did not: {_some(runs)}. Write unfinished='exclude' to leave them "
            "out, or unfinished='include' to count what they logged"
        )
    rest: Table = {}
    for column, values in table.items():
        rest[column] = [value for row, value in enumerate(values) if row not in states]
    return rest, f"{count} did not finish, left out: {_some(runs)}"


def _some(texts: Sequence[str]) -> str:
    return ", ".join(texts[:10]) + (", …" if len(texts) > 10 else "")


def _selected(values: Sequence[Any], rows: Sequence[int | None]) -> NDArray[Any]:
    """The values in these rows; NaN, False or "" where there is none."""
    column = np.asarray(values)
    if column.dtype.kind in "iu" and None in rows:
        column = column.astype(np.float64)
    empty: Any = {"b": False, "f": np.nan, "U": ""}.get(column.dtype.kind)
    return np.array([empty if row is None else column[row] for row in rows], dtype=column.dtype)


def _whole(values: Sequence[Any], column: str, name: str) -> list[int]:
    """Seeds as whole numbers."""
    seeds = []
    for row, value in enumerate(values):
        try:
            seed = int(value)
            fits = float(value) == seed and 0 <= seed < 2**64 and not isinstance(value, (bool, np.bool_))
        except (TypeError, ValueError, OverflowError):
            fits = False
        if not fits:
            raise ValueError(f"{column} of {name} must be a whole number in every row; got {value!r} in row {row + 1}")
        seeds.append(seed)
    if not seeds:
        raise ValueError(f"{name} must have at least one run; got none")
    return seeds


def _key_part(value: Any, column: str, row: int, name: str) -> Hashable:
    """A value that says which population a run belongs to. Raises ValueError for NaN and for a list."""
    part = _plain(value)
    if not isinstance(part, Hashable) or part != part:
        raise ValueError(f"{column} of {name} must have one value in every row; got {part!r} in row {row + 1}")
    return part


def _plain(value: Any) -> Hashable:
    return value.item() if isinstance(value, np.generic) else value


def _named(source: Any) -> str:
    return Path(source).stem if isinstance(source, (str, os.PathLike)) else "table"


def _list(table: Mapping[str, Any]) -> str:
    return ", ".join(table)

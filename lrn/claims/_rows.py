"""The result of one seed as a row of numbers and truths, and the rows of many seeds as columns."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrn.verdicts.text import check_text

__all__ = ["COMPLETED", "FAILED", "Failure", "Row", "columns_of", "row_of", "rows_of", "with_failures"]

FAILED, COMPLETED = "failed", "completed"
"""Metrics of every population that lets seeds fail: whether the seed did, and whether it did not."""

Row: TypeAlias = "dict[str, bool | int | float]"
"""Metric -> value."""


@dataclass(frozen=True)
class Failure:
    """A seed whose training ended in an exception.

    Attributes:
        why: the exception, on one line.
    """

    why: str


def row_of(returned: object, label: str, seed: int) -> Row:
    """A function's result for a seed, checked.

    Raises:
        TypeError: not a mapping from text to numbers or truths, or an empty one.
        ValueError: the name of a metric cannot be written to a file.
    """
    if not isinstance(returned, Mapping) or not returned:
        raise TypeError(
            f"{label} must return a dictionary of metrics, such as {{'accuracy': 0.93}}; "
            f"got {_short(returned)} for seed {seed}"
        )
    row: Row = {}
    for name, value in returned.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"the metrics of {label} must have names that are text; got {name!r} for seed {seed}")
        check_text(f"the name of a metric of {label}", name)
        row[name] = _scalar(value, name, label, seed)
    return row


def columns_of(rows: Sequence[Row | Failure], label: str, seeds: Sequence[int]) -> dict[str, NDArray[Any]]:
    """Rows as columns (S,): bool, int64 or float64.

    Raises:
        ValueError: seeds have other metrics than the first one.
        TypeError: a metric is a truth for some seeds and a number for others.
    """
    finished = [(seed, row) for seed, row in zip(seeds, rows, strict=True) if not isinstance(row, Failure)]
    if not finished:
        return {}
    first_seed, first_row = finished[0]
    for seed, row in finished:
        if row.keys() != first_row.keys():
            raise ValueError(
                f"{label} must return the same metrics for all seeds; got {', '.join(first_row)} for seed {first_seed} "
                f"and {', '.join(row)} for seed {seed}"
            )
    return {name: _column(rows, name, label, seeds) for name in first_row}


def rows_of(columns: Mapping[str, NDArray[Any]], n: int) -> list[Row]:
    """Columns (S,) as n rows."""
    rows: list[Row] = [{} for _ in range(n)]
    for name, values in columns.items():
        for row, value in zip(rows, values[:n].tolist(), strict=True):
            row[name] = value
    return rows


def with_failures(
    columns: dict[str, NDArray[Any]], rows: Sequence[Row | Failure], values: Mapping[str, Any]
) -> dict[str, NDArray[Any]]:
    """Columns with values for the seeds that failed, and the metrics `failed` and `completed`.

    Args:
        columns: of `rows`; of a seed that failed, numbers are NaN and truths False.
        rows: of each seed.
        values: metric -> value of a seed that failed.
    """
    failed = np.array([isinstance(row, Failure) for row in rows])
    filled = {}
    for name, column in columns.items():
        filled[name] = np.where(failed, values[name], column) if name in values else column
        if column.dtype == np.bool_:
            filled[name] = filled[name].astype(np.bool_)
    return {**filled, FAILED: failed, COMPLETED: ~failed}


def _column(rows: Sequence[Row | Failure], name: str, label: str, seeds: Sequence[int]) -> NDArray[Any]:
    values: list[Any] = [None if isinstance(row, Failure) else row[name] for row in rows]
    types = list(map(type, values))
    if types.count(bool) == len(values) - values.count(None):
        return np.array(list(map(bool, values)))
    if bool in types:
        seed = seeds[types.index(bool)]
        raise TypeError(
            f"{name} of {label} must be a truth for all seeds or for none; it is {True} or {False} for seed {seed}"
        )
    if set(types) == {int} and max(map(abs, values)) < 2**63:
        return np.array(values, np.int64)
    return np.array(values, np.float64)  # None becomes NaN


def _scalar(value: Any, name: str, label: str, seed: int) -> bool | int | float:
    """A number or a truth of any library as one of Python's."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    raise TypeError(f"{name} of {label} must be a number or a truth; got {_short(value)} for seed {seed}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{type(value).__name__} {text[:60]}…"

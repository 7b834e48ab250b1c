"""The cells of a table: read from a file, rows or a DataFrame, and kept as the text that is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrn.audit._check import Check
from lrn.audit._numbers import Printed
from lrn.audit._rounding import written
from lrn.audit.documents import read_table

__all__ = ["CellCheck", "PerColumn", "Row", "cell_text", "digits_of", "is_count_with_share", "rows_of", "setting_for"]

Row = Mapping[str, Any]
PerColumn = Any  # one value for all columns, or {column: value}


@dataclass(frozen=True)
class CellCheck:
    """One check of a table: of which row and column, by which test, and its answer."""

    row: str
    column: str
    test: str
    check: Check

    def __str__(self) -> str:
        return f"{self.row}, {self.column}: {self.check}"


def rows_of(table: Any) -> list[dict[str, Any]]:
    if isinstance(table, str | Path):
        return list(read_table(table)) or _refuse_empty(table)
    if hasattr(table, "to_dict") and hasattr(table, "columns"):  # a DataFrame; pandas itself is not needed
        records = []
        for record in table.to_dict("records"):
            records.append(dict(zip(map(str, record), record.values(), strict=True)))
        return records
    rows: list[dict[str, Any]] = []
    for row in table:
        if not isinstance(row, Mapping):
            raise TypeError(f"table must be a path, rows as mappings, or a DataFrame; got {type(table).__name__}")
        rows.append(dict(row))
    return rows or _refuse_empty(table)


def _refuse_empty(table: Any) -> list[dict[str, Any]]:
    raise ValueError(f"table must have at least one row below its heading; got none in {table!r}")


def is_count_with_share(number: Printed) -> bool:
    """Say whether a cell holds a count with its percentage in parentheses, such as "45 (71 %)"."""
    return number.spread is not None and number.spread.percent and not number.percent


def setting_for(setting: PerColumn, column: str) -> Any:
    return setting.get(column) if isinstance(setting, Mapping) else setting


def cell_text(value: Any, row: str, column: str) -> str:
    if value is None or (isinstance(value, float) and value != value):  # pandas' missing values are NaN
        return ""
    if isinstance(value, float):
        raise TypeError(
            f"cells must be text, as printed; got the float {value!r} in {row}, {column} (read with dtype=str)"
        )
    return str(value)


def digits_of(number: Printed) -> str:
    """Return a number as `parse_number` reads it back, without marks, spread or grouping."""
    digits = written(number.value, number.decimals) if number.decimals >= 0 else number.text
    sign = "-" if number.minus and not digits.startswith("-") else ""
    relation = "" if number.relation == "=" else number.relation
    return f"{relation}{sign}{digits}{' %' if number.percent else ''}"

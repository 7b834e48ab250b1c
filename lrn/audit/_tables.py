"""A whole table in one call: every mean, SD, percentage, sum and test result that it prints."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

from lrn.audit._cells import (
    CellCheck,
    PerColumn,
    Row,
    cell_text,
    digits_of,
    is_count_with_share,
    rows_of,
    setting_for,
)
from lrn.audit._check import Check, NoPowerWarning, missing_from, require_count
from lrn.audit._deviations import grimmer
from lrn.audit._grim import grim
from lrn.audit._numbers import Printed, is_missing, parse_number
from lrn.audit._shares import check_share
from lrn.audit._sums import Repeated, check_total, repeated_values
from lrn.audit._table_report import TableReport, common_conventions
from lrn.audit._text import check_text

__all__ = ["CellCheck", "TableReport", "check_table"]

_Cell = TypeVar("_Cell")


def check_table(
    table: str | Path | Iterable[Row] | Any,
    *,
    n: PerColumn = None,
    means: Sequence[str] = (),
    sds: Mapping[str, str] | None = None,
    percents: Sequence[str] = (),
    sums: Mapping[str, Sequence[str]] | None = None,
    total_row: str | None = None,
    tests: Sequence[str] = (),
    label: str | None = None,
    items: PerColumn = 1,
    scale: PerColumn = None,
    decimals: PerColumn = None,
    ddof: int | None = None,
    rounding: str | Iterable[str] = "lenient",
    decimal: str | None = None,
) -> TableReport:
    """Check every number of a table that can be checked.

    Cells are read as `parse_number` reads them, so "5.27*", "71 %", "(1.2)" and "94.0 ± 0.3" are understood. A
    spread in a mean's own cell is checked as its SD; behind "±" it may be a standard error, too. A count before its
    percentage, "45 (71 %)", is checked against it. Empty cells and dashes are skipped.

    Args:
        table: the path of a CSV file, rows as mappings of column to text, or a pandas DataFrame of text.
        n: how many were averaged: a number, a column's name, or {column of means: either}.
        means: the columns that hold means of whole numbers (GRIM).
        sds: {column of means: column of their standard deviations} (GRIMMER).
        percents: the columns that hold percentages of n, with or without a sign.
        sums: {column: columns that it sums}.
        total_row: the label of the row that sums the others, in every column that has whole numbers in all rows,
            means and percentages excepted.
        tests: the columns that hold test results, such as "t(28) = 2.20, p = .036".
        label: the column that names rows; by default they are numbered.
        items: how many whole numbers each of the n averages, for all columns or by column.
        scale: the lowest and the highest of these, for all columns or by column.
        decimals: the decimals to which means are rounded, if trailing zeros are dropped.
        ddof: 1 if SDs divide by n - 1, 0 if by n; None allows both.
        rounding: how the table was rounded.
        decimal: the table's decimal mark, if "1,234" occurs.

    Returns:
        A `TableReport`, true unless something is impossible; printed, it names each failure.

    Raises:
        TypeError: if a cell is a float, whose printed digits are lost; read tables as text.
        ValueError: if a column is missing, a cell cannot be read, or nothing was to be checked.

    Warns:
        NoPowerWarning: if not one of its checks could have failed, or nothing could be checked.

    Example:
        >>> print(check_table([{"group": "A", "n": "28", "M": "5.19"}], n="n", means=["M"], label="group"))
        1 of 1 checks failed; A, M: 5.19 cannot be the mean of 28 whole numbers; 5.18 and 5.21 can
    """
    rows = rows_of(table)
    job = _Job(rows, label, decimal, n, items, scale, decimals, ddof, rounding, total_row)
    sd_columns = dict(sds or {})
    job.need([*means, *percents, *tests, *sd_columns, *sd_columns.values(), *([label] if label else [])])
    for total, parts in (sums or {}).items():
        job.need([total, *parts])
    if not (means or percents or sums or tests or total_row is not None or sd_columns):
        raise ValueError("means, sds, percents, sums, total_row or tests must say what to check")
    columns = list(dict.fromkeys([*means, *sd_columns]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoPowerWarning)
        checks = [
            *job.means(columns, sd_columns, percent=None),
            *job.means(percents, {}, percent=True),
            *job.sums(sums or {}),
            *job.total([*columns, *percents]),
            *job.tests(tests),
        ]
    report = TableReport(
        tuple(checks),
        common_conventions(checks),
        job.repeated([*columns, *percents]),
        tuple(dict.fromkeys(job.skipped)),
    )
    if len(report.uninformative) == len(checks):
        none = f"none of {len(checks)} checks could have failed" if checks else "no cell was checked; see skipped"
        warnings.warn(none, NoPowerWarning, stacklevel=2)
    return report


@dataclass
class _Job:
    """The rows of a table and how they are to be read."""

    rows: list[dict[str, Any]]
    label: str | None
    decimal: str | None
    n: PerColumn
    items: PerColumn
    scale: PerColumn
    decimals: PerColumn
    ddof: int | None
    rounding: str | Iterable[str]
    total_row: str | None

    def __post_init__(self) -> None:
        self.skipped: list[str] = []
        self.rounding = self.rounding if isinstance(self.rounding, str) else tuple(self.rounding)
        self.columns = list(self.rows[0])

    def need(self, names: Sequence[str]) -> None:
        missing = missing_from(self.columns, dict.fromkeys(names))
        if missing:
            columns = ", ".join(self.columns) or "none"
            raise ValueError(f"the table must have the columns {', '.join(missing)}; got {columns}")

    def name(self, index: int) -> str:
        return str(self.rows[index][self.label]).strip() if self.label else f"row {index + 1}"

    def body(self) -> list[int]:
        """Return the places of the rows that are not the total."""
        return [i for i in range(len(self.rows)) if self.total_row is None or self.name(i) != self.total_row]

    def cell(self, index: int, column: str) -> Printed | None:
        text = cell_text(self.rows[index].get(column), self.name(index), column)
        if is_missing(text):
            self.skipped.append(f"{self.name(index)}, {column}")
            return None
        try:
            return parse_number(text, self.decimal)
        except ValueError as error:
            raise ValueError(f"{self.name(index)}, {column}: {error}") from None

    def means(self, columns: Sequence[str], sds: Mapping[str, str], percent: bool | None) -> Iterator[CellCheck]:
        for index in range(len(self.rows)):
            for column in columns:
                number, size = self.cell(index, column), self.size(index, column)
                if number is None or size is None:
                    continue
                if is_count_with_share(number):
                    yield self.share(index, column, number, size, percent)
                    continue
                options = self.options(column, percent)
                yield self.answer(index, column, "GRIM", grim, digits_of(number), size, **options)
                spread = self.cell(index, sds[column]) if column in sds else number.spread
                if spread is not None and not (number.percent or percent) and size > 1:
                    texts = digits_of(number), digits_of(spread)
                    options |= {"ddof": self.ddof}
                    if column not in sds and number.plus_minus:
                        options |= {"standard_error": None}  # either will do
                    yield self.answer(index, column, "GRIMMER", grimmer, *texts, size, **options)

    def share(self, index: int, column: str, number: Printed, size: int, percent: bool | None) -> CellCheck:
        if not percent or number.spread is None or number.value.denominator != 1:
            raise ValueError(
                f"{self.name(index)}, {column}: means must hold means; got a number with its percentage, "
                f"{number.text!r}, which belongs in percents"
            )
        how = {"decimals": setting_for(self.decimals, column), "rounding": self.rounding}
        return self.answer(
            index, column, "share", check_share, digits_of(number.spread), int(number.value), size, **how
        )

    def answer(
        self, index: int, column: str, test: str, check: Callable[..., Check], *args: Any, **how: Any
    ) -> CellCheck:
        return CellCheck(self.name(index), column, test, check(*args, **how))

    def options(self, column: str, percent: bool | None) -> dict[str, Any]:
        share = bool(percent)  # of yes and no, unless the column is named
        return {
            "items": 1 if share and not isinstance(self.items, Mapping) else setting_for(self.items, column) or 1,
            "scale": None if share and not isinstance(self.scale, Mapping) else setting_for(self.scale, column),
            "decimals": setting_for(self.decimals, column),
            "percent": percent,
            "rounding": self.rounding,
        }

    def size(self, index: int, column: str) -> int | None:
        """Return how many numbers a cell averages; None if the table does not say."""
        source = setting_for(self.n, column)
        if source is None:
            raise ValueError(f"n must say how many numbers {column} averages; got None")
        if not isinstance(source, str):
            return require_count("n", source, 1)
        self.need([source])
        value = self.rows[index].get(source)
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else value
        text = cell_text(text, self.name(index), source)
        if is_missing(text):
            self.skipped.append(f"{self.name(index)}, {column}: no n")
            return None
        number = parse_number(text, self.decimal)
        if number.value.denominator != 1 or number.value < 1:
            raise ValueError(f"{self.name(index)}, {source}: n must be a whole number, at least 1; got {text!r}")
        return int(number.value)

    def sums(self, sums: Mapping[str, Sequence[str]]) -> Iterator[CellCheck]:
        for total, parts in sums.items():
            for index in range(len(self.rows)):
                numbers = _complete(self.cell(index, name) for name in (total, *parts))
                if numbers:
                    whole, *texts = map(digits_of, numbers)
                    yield self.answer(index, total, "sum", check_total, texts, whole, rounding=self.rounding)

    def total(self, excluded: Sequence[str]) -> Iterator[CellCheck]:
        if self.total_row is None:
            return
        at = [index for index in range(len(self.rows)) if self.name(index) == self.total_row]
        if self.label is None or len(at) != 1:
            raise ValueError(f"total_row must be the label of one row; got {self.total_row!r}, label={self.label!r}")
        for column in self.columns:
            if column != self.label and column not in excluded:
                texts = _complete(self.whole(index, column) for index in [*at, *self.body()])
                if texts:
                    yield self.answer(at[0], column, "total", check_total, texts[1:], texts[0], rounding=self.rounding)

    def whole(self, index: int, column: str) -> str | None:
        """Return a count as text; None if the cell holds something else."""
        value = self.rows[index].get(column)
        try:
            number = parse_number(cell_text(value, self.name(index), column), self.decimal)
        except (TypeError, ValueError):
            return None
        return digits_of(number) if number.decimals <= 0 and not number.percent else None

    def tests(self, columns: Sequence[str]) -> Iterator[CellCheck]:
        for index in range(len(self.rows)):
            for column in columns:
                text = cell_text(self.rows[index].get(column), self.name(index), column)
                answers = check_text(text, rounding=self.rounding)
                if not answers:
                    why = "" if is_missing(text) else f": no test result in {text!r}"
                    self.skipped.append(f"{self.name(index)}, {column}{why}")
                for answer in answers:
                    yield CellCheck(self.name(index), column, "p-value", answer)

    def repeated(self, columns: Sequence[str]) -> tuple[Repeated, ...]:
        texts = {}
        for index, column in product(range(len(self.rows)), columns):
            number = self.cell(index, column)
            if number is not None:
                texts[f"{self.name(index)}, {column}"] = digits_of(number)
        return tuple(repeated_values(texts))


def _complete(cells: Iterable[_Cell | None]) -> list[_Cell]:
    """Return all cells; none of them if one is missing."""
    complete: list[_Cell] = []
    for cell in cells:
        if cell is None:
            return []
        complete.append(cell)
    return complete

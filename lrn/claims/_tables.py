"""Tables of runs, from files that exist: CSV, Parquet, JSON lines, data frames."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, filterfalse
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

from lrn.files import NotRegularError, check_regular, read_regular

__all__ = ["Table", "columns_of_frame", "flat", "from_rows", "read_table", "refused", "text_of", "typed"]

Table: TypeAlias = "dict[str, Sequence[Any]]"
"""Column -> value of each row."""

_TRUTHS = {"true": True, "false": False}
_EMPTY = ("", "nan", "null", "none", "na")
_LARGEST = 1 << 32  # bytes
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,4000})")
_NUMBER = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?inf(inity)?", re.IGNORECASE)


def read_table(source: Any) -> Table:
    """The columns of a table.

    Args:
        source: a file or a data frame, as in `lrn.claims.recorded`.

    Raises:
        ValueError: it cannot be read as a table.
        OSError: no such file.
    """
    if isinstance(source, Mapping):
        return _checked({str(name): list(values) for name, values in source.items()})
    if hasattr(source, "columns") and (hasattr(source, "to_dict") or hasattr(source, "to_dicts")):  # pandas, polars
        return _checked(columns_of_frame(source))
    if not isinstance(source, (str, os.PathLike)):
        raise ValueError(f"a table must be a file, a folder, or a data frame; got {type(source).__name__}")
    path = Path(source)
    readers: dict[str, Callable[[Path], Table]] = {
        ".csv": _csv,
        ".tsv": _csv,
        ".parquet": _parquet,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
    }
    if path.suffix.lower() not in readers:
        raise ValueError(f"a table must be a folder or one of {', '.join(readers)}; got {path.name!r}")
    with refused(path, "a table"):
        return _checked(readers[path.suffix.lower()](path))


def columns_of_frame(frame: Any) -> Table:
    """The columns of a data frame of pandas or polars."""
    return {str(name): frame[name].to_numpy() for name in frame.columns}


@contextmanager
def refused(path: Path, kind: str) -> Iterator[None]:
    """Says in one sentence which file cannot be read, and why."""
    try:
        yield
    except FileNotFoundError:
        raise
    except NotRegularError as error:
        raise ValueError(f"{path} cannot be read as {kind}: {error}") from None
    except RecursionError:
        raise ValueError(f"{path} cannot be read as {kind}: it is nested too deeply") from None
    except (ValueError, csv.Error) as error:
        known = str(error) if str(path) in str(error) else f"{path} cannot be read as {kind}: {error}"
        raise ValueError(known) from None


def _checked(table: Table) -> Table:
    lengths = dict(zip(table, map(len, table.values()), strict=True))
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns of a table must be equally long; got {lengths}")
    return table


def _csv(path: Path) -> Table:
    text = io.StringIO(text_of(path), newline="")
    rows = list(filter(None, csv.reader(text, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")))
    if not rows:
        raise ValueError(f"{path} must have a line with the names of its columns; it is empty")
    head, *body = rows
    for number, row in enumerate(body, 1):
        if len(row) != len(head):
            raise ValueError(f"{path} must have {len(head)} values in every row; row {number} has {len(row)}")
    if len(set(head)) != len(head):
        raise ValueError(f"{path} must have a name of its own for each column; got {', '.join(head)}")
    table: Table = {}
    for k, name in enumerate(head):
        table[name] = typed(list(map(itemgetter(k), body)))
    return table


def text_of(path: Path) -> str:
    """A file's text, which may begin with a byte order mark."""
    return read_regular(path, _LARGEST).decode("utf-8-sig")


def typed(texts: list[str]) -> list[Any]:
    """The cells of a column: truths, whole numbers, numbers, or text, whichever all of them are.

    What Python takes for numbers and people for names, such as 1_1 or 007, is text.
    """
    cells = list(map(str.strip, texts))
    lowered = list(map(str.lower, cells))
    if cells and _TRUTHS.keys() >= set(lowered):
        return list(map(_TRUTHS.get, lowered))
    present = list(filterfalse(_is_empty, cells))
    if not present or not all(map(_NUMBER.fullmatch, present)):
        return cells
    if len(present) < len(cells):
        return list(map(_float_or_nan, cells))
    return list(map(int if all(map(_WHOLE.fullmatch, cells)) else float, cells))


def _is_empty(cell: str) -> bool:
    return cell.lower() in _EMPTY


def _float_or_nan(cell: str) -> float:
    return math.nan if _is_empty(cell) else float(cell)


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    check_regular(path, _LARGEST)
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} cannot be read as a table: {str(error).splitlines()[0]}") from None
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}


def _json_lines(path: Path) -> Table:
    rows = []
    # Lines end where JSON's do: inside a text, other marks may stand that Python would break it at.
    for number, line in enumerate(text_of(path).split("\n"), 1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"{path} must have an object in every line; line {number} has none")
            rows.append(flat(row))
    return from_rows(rows)


def from_rows(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows as columns; NaN where a row lacks a number, None where it lacks another value."""
    table: Table = {}
    for name in dict.fromkeys(chain.from_iterable(rows)):
        values = [row.get(name) for row in rows]
        table[name] = list(map(_nan_for_none, values)) if all(map(_is_number_or_none, values)) else values
    return table


def _nan_for_none(value: Any) -> Any:
    return math.nan if value is None else value


def _is_number_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def flat(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested objects as one, `optimizer.lr`."""
    values: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            values |= flat(value, f"{before}{name}.")
        elif not isinstance(value, list):
            values[f"{before}{name}"] = value
    return values

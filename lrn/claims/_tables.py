"""Tables of runs, from files and folders that exist: CSV, Parquet, JSON lines, data frames, exports of trackers."""

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

__all__ = ["Table", "columns_of_frame", "read_table"]

Table: TypeAlias = "dict[str, Sequence[Any]]"
"""Column -> value of each row."""

_TRUTHS = {"true": True, "false": False}
_EMPTY = ("", "nan", "null", "none", "na")
_LARGEST = 1 << 32  # bytes
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,4000})")
_NUMBER = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?inf(inity)?", re.IGNORECASE)
_NO_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""What Weights & Biases writes for numbers that JSON lacks."""


def read_table(source: Any) -> Table:
    """The columns of a table.

    Args:
        source: as in `lrn.claims.recorded`.

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
    if path.is_dir():
        return _folder(path)
    readers: dict[str, Callable[[Path], Table]] = {
        ".csv": _csv,
        ".tsv": _csv,
        ".parquet": _parquet,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
    }
    if path.suffix.lower() not in readers:
        raise ValueError(f"a table must be a folder or one of {', '.join(readers)}; got {path.name!r}")
    with _refused(path, "a table"):
        return _checked(readers[path.suffix.lower()](path))


def columns_of_frame(frame: Any) -> Table:
    """The columns of a data frame of pandas or polars."""
    return {str(name): frame[name].to_numpy() for name in frame.columns}


@contextmanager
def _refused(path: Path, kind: str) -> Iterator[None]:
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
    text = io.StringIO(_text(path), newline="")
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
        table[name] = _typed(list(map(itemgetter(k), body)))
    return table


def _text(path: Path) -> str:
    """A file's text, which may begin with a byte order mark."""
    return read_regular(path, _LARGEST).decode("utf-8-sig")


def _typed(texts: list[str]) -> list[Any]:
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
    for number, line in enumerate(_text(path).split("\n"), 1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"{path} must have an object in every line; line {number} has none")
            rows.append(_flat(row))
    return _from_rows(rows)


def _from_rows(rows: Sequence[Mapping[str, Any]]) -> Table:
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


def _folder(path: Path) -> Table:
    """The runs that Weights & Biases or MLflow has left in a folder."""
    rows = list(map(_wandb, sorted(path.rglob("wandb-summary.json"))))
    rows += map(_mlflow, _mlflow_runs(path))
    if not rows:
        raise ValueError(
            f"{path} must hold runs of Weights & Biases (wandb-summary.json) or of MLflow (meta.yaml, metrics/); "
            f"it has none"
        )
    return _from_rows(rows)


def _wandb(summary: Path) -> dict[str, Any]:
    """The last values and the settings of a run of Weights & Biases."""
    row = _flat(_object(summary))
    for name in ("config.json", "config.yaml"):
        config = summary.with_name(name)
        if config.is_file():
            row = {**_config(config), **row}
    return {name: _number(value) for name, value in row.items() if not name.startswith("_")}


def _number(value: Any) -> Any:
    """A value, as a number where it is the name of one."""
    return _NO_NUMBERS.get(value, value) if isinstance(value, str) else value


def _config(path: Path) -> dict[str, Any]:
    """Settings, each of which has its value in a field `value`."""
    settings = {}
    for name, entry in _object(path).items():
        if name not in ("wandb_version", "_wandb"):
            settings[name] = entry["value"] if isinstance(entry, Mapping) and "value" in entry else entry
    with _refused(path, "settings"):
        return _flat(settings)


def _object(path: Path) -> dict[str, Any]:
    """The object in a file of JSON or YAML."""
    with _refused(path, "settings or results of a run"):
        text = _text(path)
        content = json.loads(text) if path.suffix == ".json" else _yaml(text, path)
        if not isinstance(content, dict):
            raise ValueError("it must hold names and values")
        return dict(zip(map(str, content), content.values(), strict=True))


def _yaml(text: str, path: Path) -> Any:
    try:
        import yaml
    except ImportError:
        raise ImportError(f"{path} needs PyYAML: pip install pyyaml") from None
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _mlflow_runs(folder: Path) -> Iterator[Path]:
    """The folders of MLflow's runs, without those that were deleted."""
    for file in sorted(folder.rglob("meta.yaml")):
        run = file.parent
        if (run / "metrics").is_dir() and ".trash" not in run.relative_to(folder).parts and not _is_deleted(run):
            yield run


def _is_deleted(run: Path) -> bool:
    """Whether a run of MLflow was deleted; it stays on disk until it is collected as garbage."""
    with _refused(run / "meta.yaml", "a run"):
        return re.search(r"^lifecycle_stage: *deleted *$", _text(run / "meta.yaml"), re.MULTILINE) is not None


def _mlflow(run: Path) -> dict[str, Any]:
    """The last values and the parameters of a run of MLflow."""
    row: dict[str, Any] = {}
    for kind in ("tags", "params"):
        for file in sorted((run / kind).glob("**/*")) if (run / kind).is_dir() else ():
            if not file.is_dir() and not file.name.startswith("mlflow."):
                with _refused(file, "a parameter"):
                    row[file.relative_to(run / kind).as_posix()] = _typed([_text(file).strip()])[0]
    for file in sorted((run / "metrics").glob("**/*")):
        if not file.is_dir():
            with _refused(file, "values of a metric"):
                values = list(map(_measurement, filter(str.strip, _text(file).splitlines())))
            if values:
                row[file.relative_to(run / "metrics").as_posix()] = max(enumerate(values), key=_lateness)[1][2]
    return row


def _measurement(line: str) -> tuple[int, int, float]:
    """Step, time and value of a line of a metric of MLflow."""
    parts = line.split()
    if len(parts) not in (2, 3):
        raise ValueError(f"each line must hold a time, a value and a step; got {line!r}")
    return int(parts[2]) if len(parts) == 3 else 0, int(parts[0]), float(parts[1])


def _lateness(numbered: tuple[int, tuple[int, int, float]]) -> tuple[int, int, int]:
    """Sorts by step, then by time, then as written: values that are logged without a step all have step 0."""
    number, (step, time, _) = numbered
    return step, time, number


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested objects as one, `optimizer.lr`."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}.")
        elif not isinstance(value, list):
            flat[f"{before}{name}"] = value
    return flat

"""Tables of runs, from files and folders that exist: CSV, Parquet, JSON lines, data frames, exports of trackers."""

from __future__ import annotations

import csv
import itertools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

__all__ = ["Table", "read_table"]

Table: TypeAlias = "dict[str, Sequence[Any]]"
"""Column -> value of each row."""

_TRUTHS = {"true": True, "false": False}
_EMPTY = ("", "nan", "null", "none", "na")


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
    if hasattr(source, "columns") and hasattr(source, "to_dict"):  # pandas
        return _checked({str(name): source[name].to_numpy() for name in source.columns})
    if hasattr(source, "columns") and hasattr(source, "to_dicts"):  # polars
        return _checked({str(name): source[name].to_numpy() for name in source.columns})
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
    try:
        return _checked(readers[path.suffix.lower()](path))
    except (UnicodeDecodeError, csv.Error, json.JSONDecodeError) as error:
        raise ValueError(f"{path} cannot be read as a table: {error}") from None


def _checked(table: Table) -> Table:
    lengths = {name: len(values) for name, values in table.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns of a table must be equally long; got {lengths}")
    return table


def _csv(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ","))
    rows = [row for row in rows if row]
    if not rows:
        raise ValueError(f"{path} must have a line with the names of its columns; it is empty")
    head, *body = rows
    for number, row in enumerate(body, 1):
        if len(row) != len(head):
            raise ValueError(f"{path} must have {len(head)} values in every row; row {number} has {len(row)}")
    if len(set(head)) != len(head):
        raise ValueError(f"{path} must have a name of its own for each column; got {', '.join(head)}")
    return {name: _typed([row[k] for row in body]) for k, name in enumerate(head)}


def _typed(texts: list[str]) -> list[Any]:
    """The cells of a column: truths, whole numbers, numbers, or text, whichever all of them are."""
    cells = [text.strip() for text in texts]
    present = [cell for cell in cells if cell.lower() not in _EMPTY]
    if present and len(present) == len(cells) and all(cell.lower() in _TRUTHS for cell in cells):
        return [_TRUTHS[cell.lower()] for cell in cells]
    for kind in (int, float):
        try:
            values = {cell: kind(cell) for cell in present}
        except ValueError:
            continue
        if len(present) == len(cells):
            return [values[cell] for cell in cells]
        return [float(values[cell]) if cell in values else float("nan") for cell in cells] if present else cells
    return cells


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{path} cannot be read as a table: {str(error).splitlines()[0]}") from None
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}


def _json_lines(path: Path) -> Table:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"{path} must have an object in every line; line {number} has none")
            rows.append(_flat(row))
    return _from_rows(rows)


def _from_rows(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows as columns; NaN where a row lacks a number, None where it lacks another value."""
    table: Table = {}
    for name in dict.fromkeys(itertools.chain.from_iterable(rows)):
        values = [row.get(name) for row in rows]
        present = [value for value in values if value is not None]
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in present)
        table[name] = [float("nan") if value is None and numbers else value for value in values]
    return table


def _folder(path: Path) -> Table:
    """The runs that Weights & Biases or MLflow has left in a folder."""
    rows = [_wandb(file.parent) for file in sorted(path.rglob("wandb-summary.json"))]
    rows += [_mlflow(file.parent) for file in sorted(path.rglob("meta.yaml")) if (file.parent / "metrics").is_dir()]
    if not rows:
        raise ValueError(
            f"{path} must hold runs of Weights & Biases (wandb-summary.json) or of MLflow (meta.yaml, metrics/); "
            f"it has none"
        )
    return _from_rows(rows)


def _wandb(files: Path) -> dict[str, Any]:
    """The last values and the settings of a run of Weights & Biases."""
    row = _flat(json.loads((files / "wandb-summary.json").read_text()))
    for name in ("config.json", "config.yaml"):
        if (files / name).is_file():
            row = {**_config(files / name), **row}
    return {name: value for name, value in row.items() if not name.startswith("_")}


def _config(path: Path) -> dict[str, Any]:
    """Settings, each of which has its value in a field `value`."""
    settings = json.loads(path.read_text()) if path.suffix == ".json" else _yaml(path)
    plain = {
        name: entry["value"] if isinstance(entry, Mapping) and "value" in entry else entry
        for name, entry in settings.items()
        if name not in ("wandb_version", "_wandb")
    }
    return _flat(plain)


def _yaml(path: Path) -> dict[str, Any]:
    try:
        import yaml
    except ImportError:
        raise ImportError(f"{path} needs PyYAML: pip install pyyaml") from None
    settings = yaml.safe_load(path.read_text())
    return settings if isinstance(settings, dict) else {}


def _mlflow(run: Path) -> dict[str, Any]:
    """The last values and the parameters of a run of MLflow."""
    row: dict[str, Any] = {}
    for kind in ("tags", "params"):
        for file in sorted((run / kind).glob("**/*")) if (run / kind).is_dir() else ():
            if file.is_file() and not file.name.startswith("mlflow."):
                row[file.relative_to(run / kind).as_posix()] = _typed([file.read_text().strip()])[0]
    for file in sorted((run / "metrics").glob("**/*")):
        lines = [line.split() for line in file.read_text().splitlines() if line.strip()] if file.is_file() else []
        if lines:  # time, value, step
            last = max(lines, key=lambda parts: int(parts[2]) if len(parts) > 2 else 0)
            row[file.relative_to(run / "metrics").as_posix()] = float(last[1])
    return row


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested objects as one, `optimizer.lr`."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}.")
        elif not isinstance(value, list):
            flat[f"{before}{name}"] = value
    return flat

"""Runs that Weights & Biases or MLflow has left in a folder, or exported, as a table; and which of them finished."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

from lrn.claims._tables import Table, flat, from_rows, refused, text_of, typed

__all__ = ["STATE", "read_runs", "states_of"]

_NO_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""What Weights & Biases writes for numbers that JSON lacks."""

STATE = "run.state"
"""Column for the states of runs from folders."""

FINISHED = "finished"

_STATES = {
    FINISHED,
    "running",
    "failed",
    "crashed",
    "killed",
    "scheduled",
    "pending",
    "preempting",
    "preempted",
    "unfinished",
}
"""What Weights & Biases and MLflow call the states of runs."""

_NUMBERED = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
"""The states of MLflow, as its files number them."""


def states_of(table: Table, but: Collection[str] = ()) -> dict[int, str]:
    """The rows whose runs have not finished, with what their tracker says of them.

    Args:
        table: with a column called state or status, as Weights & Biases and MLflow export it; any other has none.
        but: columns that mean something else.
    """
    states: dict[int, str] = {}
    for name in table:
        if name in but or name.rpartition(".")[2].lower() not in ("state", "status"):
            continue
        column = {}
        for row, value in enumerate(table[name]):
            if isinstance(value, str) and value:
                column[row] = value
        if {value.lower() for value in column.values()} <= _STATES:
            states |= {row: value for row, value in column.items() if value.lower() != FINISHED}
    return states


def read_runs(path: Path) -> Table:
    """The runs in a folder, one per row.

    Args:
        path: the folder.

    Raises:
        ValueError: it has none, or a file that cannot be read.
    """
    rows = [*_wandb_runs(path), *map(_mlflow, _mlflow_runs(path))]
    if not rows:
        raise ValueError(
            f"{path} must hold runs of Weights & Biases (wandb-summary.json) or of MLflow (meta.yaml, metrics/); "
            f"it has none"
        )
    return from_rows(rows)


def _wandb_runs(folder: Path) -> list[dict[str, Any]]:
    """The runs of Weights & Biases: their last values and settings.

    Its files do not say how a run ended. A summary is written when there is something to sum up, and at the end gets
    the run's time. So a run without a summary has not finished, and neither has one without its time among others that
    have one; older versions noted none.
    """
    files = chain(folder.rglob("wandb-summary.json"), folder.rglob("wandb-metadata.json"))
    summaries: dict[Path, dict[str, Any] | None] = {}
    for run in sorted(set(map(attrgetter("parent"), files))):
        file = run / "wandb-summary.json"
        summaries[run] = _object(file) if file.exists() else None
    are_timed = any(map(_has_ended, summaries.values()))
    rows = []
    for run, summary in summaries.items():
        has_finished = _has_ended(summary) if are_timed else summary is not None
        rows.append(_wandb(run, summary or {}) | {STATE: FINISHED if has_finished else "unfinished"})
    return rows


def _has_ended(summary: Mapping[str, Any] | None) -> bool:
    own = (summary or {}).get("_wandb")
    return isinstance(own, Mapping) and "runtime" in own


def _wandb(run: Path, summary: Mapping[str, Any]) -> dict[str, Any]:
    """The last values and the settings of a run of Weights & Biases."""
    row = flat(summary)
    for name in ("config.json", "config.yaml"):
        if (run / name).is_file():
            row = {**_config(run / name), **row}
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
    with refused(path, "settings"):
        return flat(settings)


def _object(path: Path) -> dict[str, Any]:
    """The object in a file of JSON or YAML."""
    with refused(path, "settings or results of a run"):
        text = text_of(path)
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
    return _described(run, "lifecycle_stage") == "deleted"


def _described(run: Path, name: str) -> str:
    """A field of the file that describes a run of MLflow; "" where it has none."""
    with refused(run / "meta.yaml", "a run"):
        match = re.search(rf"^{name}: *['\"]?(\w+)['\"]? *$", text_of(run / "meta.yaml"), re.MULTILINE)
    return "" if match is None else match[1]


def _mlflow(run: Path) -> dict[str, Any]:
    """The last values and the parameters of a run of MLflow."""
    state = _described(run, "status")
    row: dict[str, Any] = {STATE: _NUMBERED.get(state, state) or FINISHED}
    for kind in ("tags", "params"):
        for file in sorted((run / kind).glob("**/*")) if (run / kind).is_dir() else ():
            if not file.is_dir() and not file.name.startswith("mlflow."):
                with refused(file, "a parameter"):
                    row[file.relative_to(run / kind).as_posix()] = typed([text_of(file).strip()])[0]
    for file in sorted((run / "metrics").glob("**/*")):
        if not file.is_dir():
            with refused(file, "values of a metric"):
                values = list(map(_measurement, filter(str.strip, text_of(file).splitlines())))
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

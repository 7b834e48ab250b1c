"""The facts that processes which run tests send to the one that reports: with reports, and in a worker's output."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from typing import Any

import pytest

from lrn.plugin._earlier import MODULES, SURROUNDINGS
from lrn.plugin._reads import READS
from lrn.verdicts import Verdict

__all__ = [
    "DESELECTED",
    "EXPERIMENTS",
    "LACK",
    "LOADED",
    "PER_SEED",
    "PROPERTY",
    "READ",
    "STARTED",
    "SURROUNDED",
    "Deselection",
    "carried",
]

PROPERTY = "lrn.verdict"
"""Name of the user property in which a report carries its verdict, as JSON."""

LACK = "lrn.lack"
"""Name of the user property that says why an undecided claim had no more seeds; "" where it had all that it may."""

EXPERIMENTS = "lrn.experiments"
"""Name of the user property with the things behind a verdict (`lrn.plugin._standing`), and whether it stands."""

STARTED = "lrn.started"
"""Name of the user property with the verdict that stands if nothing more is heard of a claim."""

PER_SEED = "lrn_seconds_per_seed"
"""Name in a worker's output of the seconds that a seed took to train, by the population's label."""

DESELECTED, LOADED, READ, SURROUNDED = "lrn_deselected", "lrn_modules", "lrn_files", "lrn_surroundings"
"""Names in a worker's output: the count of deselected tests, the loaded modules, the files read, the surroundings."""


class Deselection:
    """Tells the reporting process how many tests a worker deselected, and the modules and files that it has read."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._output: dict[str, Any] = config.workeroutput  # type: ignore[attr-defined]
        self._output[DESELECTED] = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Sends the modules that are loaded, and the files that were read."""
        reads = self._config.stash[READS]
        self._output[LOADED] = self._config.stash[MODULES].all()
        self._output[READ], self._output[SURROUNDED] = reads.files, self._config.stash[SURROUNDINGS]

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(self) -> Generator[None, Any, Any]:
        """Escapes what cannot be sent: halves of surrogate pairs, in the message of an error for example."""
        return _sendable((yield))

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Counts deselected tests."""
        self._output[DESELECTED] += len(items)


def _sendable(data: Any) -> Any:
    """The content of a report, without half surrogate pairs."""
    if isinstance(data, str):
        return data if data.isascii() else data.encode(errors="backslashreplace").decode()
    if isinstance(data, dict):
        return {_sendable(key): _sendable(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(map(_sendable, data))
    return data


def carried(report: pytest.TestReport, name: str) -> Verdict | None:
    """Returns the verdict that a report carries under a name; None for none."""
    text = dict(report.user_properties).get(name)
    return None if text is None else Verdict.from_json(json.loads(str(text)))

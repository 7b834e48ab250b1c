"""How workers of xdist tell the process that reports how far they are: each appends lines of JSON to its own file."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lrn.claims._progress import Step

__all__ = ["INPUT", "Tail", "Teller", "Wire"]

INPUT = "lrn_status"
"""Key of the folder of these files in a worker's input."""

_SECONDS = 0.25
"""Seconds between two lines about the seeds of one population."""


class Teller(Protocol):
    """A receiver of the progress of one process's claims."""

    def expect(self, tests: Iterable[str]) -> None:
        """Notes which claims are going to be tested."""

    def start(self, test: str, case: str) -> None:
        """Notes that a claim begins."""

    def step(self, step: Step) -> None:
        """Notes how far the sampling of a population is."""

    def say(self, message: str) -> None:
        """Shows a message at once."""


class Wire:
    """Writes a worker's messages.

    Args:
        path: the worker's file.
    """

    def __init__(self, path: Path) -> None:
        self._file: int | None = None
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError:  # a worker on another machine
            return
        self._last = 0.0

    def expect(self, tests: Iterable[str]) -> None:
        """Sends which claims are going to be tested."""
        self._send(expect=list(tests))

    def start(self, test: str, case: str) -> None:
        """Sends that a claim begins."""
        self._send(start=[test, case])

    def step(self, step: Step) -> None:
        """Reports the progress of a population's sampling; in quick succession, some reports are left out."""
        now = time.monotonic()
        if step.done == 0 or now - self._last >= _SECONDS:
            self._last = now
            self._send(step=dataclasses.asdict(step))

    def say(self, message: str) -> None:
        """Sends a message that is shown at once."""
        self._send(say=message)

    def _send(self, **content: Any) -> None:
        if self._file is not None:
            os.write(self._file, f"{json.dumps(content)}\n".encode())


class Tail:
    """Reads what workers have written since it was last read.

    Args:
        folder: with a file for each worker.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, int] = {}

    def new(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The new messages: (worker, content)."""
        for path in sorted(self._folder.glob("*.jsonl")):
            with open(path, "rb") as file:
                file.seek(self._read.get(path.name, 0))
                lines = file.read().splitlines(keepends=True)
            for line in lines:
                if line.endswith(b"\n"):
                    self._read[path.name] = self._read.get(path.name, 0) + len(line)
                    yield path.stem, json.loads(line)

"""Shows how far a running suite is, also in the minutes before the first claim is done."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from lrn.plugin._board import Board
from lrn.plugin._crashes import AGAIN, WAITS
from lrn.plugin._items import is_claim
from lrn.plugin._options import RUN_RECORD, Settings
from lrn.plugin._order import seconds_of
from lrn.plugin._screen import Screen, speak
from lrn.plugin._wire import INPUT, Tail, Teller, Wire

if TYPE_CHECKING:
    from lrn.claims._progress import Step

__all__ = ["Status", "Telling", "teller_of"]

_NAME, _WORKER = "lrn-status", "lrn-telling"


class Telling:
    """In a worker of xdist: tells the process that reports.

    Args:
        config: pytest's, of the worker.
    """

    def __init__(self, config: pytest.Config) -> None:
        worker_input: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
        folder = worker_input.get(INPUT)
        self.teller: Teller | None = Wire(Path(folder, f"{worker_input['workerid']}.jsonl")) if folder else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Sends the list of claims, before xdist reports that collection has finished."""
        claims = _claims(session.items)
        if claims and self.teller is not None:
            self.teller.expect(claims)


class Status:
    """In the process that reports: shows the session's progress, whichever processes run the tests.

    Args:
        config: pytest's.
        settings: the session's options.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        record = settings.default_verdicts
        self._board = Board({} if record is None else seconds_of(record.with_name(RUN_RECORD)), settings.seed_offset)
        self._screen: Screen | None = None
        self._folder: Path | None = None
        self._tail: Tail | None = None
        self._reading = threading.Lock()
        self.teller: Teller | None = self

    def expect(self, tests: Iterable[str]) -> None:
        """Notes which claims are going to be tested."""
        self._board.expect(tests)

    def start(self, test: str, case: str) -> None:
        """Notes that a claim begins in this process."""
        self._board.start("main", test, case)

    def step(self, step: Step) -> None:
        """Notes how far the sampling of a population is."""
        self._board.step("main", step)

    def say(self, message: str) -> None:
        """Shows a message at once."""
        if self._screen is not None:
            self._screen.say(message)
        else:
            speak(self._config, message)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Starts the display, where this process runs claims."""
        claims = _claims(session.items)
        if claims and not self._config.option.collectonly:
            self.expect(claims)
            self._begin()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tells a worker where to write its progress."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="lrn-status-"))
            self._tail = Tail(self._folder)
        node.workerinput[INPUT] = str(self._folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        """Starts the display, where workers run claims."""
        self._listen()
        if self._board.total:
            self._begin()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts a claim that is done."""
        if self._board.total and (report.when == "call" or report.outcome != "passed"):
            self._board.finish(report.nodeid, None if report.outcome in (AGAIN, WAITS) else report.duration)

    def pytest_enter_pdb(self) -> None:
        """Leaves the terminal to the debugger."""
        if self._screen is not None:
            self._screen.pause()

    def pytest_leave_pdb(self) -> None:
        """Takes the terminal back."""
        if self._screen is not None:
            self._screen.pause(False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Stops the display."""
        self._end()

    def pytest_unconfigure(self) -> None:
        """Stops the display of a session that did not come to its end, and removes the workers' files."""
        self._end()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _begin(self) -> None:
        if self._screen is None:
            reporter = self._config.pluginmanager.getplugin("terminalreporter")
            if reporter is None:
                return
            # The tests' own output would run into a line that comes and goes.
            live = self._config.getoption("capture") != "no"
            self._screen = Screen(reporter, self._line, live=live, captured=self._tail is None)
        self._screen.start()

    def _end(self) -> None:
        self._listen()
        if self._screen is not None:
            self._screen.close()
            self._screen = None

    def _line(self) -> str:
        self._listen()
        return self._board.line()

    def _listen(self) -> None:
        """Takes in the workers' messages."""
        if self._tail is None:
            return
        with self._reading:
            for worker, content in self._tail.new():
                self._take(worker, content)

    def _take(self, worker: str, content: dict[str, Any]) -> None:
        if "expect" in content:
            self._board.expect(content["expect"])
        if "start" in content:
            self._board.start(worker, *content["start"])
        if "step" in content:
            self._board.step(worker, SimpleNamespace(**content["step"]))
        if "say" in content:
            self.say(content["say"])


def teller_of(config: pytest.Config) -> Teller | None:
    """The receiver of this process's progress; None where there is none."""
    plugin: Any = config.pluginmanager.getplugin(_WORKER if hasattr(config, "workerinput") else _NAME)
    teller: Teller | None = None if plugin is None else plugin.teller
    return teller


def _claims(items: Sequence[pytest.Item]) -> list[str]:
    return [item.nodeid for item in filter(is_claim, items)]

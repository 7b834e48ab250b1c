"""Claims whose process died: each is given to another worker once, and its crash stands in the table.

Claims that waited in a worker that died are errors at once. For pytest-xdist they were done when they began to wait, so
by then it has told the other workers to end; the next run goes on from the seeds that are in the ledger.
"""

from __future__ import annotations

from typing import Any

import pytest

from lrn.plugin._options import Settings
from lrn.verdicts import Outcome, Verdict

__all__ = ["AGAIN", "PHASES", "WAITS", "Crashes"]

AGAIN = "rerun"
"""Outcome of a report about a claim that starts again."""

WAITS = "waits"
"""Outcome of a report about a claim that waits for others to train, and will go on."""

PHASES = ("setup", "call", "teardown")


class Crashes:
    """Counts tests whose process died, and gives claims to another worker.

    Args:
        config: pytest's.
        settings: the session's options.

    Attributes:
        running: the verdicts that stand if nothing more is heard of the claims, by test.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config, self._settings = config, settings
        self._crashed = 0
        self._again: dict[str, bool] = {}  # claims whose worker died: whether they came back
        self._waiting: dict[str, str] = {}  # claims that wait: the worker in which they do
        self.running: dict[str, Verdict] = {}

    @property
    def count(self) -> int:
        """How many tests crashed, and did not come back."""
        return self._crashed + list(self._again.values()).count(False)

    @property
    def lost(self) -> bool:
        """Whether a claim was to start again and never did."""
        return not all(self._again.values())

    def take(self, report: pytest.TestReport) -> Verdict | None:
        """Counts a report, and gives the verdict of a claim whose process died for good."""
        if report.outcome == WAITS:
            self._waiting[report.nodeid] = getattr(report, "worker_id", "main")
            return None
        self._waiting.pop(report.nodeid, None)
        died = report.when not in PHASES and report.outcome != AGAIN
        self._crashed += died
        if report.nodeid in self._again:
            self._again[report.nodeid] = report.outcome != AGAIN
        return self._died(report.nodeid) if died else None

    def left_waiting(self, worker: str) -> dict[str, Verdict]:
        """The verdicts of the claims that waited in a worker that died, by test; each is counted as a crash."""
        lost = {test: self.running[test] for test, where in self._waiting.items() if where == worker}
        self._crashed += len(lost)
        return lost

    def _died(self, test: str) -> Verdict | None:
        """The verdict of a claim whose process died; None for a test that is not a claim."""
        if test in self.running or not self._is_claim(test):
            return self.running.get(test)
        # It died while it was set up, before anything was known of it.
        outcomes = Outcome.ERROR, Outcome.SUPPORTED
        name = test.rpartition("::")[2]
        return Verdict("", test, name, "", "", "", *outcomes, None, "the process that set it up died", 0)

    def _is_claim(self, test: str) -> bool:
        return (self._config.rootpath / test.partition("::")[0]).is_relative_to(self._settings.claims)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport, sched: Any) -> None:
        """Gives a claim whose worker died to another one, once: the worker may have been killed from outside."""
        if crashitem in self._again or not self._is_claim(crashitem):
            return
        try:
            sched.mark_test_pending(crashitem)
        except NotImplementedError:  # a scheduler that binds tests to workers
            return
        self._again[crashitem] = False
        report.outcome = AGAIN  # type: ignore[assignment]

"""The report at the end of a session, and the summary of a job in continuous integration."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lrn.plugin._options import Settings
from lrn.verdicts import SuiteVerdicts

__all__ = ["append_step_summary", "write"]

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""Environment variable with the file that a job's summary is appended to."""


def write(
    settings: Settings, suite: SuiteVerdicts, root: Path, gaps: Sequence[str], record: Mapping[str, Any]
) -> str | None:
    """Writes the report that the options ask for, and returns a line that says where it is, or why it is not.

    Args:
        settings: the session's options.
        suite: the verdicts.
        root: the folder that the tests' paths start from.
        gaps: why the report must not stand beside the record: the session is not the whole suite, or differs from it.
        record: the session's record of itself.
    """
    if settings.report is None:
        return None
    folder = settings.report or _beside_verdicts(settings)
    if settings.report == "" and gaps:
        return f"no report was written: {', '.join(gaps)}; --report=DIR writes one of any run"
    from lrn.report import write_report

    page = write_report(suite, _ledger(settings), folder, root=root, suite=settings.claims, run=record)
    return f"report written to {os.path.relpath(page)}"


def append_step_summary(settings: Settings, suite: SuiteVerdicts, notes: Sequence[str]) -> None:
    """Appends the sentences' verdicts and the claims' to the job's summary, where there is a job that has one."""
    path = os.environ.get(STEP_SUMMARY)
    if path:
        from lrn.report import documents_of, summary

        with open(path, "a", encoding="utf-8", errors="replace", opener=_without_waiting) as file:
            file.write(summary(suite, notes, documents_of(suite, settings.claims)))


def _without_waiting(path: str, flags: int) -> int:
    """Opens a file; a pipe that nobody reads is an error, not a wait."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def _beside_verdicts(settings: Settings) -> Path:
    verdicts = settings.verdicts or settings.default_verdicts
    return verdicts.parent if verdicts else Path("reports")


def _ledger(settings: Settings) -> Any:
    """The session's ledger, to read; None where the suite has no sections of its own, which alone read it."""
    if settings.ledger is None or not settings.ledger.is_dir() or not (settings.claims / "report.py").is_file():
        return None  # and what trains need not be installed
    from lrn.ledger import Ledger

    return Ledger(settings.ledger, engine=settings.engine, device=settings.device)

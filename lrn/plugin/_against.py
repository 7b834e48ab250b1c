"""Comparing a session's verdicts with those of a file: `--against`.

Only verdicts are compared. Intervals may move with the seeds, the engine or the machine; a verdict may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from lrn.plugin._failure import changed, reproduce, shown_as
from lrn.plugin._words import VANISHED
from lrn.verdicts import SuiteVerdicts, Verdict
from lrn.verdicts.comparison import Comparison
from lrn.verdicts.text import plain_text, visible, wrapped

__all__ = ["Record", "mark_changed", "print_comparison", "read_record", "vanished_report"]


@dataclass(frozen=True)
class Record:
    """The verdicts to compare with, and where they were read."""

    path: Path
    suite: SuiteVerdicts

    @cached_property
    def by_test(self) -> dict[str, Verdict]:
        """The verdicts by pytest's node id."""
        return {verdict.test: verdict for verdict in self.suite.claims}


def read_record(path: Path) -> Record:
    """The record in a file. Raises pytest.UsageError, one sentence, if there is none."""
    try:
        return Record(path, SuiteVerdicts.read(path))
    except OSError as error:
        raise pytest.UsageError(f"--against must be a file of verdicts; {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise pytest.UsageError(f"--against must be a file of verdicts; {error}") from None


def mark_changed(
    report: pytest.TestReport, verdict: Verdict, record: Record, config: pytest.Config
) -> dict[str, Verdict]:
    """Lets a report fail whose verdict is not the recorded one, which it returns by test; nothing where they agree."""
    recorded = record.by_test.get(report.nodeid)
    if recorded is None or recorded.verdict is verdict.verdict:
        return {}
    message = plain_text(f"was {recorded.verdict} in {record.path.name}, is {verdict.verdict}: {verdict.reason}")
    crash = getattr(report.longrepr, "reprcrash", None)
    if report.failed and crash is not None:
        crash.message = message
        report.sections.append(("differs from the record", message))
    else:
        report.outcome = "failed"
        text = changed(verdict, f"{recorded.verdict} in {record.path.name}", reproduce(config, report.nodeid))
        report.longrepr = shown_as(text, report.nodeid.partition("::")[0], (report.location[1] or 0) + 1, message)
    return {report.nodeid: recorded}


def vanished_report(recorded: Verdict, record: Record) -> pytest.TestReport:
    """A failed report about a claim that only the record has, for pytest's summary and JUnit's file."""
    message = plain_text(f"was {recorded.verdict} in {record.path.name}, and is no longer there: {recorded.statement}")
    file, _, name = recorded.test.partition("::")
    shown = shown_as("\n".join([*wrapped(message, 78), "", visible(recorded.test)]), file, 1, message)
    properties = [(VANISHED, "")]
    return pytest.TestReport(recorded.test, (file, None, name), {}, "failed", shown, "call", user_properties=properties)


def print_comparison(reporter: pytest.TerminalReporter, comparison: Comparison, name: str) -> None:
    """Prints what differs: some lines for each claim, then the counts."""
    reporter.section(f"claims against {name}")
    width = reporter.config.get_terminal_writer().fullwidth if reporter.isatty else 1000

    def write(kind: str, text: str, **colour: bool) -> None:
        shown = f"{kind:10}{plain_text(text)}"  # a record may come from anybody
        for line in wrapped(shown, width - 1, " " * 10):
            reporter.write_line(line, **colour)

    for old, new in comparison.changed:
        write("CHANGED", f"{old.case}: {old.verdict} -> {new.verdict} {new.statement}", red=True)
        write("", new.test)
        write("", new.reason)
    for old in comparison.vanished:
        write("VANISHED", f"{old.case}: {old.verdict} {old.statement}", red=True)
        write("", old.test)
    for new in comparison.new:
        write("NEW", f"{new.case}: {new.verdict} {new.statement}", yellow=True)
    for line in wrapped(comparison.summary, width - 1, "  "):
        reporter.write_line(line, bold=True, red=comparison.failed, green=not comparison.failed)

"""Comparing a session's verdicts with those of a file: `--against`.

What is compared is the verdict alone. Intervals may move with the seeds, the engine or the machine; a verdict may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from lrn.verdicts import SuiteVerdicts, Verdict
from lrn.verdicts.text import plain_text

__all__ = ["Comparison", "Record", "compare", "print_comparison", "read_record"]


@dataclass(frozen=True)
class Record:
    """The verdicts to compare with, and where they were read."""

    path: Path
    suite: SuiteVerdicts


@dataclass(frozen=True)
class Comparison:
    """What differs between a record and the verdicts of a session.

    Attributes:
        changed: the recorded and the new verdict of each claim that ended otherwise.
        vanished: recorded claims that are no longer there; only a session of the whole suite can tell.
        new: claims that the record does not have. They are no failure: nothing is known to compare them with.
        compared: how many claims are in both.
        recorded: how many the record has.
        partial: why the session is not the whole suite; empty if it is.
    """

    changed: tuple[tuple[Verdict, Verdict], ...]
    vanished: tuple[Verdict, ...]
    new: tuple[Verdict, ...]
    compared: int
    recorded: int
    partial: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether a verdict changed or a claim vanished."""
        return bool(self.changed or self.vanished)

    @property
    def summary(self) -> str:
        """The counts, on one line."""
        counts = f"{len(self.changed)} changed, {len(self.vanished)} vanished, {len(self.new)} new"
        text = f"{self.compared} of {self.recorded} recorded claims compared: {counts}"
        return f"{text}; a part of the suite ({', '.join(self.partial)})" if self.partial else text


def read_record(path: Path) -> Record:
    """The record in a file. Raises pytest.UsageError, one sentence, if there is none."""
    try:
        return Record(path, SuiteVerdicts.read(path))
    except OSError as error:
        raise pytest.UsageError(f"--against must be a file of verdicts; {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise pytest.UsageError(f"--against must be a file of verdicts; {error}") from None


def compare(record: SuiteVerdicts, verdicts: Iterable[Verdict], partial: Sequence[str] = ()) -> Comparison:
    """What differs.

    Args:
        record: the verdicts to compare with.
        verdicts: those of the session.
        partial: why the session is not the whole suite; empty if it is.
    """
    old = {verdict.test: verdict for verdict in record.claims}
    now = {verdict.test: verdict for verdict in verdicts}
    both = [(old[test], now[test]) for test in sorted(old.keys() & now.keys())]
    return Comparison(
        changed=tuple((was, is_) for was, is_ in both if was.verdict is not is_.verdict),
        vanished=() if partial else tuple(old[test] for test in sorted(old.keys() - now.keys())),
        new=tuple(now[test] for test in sorted(now.keys() - old.keys())),
        compared=len(both),
        recorded=len(old),
        partial=tuple(partial),
    )


def print_comparison(reporter: pytest.TerminalReporter, comparison: Comparison, name: str) -> None:
    """Prints what differs: a line or two for each claim, then the counts."""
    reporter.section(f"claims against {name}")

    def write(text: str, **colour: bool) -> None:
        reporter.write_line(f"{text[:10]}{plain_text(text[10:])}", **colour)  # a record may come from anybody

    for was, is_ in comparison.changed:
        write(f"CHANGED   {was.case}: {was.verdict} -> {is_.verdict} {is_.statement}", red=True)
        write(f"          {is_.test}")
        write(f"          {is_.reason}")
    for was in comparison.vanished:
        write(f"VANISHED  {was.case}: {was.verdict} {was.statement}", red=True)
        write(f"          {was.test}")
    for is_ in comparison.new:
        write(f"NEW       {is_.case}: {is_.verdict} {is_.statement}", yellow=True)
    reporter.write_line(comparison.summary, bold=True, red=comparison.failed, green=not comparison.failed)

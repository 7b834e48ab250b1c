"""The table of claims at the end of a session."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter
from pathlib import PurePosixPath

import pytest

from lrn.verdicts import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.tables import Row, few, rows_of
from lrn.verdicts.text import duration, plain_text, shortened, width_of, wrapped

__all__ = ["Ending", "fit_short_summary", "print_summary", "seeds_lacking"]

_NARROWEST_STATEMENT = 24
_SHOWN_ESTIMATES = 2
_LOG_WIDTH = 160
_SLOW, _FEW_SLOW, _MOST_SLOW = 1.0, 3, 10
_RECORD = "reports/verdicts.json"
_SUITE = "claims"
"""Where `lrn explain` looks by default: the record, and the suite's folder."""


@dataclass(frozen=True)
class Ending:
    """The facts to show at the end of a session.

    Attributes:
        suite: the verdicts.
        seconds: how long each claim took, by test.
        changed: tests whose verdict is not the recorded one.
        promise: whether the error budget holds.
        notes: further lines to end with.
        written: the file that the verdicts were written to; None for none.
    """

    suite: SuiteVerdicts
    seconds: Mapping[str, float]
    changed: Container[str]
    promise: bool
    notes: Sequence[str]
    written: str | None

    @property
    def notable(self) -> list[Verdict]:
        """Claims that are undecided, changed, or ended otherwise than their author says."""
        return list(filter(self._is_notable, self.suite.claims))

    @property
    def slow(self) -> list[Verdict]:
        """Claims that took long, the longest first."""
        slow = [verdict for verdict in self.suite.claims if self.seconds.get(verdict.test, 0.0) >= _SLOW]
        return sorted(slow, key=lambda verdict: -self.seconds[verdict.test])

    @property
    def wrong(self) -> bool:
        """Whether a claim ended otherwise than its author says."""
        return any(not verdict.as_expected and verdict.verdict is not Outcome.SKIPPED for verdict in self.suite.claims)

    def _is_notable(self, verdict: Verdict) -> bool:
        return not verdict.as_expected or verdict.verdict is Outcome.INCONCLUSIVE or verdict.test in self.changed


def print_summary(reporter: pytest.TerminalReporter, ending: Ending) -> None:
    """Prints the notable claims, or with -v every claim, the slowest claims, the totals, and where to read more."""
    reporter.ensure_newline()
    reporter.section("claims")
    # Where nobody watches, as in CI, a width is a guess of pytest's and too small for the intervals.
    width = reporter.config.get_terminal_writer().fullwidth if reporter.isatty else _LOG_WIDTH
    suite, verbosity = ending.suite, reporter.verbosity
    if verbosity >= 0:
        rows = rows_of(suite.claims if verbosity else ending.notable)
        for row, text in zip(rows, _table(rows, width) if rows else [], strict=True):
            reporter.write_line(text, **{_colour(row): True})
        lines = [] if verbosity else _rest(ending)
        for line in [*lines, *_slowest(ending, _MOST_SLOW if verbosity else _FEW_SLOW)]:
            _write(reporter, line, width)
    wrong = ending.wrong
    totals = _totals(suite, ending.promise)
    for part in [totals] if len(totals) < width else totals.split("; "):
        _write(reporter, part, width, bold=True, red=wrong or not ending.promise, green=ending.promise and not wrong)
    for note in [*(_more(ending) if verbosity >= 0 else []), *ending.notes]:
        _write(reporter, note, width)


def fit_short_summary(reporter: pytest.TerminalReporter, verdicts: Mapping[str, Verdict]) -> None:
    """Has pytest's short summary add to each claim's verdict, in one line, the facts that the word does not give."""
    width = reporter.config.get_terminal_writer().fullwidth
    for report in reporter.stats.get("failed", []):
        crash = getattr(report.longrepr, "reprcrash", None)
        verdict = verdicts.get(report.nodeid)
        if crash is None or verdict is None:
            continue
        crash.message = crash.message.removeprefix(f"{verdict.verdict}: ")
        if reporter.isatty and reporter.verbosity < 2:
            # Pytest cuts it too, but counts the orders for colours as if they took room.
            room = width - width_of(f"{verdict.verdict} {report.nodeid} - ")
            crash.message = shortened(crash.message, max(room, 3))


def seeds_lacking(reasons: Iterable[str]) -> Iterator[str]:
    """Yields what to do about claims that are undecided because seeds are missing, one sentence for each remedy.

    Args:
        reasons: for each undecided claim, why it had no more seeds.
    """
    from lrn.plugin._failure import remedy_of

    for remedy, claims in Counter(filter(None, map(remedy_of, reasons))).items():
        yield f"{claims} claim{'s' if claims > 1 else ''} had too few seeds: {remedy}"


def _write(reporter: pytest.TerminalReporter, text: str, width: int, **colour: bool) -> None:
    for line in wrapped(text, width - 1, "  ") if reporter.isatty else [text]:
        reporter.write_line(line, **colour)


def _rest(ending: Ending) -> list[str]:
    """How many claims are not listed, as they ended as expected."""
    count = Counter(map(attrgetter("verdict"), ending.suite.claims))
    count -= Counter(map(attrgetter("verdict"), ending.notable))
    parts = [f"{count[outcome]:,} {outcome}" for outcome in Outcome if count[outcome]]
    return [f"as expected: {', '.join(parts)} (-v lists them)"] if parts else []


def _slowest(ending: Ending, most: int) -> list[str]:
    """The claims that took longest, where that is worth a line."""
    shown = [f"{plain_text(verdict.case)} {duration(ending.seconds[verdict.test])}" for verdict in ending.slow[:most]]
    return [f"slowest: {', '.join(shown)}"] if shown else []


def _more(ending: Ending) -> list[str]:
    """Where to read more: of a claim that is notable, else of any; how to keep the verdicts, where they were not."""
    if ending.written is None:
        return ["read more: -v lists every claim; --verdicts FILE keeps the verdicts, for lrn explain"]
    claim = (*ending.notable, *ending.suite.claims)[0]
    folder = str(PurePosixPath(claim.test.partition("::")[0]).parent)
    words = ["lrn", "explain", plain_text(claim.id or claim.case)]
    words += [] if PurePosixPath(folder).is_relative_to(_SUITE) else [plain_text(folder)]
    words += [] if ending.written == _RECORD else ["--verdicts", ending.written]
    return [f"read more: {shlex.join(words)}"]


def _colour(row: Row) -> str:
    if row.as_expected:
        return "green"
    return "yellow" if row.verdict in (Outcome.INCONCLUSIVE, Outcome.SKIPPED) else "red"


def _table(rows: Sequence[Row], width: int) -> list[str]:
    """The rows as lines of less than `width` characters, with as many intervals as leave the statement legible."""
    starts = _columns(list(map(_start, rows)))
    for shown in range(_SHOWN_ESTIMATES, -1, -1):
        ends = _columns(list(map(_end, rows, repeat(shown))))
        room = width - 1 - len(starts[0]) - len(ends[0])
        if room >= _NARROWEST_STATEMENT:
            break
    room = max(room, _NARROWEST_STATEMENT)
    lines = []
    for start, row, end in zip(starts, rows, ends, strict=True):
        lines.append(f"{start}{shortened(row.statement, room):{room}}  {end}".rstrip())
    return lines


def _start(row: Row) -> tuple[str, ...]:
    """The cells before a row's statement."""
    return row.ending, row.id, f"x{row.cases}" if row.cases > 1 else ""


def _end(row: Row, most: int) -> tuple[str, ...]:
    """The cells behind a row's statement, with at most so many intervals."""
    return (few(row.measured, most), f"n={row.seeds}" if row.seeds else "") if most else ()


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The cells of each row, aligned; columns without any text take no room."""
    lines = [""] * len(rows)
    for column in zip(*rows, strict=True):
        width = max(map(len, column))
        if width:
            lines = [f"{line}{cell:{width}}  " for line, cell in zip(lines, column, strict=True)]
    return lines


def _totals(suite: SuiteVerdicts, promise: bool) -> str:
    count = suite.totals

    def known(name: str) -> str:
        return f" ({count[f'{name}_known']} known)" if count[name] else ""

    parts = [
        f"{count['supported']} supported",
        f"{count['refuted']} refuted{known('refuted')}",
        f"{count['inconclusive']} inconclusive{known('inconclusive')}",
        f"{count['errors']} errors",
        *([f"{count['skipped']} skipped"] if count["skipped"] else []),
    ]
    certain = (
        f"; with probability at least {100 * (1 - suite.alpha):.10g} % every verdict holds{suite.proviso}"
        if promise
        else ""
    )
    return ", ".join(parts) + certain

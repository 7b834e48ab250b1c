"""The table of claims at the end of a session."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lrn.verdicts import Outcome, SuiteVerdicts
from lrn.verdicts.tables import Row, few, rows_of
from lrn.verdicts.text import shortened

__all__ = ["print_summary"]

_NARROWEST_STATEMENT = 24
_SHOWN_ESTIMATES = 2
_LOG_WIDTH = 160


def print_summary(
    reporter: pytest.TerminalReporter, suite: SuiteVerdicts, *, promise: bool, notes: Sequence[str]
) -> None:
    """Prints one row for each claim, its parametrised cases together where they ended alike, and the totals.

    Args:
        reporter: pytest's.
        suite: the verdicts.
        promise: whether the error budget holds.
        notes: further lines to end with.
    """
    reporter.ensure_newline()
    reporter.section("claims")
    if reporter.verbosity >= 0:
        rows = rows_of(suite.claims)
        # Where nobody watches, as in CI, a width is a guess of pytest's and too small for the intervals.
        width = reporter.config.get_terminal_writer().fullwidth if reporter.isatty else _LOG_WIDTH
        for row, text in zip(rows, _table(rows, width), strict=True):
            reporter.write_line(text, **{_colour(row): True})
    wrong = any(not verdict.as_expected and verdict.verdict is not Outcome.SKIPPED for verdict in suite.claims)
    reporter.write_line(_totals(suite, promise), bold=True, red=wrong or not promise, green=promise and not wrong)
    for note in notes:
        reporter.write_line(note)


def _colour(row: Row) -> str:
    if row.as_expected:
        return "green"
    return "yellow" if row.verdict in (Outcome.INCONCLUSIVE, Outcome.SKIPPED) else "red"


def _table(rows: Sequence[Row], width: int) -> list[str]:
    """The rows as lines of less than `width` characters, with as many intervals as leave the statement legible."""
    starts = _columns([(row.ending, row.id, f"x{row.cases}" if row.cases > 1 else "") for row in rows])
    for shown in range(_SHOWN_ESTIMATES, -1, -1):
        ends = _columns(
            [(few(row.measured, shown), f"n={row.seeds}" if row.seeds else "") if shown else () for row in rows]
        )
        room = width - 1 - len(starts[0]) - len(ends[0])
        if room >= _NARROWEST_STATEMENT:
            break
    room = max(room, _NARROWEST_STATEMENT)
    lines = zip(starts, rows, ends, strict=True)
    return [f"{start}{shortened(row.statement, room):{room}}  {end}".rstrip() for start, row, end in lines]


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The cells of each row, aligned; columns without any text take no room."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["".join(f"{cell:{n}}  " for cell, n in zip(row, widths, strict=True) if n) for row in rows]


def _totals(suite: SuiteVerdicts, promise: bool) -> str:
    count = suite.totals
    known = {name: f" ({count[f'{name}_known']} known)" if count[name] else "" for name in ("refuted", "inconclusive")}
    parts = [
        f"{count['supported']} supported",
        f"{count['refuted']} refuted{known['refuted']}",
        f"{count['inconclusive']} inconclusive{known['inconclusive']}",
        f"{count['errors']} errors",
        *([f"{count['skipped']} skipped"] if count["skipped"] else []),
    ]
    certain = (
        f"; with probability at least {100 * (1 - suite.alpha):.10g} % every verdict holds{suite.proviso}"
        if promise
        else ""
    )
    return ", ".join(parts) + certain

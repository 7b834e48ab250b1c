"""The table of claims at the end of a session."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest

from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict

__all__ = ["print_summary"]

_NARROWEST_STATEMENT = 24
_SHOWN_ESTIMATES = 2


@dataclass(frozen=True)
class _Row:
    verdict: str
    id: str
    cases: str
    statement: str
    measured: tuple[str, ...]
    seeds: str
    colour: str


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
        rows = [_row(group) for group in _groups(suite.claims)]
        for row, text in zip(rows, _table(rows, reporter.config.get_terminal_writer().fullwidth), strict=True):
            reporter.write_line(text, **{row.colour: True})
    wrong = any(not verdict.as_expected and verdict.verdict is not Outcome.SKIPPED for verdict in suite.claims)
    reporter.write_line(_totals(suite, promise), bold=True, red=wrong or not promise, green=promise and not wrong)
    for note in notes:
        reporter.write_line(note)


def _groups(verdicts: Iterable[Verdict]) -> list[list[Verdict]]:
    """The verdicts of one test function that ended alike and were expected alike."""
    groups: dict[tuple[str, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault((verdict.test.split("[")[0], verdict.verdict, verdict.expected), []).append(verdict)
    return list(groups.values())


def _row(group: Sequence[Verdict]) -> _Row:
    first = group[0]
    seeds = sorted({q.seeds for verdict in group for q in verdict.estimates})
    return _Row(
        verdict=_label(first),
        id=first.id,
        cases=f"x{len(group)}" if len(group) > 1 else "",
        statement=" ".join(first.statement.split()),
        measured=_measured([verdict.estimates for verdict in group]),
        seeds=f"n={'-'.join(str(n) for n in dict.fromkeys((seeds[0], seeds[-1])))}" if seeds else "",
        colour=_colour(first),
    )


def _label(verdict: Verdict) -> str:
    if verdict.expected is Outcome.SUPPORTED or verdict.verdict in (Outcome.ERROR, Outcome.SKIPPED):
        return str(verdict.verdict)
    return f"{verdict.verdict}, {'known' if verdict.as_expected else 'new'}"


def _colour(verdict: Verdict) -> str:
    if verdict.as_expected:
        return "green"
    return "yellow" if verdict.verdict in (Outcome.INCONCLUSIVE, Outcome.SKIPPED) else "red"


def _measured(cases: Sequence[tuple[MeasuredQuantity, ...]]) -> tuple[str, ...]:
    """The intervals of a single case; of several cases, the range of each quantity's points."""
    if len({len(case) for case in cases}) > 1:
        cases = [case[:1] for case in cases if case]
    return tuple(_range(column) for column in zip(*cases, strict=True))


def _range(quantities: Sequence[MeasuredQuantity]) -> str:
    if len(quantities) == 1:
        (only,) = quantities
        return f"{only.point:.3g} [{only.low:.3g}, {only.high:.3g}]"
    points = sorted(q.point for q in quantities if not math.isnan(q.point))
    return " to ".join(dict.fromkeys(f"{point:.3g}" for point in (points[0], points[-1]))) if points else "nan"


def _table(rows: Sequence[_Row], width: int) -> list[str]:
    """The rows as lines of less than `width` characters, with as many intervals as leave the statement legible."""
    starts = _columns([(row.verdict, row.id, row.cases) for row in rows])
    for shown in range(_SHOWN_ESTIMATES, -1, -1):
        ends = _columns([(_few(row.measured, shown), row.seeds) if shown else () for row in rows])
        room = width - 1 - len(starts[0]) - len(ends[0])
        if room >= _NARROWEST_STATEMENT:
            break
    room = max(room, _NARROWEST_STATEMENT)
    lines = zip(starts, rows, ends, strict=True)
    return [f"{start}{_shortened(row.statement, room):{room}}  {end}".rstrip() for start, row, end in lines]


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The cells of each row, aligned; columns without any text take no room."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["".join(f"{cell:{n}}  " for cell, n in zip(row, widths, strict=True) if n) for row in rows]


def _few(texts: Sequence[str], shown: int) -> str:
    return ", ".join([*texts[:shown], *([f"{len(texts) - shown} more"] if len(texts) > shown else [])])


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 3].rstrip()}..."


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
    certain = f"; with probability at least {100 * (1 - suite.alpha):.10g} % every verdict holds" if promise else ""
    return ", ".join(parts) + certain

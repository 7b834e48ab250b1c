"""Verdicts as rows of a table: one row for all cases of a claim that ended alike."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, filterfalse
from operator import attrgetter

from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.text import ending, markdown_text, natural_key, plain_text

__all__ = ["Row", "few", "markdown", "rows_of"]


@dataclass(frozen=True)
class Row:
    """Claims of one test function with the same verdict and the same expected verdict.

    Attributes:
        verdict: their verdict.
        as_expected: whether their author expects it.
        ending: the verdict as text; "known" or "unexpected" stands behind it where it needs it.
        id: the claim's id; of a single case, with its parameters.
        cases: the number of claims.
        statement: their statement.
        source: its place in the document.
        measured: the intervals of a single claim; for several claims, the range of each quantity's points.
        seeds: fewest and most seeds of a quantity; "" if nothing was measured.
    """

    verdict: Outcome
    as_expected: bool
    ending: str
    id: str
    cases: int
    statement: str
    source: str
    measured: tuple[str, ...]
    seeds: str


def rows_of(verdicts: Iterable[Verdict]) -> list[Row]:
    """One row for each test function and ending, by file and id; numbers in ids count as numbers.

    The folder with the most rows goes first.
    """
    groups: dict[tuple[str, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault((verdict.test.split("[")[0], verdict.verdict, verdict.expected), []).append(verdict)
    sizes = Counter(map(_folder, groups.values()))
    in_order = sorted(groups.values(), key=lambda group: (-sizes[_folder(group)], _sort_key(group[0])))
    return list(map(_row, in_order))


def few(texts: Sequence[str], shown: int) -> str:
    """The first texts, and how many more there are."""
    more = [f"{len(texts) - shown} more"] if len(texts) > shown else []
    return ", ".join([*texts[:shown], *more])


def markdown(suite: SuiteVerdicts) -> str:
    """The claims that measured something as a Markdown table for a README or a wiki, below the promise they rest on."""
    promise = f"With probability at least {100 * (1 - suite.alpha):.10g} % every verdict holds{suite.proviso}."
    lines = [promise, "", "| claim | verdict | measured | seeds |", "|---|---|---|---|"]
    for row in rows_of(suite.claims):
        if row.measured:
            claim = markdown_text(f"{row.statement} ({row.source})")
            cases = f", {row.cases} cases" if row.cases > 1 else ""
            measured = markdown_text(few(row.measured, 2))
            lines.append(f"| {claim} | {row.ending}{cases} | {measured} | {row.seeds} |")
    return "\n".join(lines)


def _row(group: Sequence[Verdict]) -> Row:
    first = group[0]
    estimates = [verdict.estimates for verdict in group]
    seeds = sorted(map(attrgetter("seeds"), chain.from_iterable(estimates)))
    return Row(
        verdict=first.verdict,
        as_expected=first.as_expected,
        ending=ending(first.verdict, first.expected),
        id=plain_text(first.case if len(group) == 1 and first.id else first.id),
        cases=len(group),
        statement=plain_text(first.statement),
        source=plain_text(first.source),
        measured=_measured(estimates),
        seeds=_ends("-", map(str, seeds)),
    )


def _folder(group: Sequence[Verdict]) -> str:
    return group[0].test.split("::")[0].rpartition("/")[0]


def _sort_key(verdict: Verdict) -> tuple[str, list[tuple[int, str]]]:
    return verdict.test.split("::")[0], natural_key(verdict.id)


def _measured(cases: Sequence[tuple[MeasuredQuantity, ...]]) -> tuple[str, ...]:
    """The intervals of a single case; of several cases, the range of each quantity's points."""
    if len(set(map(len, cases))) > 1:
        cases = [case[:1] for case in cases if case]
    return tuple(map(_range, zip(*cases, strict=True)))


def _range(quantities: Sequence[MeasuredQuantity]) -> str:
    if len(quantities) == 1:
        (only,) = quantities
        return only.shown(3)
    points = sorted(filterfalse(math.isnan, map(attrgetter("point"), quantities)))
    return _ends(" to ", map("{:.3g}".format, points)) or "unknown"


def _ends(joint: str, texts: Iterable[str]) -> str:
    """The first and the last text, once if they are the same; "" if there are none."""
    ends = list(texts)
    return joint.join(dict.fromkeys([*ends[:1], *ends[-1:]]))

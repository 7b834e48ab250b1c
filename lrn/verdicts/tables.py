"""Verdicts as rows of a table: the cases of one claim together where they ended alike.

`python -m lrn.verdicts.tables reports/verdicts.json README.md` renews the table in a Markdown file, between its two
markers.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lrn.files import read_text, replace_file
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.text import ending, markdown_text, natural_key, plain_text

__all__ = ["Row", "few", "markdown", "renew", "rows_of"]

MARKERS = "<!-- verdicts -->", "<!-- end of verdicts -->"


@dataclass(frozen=True)
class Row:
    """Claims of one test function that ended alike and were expected alike.

    Attributes:
        verdict: how they ended.
        as_expected: whether that is how their author says they end.
        ending: the verdict, with "known" or "new" where it was expected to be none but SUPPORTED.
        id: the first claim's id.
        cases: how many they are.
        statement: what they say.
        source: where the document says it.
        measured: the intervals of a single claim; of several, the range of each quantity's points.
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
    sizes = Counter(_folder(group[0]) for group in groups.values())
    return [
        _row(group)
        for group in sorted(groups.values(), key=lambda group: (-sizes[_folder(group[0])], _place(group[0])))
    ]


def few(texts: Sequence[str], shown: int) -> str:
    """The first texts, and how many more there are."""
    return ", ".join([*texts[:shown], *([f"{len(texts) - shown} more"] if len(texts) > shown else [])])


def markdown(suite: SuiteVerdicts) -> str:
    """The suite as a Markdown table, with its totals; claims that measured nothing are counted, not listed."""
    lines = ["| claim | verdict | measured | seeds |", "|---|---|---|---|"]
    for row in rows_of(suite.claims):
        if row.measured:
            cases = f", {row.cases} cases" if row.cases > 1 else ""
            claim = f"{row.statement} ({row.source})"
            how = f"{row.ending.replace(', known', '')}{cases}"
            lines.append(f"| {markdown_text(claim)} | {how} | {few(row.measured, 2)} | {row.seeds} |")
    exact = [verdict for verdict in suite.claims if not verdict.estimates]
    ended = {outcome: sum(verdict.verdict is outcome for verdict in exact) for outcome in Outcome}
    checks = ", ".join(f"{count} {outcome}" for outcome, count in ended.items() if count)
    certain = f"{100 * (1 - suite.alpha):.10g} %"
    return "\n".join(
        [
            f"With probability at least {certain} every verdict holds{suite.proviso}. Where a claim has several cases",
            "(depths, styles), the range of their points is shown, else the point and its interval.",
            "",
            *lines,
            "",
            f"Checks of the documents against themselves, without training: {checks or 'none'}.",
        ]
    )


def renew(text: str, suite: SuiteVerdicts) -> str:
    """The text with the suite's table between the markers. Raises ValueError if it has no markers."""
    if not all(text.count(marker) == 1 for marker in MARKERS):
        raise ValueError(f"the text must have {MARKERS[0]} and {MARKERS[1]} once each, on lines of their own")
    before, rest = text.split(MARKERS[0])
    return f"{before}{MARKERS[0]}\n{markdown(suite)}\n{MARKERS[1]}{rest.split(MARKERS[1])[1]}"


def _row(group: Sequence[Verdict]) -> Row:
    first = group[0]
    seeds = sorted({q.seeds for verdict in group for q in verdict.estimates})
    return Row(
        verdict=first.verdict,
        as_expected=first.as_expected,
        ending=ending(first.verdict, first.expected),
        id=plain_text(first.id),
        cases=len(group),
        statement=plain_text(first.statement),
        source=plain_text(first.source),
        measured=_measured([verdict.estimates for verdict in group]),
        seeds="-".join(str(n) for n in dict.fromkeys((seeds[0], seeds[-1]))) if seeds else "",
    )


def _folder(verdict: Verdict) -> str:
    return verdict.test.split("::")[0].rpartition("/")[0]


def _place(verdict: Verdict) -> tuple[str, list[tuple[int, str]]]:
    return verdict.test.split("::")[0], natural_key(verdict.id)


def _measured(cases: Sequence[tuple[MeasuredQuantity, ...]]) -> tuple[str, ...]:
    """The intervals of a single case; of several cases, the range of each quantity's points."""
    if len({len(case) for case in cases}) > 1:
        cases = [case[:1] for case in cases if case]
    return tuple(_range(column) for column in zip(*cases, strict=True))


def _range(quantities: Sequence[MeasuredQuantity]) -> str:
    if len(quantities) == 1:
        (only,) = quantities
        return f"{only.point:.3g} [{only.low:.3g}, {only.high:.3g}]{only.proviso}"
    points = sorted(q.point for q in quantities if not math.isnan(q.point))
    return " to ".join(dict.fromkeys(f"{point:.3g}" for point in (points[0], points[-1]))) if points else "nan"


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    replace_file(target, renew(read_text(target), SuiteVerdicts.read(source)))

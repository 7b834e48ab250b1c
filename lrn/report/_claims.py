"""Verdicts as the page shows them: claims with their cases, each with its intervals and where its test stands."""

from __future__ import annotations

import ast
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lrn.report._text import interval_text, is_rate, number_text
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict

__all__ = ["Case", "ClaimView", "Interval", "Refutation", "claims_of", "refutations_of"]

_ORDER = (Outcome.ERROR, Outcome.REFUTED, Outcome.INCONCLUSIVE, Outcome.SKIPPED, Outcome.SUPPORTED)


@dataclass(frozen=True)
class Interval:
    """One measured quantity: its words, and where its interval lies on a line from 0 to 100."""

    name: str
    text: str
    n: int
    seeds: int
    low: float
    point: float | None
    high: float
    scale: str


@dataclass(frozen=True)
class Case:
    """One verdict: a claim at one value of its parameters."""

    name: str
    verdict: Outcome
    as_expected: bool
    expected: Outcome
    known: str | None
    reason: str
    looks: int
    needed: str
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class ClaimView:
    """All cases of one test function."""

    anchor: str
    id: str
    statement: str
    source: str
    quotes: tuple[str, ...]
    reading: str
    group: str
    path: str
    line: int | None
    command: str
    cases: tuple[Case, ...]

    @property
    def counts(self) -> list[tuple[Outcome, int]]:
        """How many cases ended in which way, what needs attention first."""
        counted = Counter(case.verdict for case in self.cases)
        return [(outcome, counted[outcome]) for outcome in _ORDER if outcome in counted]

    @property
    def as_expected(self) -> bool:
        """Whether every case ended as its author says."""
        return all(case.as_expected for case in self.cases)

    @property
    def seeds(self) -> int:
        """Most seeds of a quantity; 0 if nothing was measured."""
        return max((i.seeds for case in self.cases for i in case.intervals), default=0)

    @property
    def known(self) -> list[tuple[str, list[str]]]:
        """Why cases are known to end otherwise than SUPPORTED, with the cases that each reason is for."""
        reasons: dict[str, list[str]] = {}
        for case in self.cases:
            if case.known:
                reasons.setdefault(case.known, []).append(case.name)
        return list(reasons.items())

    @property
    def text(self) -> str:
        """What a search looks through."""
        parts = [self.id, self.statement, self.source, *self.quotes, self.reading, self.group]
        return " ".join([*parts, *(reason for reason, _ in self.known)]).lower()


@dataclass(frozen=True)
class Refutation:
    """Cases of one claim that were refuted for one reason."""

    claim: ClaimView
    cases: tuple[Case, ...]
    why: str

    @property
    def measured(self) -> tuple[Interval, ...]:
        """The intervals of a single case with a few; of several cases there are too many to show."""
        found = tuple(interval for case in self.cases for interval in case.intervals)
        return found if len(found) <= 4 else ()

    @property
    def seeds(self) -> str:
        """Fewest and most seeds of a quantity; "" if nothing was measured."""
        seeds = sorted({i.seeds for case in self.cases for i in case.intervals})
        return " to ".join(dict.fromkeys(f"{n:,}" for n in (seeds[0], seeds[-1]))) if seeds else ""


def claims_of(suite: SuiteVerdicts, root: Path) -> list[ClaimView]:
    """The suite's claims by file, and within a file in the order of their tests where the file can be read.

    Args:
        suite: the verdicts.
        root: the folder that the tests' paths start from.
    """
    groups: dict[str, list[Verdict]] = {}
    for verdict in suite.claims:
        groups.setdefault(verdict.test.partition("[")[0], []).append(verdict)
    claims = [_claim(root, function, verdicts) for function, verdicts in groups.items()]
    return sorted(claims, key=lambda claim: (_natural(claim.path), claim.line or 0))


def refutations_of(claims: Sequence[ClaimView]) -> list[Refutation]:
    """What was refuted, cases with the same reason together, those that nobody expected first."""
    found = []
    for claim in claims:
        reasons: dict[str, list[Case]] = {}
        for case in claim.cases:
            if case.verdict is Outcome.REFUTED:
                reasons.setdefault(case.known or case.reason, []).append(case)
        found += [Refutation(claim, tuple(cases), why) for why, cases in reasons.items()]
    return sorted(found, key=lambda refutation: all(case.as_expected for case in refutation.cases))


def _claim(root: Path, function: str, verdicts: Sequence[Verdict]) -> ClaimView:
    first = verdicts[0]
    path, _, name = function.partition("::")
    cases = tuple(_case(verdict) for verdict in sorted(verdicts, key=lambda v: _natural(v.test)))
    return ClaimView(
        anchor=_anchor(function),
        id=first.id,
        statement=first.statement,
        source=first.source,
        quotes=tuple(first.quote.split(" / ")) if first.quote else (),
        reading=first.reading,
        group=_group(path),
        path=path,
        line=_lines(root / path).get(name.split("::")[-1]),
        command=_command(first.id, function),
        cases=cases,
    )


def _case(verdict: Verdict) -> Case:
    needed = verdict.seeds_needed
    return Case(
        name=verdict.test.partition("[")[2].removesuffix("]"),
        verdict=verdict.verdict,
        as_expected=verdict.as_expected,
        expected=verdict.expected,
        known=verdict.known,
        # What decided a supported claim is its intervals, which are shown anyway.
        reason="" if verdict.verdict is Outcome.SUPPORTED and verdict.estimates else verdict.reason,
        looks=verdict.looks,
        needed="" if needed is None else number_text(needed),
        intervals=tuple(_intervals(verdict.estimates)),
    )


def _intervals(quantities: Sequence[MeasuredQuantity]) -> Iterator[Interval]:
    """The intervals, rates on the line from 0 to 1, all else on a line of the case's own."""
    others = [end for q in quantities if not is_rate(q) for end in (q.low, q.point, q.high) if abs(end) < float("inf")]
    first, last = min([0.0, *others]), max([0.0, *others]) or 1.0
    for q in quantities:
        start, stop = (0.0, 1.0) if is_rate(q) else (first, last)

        def place(x: float, start: float = start, stop: float = stop) -> float:
            return round(100 * min(max((x - start) / (stop - start), 0.0), 1.0), 2)

        yield Interval(
            name=q.name,
            text=interval_text(q),
            n=q.n,
            seeds=q.seeds,
            low=place(q.low),
            point=None if q.point != q.point else place(q.point),
            high=place(q.high),
            scale=f"from {number_text(start)} to {number_text(stop)}",
        )


def _command(id: str, function: str) -> str:
    """What runs these cases and, where the claim has an id, all that share it."""
    path = function.partition("::")[0]
    usable = re.fullmatch(r"[A-Za-z][\w.\-]*", id) and id not in ("and", "or", "not", "None", "True", "False")
    if usable and "/" in path:
        return f"pytest {shlex.quote(path.split('/')[0])}/ -k {id}"
    return f"pytest {shlex.quote(function)}"


@cache
def _lines(path: Path) -> dict[str, int]:
    """The line of each function of a file; nothing if it cannot be read."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    return {node.name: node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _group(path: str) -> str:
    """A file's name for people: claims/thesis/test_4_1_dead_layers.py is "thesis: 4.1 dead layers"."""
    folder, _, name = path.rpartition("/")
    words = name.removesuffix(".py").removeprefix("test_").replace("_", " ")
    words = re.sub(r"(?<=\d) (?=\d)", ".", words)
    place = folder.rpartition("/")[2]
    return f"{place}: {words}" if place else words


def _anchor(function: str) -> str:
    return "claim-" + re.sub(r"[^A-Za-z0-9]+", "-", function.replace(".py::", "-")).strip("-").lower()


def _natural(text: str) -> list[tuple[int, str]]:
    """Numbers in a text count as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)]

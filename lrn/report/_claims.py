"""Verdicts as the page shows them: claims with their cases, each with its intervals and where its test stands."""

from __future__ import annotations

import ast
import math
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lrn.files import read_text
from lrn.report._text import interval_text, number_text
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.text import natural_key

__all__ = ["Case", "ClaimView", "Finding", "Interval", "Refutation", "anchor_of", "claim_views", "refutations_of"]

_LARGEST_SOURCE = 1 << 22
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
        parts = [self.group, self.id, self.statement, self.source, *self.quotes, self.reading]
        return " ".join([*parts, *(reason for reason, _ in self.known)]).lower()


@dataclass(frozen=True)
class Finding:
    """One reason why cases of a claim were refuted; `names` are those cases where others had another fate."""

    why: str
    names: str
    as_expected: bool


@dataclass(frozen=True)
class Refutation:
    """The refuted cases of one claim."""

    claim: ClaimView
    cases: tuple[Case, ...]

    @property
    def found(self) -> list[Finding]:
        """Why they were refuted."""
        reasons: dict[tuple[str, bool], list[str]] = {}
        for case in self.cases:
            reasons.setdefault((case.known or case.reason, case.as_expected), []).append(case.name)
        alone = len(reasons) == 1 and len(self.cases) == len(self.claim.cases)
        return [
            Finding(why, "" if alone else ", ".join(names), as_expected)
            for (why, as_expected), names in reasons.items()
        ]

    @property
    def measured(self) -> tuple[Interval, ...]:
        """The intervals, where they are few enough to show."""
        found = tuple(interval for case in self.cases for interval in case.intervals)
        return found if len(found) <= 4 else ()

    @property
    def seeds(self) -> str:
        """Fewest and most seeds of a quantity; "" if nothing was measured."""
        seeds = sorted({i.seeds for case in self.cases for i in case.intervals})
        return " to ".join(dict.fromkeys(f"{n:,}" for n in (seeds[0], seeds[-1]))) if seeds else ""


def claim_views(suite: SuiteVerdicts, root: Path) -> list[ClaimView]:
    """The suite's claims: folders with the most measured verdicts first, then by file and by line where it can be read.

    Args:
        suite: the verdicts.
        root: the folder that the tests' paths start from.
    """
    groups: dict[str, list[Verdict]] = {}
    for verdict in suite.claims:
        groups.setdefault(verdict.test.partition("[")[0], []).append(verdict)
    claims = [_claim(root, function, verdicts) for function, verdicts in groups.items()]
    measured = Counter(str(Path(v.test.partition("::")[0]).parent) for v in suite.claims if v.estimates)
    return sorted(claims, key=lambda c: (-measured[str(Path(c.path).parent)], natural_key(c.path), c.line or 0))


def refutations_of(claims: Sequence[ClaimView]) -> list[Refutation]:
    """The claims with refuted cases, those with cases that nobody expected first."""
    refuted = [(claim, tuple(c for c in claim.cases if c.verdict is Outcome.REFUTED)) for claim in claims]
    found = [Refutation(claim, cases) for claim, cases in refuted if cases]
    return sorted(found, key=lambda refutation: all(case.as_expected for case in refutation.cases))


def anchor_of(test: str) -> str:
    """The page's id for the claim that a test belongs to, from its node id."""
    return "claim-" + re.sub(r"[^A-Za-z0-9]+", "-", test.partition("[")[0].replace(".py::", "-")).strip("-").lower()


def _claim(root: Path, function: str, verdicts: Sequence[Verdict]) -> ClaimView:
    first = verdicts[0]
    path, _, name = function.partition("::")
    scale = _scale([quantity for verdict in verdicts for quantity in verdict.estimates])
    cases = tuple(_case(verdict, scale) for verdict in sorted(verdicts, key=lambda v: natural_key(v.test)))
    return ClaimView(
        anchor=anchor_of(function),
        id=first.id,
        statement=first.statement,
        source=first.source,
        quotes=tuple(first.quote.split(" / ")) if first.quote else (),
        reading=first.reading,
        group=_group(path),
        path=path,
        line=_lines(root, path).get(name.split("::")[-1]),
        command=_command(first.id, function),
        cases=cases,
    )


def _case(verdict: Verdict, scale: tuple[float, float]) -> Case:
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
        intervals=tuple(_intervals(verdict.estimates, scale)),
    )


def _scale(quantities: Sequence[MeasuredQuantity]) -> tuple[float, float]:
    """A line that holds 0 and all finite ends of what is no rate."""
    ends = [
        end
        for q in quantities
        if not (q.is_rate and not q.terms)
        for end in (q.low, q.point, q.high)
        if abs(end) < math.inf
    ]
    return min([0.0, *ends]), max([0.0, *ends]) or 1.0


def _intervals(quantities: Sequence[MeasuredQuantity], scale: tuple[float, float]) -> Iterator[Interval]:
    """The intervals, rates on the line from 0 to 1, all else on the line of the claim's own."""
    for q in quantities:
        start, stop = (0.0, 1.0) if q.is_rate and not q.terms else scale

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
        )


def _command(id: str, function: str) -> str:
    """What runs these cases and, where the claim has an id, all that share it."""
    path = function.partition("::")[0]
    usable = re.fullmatch(r"[A-Za-z][\w.\-]*", id) and id not in ("and", "or", "not", "None", "True", "False")
    if usable and "/" in path:
        return f"pytest {shlex.quote(path.split('/')[0])}/ -k {id}"
    return f"pytest {shlex.quote(function)}"


@cache
def _lines(root: Path, name: str) -> dict[str, int]:
    """The line of each function of a file below the root; nothing if it cannot be read, or lies elsewhere."""
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()) or path.suffix != ".py":
            return {}
        tree = ast.parse(read_text(path, _LARGEST_SOURCE))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError, RuntimeError):
        return {}
    return {node.name: node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _group(path: str) -> str:
    """A file's name for people: claims/thesis/test_4_1_dead_layers.py is "thesis: 4.1 dead layers"."""
    folder, _, name = path.rpartition("/")
    words = name.removesuffix(".py").removeprefix("test_").replace("_", " ")
    words = re.sub(r"(?<=\d) (?=\d)", ".", words)
    place = folder.rpartition("/")[2]
    return f"{place}: {words}" if place else words

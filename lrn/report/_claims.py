"""Verdicts as the page shows them: claims with their cases, each with its numbers and the command that checks it."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from operator import attrgetter
from pathlib import Path

from lrn.files import read_text
from lrn.report._address import Addresses, command_of
from lrn.report._numbers import NumberView, claim_scale, common_parts, number_views, parts_beside
from lrn.report._quantities import estimates_of
from lrn.report._reasons import reason_text
from lrn.report._text import number_text, quotation
from lrn.verdicts import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.text import natural_key

__all__ = ["CaseView", "ClaimView", "claim_views"]

_LARGEST_SOURCE = 1 << 22
_ORDER = (Outcome.ERROR, Outcome.REFUTED, Outcome.INCONCLUSIVE, Outcome.SKIPPED, Outcome.SUPPORTED)


@dataclass(frozen=True)
class CaseView:
    """One verdict: a claim at one value of its parameters; sentences name it by its `key`, such as "C2[10-batch]"."""

    key: str
    address: str
    name: str
    verdict: Outcome
    as_expected: bool
    expected: Outcome
    known: str | None
    reason: str
    looks: int
    needed: str
    command: str
    published: str
    numbers: tuple[NumberView, ...]


@dataclass(frozen=True)
class ClaimView:
    """All cases of one test function.

    Attributes:
        address: its id on the page.
        rank: its position among the claims.
        common: the common part of all its cases' settings.
        columns: the names of two things that every case compares; empty where they differ.
        published: whether the document has a figure for some case.
    """

    address: str
    rank: int
    id: str
    statement: str
    source: str
    quotes: tuple[str, ...]
    reading: str
    group: str
    path: str
    line: int | None
    command: str
    common: str
    what: str
    columns: tuple[str, ...]
    cases: tuple[CaseView, ...]

    @property
    def _numbers(self) -> Iterator[NumberView]:
        return chain.from_iterable(map(attrgetter("numbers"), self.cases))

    @property
    def counts(self) -> list[tuple[Outcome, int]]:
        """How many cases ended in which way, what needs attention first."""
        counted = Counter(map(attrgetter("verdict"), self.cases))
        return [(outcome, counted[outcome]) for outcome in _ORDER if outcome in counted]

    @property
    def as_expected(self) -> bool:
        """Whether every case ended as its author says."""
        return all(map(attrgetter("as_expected"), self.cases))

    @property
    def measured(self) -> bool:
        """Whether anything was measured for it."""
        return any(map(attrgetter("numbers"), self.cases))

    @property
    def published(self) -> bool:
        """Whether the document has a figure for some case."""
        return any(map(attrgetter("published"), self.cases))

    @property
    def compared(self) -> bool:
        """Whether some number was compared with another number."""
        return any(map(attrgetter("against"), self._numbers))

    @property
    def seeds(self) -> int:
        """Most seeds of a quantity; 0 if nothing was measured."""
        return max(map(attrgetter("seeds"), self._numbers), default=0)

    @property
    def known(self) -> list[tuple[str, list[str]]]:
        """Why cases are known to end otherwise than SUPPORTED, with the cases that each reason is for."""
        reasons: dict[str, list[str]] = {}
        for case in self.cases:
            if case.known:
                reasons.setdefault(case.known, []).append(case.name)
        return list(reasons.items())


def claim_views(suite: SuiteVerdicts, root: Path, published: Mapping[str, str] | None = None) -> list[ClaimView]:
    """The suite's claims: folders with the most measured verdicts first, then by file and by line where it can be read.

    Args:
        suite: the verdicts.
        root: the folder that the tests' paths start from.
        published: the document's own words or numbers for a case, by pytest's node id.
    """
    groups: dict[str, list[Verdict]] = {}
    measured = Counter[str]()
    for verdict in suite.claims:
        groups.setdefault(verdict.test.partition("[")[0], []).append(verdict)
        measured[_folder(verdict.test)] += bool(verdict.estimates)
    addresses = Addresses(suite.claims)
    claims = []
    for verdicts in groups.values():
        claims.append(_claim(root, addresses, published or {}, verdicts))
    ordered = sorted(claims, key=lambda c: (-measured[_folder(c.path)], natural_key(c.path), c.line or 0))
    ranked = []
    for rank, claim in enumerate(ordered):
        ranked.append(dataclasses.replace(claim, rank=rank))
    return ranked


def _folder(test: str) -> str:
    """The folder of a test's file, by pytest's node id."""
    return str(Path(test.partition("::")[0]).parent)


def _claim(root: Path, addresses: Addresses, published: Mapping[str, str], verdicts: Sequence[Verdict]) -> ClaimView:
    first = verdicts[0]
    function = first.test.partition("[")[0]
    path, _, name = function.partition("::")
    scale = claim_scale(list(estimates_of(verdicts)))
    ordered = sorted(verdicts, key=lambda verdict: natural_key(verdict.test))
    numbers = [number_views(verdict.estimates, scale) for verdict in ordered]
    every = list(chain.from_iterable(numbers))
    common = common_parts(list(map(attrgetter("setting"), every)))
    names = _names(ordered, numbers, common)
    reasons = _reasons(ordered)
    cases = []
    for verdict, case_name, of_case in zip(ordered, names, numbers, strict=True):
        address, figure = addresses.case(verdict.test), published.get(verdict.test, "")
        cases.append(_case(verdict, address, case_name, of_case, figure, reasons))
    whats = set(map(attrgetter("what"), every))
    sides = set(map(attrgetter("side_names"), every))
    return ClaimView(
        address=addresses.claim(function),
        rank=0,
        id=first.id,
        statement=first.statement,
        source=first.source,
        quotes=tuple(map(quotation, first.quote.split(" / "))) if first.quote else (),
        reading=first.reading,
        group=_group(path),
        path=path,
        line=_lines(root, path).get(name.split("::")[-1]),
        command=command_of(function),
        common=", ".join(common),
        what=whats.pop() if len(whats) == 1 else "",
        columns=sides.pop() if len(sides) == 1 else (),
        cases=tuple(cases),
    )


def _reasons(verdicts: Sequence[Verdict]) -> dict[str | None, str]:
    """Each reason as the page shows it; the quantities of all its cases decide which of its numbers are shares."""
    cases: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.known:
            cases.setdefault(verdict.known, []).append(verdict)
    return {known: reason_text(known, alike) for known, alike in cases.items()}


def _names(verdicts: Sequence[Verdict], numbers: Sequence[tuple[NumberView, ...]], common: Sequence[str]) -> list[str]:
    """The cases' names: their settings where these tell them apart, else the parameters of their tests."""
    parameters = [verdict.test.partition("[")[2].removesuffix("]") for verdict in verdicts]
    settings = []
    for case in numbers:
        shared = common_parts(list(map(attrgetter("setting"), case)))
        settings.append(", ".join(parts_beside(shared, common)))
    usable = all(settings) and len(set(settings)) == len(settings) > 1
    return settings if usable else parameters


def _case(
    verdict: Verdict,
    address: str,
    name: str,
    numbers: tuple[NumberView, ...],
    published: str,
    reasons: Mapping[str | None, str],
) -> CaseView:
    needed = verdict.seeds_needed
    return CaseView(
        key=verdict.case,
        address=address,
        name=name,
        verdict=verdict.verdict,
        as_expected=verdict.as_expected,
        expected=verdict.expected,
        known=reasons.get(verdict.known, verdict.known),
        # What decided a measured claim is its numbers, which are shown anyway.
        reason="" if verdict.estimates and verdict.verdict is not Outcome.ERROR else verdict.reason,
        looks=verdict.looks,
        needed="" if needed is None else "no number of" if needed == float("inf") else f"about {number_text(needed)}",
        command=command_of(verdict.test),
        published=published,
        numbers=numbers,
    )


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
    suite = folder.rpartition("/")[2]
    return f"{suite}: {words}" if suite else words

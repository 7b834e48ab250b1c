"""Verdicts as data: a claim's statement, its measurements, its end; and the file that holds those of a suite.

The file is JSON in UTF-8. It holds nothing that differs between two runs of the same suite (no times, no names of
workers), so that two runs can be compared byte by byte. Numbers that JSON lacks are the texts "inf", "-inf" and "nan".
A checksum of the rest tells a damaged file from a sound one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, Self

from lrn.files import NotRegularError, read_text, write_json
from lrn.verdicts._quantity import MeasuredQuantity
from lrn.verdicts._validate import MOST, check_types, listed

__all__ = [
    "FORMAT",
    "Outcome",
    "SuiteVerdicts",
    "Verdict",
    "by_test",
    "case_name",
]

FORMAT = 2
"""Version of the file's layout."""

_UNLESS_EMPTY = ("assume", "sd", "assumption")
"""Fields that stand in the file only where something is assumed, so that other records are as they always were."""


class Outcome(StrEnum):
    """How a claim ended."""

    SUPPORTED = "SUPPORTED"
    REFUTED = "REFUTED"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Verdict:
    """What became of one claim.

    Attributes:
        id: the author's short name for the claim, such as "C2"; may be "".
        test: pytest's node id; unique.
        statement: the claim in one sentence.
        source: where the document says it.
        quote: the document's own words.
        reading: how they were read.
        verdict: how it ended.
        expected: SUPPORTED; REFUTED or INCONCLUSIVE for a claim that is known to end so.
        known: why it is known to end so; None for all other claims.
        reason: what decided it, with its intervals, or the error.
        looks: how often the claim was tested.
        estimates: everything that it compared or computed with, in order of first use.
        seeds_needed: about how many seeds of each open quantity would have settled an INCONCLUSIVE claim, `inf` if none
            can be said to; None for the others.
        notes: oddities of its populations that are not errors.
    """

    id: str
    test: str
    statement: str
    source: str
    quote: str
    reading: str
    verdict: Outcome
    expected: Outcome
    known: str | None
    reason: str
    looks: int
    estimates: tuple[MeasuredQuantity, ...] = ()
    seeds_needed: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def case(self) -> str:
        """The claim's id, or its test's name where it has none, and pytest's parameters: such as "C2[10-batch]"."""
        return case_name(self.id, self.test)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Its assumptions about values: if they hold, the verdict has the suite's guarantee."""
        return _distinct_assumptions(self.estimates)

    @property
    def as_expected(self) -> bool:
        """Whether the claim ended as its author says."""
        return self.verdict is self.expected

    def to_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold, in the order of the fields."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The verdict that `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        needed = data["seeds_needed"]
        changed = {
            "verdict": Outcome(data["verdict"]),
            "expected": Outcome(data["expected"]),
            "estimates": tuple(map(MeasuredQuantity.from_json, listed("estimates", data["estimates"]))),
            "seeds_needed": float(needed) if isinstance(needed, str) else needed,
            "notes": tuple(map(str, listed("notes", data["notes"]))),
        }
        verdict = cls(**{**data, **changed})
        _check_verdict(verdict)
        return verdict


@dataclass(frozen=True)
class SuiteVerdicts:
    """All verdicts of one session, sorted by test, and the options behind them.

    Attributes:
        alpha: with probability at least 1 - alpha every verdict is right.
        quantities: how many quantities share the error budget.
        seed_offset: the first seed.
        first_seeds: seeds that a comparison starts with, where a claim sets no other.
        max_seeds: most seeds of one comparison, where a claim sets no other.
        complete: whether the whole suite ran to its end.
        claims: the verdicts.
    """

    alpha: float
    quantities: int
    seed_offset: int
    first_seeds: int
    max_seeds: int
    complete: bool
    claims: tuple[Verdict, ...]

    @property
    def shares(self) -> int:
        """How many shares of the error budget were spent; every verdict holds while they are at most `quantities`."""
        by_key: dict[str, list[MeasuredQuantity]] = {}
        for quantity in self._estimates():
            by_key.setdefault(quantity.key, []).append(quantity)
        return sum(map(_shares, by_key.values()))

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Its claims' assumptions about values, each once."""
        return _distinct_assumptions(self._estimates())

    @property
    def proviso(self) -> str:
        """The condition of the promise, to be put behind it: " (2 of them if values are as assumed: normal)"; or ""."""
        resting = list(filter(attrgetter("assumptions"), self.claims))
        assumed = ", ".join(self.assumptions)
        return f" ({len(resting)} of them if values are as assumed: {assumed})" if resting else ""

    @property
    def seeds(self) -> int:
        """The seeds of all distinct quantities together, each at its most seeds."""
        most: dict[str, int] = {}
        for quantity in self._estimates():
            most[quantity.key] = max(most.get(quantity.key, 0), quantity.seeds)
        return sum(most.values())

    @property
    def totals(self) -> dict[str, int]:
        """How many claims ended in which way; a `..._known` is the part that was expected."""
        ended: Counter[Outcome] = Counter()
        expected: Counter[Outcome] = Counter()
        for verdict in self.claims:
            ended[verdict.verdict] += 1
            expected[verdict.verdict] += verdict.as_expected
        return {
            "supported": ended[Outcome.SUPPORTED],
            "refuted": ended[Outcome.REFUTED],
            "refuted_known": expected[Outcome.REFUTED],
            "inconclusive": ended[Outcome.INCONCLUSIVE],
            "inconclusive_known": expected[Outcome.INCONCLUSIVE],
            "errors": ended[Outcome.ERROR],
            "skipped": ended[Outcome.SKIPPED],
            "shares": self.shares,
            "seeds": self.seeds,
        }

    def to_json(self) -> dict[str, Any]:
        """The content of the file."""
        claims = list(map(Verdict.to_json, self.claims))
        content = {"format": FORMAT, **vars(self), "claims": claims, "totals": self.totals}
        return {**content, "sha256": _digest(content)}

    @classmethod
    def of(cls, verdicts: Iterable[Verdict], **settings: Any) -> Self:
        """These verdicts, sorted."""
        return cls(claims=tuple(sorted(verdicts, key=lambda verdict: verdict.test)), **settings)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """The verdicts in a file. Raises ValueError if it is not a file of verdicts in this format, or was damaged."""
        try:
            return cls._from_json(json.loads(read_text(path)))
        except KeyError as error:
            raise ValueError(f"{path} must hold verdicts in format {FORMAT}, but: it lacks {error}") from error
        except (TypeError, ValueError, OverflowError, RecursionError, NotRegularError) as error:
            raise ValueError(f"{path} must hold verdicts in format {FORMAT}, but: {error}") from error

    @classmethod
    def _from_json(cls, data: Any) -> Self:
        if not isinstance(data, dict):
            raise TypeError("it holds no JSON object")
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r}")
        if "sha256" not in data:
            raise ValueError("it has no checksum")
        if data.pop("sha256") != _digest(data):
            raise ValueError("it was changed after it was written (its checksum differs)")
        settings = {field.name: data[field.name] for field in dataclasses.fields(cls) if field.name != "claims"}
        # The file's totals are for people: they are counted again.
        suite = cls.of(map(Verdict.from_json, listed("claims", data["claims"])), **settings)
        _check_suite(suite)
        return suite

    def write(self, path: str | os.PathLike[str]) -> bytes:
        """Writes the file, whole or not at all; folders are made where needed. Returns its content."""
        return write_json(path, self.to_json())

    def _estimates(self) -> Iterator[MeasuredQuantity]:
        """Everything that the claims compared or computed with; a quantity of two claims comes twice."""
        for verdict in self.claims:
            yield from verdict.estimates


def by_test(verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    """Verdicts by pytest's node id."""
    return {verdict.test: verdict for verdict in verdicts}


def _distinct_assumptions(quantities: Iterable[MeasuredQuantity]) -> tuple[str, ...]:
    assumptions = map(attrgetter("assumption"), quantities)
    return tuple(dict.fromkeys(filter(None, assumptions)))


def _shares(alike: Sequence[MeasuredQuantity]) -> int:
    """One quantity's shares of the budget: those that one of its claims names, or both ends where thresholds differ."""
    most = 0
    each_has_one = True
    thresholds: set[tuple[float, bool]] = set()
    for quantity in alike:
        most = max(most, quantity.shares)
        each_has_one &= len(quantity.thresholds) == 1
        thresholds.update(zip(quantity.thresholds, quantity.inclusive, strict=False))
    return 2 * most if len(thresholds) > 1 and each_has_one else most


def case_name(id: str, test: str) -> str:
    """A claim's id, or its test's name where it has none, with the parameters of the test (pytest's node id)."""
    name, bracket, parameters = test.partition("[")
    return (id or name.rpartition("::")[2]) + bracket + parameters


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The value without what JSON lacks, tuples and numbers that are not finite, and without assumptions not made."""
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (list, tuple)):
        return list(map(_plain, value))
    kind: Any = type(value)
    names = _field_names(kind)
    if not names:
        return value
    plain = {}
    for name in names:  # not by dataclasses.asdict, which copies every value
        item = getattr(value, name)
        if name not in _UNLESS_EMPTY or item not in ("", None):
            plain[name] = _plain(item)
    return plain


@cache
def _field_names(cls: type) -> tuple[str, ...]:
    """The names of a dataclass's fields; none of another class."""
    return tuple(map(attrgetter("name"), dataclasses.fields(cls))) if dataclasses.is_dataclass(cls) else ()


def _check_verdict(verdict: Verdict) -> None:
    """Raises ValueError or TypeError for a verdict that no claim can have."""
    check_types(verdict)
    if not verdict.test or "\0" in verdict.test:
        raise ValueError(f"test must be pytest's name of a test; got {verdict.test!r}")
    if verdict.looks < 0:
        raise ValueError(f"looks must be at least 0; got {verdict.looks}")
    needed = verdict.seeds_needed
    if needed is not None and not float(needed) >= 0:
        raise ValueError(f"seeds_needed must be at least 0; got {needed}")
    if needed is not None and verdict.verdict is not Outcome.INCONCLUSIVE:
        raise ValueError(f"seeds_needed must be null for a claim that ended {verdict.verdict}; got {needed}")
    if verdict.expected in (Outcome.ERROR, Outcome.SKIPPED):
        raise ValueError(f"expected must be SUPPORTED, REFUTED or INCONCLUSIVE; got {verdict.expected}")
    if (verdict.known is None) != (verdict.expected is Outcome.SUPPORTED):
        raise ValueError(f"known must say why a claim is expected to end {verdict.expected}; got {verdict.known!r}")


def _check_suite(suite: SuiteVerdicts) -> None:
    """Raises ValueError or TypeError for a suite that cannot have been checked."""
    check_types(suite)
    if not 0 < suite.alpha < 1:
        raise ValueError(f"alpha must be a number strictly between 0 and 1; got {suite.alpha}")
    for field in dataclasses.fields(suite):
        value = getattr(suite, field.name)
        if field.type == "int" and not 0 <= value <= MOST:
            raise ValueError(f"{field.name} must be a whole number from 0 to 2**64; got {value}")
    for test, times in Counter(map(attrgetter("test"), suite.claims)).most_common(1):
        if times > 1:
            raise ValueError(f"each test must stand there once; {test!r} does {times} times")

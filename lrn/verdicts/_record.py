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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Any, Self

from lrn.files import NotRegularError, read_text, write_json
from lrn.verdicts._quantity import MeasuredQuantity
from lrn.verdicts._validate import check_suite, check_verdict

__all__ = [
    "FORMAT",
    "Outcome",
    "SuiteVerdicts",
    "Verdict",
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
        return tuple(dict.fromkeys(quantity.assumption for quantity in self.estimates if quantity.assumption))

    @property
    def as_expected(self) -> bool:
        """Whether the claim ended as its author says."""
        return self.verdict is self.expected

    def to_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold, in the order of the fields."""
        return {name: _plain(value) for name, value in dataclasses.asdict(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The verdict that `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        needed = data["seeds_needed"]
        changed = {
            "verdict": Outcome(data["verdict"]),
            "expected": Outcome(data["expected"]),
            "estimates": tuple(MeasuredQuantity.from_json(quantity) for quantity in data["estimates"]),
            "seeds_needed": float(needed) if isinstance(needed, str) else needed,
            "notes": tuple(map(str, data["notes"])),
        }
        return check_verdict(cls(**{**data, **changed}))


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
        measured: dict[str, list[MeasuredQuantity]] = {}
        for verdict in self.claims:
            for quantity in verdict.estimates:
                measured.setdefault(quantity.key, []).append(quantity)
        return sum(map(_shares, measured.values()))

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Its claims' assumptions about values, each once."""
        return tuple(dict.fromkeys(chain.from_iterable(verdict.assumptions for verdict in self.claims)))

    @property
    def proviso(self) -> str:
        """The condition of the promise, to be put behind it: " (2 of them if values are as assumed: normal)"; or ""."""
        resting = sum(bool(verdict.assumptions) for verdict in self.claims)
        return f" ({resting} of them if values are as assumed: {', '.join(self.assumptions)})" if resting else ""

    @property
    def seeds(self) -> int:
        """The seeds of all distinct quantities together, each at its most seeds."""
        most: dict[str, int] = {}
        for verdict in self.claims:
            for quantity in verdict.estimates:
                most[quantity.key] = max(most.get(quantity.key, 0), quantity.seeds)
        return sum(most.values())

    @property
    def totals(self) -> dict[str, int]:
        """How many claims ended in which way; a `..._known` is the part that was expected."""
        ended = {outcome: [v for v in self.claims if v.verdict is outcome] for outcome in Outcome}
        return {
            "supported": len(ended[Outcome.SUPPORTED]),
            "refuted": len(ended[Outcome.REFUTED]),
            "refuted_known": sum(verdict.as_expected for verdict in ended[Outcome.REFUTED]),
            "inconclusive": len(ended[Outcome.INCONCLUSIVE]),
            "inconclusive_known": sum(verdict.as_expected for verdict in ended[Outcome.INCONCLUSIVE]),
            "errors": len(ended[Outcome.ERROR]),
            "skipped": len(ended[Outcome.SKIPPED]),
            "shares": self.shares,
            "seeds": self.seeds,
        }

    def to_json(self) -> dict[str, Any]:
        """The content of the file."""
        settings = {
            field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "claims"
        }
        claims = [verdict.to_json() for verdict in self.claims]
        content = {"format": FORMAT, **settings, "claims": claims, "totals": self.totals}
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
        except (TypeError, ValueError, RecursionError, NotRegularError) as error:
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
        return check_suite(cls.of((Verdict.from_json(claim) for claim in data["claims"]), **settings))

    def write(self, path: str | os.PathLike[str]) -> bytes:
        """Writes the file, whole or not at all; folders are made where needed. Returns its content."""
        return write_json(path, self.to_json())


def _shares(alike: Sequence[MeasuredQuantity]) -> int:
    """One quantity's shares of the budget: those that one of its claims names, or both ends where thresholds differ."""
    most = max(quantity.shares for quantity in alike)
    thresholds: set[tuple[float, bool]] = set()
    for quantity in alike:
        thresholds.update(zip(quantity.thresholds, quantity.inclusive, strict=False))
    each_has_one = all(len(quantity.thresholds) == 1 for quantity in alike)
    return 2 * most if len(thresholds) > 1 and each_has_one else most


def case_name(id: str, test: str) -> str:
    """A claim's id, or its test's name where it has none, with the parameters of the test (pytest's node id)."""
    name, bracket, parameters = test.partition("[")
    return (id or name.rpartition("::")[2]) + bracket + parameters


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The value without what JSON lacks, tuples and numbers that are not finite, and without assumptions not made."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if not (key in _UNLESS_EMPTY and item in ("", None))}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value

"""Sentences of a document, each with one verdict that follows from its claims, most charitable reading first.

A claim is one test of one reading of a sentence. A reader wants to know of the sentence. A TOML file per document lists
them:

    [document]
    name = "paper"
    title = "A. Author, A Paper (2020)"
    link = "https://example.org/paper"    # optional

    [[sentence]]
    id = "faster"
    title = "converges faster"            # optional
    section = "§4, Table 2"
    quote = "Our method converges faster."
    weight = "central"
    readings = [
      { words = "in fewer epochs, on most data sets", claims = ["T1-most"] },
      { words = "in fewer epochs, on every data set", claims = ["T1-each"] },
      { words = "in Table 2", claims = ["E1"], own = true },
    ]

    [[ours]]
    about = "why it is faster, which the paper does not say"
    claims = ["O*"]

Where a sentence's own words could not be read, `paraphrase` gives its meaning in ours, in place of `quote`.

A claim is named by its id ("T1", or a pattern such as "T1-*"), or its id and its test's parameters ("T1[10-batch]",
"T1[10-*]"), which chooses some of its cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import chain

from lrn.verdicts._document import Document, OwnStatements, Reading, Sentence, Weight
from lrn.verdicts._document_files import read_document, read_documents
from lrn.verdicts._record import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.text import natural_key

__all__ = [
    "Document",
    "JudgedReading",
    "JudgedSentence",
    "OwnStatements",
    "Reading",
    "Sentence",
    "Standing",
    "Weight",
    "counts",
    "judge",
    "matches",
    "names_case",
    "read_document",
    "read_documents",
]


class Standing(StrEnum):
    """What became of a sentence, or of one reading of it."""

    HOLDS = "holds"
    IN_PART = "holds in part"
    OVERSTATED = "overstated"
    AGAINST_ITS_TABLE = "against its own table"
    REFUTED = "refuted"
    OPEN = "open"


_RANK = (Standing.HOLDS, Standing.IN_PART, Standing.OPEN, Standing.REFUTED)


@dataclass(frozen=True)
class JudgedReading:
    """What became of a reading.

    Attributes:
        reading: the reading.
        holds: the cases of its claims that ended SUPPORTED.
        fails: those that ended REFUTED.
        undecided: all others; a claim without any verdict stands here by its name.
    """

    reading: Reading
    holds: tuple[str, ...]
    fails: tuple[str, ...]
    undecided: tuple[str, ...]

    @property
    def standing(self) -> Standing:
        """HOLDS, IN_PART, REFUTED or OPEN.

        A reading holds if all cases do, and is refuted if all are. It is open if nothing is supported and not all is
        refuted. In all other cases it holds in part, in the settings that `holds` names.
        """
        if self.holds:
            return Standing.IN_PART if self.fails or self.undecided else Standing.HOLDS
        return Standing.REFUTED if self.fails and not self.undecided else Standing.OPEN


@dataclass(frozen=True)
class JudgedSentence:
    """What became of a sentence.

    Attributes:
        sentence: the sentence.
        readings: its readings, in its order.
    """

    sentence: Sentence
    readings: tuple[JudgedReading, ...]

    @property
    def best(self) -> JudgedReading | None:
        """The reading that stands best, the first of them; None if no claim checks the sentence."""
        return min(self.readings, key=lambda judged: _RANK.index(judged.standing), default=None)

    @property
    def standing(self) -> Standing:
        """The verdict that follows from the readings.

        A sentence is refuted only if every reading is; then it stands against its own table if one of these compared it
        with the document itself. If one reading holds and another fails, in some cases at least, it is overstated; if
        the others are undecided wherever they do not hold, so is the sentence.
        """
        if self.best is None or self.best.standing is Standing.OPEN:
            return Standing.OPEN
        if self.best.standing is Standing.REFUTED:
            own = any(judged.reading.own for judged in self.readings)
            return Standing.AGAINST_ITS_TABLE if own else Standing.REFUTED
        if self.best.standing is Standing.IN_PART:
            return Standing.IN_PART
        if any(judged.fails for judged in self.readings):
            return Standing.OVERSTATED
        return Standing.OPEN if any(judged.undecided for judged in self.readings) else Standing.HOLDS


def judge(document: Document, suite: SuiteVerdicts) -> list[JudgedSentence]:
    """What became of each sentence of a document, by the verdicts of a suite."""
    by_id: dict[str, list[Verdict]] = {}
    for verdict in suite.claims:
        by_id.setdefault(verdict.id, []).append(verdict)
    judged = []
    for sentence in document.sentences:
        readings = tuple(_judged_reading(reading, by_id) for reading in sentence.readings)
        judged.append(JudgedSentence(sentence, readings))
    return judged


def counts(sentences: Iterable[JudgedSentence]) -> dict[Standing, int]:
    """How many sentences stand in which way, in the order of `Standing`."""
    times = dict.fromkeys(Standing, 0)
    for judged in sentences:
        times[judged.standing] += 1
    return times


def matches(name: str, id: str, parameters: str) -> bool:
    """Whether a name in a reading means the case of a claim with this id and these parameters ("" without any)."""
    pattern, bracket, chosen = name.partition("[")
    same = fnmatchcase(id, pattern) if _is_pattern(pattern) else id == pattern
    return same and (not bracket or fnmatchcase(parameters, chosen.removesuffix("]")))


def names_case(name: str, verdict: Verdict) -> bool:
    """Whether a name in a reading means the case that has this verdict."""
    return matches(name, verdict.id, verdict.test.partition("[")[2].removesuffix("]"))


def _is_pattern(id: str) -> bool:
    return "*" in id or "?" in id


def _judged_reading(reading: Reading, by_id: Mapping[str, Sequence[Verdict]]) -> JudgedReading:
    cases: dict[str, Verdict] = {}
    missing = []
    for name in reading.claims:
        named = list(_named(name, by_id))
        for verdict in named:
            cases[verdict.test] = verdict
        if not named:
            missing.append(name)
    ended: defaultdict[Outcome, list[str]] = defaultdict(list)
    for verdict in cases.values():
        ended[verdict.verdict].append(verdict.case)
    supported, refuted = ended.pop(Outcome.SUPPORTED, []), ended.pop(Outcome.REFUTED, [])
    undecided = [*chain.from_iterable(ended.values()), *missing]
    return JudgedReading(reading, _sorted(supported), _sorted(refuted), _sorted(undecided))


def _sorted(cases: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(cases, key=natural_key))


def _named(name: str, by_id: Mapping[str, Sequence[Verdict]]) -> Iterator[Verdict]:
    """The cases that a name in a reading means."""
    id = name.partition("[")[0]
    for claim in by_id if _is_pattern(id) else [id]:
        for verdict in by_id.get(claim, ()):
            if names_case(name, verdict):
                yield verdict

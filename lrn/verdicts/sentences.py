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

import dataclasses
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any

from lrn.files import NotRegularError, read_text
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
    "read_document",
    "read_documents",
]


class Weight(StrEnum):
    """How much of the document stands on a sentence."""

    CENTRAL = "central"
    SUPPORTING = "supporting"
    DETAIL = "detail"


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
class Reading:
    """One way to read a sentence.

    Attributes:
        words: the reading.
        claims: the claims that check it, by id, or by id and parameters; patterns with "*" are allowed.
        own: whether they compare the sentence with the document itself: its tables, its captions, its other sentences.
    """

    words: str
    claims: tuple[str, ...]
    own: bool = False


@dataclass(frozen=True)
class Sentence:
    """A statement of a document, verbatim, or in other words where those were not at hand.

    Attributes:
        id: unique in its document.
        document: the document's short name.
        section: where it stands.
        quote: its words, copied; "" if there is a paraphrase.
        weight: how much stands on it.
        readings: most charitable first; empty for what no claim checks.
        figure: the figure or table that it speaks of, such as "4.3"; may be "".
        note: a remark for the reader beside the readings; may be "".
        paraphrase: its meaning, in words that are not the document's; "" if there is a quotation.
        fields: its content in terms that other sentences use too, to find contradictions.
        title: its content in a few words, to name it in a list; may be "".
    """

    id: str
    document: str
    section: str
    quote: str
    weight: Weight
    readings: tuple[Reading, ...] = ()
    figure: str = ""
    note: str = ""
    paraphrase: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""

    @property
    def name(self) -> str:
        """Its title, or its id in words."""
        return self.title or self.id.replace("-", " ")

    @property
    def text(self) -> str:
        """The quotation, or the paraphrase."""
        return self.quote or self.paraphrase

    @property
    def source(self) -> str:
        """Where it stands, such as "thesis §4.2.1, Figure 4.3"."""
        return f"{self.document} {self.section}" + (f", Figure {self.figure}" if self.figure else "")


@dataclass(frozen=True)
class OwnStatements:
    """Claims that the suite's authors made up, to learn more than the documents say."""

    about: str
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """The sentences of one document that a suite checks.

    Attributes:
        name: its short name, which sources begin with.
        title: author, title and year.
        sentences: in the order of the file.
        ours: claims that belong to no sentence.
        link: the address of the document, or of a page about it; may be "".
    """

    name: str
    title: str
    sentences: tuple[Sentence, ...] = ()
    ours: tuple[OwnStatements, ...] = ()
    link: str = ""


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


def read_documents(path: str | Path) -> list[Document]:
    """Reads a file of sentences, or every TOML file of a folder in the order of their names.

    Raises:
        OSError: a file cannot be read.
        ValueError: there is no such file, or one of them is not a file of sentences; the message says which and why.
    """
    folder = Path(path)
    paths = sorted(folder.glob("*.toml")) if folder.is_dir() else [folder]
    if not paths:
        raise ValueError(f"{path} must be a TOML file of sentences, or a folder of such files; got an empty folder")
    documents = [read_document(file) for file in paths]
    twice = [name for name, times in Counter(document.name for document in documents).items() if times > 1]
    if twice:
        raise ValueError(f"{path} must hold each document once; got {twice[0]!r} twice")
    return documents


def read_document(path: str | Path) -> Document:
    """Reads the sentences of one document.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not TOML, or lacks something, or has something unknown; the message says what.
    """
    try:
        data = tomllib.loads(read_text(path))
        return _document(data)
    except (ValueError, TypeError, RecursionError, NotRegularError) as error:
        raise ValueError(f"{path} must be a file of sentences, but: {error}") from error


def _document(data: Mapping[str, Any]) -> Document:
    unknown = set(data) - {"document", "sentence", "ours"}
    if unknown or not isinstance(data.get("document"), dict):
        raise ValueError(f"it must have [document], [[sentence]] and [[ours]]; got {', '.join(data) or 'nothing'}")
    document = _made(Document, data["document"], "document", name=str, title=str, link=str)
    sentences = [_sentence(entry, document.name) for entry in _tables(data, "sentence")]
    twice = [id for id, times in Counter(sentence.id for sentence in sentences).items() if times > 1]
    if twice:
        raise ValueError(f"sentence ids must differ; got {twice[0]!r} twice")
    ours = [_own(entry) for entry in _tables(data, "ours")]
    return dataclasses.replace(document, sentences=tuple(sentences), ours=tuple(ours))


def _sentence(entry: Mapping[str, Any], document: str) -> Sentence:
    name = f"sentence {entry.get('id', '?')!r}"
    readings = [_reading(reading, name) for reading in _tables(entry, "readings", name)]
    weight = entry.get("weight")
    if weight not in [str(member) for member in Weight]:
        raise ValueError(f"weight of {name} must be one of {', '.join(Weight)}; got {weight!r}")
    if ("quote" in entry) == ("paraphrase" in entry):
        both = "both" if "quote" in entry else "neither"
        raise ValueError(f"{name} must have a quote, or a paraphrase where its words could not be read; got {both}")
    own = {"document": document, "weight": Weight(weight), "readings": tuple(readings)}
    texts = dict.fromkeys({"id", "section", "figure", "note", "title", *({"quote", "paraphrase"} & set(entry))}, str)
    return _made(Sentence, {"quote": "", **entry, **own}, name, fields=dict, **texts)


def _reading(entry: Mapping[str, Any], owner: str) -> Reading:
    return _made(Reading, {**entry, "claims": _names(entry, f"a reading of {owner}")}, owner, words=str, own=bool)


def _own(entry: Mapping[str, Any]) -> OwnStatements:
    return _made(OwnStatements, {**entry, "claims": _names(entry, "[[ours]]")}, "[[ours]]", about=str)


def _names(entry: Mapping[str, Any], owner: str) -> tuple[str, ...]:
    names = entry.get("claims")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"claims of {owner} must be a list of names of claims; got {names!r}")
    return tuple(names)


def _tables(data: Mapping[str, Any], key: str, owner: str = "the file") -> list[Mapping[str, Any]]:
    entries = data.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{key} of {owner} must be a list of tables; got {entries!r}")
    return entries


def _made(kind: type[Any], entry: Mapping[str, Any], owner: str, **types: type) -> Any:
    for name, type_ in types.items():
        value = entry.get(name)
        if name in entry and (not isinstance(value, type_) or (type_ is str and not str(value).strip())):
            raise ValueError(f"{name} of {owner} must be {type_.__name__}, and not empty; got {value!r}")
    try:
        return kind(**entry)
    except TypeError as error:
        raise ValueError(f"{owner}: {str(error).partition(' ')[2]}") from None


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
    standings = Counter(judged.standing for judged in sentences)
    return {standing: standings[standing] for standing in Standing}


def matches(name: str, id: str, parameters: str) -> bool:
    """Whether a name in a reading means the case of a claim with this id and these parameters ("" without any)."""
    pattern, bracket, chosen = name.partition("[")
    same = fnmatchcase(id, pattern) if re.search(r"[*?]", pattern) else id == pattern
    return same and (not bracket or fnmatchcase(parameters, chosen.removesuffix("]")))


def _judged_reading(reading: Reading, by_id: Mapping[str, Sequence[Verdict]]) -> JudgedReading:
    cases: dict[str, Verdict] = {}
    missing = []
    for name in reading.claims:
        named = list(_named(name, by_id))
        cases |= {verdict.test: verdict for verdict in named}
        missing += [] if named else [name]
    ended: dict[Outcome, list[str]] = {outcome: [] for outcome in Outcome}
    for verdict in cases.values():
        ended[verdict.verdict].append(verdict.case)
    supported, refuted = (ended.pop(outcome) for outcome in _DECIDED)
    undecided = [*chain.from_iterable(ended.values()), *missing]
    return JudgedReading(reading, *(tuple(sorted(n, key=natural_key)) for n in (supported, refuted, undecided)))


def _named(name: str, by_id: Mapping[str, Sequence[Verdict]]) -> Iterator[Verdict]:
    """The cases that a name in a reading means."""
    id = name.partition("[")[0]
    ids = [claim for claim in by_id if fnmatchcase(claim, id)] if re.search(r"[*?]", id) else [id]
    for verdict in chain.from_iterable(by_id.get(claim, ()) for claim in ids):
        if matches(name, verdict.id, verdict.test.partition("[")[2].removesuffix("]")):
            yield verdict


_DECIDED = (Outcome.SUPPORTED, Outcome.REFUTED)

"""Sentences as cards: the quotation, its readings with their verdicts, and the numbers that decided them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from lrn.report._claims import CaseView, ClaimView
from lrn.report._judgement import central, is_slip, judgement, own_statements
from lrn.report._text import quotation
from lrn.verdicts import Outcome
from lrn.verdicts.sentence_tables import JudgedDocument
from lrn.verdicts.sentences import JudgedReading, JudgedSentence, Standing, Weight, counts

__all__ = ["DocumentView", "Evidence", "ReadingView", "SentenceView", "document_views"]

MOST_CASES = 3
"""Cases of a claim that a card shows; the rest stand at the claim, one link away."""


@dataclass(frozen=True)
class Evidence:
    """The cases of one claim that decide a reading: those that fail are `shown` first, `more` stand at the claim.

    Attributes:
        why: the reason why cases are not supported, where all of these share it; else each stands at its case.
    """

    claim: ClaimView
    held: int
    total: int
    shown: tuple[CaseView, ...]
    more: int
    why: str


@dataclass(frozen=True)
class ReadingView:
    """One way to read a sentence, with its standing."""

    standing: Standing
    own: bool
    words: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class SentenceView:
    """A sentence with its verdict."""

    address: str
    name: str
    chapter: str
    standing: Standing
    weight: Weight
    source: str
    quote: str
    in_our_words: bool
    note: str
    readings: tuple[ReadingView, ...]
    slip: bool

    @property
    def contested(self) -> bool:
        """Whether it was found not to hold as written, and is more than a slip."""
        return self.standing not in (Standing.HOLDS, Standing.OPEN) and not self.slip


@dataclass(frozen=True)
class DocumentView:
    """A document with its sentences."""

    name: str
    title: str
    link: str
    judgement: str
    sentences: tuple[SentenceView, ...]
    counts: tuple[tuple[Standing, int], ...]
    central_counts: tuple[tuple[Standing, int], ...]
    abouts: tuple[tuple[str, str], ...]

    @property
    def central(self) -> list[SentenceView]:
        """Those it stands on."""
        return [sentence for sentence in self.sentences if sentence.weight is Weight.CENTRAL]

    @property
    def contested(self) -> list[SentenceView]:
        """Those that do not hold as written, without slips, the central ones first."""
        contested = filter(attrgetter("contested"), self.sentences)
        return sorted(contested, key=lambda sentence: list(Weight).index(sentence.weight))

    @property
    def open(self) -> list[SentenceView]:
        """Those that are not decided, or have nothing to check."""
        return self._standing_as(Standing.OPEN)

    @property
    def slips(self) -> list[SentenceView]:
        """Details that fail only beside the document itself."""
        return list(filter(attrgetter("slip"), self.sentences))

    @property
    def holding(self) -> list[tuple[str, list[SentenceView]]]:
        """Those that hold, by chapter."""
        held = sorted(self._standing_as(Standing.HOLDS), key=lambda sentence: _chapter_key(sentence.chapter))
        return [(chapter, list(group)) for chapter, group in groupby(held, key=attrgetter("chapter"))]

    def _standing_as(self, standing: Standing) -> list[SentenceView]:
        return [sentence for sentence in self.sentences if sentence.standing is standing]


def document_views(documents: Sequence[JudgedDocument], claims: Sequence[ClaimView]) -> list[DocumentView]:
    """The documents, in their order, with links to the claims on the page."""
    cases: dict[str, tuple[ClaimView, CaseView]] = {}
    for claim in claims:
        for case in claim.cases:
            cases[case.key] = claim, case
    return list(map(_Cards(cases).document, documents))


@dataclass(frozen=True)
class _Cards:
    """Makes the cards of sentences.

    Attributes:
        cases: the claims' cases on the page, each with its claim, by their keys.
    """

    cases: Mapping[str, tuple[ClaimView, CaseView]]

    def document(self, document: JudgedDocument) -> DocumentView:
        one = document.document
        return DocumentView(
            name=one.name,
            title=one.title,
            link=one.link,
            judgement=judgement(document),
            sentences=tuple(map(self.sentence, document.sentences)),
            counts=tuple(counts(document.sentences).items()),
            central_counts=tuple(counts(central(document)).items()),
            abouts=tuple(own_statements([document])),
        )

    def sentence(self, judged: JudgedSentence) -> SentenceView:
        sentence = judged.sentence
        return SentenceView(
            address=f"{sentence.document}/{sentence.id}",
            name=sentence.name,
            chapter=_chapter(sentence.section),
            standing=judged.standing,
            weight=sentence.weight,
            source=sentence.source,
            quote=quotation(sentence.text),
            in_our_words=not sentence.quote,
            note=sentence.note,
            readings=tuple(map(self.reading, judged.readings)),
            slip=is_slip(judged),
        )

    def reading(self, judged: JudgedReading) -> ReadingView:
        own, words = judged.reading.own, judged.reading.words
        return ReadingView(judged.standing, own, words, tuple(self.evidence(judged)))

    def evidence(self, judged: JudgedReading) -> Iterator[Evidence]:
        """The claims of a reading in the order of their first case."""
        claims: dict[str, ClaimView] = {}
        by_claim: dict[str, list[CaseView]] = {}
        for name in (*judged.fails, *judged.undecided, *judged.holds):
            if name in self.cases:
                claim, case = self.cases[name]
                claims[claim.address] = claim
                by_claim.setdefault(claim.address, []).append(case)
        for address, own in by_claim.items():
            reasons = set(filter(None, map(attrgetter("known"), own)))
            why = reasons.pop() if len(reasons) == 1 else ""
            held = Counter(map(attrgetter("verdict"), own))[Outcome.SUPPORTED]
            yield Evidence(claims[address], held, len(own), tuple(own[:MOST_CASES]), len(own[MOST_CASES:]), why)


def _chapter(section: str) -> str:
    """The chapter and section that a sentence stands in: "§4.2" of "§4.2.1, Figure 4.3"."""
    number = re.match(r"§(\d+(?:\.\d+)?)", section)
    return f"§{number[1]}" if number else section.partition(",")[0].capitalize()


def _chapter_key(chapter: str) -> tuple[bool, list[int], str]:
    """Numbered sections in order, sections without a number before them, captions last."""
    numbers = list(map(int, re.findall(r"\d+", chapter)))
    return (not chapter.startswith("§") and "aption" in chapter, numbers, chapter)

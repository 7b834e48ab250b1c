"""Judged sentences as text, as Markdown and as JSON: how many stand in which way, and why."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from lrn.verdicts._record import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.sentences import (
    Document,
    JudgedReading,
    JudgedSentence,
    Standing,
    Weight,
    counts,
    judge,
    matches,
)

__all__ = ["JudgedDocument", "as_json", "as_text", "counts_table", "judged_documents", "settings"]

_MOST_CASES = 4


@dataclass(frozen=True)
class JudgedDocument:
    """The sentences of a document with what became of them.

    Attributes:
        document: the document.
        sentences: its sentences, judged.
        ours: the verdicts of the claims that belong to no sentence.
    """

    document: Document
    sentences: tuple[JudgedSentence, ...]
    ours: tuple[Verdict, ...]

    def only(
        self, *, standing: str | None = None, search: str | None = None, weight: str | None = None
    ) -> JudgedDocument:
        """The same with some of its sentences.

        Args:
            standing: keep sentences that stand so.
            search: keep sentences with this text, in any case of letters, in their id, quotation, note or readings.
            weight: keep sentences of this weight.

        Raises:
            ValueError: there is no such standing, or no such weight.
        """
        for name, value, known in (("standing", standing, Standing), ("weight", weight, Weight)):
            if value is not None and value not in [str(member) for member in known]:
                raise ValueError(f"{name} must be one of {', '.join(known)}; got {value!r}")
        chosen = [
            judged
            for judged in self.sentences
            if standing in (None, judged.standing)
            and weight in (None, judged.sentence.weight)
            and (search is None or search.casefold() in _words(judged).casefold())
        ]
        return JudgedDocument(self.document, tuple(chosen), self.ours)


def judged_documents(documents: Iterable[Document], suite: SuiteVerdicts) -> list[JudgedDocument]:
    """What became of the sentences of several documents, by the verdicts of a suite."""
    return [
        JudgedDocument(document, tuple(judge(document, suite)), tuple(_ours(document, suite))) for document in documents
    ]


def _ours(document: Document, suite: SuiteVerdicts) -> Iterator[Verdict]:
    names = list(chain.from_iterable(own.claims for own in document.ours))
    for verdict in suite.claims:
        if any(matches(name, verdict.id, verdict.test.partition("[")[2].removesuffix("]")) for name in names):
            yield verdict


def _words(judged: JudgedSentence) -> str:
    sentence = judged.sentence
    readings = ([reading.words, *reading.claims] for reading in sentence.readings)
    return "\n".join([sentence.id, sentence.text, sentence.note, *chain.from_iterable(readings)])


def settings(judged: JudgedReading) -> str:
    """In which settings a reading holds, in which it fails, and which are undecided; empty if all end alike."""
    parts = []
    for words, cases in (("holds in", judged.holds), ("not in", judged.fails), ("undecided", judged.undecided)):
        if cases:
            more = f" and {len(cases) - _MOST_CASES} more" if len(cases) > _MOST_CASES + 1 else ""
            shown = cases[:_MOST_CASES] if more else cases
            parts.append(f"{words} {', '.join(shown)}{more}")
    return "; ".join(parts) if len(parts) > 1 else ""


def counts_table(documents: Sequence[JudgedDocument]) -> str:
    """A Markdown table of how many sentences of each document stand in which way, and the central ones in brackets."""
    names = [judged.document.name for judged in documents]
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for standing in Standing:
        cells = []
        for judged in documents:
            all_, central = (counts(chosen)[standing] for chosen in (judged.sentences, _central(judged)))
            cells.append(f"{all_}" + (f" ({central} central)" if central else ""))
        lines.append(f"| {standing} | {' | '.join(cells)} |")
    lines.append(f"| sentences | {' | '.join(str(len(judged.sentences)) for judged in documents)} |")
    return "\n".join(lines)


def _central(judged: JudgedDocument) -> list[JudgedSentence]:
    return [
        judged_sentence for judged_sentence in judged.sentences if judged_sentence.sentence.weight is Weight.CENTRAL
    ]


def as_text(documents: Sequence[JudgedDocument], width: int = 120) -> str:
    """Each sentence with its verdict and its readings, and the counts of each document."""
    lines = []
    for judged in documents:
        lines += [judged.document.title, ""]
        for sentence in judged.sentences:
            lines += [*_sentence_lines(sentence, width), ""]
    ours = [_ours_line(documents)] if any(judged.document.ours for judged in documents) else []
    return "\n".join([*lines, *map(_count_line, documents), *ours])


def _sentence_lines(judged: JudgedSentence, width: int) -> Iterator[str]:
    sentence = judged.sentence
    yield f"{str(judged.standing).upper()}  {sentence.id} ({sentence.source}; {sentence.weight})"
    text = f"“{sentence.quote}”" if sentence.quote else f"In our words: {sentence.paraphrase}"
    yield from textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")
    for reading in judged.readings:
        own = ", by the document itself" if reading.reading.own else ""
        where = settings(reading)
        claims = "; ".join([", ".join(reading.reading.claims), *([where] if where else [])])
        text = f"{reading.standing}{own}: {reading.reading.words} ({claims})"
        yield from textwrap.wrap(text, width, initial_indent="  - ", subsequent_indent="    ")
    if sentence.note:
        yield from textwrap.wrap(sentence.note, width, initial_indent="  ", subsequent_indent="  ")


def _count_line(judged: JudgedDocument) -> str:
    shown_counts = ", ".join(f"{times} {standing}" for standing, times in counts(judged.sentences).items() if times)
    number = len(judged.sentences)
    sentences = f"{number} sentence{'' if number == 1 else 's'}"
    return f"{judged.document.name}: {sentences}" + (f": {shown_counts}" if shown_counts else "")


def _ours_line(documents: Sequence[JudgedDocument]) -> str:
    ours = list(chain.from_iterable(judged.ours for judged in documents))
    ended = {outcome: sum(verdict.verdict is outcome for verdict in ours) for outcome in Outcome}
    shown_counts = ", ".join(f"{times} {outcome}" for outcome, times in ended.items() if times)
    claims = len({verdict.id for verdict in ours})
    return f"our own statements: {claims} claims with {len(ours)} cases" + (f": {shown_counts}" if shown_counts else "")


def as_json(documents: Sequence[JudgedDocument]) -> str:
    """The same as JSON, with every case."""
    return json.dumps([_json(judged) for judged in documents], indent=1, ensure_ascii=False)


def _json(judged: JudgedDocument) -> dict[str, object]:
    return {
        "document": judged.document.name,
        "title": judged.document.title,
        "counts": dict(counts(judged.sentences)),
        "sentences": [
            {
                "id": judged_sentence.sentence.id,
                "source": judged_sentence.sentence.source,
                "quote": judged_sentence.sentence.quote,
                "paraphrase": judged_sentence.sentence.paraphrase,
                "weight": judged_sentence.sentence.weight,
                "note": judged_sentence.sentence.note,
                "standing": judged_sentence.standing,
                "readings": [
                    {
                        "words": reading.reading.words,
                        "claims": reading.reading.claims,
                        "own": reading.reading.own,
                        "standing": reading.standing,
                        "holds": reading.holds,
                        "fails": reading.fails,
                        "undecided": reading.undecided,
                    }
                    for reading in judged_sentence.readings
                ],
            }
            for judged_sentence in judged.sentences
        ],
        "ours": [{"case": verdict.case, "verdict": verdict.verdict} for verdict in judged.ours],
    }

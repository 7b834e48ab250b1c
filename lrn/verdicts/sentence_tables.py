"""Judged sentences as text, as Markdown and as JSON: how many stand in which way, and why."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrn.verdicts._record import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.sentences import (
    Document,
    JudgedReading,
    JudgedSentence,
    Standing,
    Weight,
    counts,
    judge,
    names_case,
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
            if value is not None and value not in list(known):
                raise ValueError(f"{name} must be one of {', '.join(known)}; got {value!r}")
        selected = []
        for judged in self.sentences:
            stands_so = standing in (None, judged.standing) and weight in (None, judged.sentence.weight)
            if stands_so and (search is None or search.casefold() in _words(judged).casefold()):
                selected.append(judged)
        return JudgedDocument(self.document, tuple(selected), self.ours)


def judged_documents(documents: Iterable[Document], suite: SuiteVerdicts) -> list[JudgedDocument]:
    """What became of the sentences of several documents, by the verdicts of a suite."""
    judged = []
    for document in documents:
        judged.append(JudgedDocument(document, tuple(judge(document, suite)), tuple(_ours(document, suite))))
    return judged


def _ours(document: Document, suite: SuiteVerdicts) -> Iterator[Verdict]:
    names: list[str] = []
    for own in document.ours:
        names += own.claims
    for verdict in suite.claims:
        if any(names_case(name, verdict) for name in names):
            yield verdict


def _words(judged: JudgedSentence) -> str:
    sentence = judged.sentence
    texts = [sentence.id, sentence.text, sentence.note]
    for reading in sentence.readings:
        texts += [reading.words, *reading.claims]
    return "\n".join(texts)


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
    names, totals = [], []
    for judged in documents:
        names.append(judged.document.name)
        totals.append(str(len(judged.sentences)))
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for standing in Standing:
        cells = [_cell(judged, standing) for judged in documents]
        lines.append(f"| {standing} | {' | '.join(cells)} |")
    lines.append(f"| sentences | {' | '.join(totals)} |")
    return "\n".join(lines)


def _cell(judged: JudgedDocument, standing: Standing) -> str:
    """How many sentences of the document stand so, and the central ones in brackets."""
    selected = judged.only(standing=standing)
    central = len(selected.only(weight=Weight.CENTRAL).sentences)
    return f"{len(selected.sentences)}" + (f" ({central} central)" if central else "")


def as_text(documents: Sequence[JudgedDocument], width: int = 120) -> str:
    """Each sentence with its verdict and its readings, and the counts of each document."""
    lines = []
    for judged in documents:
        lines += [judged.document.title, ""]
        for sentence in judged.sentences:
            lines += [*_sentence_lines(sentence, width), ""]
    lines += map(_count_line, documents)
    if any(judged.document.ours for judged in documents):
        lines.append(_ours_line(documents))
    return "\n".join(lines)


def _sentence_lines(judged: JudgedSentence, width: int) -> Iterator[str]:
    sentence = judged.sentence
    yield f"{str(judged.standing).upper()}  {sentence.id} ({sentence.source}; {sentence.weight})"
    text = f"“{sentence.quote}”" if sentence.quote else f"In our words: {sentence.paraphrase}"
    yield from textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")
    for reading in judged.readings:
        own = ", by the document itself" if reading.reading.own else ""
        claims = "; ".join(filter(None, [", ".join(reading.reading.claims), settings(reading)]))
        text = f"{reading.standing}{own}: {reading.reading.words} ({claims})"
        yield from textwrap.wrap(text, width, initial_indent="  - ", subsequent_indent="    ")
    if sentence.note:
        yield from textwrap.wrap(sentence.note, width, initial_indent="  ", subsequent_indent="  ")


def _count_line(judged: JudgedDocument) -> str:
    number = len(judged.sentences)
    sentences = f"{number} sentence{'' if number == 1 else 's'}"
    return f"{judged.document.name}: {sentences}{_breakdown(counts(judged.sentences))}"


def _ours_line(documents: Sequence[JudgedDocument]) -> str:
    ended = dict.fromkeys(Outcome, 0)
    ids = set()
    for judged in documents:
        for verdict in judged.ours:
            ended[verdict.verdict] += 1
            ids.add(verdict.id)
    return f"our own statements: {len(ids)} claims with {sum(ended.values())} cases{_breakdown(ended)}"


def _breakdown(counts: Mapping[Any, int]) -> str:
    """The counts that are not 0, to be put behind their total: ": 3 holds, 1 open"; "" if all are."""
    parts = [f"{times} {name}" for name, times in counts.items() if times]
    return f": {', '.join(parts)}" if parts else ""


def as_json(documents: Sequence[JudgedDocument]) -> str:
    """The same as JSON, with every case."""
    return json.dumps(list(map(_document_json, documents)), indent=1, ensure_ascii=False)


def _document_json(judged: JudgedDocument) -> dict[str, object]:
    return {
        "document": judged.document.name,
        "title": judged.document.title,
        "counts": counts(judged.sentences),
        "sentences": list(map(_sentence_json, judged.sentences)),
        "ours": list(map(_case_json, judged.ours)),
    }


def _case_json(verdict: Verdict) -> dict[str, object]:
    return {"case": verdict.case, "verdict": verdict.verdict}


def _sentence_json(judged: JudgedSentence) -> dict[str, object]:
    return {
        "id": judged.sentence.id,
        "source": judged.sentence.source,
        "quote": judged.sentence.quote,
        "paraphrase": judged.sentence.paraphrase,
        "weight": judged.sentence.weight,
        "note": judged.sentence.note,
        "standing": judged.standing,
        "readings": list(map(_reading_json, judged.readings)),
    }


def _reading_json(judged: JudgedReading) -> dict[str, object]:
    return {
        "words": judged.reading.words,
        "claims": judged.reading.claims,
        "own": judged.reading.own,
        "standing": judged.standing,
        "holds": judged.holds,
        "fails": judged.fails,
        "undecided": judged.undecided,
    }

"""Sentences in Markdown: counts, then each with its verdict and readings, by how they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from lrn.report._judgement import MEANINGS, central, is_slip, own_statements
from lrn.report._text import quotation
from lrn.verdicts.sentence_tables import JudgedDocument, counts_table, settings
from lrn.verdicts.sentences import JudgedSentence, Standing, Weight
from lrn.verdicts.text import markdown_text

__all__ = ["markdown_of_sentences", "named_sentences"]

LEAD = (
    "Each sentence has one verdict. It follows from its readings, the most charitable first: what is said to be "
    "possible is refuted only by its impossibility, and what a document says of its own runs is about those."
)


def markdown_of_sentences(documents: Sequence[JudgedDocument], ours: str) -> Iterator[str]:
    """Lines with the counts of all documents, then their sentences; nothing without documents.

    Args:
        documents: the documents, the one that the suite is about first.
        ours: how the suite's own statements ended, in a few words.
    """
    if not documents:
        return
    yield from ("## Sentence by sentence", "", LEAD, "", counts_table(documents), "")
    for standing, meaning in MEANINGS.items():
        yield f"- *{standing}*: {meaning}"
    yield ""
    for document in documents:
        yield from (f"### {markdown_text(document.document.title)}", "")
        yield from _document(document)
    if ours:
        yield from ("### Our own statements", "", f"{ours}. They count for or against no document.", "")
        for about, claims in own_statements(documents):
            yield f"- {markdown_text(about)}: {markdown_text(claims)}"
        yield ""


def named_sentences(documents: Sequence[JudgedDocument]) -> Iterator[str]:
    """Lines with the names of the sentences that the first document stands on, by how they stand."""
    chosen = central(documents[0]) if documents else []
    if not chosen:
        return
    yield f"The {len(chosen)} sentences that the {markdown_text(documents[0].document.name)} stands on:"
    yield ""
    names = defaultdict(list)
    for judged in chosen:
        names[judged.standing].append(judged.sentence.name)
    for standing in Standing:
        if standing in names:
            yield f"- *{standing}*: {markdown_text('; '.join(names[standing]))}"
    yield ""


def _document(document: JudgedDocument) -> Iterator[str]:
    ordered = sorted(document.sentences, key=lambda judged: list(Weight).index(judged.sentence.weight))
    slips, held, undecided, contested = [], [], [], []
    for judged in ordered:
        if is_slip(judged):
            slips.append(judged)
        elif judged.standing is Standing.HOLDS:
            held.append(judged)
        elif judged.standing is Standing.OPEN:
            undecided.append(judged)
        else:
            contested.append(judged)
    yield from _part(f"Contested: {len(contested)}", contested)
    yield from _part(f"Open, neither confirmed nor contested: {len(undecided)}", undecided)
    yield from _part(f"Slips, details that fail only beside the document's own words: {len(slips)}", slips)
    yield from _part(f"What holds: {len(held)}", held, folded=True)


def _part(heading: str, sentences: Iterable[JudgedSentence], *, folded: bool = False) -> Iterator[str]:
    lines: list[str] = []
    for judged in sentences:
        lines += [*_sentence(judged), ""]
    if lines and folded:
        yield from (f"<details><summary>{heading}</summary>", "", *lines, "</details>", "")
    elif lines:
        yield from (f"#### {heading}", "", *lines)


def _sentence(judged: JudgedSentence) -> Iterator[str]:
    sentence = judged.sentence
    text = markdown_text(quotation(sentence.text))
    cited = f"“{text}”" if sentence.quote else f"in our words, {text}"
    yield f"**{judged.standing}** ({sentence.weight}, {markdown_text(sentence.source)}): {cited}"
    yield ""
    for reading in judged.readings:
        where = settings(reading)
        own = ", by the document itself" if reading.reading.own else ""
        words = f"{reading.reading.words} ({', '.join(reading.reading.claims)})"
        yield f"- {reading.standing}{own}: {markdown_text(words)}" + (f"; {markdown_text(where)}" if where else "")
    if sentence.note:
        yield f"- {markdown_text(sentence.note)}"

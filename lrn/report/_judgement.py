"""How a document stands, in one sentence that follows from the verdicts of its sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lrn.verdicts import SuiteVerdicts, Verdict
from lrn.verdicts.sentence_tables import JudgedDocument, judged_documents
from lrn.verdicts.sentences import JudgedSentence, Standing, Weight, counts, read_documents

__all__ = [
    "MEANINGS",
    "central",
    "counted",
    "documents_of",
    "is_slip",
    "judgement",
    "opinion",
    "own_statements",
    "own_verdicts",
]

SENTENCES = "sentences"
"""The folder of a suite with the sentences of its documents, where it has any."""

MEANINGS = {
    Standing.HOLDS: "every reading holds",
    Standing.IN_PART: "its best reading holds in some settings and not in others",
    Standing.OVERSTATED: "one reading holds, a stricter one does not",
    Standing.AGAINST_ITS_TABLE: "no reading holds, and the document itself says otherwise",
    Standing.REFUTED: "no reading holds, the most charitable one neither",
    Standing.OPEN: "not decided, or nothing to check",
}
_VERBS = {
    Standing.HOLDS: ("holds as written", "hold as written"),
    Standing.IN_PART: ("holds in part", "hold in part"),
    Standing.OVERSTATED: ("is overstated", "are overstated"),
    Standing.AGAINST_ITS_TABLE: ("stands against its own table", "stand against their own table"),
    Standing.REFUTED: ("is refuted", "are refuted"),
    Standing.OPEN: ("is open", "are open"),
}


def documents_of(suite: SuiteVerdicts, folder: Path | None) -> list[JudgedDocument]:
    """The documents of a suite with their sentences judged, the one with the most sentences first.

    A document of which no sentence was checked is left out.

    Args:
        suite: the verdicts.
        folder: the suite's folder; None for none.

    Raises:
        ValueError: a file of sentences is not as `lrn.verdicts.sentences` says.
    """
    path = None if folder is None else folder / SENTENCES
    if path is None or not path.is_dir():
        return []
    checked = filter(_is_checked, judged_documents(read_documents(path), suite))
    return sorted(checked, key=lambda document: -len(document.sentences))


def _is_checked(document: JudgedDocument) -> bool:
    return counts(document.sentences)[Standing.OPEN] < len(document.sentences)


def own_verdicts(documents: Iterable[JudgedDocument]) -> list[Verdict]:
    """The verdicts on the suite's own statements, each once."""
    by_test: dict[str, Verdict] = {}
    for document in documents:
        for verdict in document.ours:
            by_test[verdict.test] = verdict
    return list(by_test.values())


def own_statements(documents: Iterable[JudgedDocument]) -> Iterator[tuple[str, str]]:
    """The subject of each of the suite's own statements, with the ids of its claims."""
    for document in documents:
        for own in document.document.ours:
            yield own.about, ", ".join(own.claims)


def central(document: JudgedDocument) -> list[JudgedSentence]:
    """The sentences that the document stands on."""
    return [judged for judged in document.sentences if judged.sentence.weight is Weight.CENTRAL]


def is_slip(judged: JudgedSentence) -> bool:
    """Whether it is a detail that fails only beside the document's own words and tables: a wrong figure number."""
    if judged.standing in (Standing.HOLDS, Standing.OPEN) or judged.sentence.weight is not Weight.DETAIL:
        return False
    failed_by_itself = {r.reading.own for r in judged.readings if r.standing is not Standing.HOLDS}
    return failed_by_itself == {True}


def opinion(document: JudgedDocument) -> str:
    """Whether the document holds up, in a few words; the central sentences alone decide.

    It holds up if all of them hold as written, as far as it is decided if the others are open, largely if more than
    half do and none is refuted or against its own table, and does not hold up if half or more are. In all other cases
    it holds up in part.
    """
    sentences = central(document) or list(document.sentences)
    standings, false = counts(sentences), _count_of_false(sentences)
    held, undecided = standings[Standing.HOLDS], standings[Standing.OPEN]
    if held == len(sentences):
        return "holds up"
    if held + undecided == len(sentences):
        return "holds up as far as it is decided" if held else "is undecided"
    if 2 * held > len(sentences) and not false:
        return "largely holds up"
    return "does not hold up" if 2 * false >= len(sentences) else "holds up in part"


def _count_of_false(sentences: Sequence[JudgedSentence]) -> int:
    standings = counts(sentences)
    return standings[Standing.REFUTED] + standings[Standing.AGAINST_ITS_TABLE]


def judgement(document: JudgedDocument) -> str:
    """How the document stands: whether it holds up, and the counts of its sentences and of the central ones."""
    name, sentences, chosen = document.document.name, document.sentences, central(document)
    first = f"The {name} {opinion(document)}: of its {len(sentences)} checked sentences {counted(sentences)}."
    if not chosen:
        return first
    none = "" if _count_of_false(chosen) else "; none is refuted"
    return f"{first} Of the {len(chosen)} it stands on, {counted(chosen)}{none}."


def counted(sentences: Sequence[JudgedSentence]) -> str:
    """How many sentences stand in which way: "91 hold as written, 2 hold in part and 1 is refuted"."""
    phrases = []
    for standing, n in counts(sentences).items():
        if n:
            singular, plural = _VERBS[standing]
            phrases.append(f"{n} {singular if n == 1 else plural}")
    return ", ".join(phrases[:-1]) + (" and " if phrases[:-1] else "") + phrases[-1]

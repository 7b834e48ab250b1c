"""The report's section on sentences: one verdict for each sentence of the documents, with its readings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import escape

from claims.documents import SENTENCES
from lrn.report import Section
from lrn.verdicts import SuiteVerdicts
from lrn.verdicts.sentence_tables import JudgedDocument, counts_table, judged_documents, settings
from lrn.verdicts.sentences import JudgedSentence, Standing, Weight, counts, read_documents

__all__ = ["headline", "judgement"]

MEANINGS = {
    Standing.HOLDS: "every reading holds",
    Standing.IN_PART: "its best reading holds in some settings and not in others",
    Standing.OVERSTATED: "one reading holds, a stricter one does not",
    Standing.AGAINST_ITS_TABLE: "no reading holds, and the document itself says otherwise",
    Standing.REFUTED: "no reading holds, the most charitable one neither",
    Standing.OPEN: "not decided, or nothing to check",
}
LEAD = (
    "Each sentence of the documents has one verdict. It follows from its readings, the most charitable first: what is said "
    "to be possible is refuted only by its impossibility, and what the thesis says of its own ten runs is about those."
)


def judgement(suite: SuiteVerdicts) -> Section | None:
    """Every sentence with its verdict and readings; None where no claim of them was checked."""
    documents = sorted(judged_documents(read_documents(SENTENCES), suite), key=lambda d: d.document.name != "thesis")
    if not any(judged.standing is not Standing.OPEN for document in documents for judged in document.sentences):
        return None
    return Section("Sentence by sentence", _html(documents), _markdown(documents))


def headline(suite: SuiteVerdicts) -> str:
    """How the thesis's sentences stand, in one sentence; "" where none was checked."""
    (thesis,) = (d for d in judged_documents(read_documents(SENTENCES), suite) if d.document.name == "thesis")
    if all(judged.standing is Standing.OPEN for judged in thesis.sentences):
        return ""
    central = [judged for judged in thesis.sentences if judged.sentence.weight is Weight.CENTRAL]
    return (
        f"Of the thesis’s {len(thesis.sentences)} sentences that a run or its own tables can check, "
        f"{_counted(thesis.sentences)}; of the {len(central)} that it stands on, {_counted(central)}."
    )


def _counted(sentences: Sequence[JudgedSentence]) -> str:
    found = [_phrase(standing, times) for standing, times in counts(sentences).items() if times]
    return ", ".join(found[:-1]) + (" and " if found[:-1] else "") + found[-1]


def _phrase(standing: Standing, times: int) -> str:
    verbs = {
        Standing.HOLDS: ("holds", "hold"),
        Standing.IN_PART: ("holds in part", "hold in part"),
        Standing.OVERSTATED: ("is overstated", "are overstated"),
        Standing.AGAINST_ITS_TABLE: ("stands against its own table", "stand against their own table"),
        Standing.REFUTED: ("is refuted", "are refuted"),
        Standing.OPEN: ("is open", "are open"),
    }
    return f"{times} {verbs[standing][times != 1]}"


def _markdown(documents: Sequence[JudgedDocument]) -> str:
    lines = [LEAD, "", counts_table(documents), "", *(f"- *{s}*: {meaning}" for s, meaning in MEANINGS.items()), ""]
    for judged in documents:
        lines += [f"### {judged.document.title}", ""]
        for sentence in sorted(judged.sentences, key=_weight):
            lines += [*_markdown_lines(sentence), ""]
    return "\n".join([*lines, _ours(documents)])


def _weight(judged: JudgedSentence) -> int:
    return list(Weight).index(judged.sentence.weight)


def _markdown_lines(judged: JudgedSentence) -> Iterator[str]:
    sentence = judged.sentence
    yield f"**{judged.standing}** ({sentence.weight}, {sentence.source}): “{_plain(sentence.quote)}”"
    yield ""
    for reading in judged.readings:
        where = settings(reading)
        own = ", by the document itself" if reading.reading.own else ""
        words = f"{reading.reading.words} ({', '.join(reading.reading.claims)})"
        yield f"- {reading.standing}{own}: {_plain(words)}" + (f"; {_plain(where)}" if where else "")
    if sentence.note:
        yield f"- {_plain(sentence.note)}"


def _plain(text: str) -> str:
    """Text without what Markdown would read as its own."""
    return "".join(f"\\{c}" if c in "*_[]<>|`$" else c for c in text)


def _ours(documents: Sequence[JudgedDocument]) -> str:
    verdicts = [verdict for judged in documents for verdict in judged.ours]
    abouts = [f"- {own.about}: {', '.join(own.claims)}" for judged in documents for own in judged.document.ours]
    claims = len({verdict.id for verdict in verdicts})
    lead = f"{claims} claims, {len(verdicts)} cases, which no document makes and which count for or against none:"
    return "\n".join(["### Our own statements", "", lead, "", *map(_plain_list, abouts)])


def _plain_list(line: str) -> str:
    return line[:2] + _plain(line[2:])


def _html(documents: Sequence[JudgedDocument]) -> str:
    parts = [f"<p>{escape(LEAD)}</p>", _html_counts(documents)]
    for judged in documents:
        rows = "".join(_html_sentence(sentence) for sentence in sorted(judged.sentences, key=_weight))
        parts.append(f"<details><summary>{escape(judged.document.title)}</summary>{rows}</details>")
    return "\n".join(parts)


def _html_counts(documents: Sequence[JudgedDocument]) -> str:
    head = "".join(f'<th scope="col">{escape(judged.document.name)}</th>' for judged in documents)
    rows = []
    for standing, meaning in MEANINGS.items():
        cells = "".join(f"<td>{counts(judged.sentences)[standing]}</td>" for judged in documents)
        rows.append(f'<tr><th scope="row">{standing} <span class="dim">{escape(meaning)}</span></th>{cells}</tr>')
    return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _html_sentence(judged: JudgedSentence) -> str:
    sentence = judged.sentence
    items = []
    for reading in judged.readings:
        own = ", by the document itself" if reading.reading.own else ""
        where = settings(reading)
        claims = "; ".join([", ".join(reading.reading.claims), *([where] if where else [])])
        words = f'{escape(reading.reading.words)} <span class="dim">{escape(claims)}</span>'
        items.append(f"<li>{reading.standing}{own}: {words}</li>")
    note = f'<p class="dim">{escape(sentence.note)}</p>' if sentence.note else ""
    head = f"<b>{judged.standing}</b> ({sentence.weight}, {escape(sentence.source)}): “{escape(sentence.quote)}”"
    return f"<p>{head}</p><ul>{''.join(items)}</ul>{note}"

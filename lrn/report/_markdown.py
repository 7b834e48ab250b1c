"""The report in Markdown, for a code host and for a job's summary; and the badge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import filterfalse
from operator import attrgetter
from typing import Any

from lrn import __version__
from lrn.report._judgement import judgement, own_verdicts
from lrn.report._markdown_of_claims import markdown_of_claims
from lrn.report._markdown_of_sentences import markdown_of_sentences, named_sentences
from lrn.report._quantities import count_of_quantities
from lrn.report._suite import OwnParts
from lrn.verdicts import Outcome, SuiteVerdicts
from lrn.verdicts.sentence_tables import JudgedDocument
from lrn.verdicts.sentences import Standing, counts
from lrn.verdicts.tables import Row, few, rows_of
from lrn.verdicts.text import markdown_text

__all__ = ["badge", "guarantee", "headline", "markdown", "ours_sentence", "summary"]

_LARGEST_SUMMARY = 1_000_000
"""Bytes; a step's summary may have 1 MiB."""


def headline(suite: SuiteVerdicts, documents: Sequence[JudgedDocument] = ()) -> str:
    """How the suite ended, in a sentence: of the first document's sentences, else of the claims."""
    part = "" if suite.complete else " This is a part of the suite."
    if documents:
        return f"{judgement(documents[0])}{part}"
    count = suite.totals
    parts = [
        f"{count['refuted']} {'is' if count['refuted'] == 1 else 'are'} refuted",
        f"{count['inconclusive']} undecided",
    ]
    for name in ("errors", "skipped"):
        if count[name]:
            parts.append(f"{count[name]} {name}")
    return f"{count['supported']} of {len(suite.claims)} claims hold; {', '.join(parts)}.{part}"


def guarantee(suite: SuiteVerdicts) -> str:
    """How sure the verdicts are, in a sentence."""
    if suite.shares > suite.quantities:
        return (
            f"{suite.shares} shares of the error budget were needed, and it is shared by {suite.quantities}: no "
            "verdict here is certain."
        )
    certain = f"{100 * (1 - suite.alpha):.10g} %"
    right = f"all measured verdicts are right together{suite.proviso}"
    return f"With probability at least {certain}, {right}."


def ours_sentence(documents: Sequence[JudgedDocument]) -> str:
    """How many statements are the suite's own and how they ended; "" if there are none."""
    ours = own_verdicts(documents)
    ended = Counter(map(attrgetter("verdict"), ours))
    endings = []
    for outcome in Outcome:
        if ended[outcome]:
            endings.append(f"{ended[outcome]} {outcome.lower()}")
    claims = len(set(map(attrgetter("id"), ours)))
    claims_text = "1 claim" if claims == 1 else f"{claims} claims"
    cases_text = "1 case" if len(ours) == 1 else f"{len(ours)} cases"
    return f"{claims_text} with {cases_text}: {', '.join(endings)}" if ours else ""


def badge(suite: SuiteVerdicts, documents: Sequence[JudgedDocument] = ()) -> dict[str, Any]:
    """The content of a file for shields.io's endpoint badge: in sentences where the suite has documents."""
    as_expected = all(map(attrgetter("as_expected"), suite.claims))
    known = "blue" if as_expected else "red"
    colour = known if suite.claims and suite.complete else "lightgrey"
    message = f"{suite.totals['supported']} of {len(suite.claims)} claims hold"
    if documents:
        sentences = documents[0].sentences
        message = f"{counts(sentences)[Standing.HOLDS]} of {len(sentences)} sentences hold"
    return {"schemaVersion": 1, "label": "reproduction", "message": message, "color": colour}


def markdown(suite: SuiteVerdicts, own: OwnParts, documents: Sequence[JudgedDocument]) -> str:
    """The report for a code host."""
    parts = [f"# {markdown_text(own.title)}", "", f"**{headline(suite, documents)}**", ""]
    parts += [*named_sentences(documents), guarantee(suite), "", *_made_by(suite, own, documents)]
    for first in (True, False):
        for section in own.sections:
            if section.markdown and section.first is first:
                parts += [f"## {markdown_text(section.title)}", "", section.markdown.strip(), ""]
        if first:
            parts += [*_surprises(suite), *markdown_of_sentences(documents, ours_sentence(documents))]
    return "\n".join([*parts, *markdown_of_claims(suite, own.published)])


def _made_by(suite: SuiteVerdicts, own: OwnParts, documents: Sequence[JudgedDocument]) -> Iterator[str]:
    """Its subject, how much was measured, and how to do it again."""
    if documents:
        title, link = markdown_text(documents[0].document.title), documents[0].document.link
        yield f"- About: {f'[{title}]({link})' if link else title}"
    quantities = count_of_quantities(suite.claims)
    what = "quantity" if quantities == 1 else "quantities"
    yield f"- Measured: {quantities:,} {what} over {suite.totals['seeds']:,} seeds, by lrn {__version__}"
    if own.commands:
        yield f"- Do it again: {', or '.join(map('`{}`'.format, own.commands))}"
    yield ""


def summary(suite: SuiteVerdicts, notes: Sequence[str] = (), documents: Sequence[JudgedDocument] = ()) -> str:
    """The summary of a continuous-integration job, at most 1 MB of it."""
    rows = rows_of(suite.claims)
    for shown in (len(rows), 500, 0):
        cut = [] if shown >= len(rows) else ["", f"The table shows {shown} of {len(rows)} rows: it would be too long."]
        table = ["<details><summary>Every verdict</summary>", "", *_table(rows[:shown]), *cut, "", "</details>", ""]
        head = ["## Claims", "", headline(suite, documents), "", guarantee(suite), "", *_surprises(suite)]
        for note in notes:
            table.append(f"{markdown_text(note)}\n")
        text = "\n".join([*head, *table])
        if len(text.encode("utf-8", errors="replace")) <= _LARGEST_SUMMARY:
            break
    return text


def _surprises(suite: SuiteVerdicts) -> list[str]:
    """The claims that did not end as their author says."""
    rows = list(filterfalse(attrgetter("as_expected"), rows_of(suite.claims)))
    return ["### Not as expected", "", *_table(rows[:200]), ""] if rows else []


def _table(rows: Sequence[Row]) -> list[str]:
    measured = any(map(attrgetter("measured"), rows))
    names = ["id", "claim", "verdict", *(["measured", "seeds"] if measured else [])]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for row in rows:
        cases = f", {row.cases} cases" if row.cases > 1 else ""
        source = f" ({row.source})" if row.source else ""
        verdict = f"{_mark(row.verdict)} {row.verdict}{'' if row.as_expected else ' (unexpected)'}{cases}"
        cells = [row.id, f"{row.statement}{source}", verdict, few(row.measured, 2), row.seeds][: len(names)]
        lines.append(f"| {' | '.join(map(markdown_text, cells))} |")
    return lines


def _mark(outcome: Outcome) -> str:
    return {Outcome.SUPPORTED: "✓", Outcome.REFUTED: "✗"}.get(outcome, "?")

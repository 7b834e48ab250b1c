"""A comment for a pull request: how the document stands before and after, and what changed between the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lrn.report._markdown import guarantee, headline
from lrn.report._text import interval_text, quotation
from lrn.verdicts import SuiteVerdicts, Verdict
from lrn.verdicts.sentence_tables import JudgedDocument
from lrn.verdicts.sentences import JudgedSentence, Standing, counts
from lrn.verdicts.text import markdown_text, natural_key

__all__ = ["comment"]

MOST = 50
"""Changes that a comment lists, of sentences and of cases."""


def comment(
    before: SuiteVerdicts,
    after: SuiteVerdicts,
    documents: tuple[Sequence[JudgedDocument], Sequence[JudgedDocument]] = ((), ()),
) -> str:
    """The comment, in Markdown.

    Args:
        before: the verdicts of the branch that is merged into.
        after: the verdicts of what is merged.
        documents: the documents with their sentences judged, by the verdicts before and after.
    """
    sentences = [_by_name(judged) for judged in documents]
    cases = [{verdict.test: verdict for verdict in suite.claims} for suite in (before, after)]
    parts = [f"**{markdown_text(headline(after, documents[1]))}**", ""]
    parts += [*_counts(documents), *_sentences(*sentences), *_cases(*cases), guarantee(after)]
    return "\n".join([*parts, ""])


_Sentences = Mapping[str, JudgedSentence]


def _by_name(documents: Sequence[JudgedDocument]) -> dict[str, JudgedSentence]:
    return {f"{one.sentence.document}/{one.sentence.id}": one for judged in documents for one in judged.sentences}


def _counts(documents: tuple[Sequence[JudgedDocument], Sequence[JudgedDocument]]) -> Iterator[str]:
    """How many sentences of the first document stand in which way, before and after."""
    first = [counts(judged[0].sentences) if judged else {} for judged in documents]
    if not any(first):
        return
    yield from ("| sentences | before | after | |", "|---|---:|---:|---:|")
    for standing in Standing:
        old, new = (count.get(standing, 0) for count in first)
        if old or new:
            yield f"| {standing} | {old} | {new} | {f'{new - old:+d}' if new != old else ''} |"
    yield ""


def _sentences(before: _Sentences, after: _Sentences) -> Iterator[str]:
    lines = []
    for name in (name for name in after if name in before):
        old, new = before[name], after[name]
        if old.standing is not new.standing:
            quote = markdown_text(quotation(new.sentence.quote))
            about = f"({new.sentence.weight}, {markdown_text(new.sentence.source)})"
            lines.append(f"- **{old.standing} → {new.standing}** {about}: “{quote}”")
    yield from _listed("Sentences that changed", lines)


def _cases(before: Mapping[str, Verdict], after: Mapping[str, Verdict]) -> Iterator[str]:
    """Cases whose verdict changed, or that are new or gone; the same numbers with the same verdict are no change."""
    lines = []
    for test in sorted(before.keys() | after.keys(), key=natural_key):
        old, new = before.get(test), after.get(test)
        shown = new or old
        assert shown is not None
        ends = [str(one.verdict) if one else "absent" for one in (old, new)]
        if ends[0] != ends[1]:
            text = f"{shown.case}: {shown.statement}{_measured(new)}"
            lines.append(f"- **{ends[0]} → {ends[1]}** {markdown_text(text)}")
    yield from _listed("Verdicts that changed", lines)


def _measured(verdict: Verdict | None) -> str:
    if verdict is None or not verdict.estimates:
        return ""
    first = verdict.estimates[0]
    return f"; {interval_text(first)}, {first.seeds:,} seeds"


def _listed(heading: str, lines: Sequence[str]) -> Iterator[str]:
    more = [f"- and {len(lines) - MOST} more"] if len(lines) > MOST else []
    yield from (f"### {heading}: {len(lines) or 'none'}", "", *lines[:MOST], *more, *([""] if lines else []))

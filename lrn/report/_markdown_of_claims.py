"""Every claim in Markdown: a row per case, with named columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from lrn.report._claims import CaseView, ClaimView, claim_views
from lrn.report._numbers import NumberView
from lrn.verdicts import Outcome, SuiteVerdicts
from lrn.verdicts.text import markdown_text

__all__ = ["markdown_of_claims"]

_MARKS = {Outcome.SUPPORTED: "✓", Outcome.REFUTED: "✗"}


def markdown_of_claims(suite: SuiteVerdicts, published: Mapping[str, str]) -> Iterator[str]:
    """Lines with a folded part per file of claims, a table per measured claim, and a list of the exact checks.

    Args:
        suite: the verdicts.
        published: the document's own words or numbers for a case, by pytest's node id.
    """
    # The lines of the tests would differ from one copy of the sources to the next, so the root holds none.
    claims = claim_views(suite, Path("/nonexistent"), published)
    if not claims:
        return
    yield from ("## Every claim, with its numbers", "")
    yield "A row per case; brackets are intervals. `lrn report` writes a page with the command for each row."
    yield ""
    for group, members in groupby(claims, key=lambda claim: claim.group):
        yield from (f"<details><summary>{markdown_text(group)}</summary>", "")
        for claim in members:
            yield from _claim(claim)
        yield from ("</details>", "")


def _claim(claim: ClaimView) -> Iterator[str]:
    endings = []
    for outcome, n in claim.counts:
        endings.append(" ".join(filter(None, (_MARKS.get(outcome, "?"), str(n) if n > 1 else "", outcome.lower()))))
    source = f" ({claim.source})" if claim.source else ""
    statement = markdown_text(claim.statement + source)
    yield f"**{markdown_text(claim.id or claim.address)}** {statement}: {', '.join(endings)}"
    yield ""
    for why, _ in claim.known:
        yield from (f"> {markdown_text(why)}", "")
    if not claim.measured:
        return
    about = [claim.what, f"in {claim.common}" if claim.common else ""]
    if any(about):
        yield from (markdown_text("; ".join(filter(None, about))), "")
    names = ["case", *(["document"] if claim.published else []), *claim.columns]
    names.append("difference" if claim.columns else "measured")
    names += [*(["compared with"] if claim.compared else []), "seeds", "verdict"]
    yield f"| {' | '.join(map(markdown_text, names))} |"
    yield "|---" * len(names) + "|"
    for case in claim.cases:
        for number in case.numbers:
            cells = [case.name or "–", *([case.published or "–"] if claim.published else []), *_cells(claim, number)]
            yield f"| {' | '.join(map(markdown_text, [*cells, _verdict(case)]))} |"
    yield ""


def _cells(claim: ClaimView, number: NumberView) -> Iterator[str]:
    if claim.columns:
        first, second = number.sides
        yield f"{number.own_setting}{': ' if number.own_setting else ''}{first.text} {first.interval}"
        yield f"{second.text} {second.interval}"
        yield f"{number.text} {number.interval}"
    else:
        sides = ", ".join(f"{side.name} {side.text}" for side in number.sides)
        about = [number.own_setting, number.what if number.what != claim.what else "", sides or number.about]
        words = ", ".join(filter(None, about))
        yield f"{words + ': ' if words else ''}{number.text} {number.interval}"
    if claim.compared:
        yield number.against or "–"
    counted = "" if number.n == number.seeds else f", {number.n:,} count"
    yield f"{number.seeds:,}{counted}"


def _verdict(case: CaseView) -> str:
    return f"{_MARKS.get(case.verdict, '?')} {case.verdict}{'' if case.as_expected else ' (unexpected)'}"

"""The page: one HTML file with everything in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from lrn.report._claims import claim_views
from lrn.report._judgement import MEANINGS
from lrn.report._markdown import guarantee, headline, ours_sentence
from lrn.report._provenance import provenance
from lrn.report._sentences import document_views
from lrn.report._suite import OwnParts
from lrn.verdicts import Outcome, SuiteVerdicts
from lrn.verdicts.sentence_tables import JudgedDocument
from lrn.verdicts.text import visible

__all__ = ["DATA_CSV", "DATA_JSON", "environment", "page"]

TEMPLATES = Path(__file__).parent / "templates"
DATA_CSV, DATA_JSON = "numbers.csv", "numbers.json"
_ENDINGS = {Outcome.SUPPORTED: "holds", Outcome.REFUTED: "refuted"}


@cache
def environment(folder: Path = TEMPLATES) -> Any:
    """A Jinja environment that escapes everything and knows no undefined names.

    Args:
        folder: where the templates are.
    """
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        finalize=_without_invisible,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _without_invisible(value: Any) -> Any:
    """A value as it is shown: text without invisible characters; HTML of our own stays."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def page(
    suite: SuiteVerdicts, own: OwnParts, documents: Sequence[JudgedDocument], root: Path, record: Mapping[str, Any]
) -> str:
    """The page.

    Args:
        suite: the verdicts.
        own: the suite's own parts: its title, sections, figures of the document beside cases, and commands.
        documents: the documents with their sentences judged, the one that the suite is about first.
        root: the folder that the tests' paths start from.
        record: the session's record of itself; may lack anything.
    """
    claims = claim_views(suite, root, own.published)
    groups = [(group, list(members)) for group, members in groupby(claims, key=lambda claim: claim.group)]
    ours = {verdict.test: verdict for verdict in chain.from_iterable(document.ours for document in documents)}
    own_statements = chain.from_iterable(document.document.ours for document in documents)
    estimates = chain.from_iterable(verdict.estimates for verdict in suite.claims)
    text = (
        environment()
        .get_template("page.html.j2")
        .render(
            title=own.title,
            tab_title=f"{own.title}: {headline(suite, documents)}",
            headline=headline(suite, documents),
            suite=suite,
            count=suite.totals,
            quantities=len({estimate.key for estimate in estimates}),
            guarantee=guarantee(suite),
            sections=own.sections,
            figures=[section for section in own.sections if not section.first],
            commands=own.commands,
            documents=document_views(documents, claims),
            meanings=MEANINGS,
            ours=ours_sentence(documents),
            ours_counts=list(Counter(_ENDINGS.get(v.verdict, "open") for v in ours.values()).items()),
            abouts=[(about.about, ", ".join(about.claims)) for about in own_statements],
            claims=claims,
            groups=groups,
            surprises=[claim for claim in claims if not claim.as_expected],
            made=provenance(root, record),
            data_csv=DATA_CSV,
            data_json=DATA_JSON,
            style="".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("style.css", "parts.css")),
            script=(TEMPLATES / "page.js").read_text(encoding="utf-8"),
        )
    )
    return str(text)

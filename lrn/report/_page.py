"""The page: one HTML file with everything in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import filterfalse, groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from lrn.report._claims import claim_views
from lrn.report._judgement import MEANINGS, own_statements, own_verdicts
from lrn.report._markdown import guarantee, headline, ours_sentence
from lrn.report._provenance import provenance
from lrn.report._quantities import count_of_quantities
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
    groups = [(group, list(members)) for group, members in groupby(claims, key=attrgetter("group"))]
    endings = Counter[str]()
    for verdict in own_verdicts(documents):
        endings[_ENDINGS.get(verdict.verdict, "open")] += 1
    text = (
        environment()
        .get_template("page.html.j2")
        .render(
            title=own.title,
            tab_title=f"{own.title}: {headline(suite, documents)}",
            headline=headline(suite, documents),
            suite=suite,
            count=suite.totals,
            quantities=count_of_quantities(suite.claims),
            guarantee=guarantee(suite),
            sections=own.sections,
            figures=list(filterfalse(attrgetter("first"), own.sections)),
            commands=own.commands,
            documents=document_views(documents, claims),
            meanings=MEANINGS,
            ours=ours_sentence(documents),
            ours_counts=list(endings.items()),
            abouts=list(own_statements(documents)),
            claims=claims,
            groups=groups,
            surprises=list(filterfalse(attrgetter("as_expected"), claims)),
            made=provenance(root, record),
            data_csv=DATA_CSV,
            data_json=DATA_JSON,
            style=_template("style.css") + _template("parts.css"),
            script=_template("page.js"),
        )
    )
    return str(text)


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")

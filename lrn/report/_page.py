"""The page: one HTML file with everything in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lrn.report._claims import claim_views, refutations_of
from lrn.report._markdown import guarantee
from lrn.report._section import Section
from lrn.report._text import number_text
from lrn.verdicts import SuiteVerdicts
from lrn.verdicts.text import visible

__all__ = ["environment", "page"]

TEMPLATES = Path(__file__).parent / "templates"


def environment(folder: Path = TEMPLATES) -> Any:
    """A Jinja environment that escapes everything and knows no undefined names.

    Args:
        folder: where the templates are.
    """
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        finalize=_seen,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _seen(value: Any) -> Any:
    """What is shown of a value: text without what cannot be seen; HTML that was made here stays."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def page(suite: SuiteVerdicts, title: str, sections: Sequence[Section], root: Path, record: Mapping[str, Any]) -> str:
    """The page.

    Args:
        suite: the verdicts.
        title: its heading.
        sections: the suite's own.
        root: the folder that the tests' paths start from.
        record: what the session wrote about itself; may lack anything.
    """
    claims = claim_views(suite, root)
    refutations = refutations_of(claims)
    count = suite.totals
    text = (
        environment()
        .get_template("page.html.j2")
        .render(
            title=title,
            suite=suite,
            count=count,
            guarantee=guarantee(suite),
            sections=sections,
            claims=claims,
            groups=list(dict.fromkeys(claim.group for claim in claims)),
            measured=[r for r in refutations if r.seeds],
            exact=[r for r in refutations if not r.seeds],
            surprises=[claim for claim in claims if not claim.as_expected],
            trained=sum(1 for verdict in suite.claims if verdict.estimates),
            record=record,
            packages={k: v for k, v in dict(record.get("environment", {}).get("packages", {})).items() if v},
            seconds=number_text(float(record["seconds"])) if "seconds" in record else "",
            style=(TEMPLATES / "style.css").read_text(encoding="utf-8"),
            script=(TEMPLATES / "page.js").read_text(encoding="utf-8"),
        )
    )
    return str(text)

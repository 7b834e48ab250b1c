"""A practitioner's choices: rates of convergence with other activations, connections and starts (claims A7)."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from claims.thesis.comparison import markdown, rows
from claims.thesis.report.context import Context
from lrn.report import Section, interval_text

__all__ = ["alternatives"]

_THESIS = {"plain", "late"}


def alternatives(context: Context) -> Section | None:
    """How often each alternative converges, and its cost, where anything beside the thesis's own was measured."""
    measured = list(rows(context.suite))
    if _THESIS.issuperset(map(attrgetter("name"), measured)):
        return None
    groups = [(setting, list(group)) for setting, group in groupby(measured, key=attrgetter("lr", "depth"))]
    html = context.render("alternatives.html.j2", groups=groups, text=interval_text)
    return Section("Late connections beside the alternatives", html, markdown(context.suite))

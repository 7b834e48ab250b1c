"""The thesis beside the measurements: its figures and tables redrawn, and its findings in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from claims.thesis.report.alternatives import alternatives
from claims.thesis.report.context import Context
from claims.thesis.report.convergence import convergence, published_counts
from claims.thesis.report.dead import dead_layers, decline
from claims.thesis.report.forest import forest
from claims.thesis.report.going_around import going_around
from claims.thesis.report.plots import plots
from claims.thesis.report.summary import summary
from lrn.ledger import Ledger
from lrn.report import Section
from lrn.verdicts import SuiteVerdicts

__all__ = ["TITLE", "published_counts", "sections"]

TITLE = "Late residual neural networks: which of the thesis’s sentences are true?"


def sections(suite: SuiteVerdicts, ledger: Ledger | None) -> Iterator[Section]:
    """The sections, in the order of the thesis; those for which nothing was measured are left out."""
    context = Context(suite, ledger)
    for make_section in (forest, summary, going_around, convergence, dead_layers, plots, decline, alternatives):
        section = make_section(context)
        if section is not None:
            yield section

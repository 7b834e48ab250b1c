"""The sections that this suite adds to the report; `lrn.report` calls it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from claims.companions import companions
from claims.journal.on_images import on_images
from claims.thesis import report as thesis
from lrn.ledger import Ledger
from lrn.report import Section
from lrn.verdicts import SuiteVerdicts

__all__ = ["COMMANDS", "TITLE", "published", "sections"]

TITLE = thesis.TITLE
COMMANDS = ("make claims", "pytest claims/ -n auto --against reports/verdicts.json")


def sections(suite: SuiteVerdicts, ledger: Ledger | None) -> Iterator[Section]:
    """The thesis's sections, those of the companion documents, then the journal's claims on larger images."""
    yield from thesis.sections(suite, ledger)
    for make_section in (companions, on_images):
        section = make_section(suite)
        if section is not None:
            yield section


def published(suite: SuiteVerdicts) -> Mapping[str, str]:
    """The count in the thesis's tables for a case, by pytest's node id."""
    return thesis.published_counts(suite)

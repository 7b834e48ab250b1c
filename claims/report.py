"""What this suite adds to the report; `lrn.report` calls it."""

from __future__ import annotations

from collections.abc import Iterator

from claims.companions import companions
from claims.journal.on_images import on_images
from claims.judgement import judgement
from claims.thesis import report as thesis
from lrn.ledger import Ledger
from lrn.report import Section
from lrn.verdicts import SuiteVerdicts

__all__ = ["TITLE", "sections"]

TITLE = thesis.TITLE


def sections(suite: SuiteVerdicts, ledger: Ledger | None) -> Iterator[Section]:
    """The thesis's sections, those of the companion documents, then every sentence with its verdict."""
    yield from thesis.sections(suite, ledger)
    for section in (companions, on_images, judgement):
        found = section(suite)
        if found is not None:
            yield found

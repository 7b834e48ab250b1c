"""The section that a report on the journal's claims alone adds, such as that of `make journal-images`."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import escape

from claims.journal.on_images import settings
from lrn.ledger import Ledger
from lrn.report import Section
from lrn.verdicts import SuiteVerdicts
from lrn.verdicts.text import markdown_text

__all__ = ["TITLE", "sections"]

TITLE = "Residual networks on images: the journal’s claims"


def sections(suite: SuiteVerdicts, ledger: Ledger | None) -> Iterator[Section]:
    """The networks' images and seeds."""
    text = f"Networks trained {settings(suite)}. The default run trains on the 8x8 digits; its report compares the two."
    yield Section("What was trained", f"<p>{escape(text)}</p>", markdown_text(text), first=True)

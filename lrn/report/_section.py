"""A suite's own section of the report, and the packages that the report needs."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ReportError", "Section", "check_installed"]

_NEEDED = ("jinja2", "matplotlib")


class ReportError(RuntimeError):
    """The report cannot be written; the message says why in one sentence."""


@dataclass(frozen=True)
class Section:
    """A part of the report that a suite writes itself.

    Attributes:
        title: its heading.
        html: its content, below the heading; whatever comes from outside must be escaped already.
        markdown: the same for a code host; "" leaves the section out there.
        figures: SVG files that the Markdown shows, by name; they are written to the folder figures/.
        first: whether it stands above the table of verdicts, as a summary does.
        short: its name in the page's navigation; the title where it is "".
    """

    title: str
    html: str
    markdown: str = ""
    figures: Mapping[str, str] = field(default_factory=dict)
    first: bool = False
    short: str = ""

    @property
    def anchor(self) -> str:
        """The section's id on the page."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-") or "section"


def check_installed() -> None:
    """Raises ReportError if a package that draws the report is not installed."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ReportError(f"the report needs {' and '.join(missing)}: pip install 'lrn-claims[report]'")

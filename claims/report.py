"""What the thesis's suite adds to the report; `lrn.report` calls it."""

from __future__ import annotations

from claims.thesis.report import TITLE, sections

__all__ = ["TITLE", "sections"]

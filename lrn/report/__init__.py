"""The report of a suite: a page for readers, a Markdown file for a code host, a badge. It never trains.

    reports/index.html        one file, without network; for any suite's verdicts
    reports/REPRODUCTION.md   the same in short, with its pictures in reports/figures/
    reports/badge.json        for shields.io's endpoint badge

A suite adds sections of its own by a file `report.py` in its folder, with a function

    def sections(suite: SuiteVerdicts, ledger: Ledger | None) -> Iterable[Section]

and, if it likes, a text `TITLE`. The sections are given verdicts and a ledger to read, and say so where either lacks
what they would show.
"""

from __future__ import annotations

from lrn.report._claims import anchor_of
from lrn.report._markdown import summary
from lrn.report._page import environment
from lrn.report._quantities import Quantities
from lrn.report._section import ReportError, Section, check_installed
from lrn.report._text import interval_text, number_text, percent_text
from lrn.report._write import write_report

__all__ = [
    "Quantities",
    "ReportError",
    "Section",
    "anchor_of",
    "check_installed",
    "environment",
    "interval_text",
    "number_text",
    "percent_text",
    "summary",
    "write_report",
]

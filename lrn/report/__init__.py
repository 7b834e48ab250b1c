"""The report of a suite: a page for readers, a Markdown file for a code host, a badge. It never trains.

    reports/index.html        one file, without network; for any suite's verdicts
    reports/numbers.csv       every number with its interval, seeds and command; also as numbers.json
    reports/REPRODUCTION.md   the same in short, with its pictures in reports/figures/
    reports/badge.json        for shields.io's endpoint badge

A suite adds sections of its own by a file `report.py` in its folder, with a function

    def sections(suite: SuiteVerdicts, ledger: Ledger | None) -> Iterable[Section]

and, if it likes, a text `TITLE`, a list `COMMANDS` of the commands that do it all again, and a function
`published(suite)` that returns the document's figure for each case, by pytest's node id. Sentences of its documents
stand in its folder `sentences/` (see `lrn.verdicts.sentences`); each then has a card on the page. The sections read
the verdicts and the ledger, and report any data missing from them.
"""

from __future__ import annotations

from lrn.report._address import Addresses, command_of
from lrn.report._judgement import documents_of, judgement
from lrn.report._links import link_to, linked_html, linked_text
from lrn.report._markdown import badge, headline, summary
from lrn.report._numbers import number_view
from lrn.report._page import environment
from lrn.report._quantities import Quantities
from lrn.report._section import ReportError, Section, check_installed
from lrn.report._text import interval_text, number_text, percent_text, range_text, setting_text, value_text
from lrn.report._write import write_report

__all__ = [
    "Addresses",
    "Quantities",
    "ReportError",
    "Section",
    "badge",
    "check_installed",
    "command_of",
    "documents_of",
    "environment",
    "headline",
    "interval_text",
    "judgement",
    "link_to",
    "linked_html",
    "linked_text",
    "number_text",
    "number_view",
    "percent_text",
    "range_text",
    "setting_text",
    "summary",
    "value_text",
    "write_report",
]

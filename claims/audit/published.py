"""The thesis as printed: its tables of width two and its labels of figures, as text."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

from claims.documents import THESIS
from lrn.audit import conflicts
from lrn.audit.documents import Quotation, index_table, read_quotes, read_table

AUDIT = Path(__file__).parent
TABLES = AUDIT.parent / "thesis" / "tables"
LABELS = read_quotes(AUDIT / "captions.toml")

FIGURES = ("4.3", "4.6", "4.9", "4.12", "4.15", "4.18")
STYLES = ("iterative", "batch")
DEPTHS = ("2", "5", "10", "15", "20", "25", "30")
RUNS = 10


def _printed(figure: str) -> list[dict[str, str]]:
    return read_table(TABLES / f"figure-{figure}.csv")


ROWS = list(chain.from_iterable(map(_printed, FIGURES)))
CELLS = index_table(ROWS, "figure", "training_style", "depth", "connection")
TOTALS = index_table(read_table(TABLES / "totals.csv"), "figure", "connection")
DEAD_LAYERS = index_table(_printed("4.1"), "depth")
WIDE = index_table(_printed("4.22"), "depth", "connection")


TABLE_OF = {
    ("Adam", "0.01"): "4.3",
    ("SGD", "0.01"): "4.6",
    ("Adam", "0.001"): "4.9",
    ("SGD", "0.001"): "4.12",
    ("Adam", "0.1"): "4.15",
    ("SGD", "0.1"): "4.18",
}


def caption(figure: str) -> Quotation:
    """Return the caption of a figure."""
    return _label(figure, "caption")


def label_in_text(figure: str) -> Quotation:
    """Return the words of the running text that name a figure."""
    return _label(figure, "§")


def _label(figure: str, section: str) -> Quotation:
    (label,) = (label for label in LABELS.values() if label.figure == figure and label.section.startswith(section))
    return label


def labels(figure: str) -> dict[str, dict[str, Any]]:
    """Return {where: fields} of everything that names this figure."""
    return {label.section: dict(label.fields) for label in LABELS.values() if label.figure == figure}


def network(figure: str) -> dict[str, Any]:
    """Return the set-up drawn, as its caption names it, with the optimizer of its subsection."""
    return {**caption(figure).fields, "optimizer": label_in_text(figure).fields["optimizer"]}


def disagreements(*ids: str) -> dict[str, dict[str, Any]]:
    """Return the fields on which these sentences disagree, and who says what."""
    return conflicts(THESIS.fields(*ids))

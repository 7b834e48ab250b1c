"""What the thesis prints: its tables of width two, its sentences and its labels of figures, as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrn.audit import conflicts
from lrn.audit.documents import index_table, read_quotes, read_table

AUDIT = Path(__file__).parent
TABLES = AUDIT.parent / "thesis" / "tables"
SAID = read_quotes(AUDIT / "sentences.toml")
LABELS = read_quotes(AUDIT / "captions.toml")

FIGURES = ("4.3", "4.6", "4.9", "4.12", "4.15", "4.18")
STYLES = ("iterative", "batch")
DEPTHS = ("2", "5", "10", "15", "20", "25", "30")
RUNS = 10
ROWS = [row for figure in FIGURES for row in read_table(TABLES / f"figure-{figure}.csv")]
CELLS = index_table(ROWS, "figure", "training_style", "depth", "connection")
TOTALS = index_table(read_table(TABLES / "totals.csv"), "figure", "connection")
DEAD_LAYERS = index_table(read_table(TABLES / "figure-4.1.csv"), "depth")
WIDE = index_table(read_table(TABLES / "figure-4.22.csv"), "depth", "connection")


def disagreements(*ids: str) -> dict[str, dict[str, Any]]:
    """Return the fields on which these sentences disagree, and who says what."""
    return conflicts({id: SAID[id].fields for id in ids})

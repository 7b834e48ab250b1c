"""The thesis's figures as named by its list of figures, its captions and its text."""

from __future__ import annotations

import re

import pytest

from claims.audit.published import CELLS, LABELS
from lrn.audit import conflicts
from lrn.claims import claim

FIGURES = list(dict.fromkeys(label.figure for label in LABELS.values()))
TABLE_OF = {
    ("Adam", "0.01"): "4.3",
    ("SGD", "0.01"): "4.6",
    ("Adam", "0.001"): "4.9",
    ("SGD", "0.001"): "4.12",
    ("Adam", "0.1"): "4.15",
    ("SGD", "0.1"): "4.18",
}


def labels(figure):
    """Return {source: fields} of everything that names this figure."""
    return {label.section: label.fields for label in LABELS.values() if label.figure == figure}


def network(figure):
    """Return the set-up drawn, as its caption names it, with the optimizer of its subsection."""
    (text,) = (fields for section, fields in labels(figure).items() if section.startswith("§"))
    return {**labels(figure)["caption"], "optimizer": text["optimizer"]}


PLOTS = [figure for figure in FIGURES if "converges" in labels(figure)["caption"]]


@claim(
    "List of figures, caption and text describe the figure alike",
    source="thesis, list of figures, captions and text of Figures 4.3 to 4.20",
    quote="LIST OF FIGURES",
    id="E-labels",
    exact=True,
)
@pytest.mark.parametrize("figure", [figure for figure in FIGURES if figure not in ("4.7", "4.8")])
def test_figure_is_described_alike(figure):
    assert len(labels(figure)) == 3
    assert conflicts(labels(figure)) == {}


UNNAMED = pytest.mark.refuted("Figure 4.10: the text of §4.2.2 describes it and never names it")


@claim(
    "The text names every figure of results",
    source="thesis, text of §4.2",
    quote=LABELS.words("4.10 §4.2.2 Adam", "4.11 §4.2.2 Adam"),
    id="E-named",
    exact=True,
)
@pytest.mark.parametrize("figure", [pytest.param(f, marks=UNNAMED if f == "4.10" else ()) for f in FIGURES])
def test_text_names_the_figure(figure):
    (text,) = (label for label in LABELS.values() if label.figure == figure and label.section.startswith("§"))
    assert re.search(rf"Figure {re.escape(figure)}(?!\d)", text.quote)


@claim(
    "Caption and text give Figure 4.7 the same depth",
    source=LABELS.source("thesis", "4.7 §4.2.1 SGD", "4.7 caption"),
    quote=LABELS.words("4.7 §4.2.1 SGD", "4.7 caption"),
    refuted="Figure 4.7: depth five in the text, depth 10 in the caption (Figure 4.6 has 0 of 10 for both)",
    id="E-label-4.7",
    exact=True,
)
def test_figure_4_7_has_one_depth():
    assert conflicts(labels("4.7")) == {}


@claim(
    "List of figures and text give Figure 4.8 the same optimizer",
    source=LABELS.source("thesis", "4.8 list of figures", "4.8 §4.2.1 SGD"),
    quote=LABELS.words("4.8 list of figures", "4.8 §4.2.1 SGD"),
    refuted="Figure 4.8: Adam in the list of figures; the text shows it under SGD, as the network of Figure 4.7",
    id="E-label-4.8",
    exact=True,
)
def test_figure_4_8_has_one_optimizer():
    assert conflicts(labels("4.8")) == {}


@claim(
    "A network drawn as converged, or not, belongs to a cell with, or without, convergences",
    source="thesis, captions of Figures 4.4 to 4.20",
    quote=LABELS.words(*(f"{figure} caption" for figure in ("4.4", "4.5"))),
    id="E-drawn",
    exact=True,
)
@pytest.mark.parametrize("figure", PLOTS)
def test_drawn_network_agrees_with_its_cell(figure):
    drawn = network(figure)
    table = TABLE_OF[drawn["optimizer"], drawn["learning_rate"]]
    row = CELLS[table, drawn["training_style"], drawn["depth"], drawn["connection"]]
    assert drawn["converges"] == (row["converged"] != "0")

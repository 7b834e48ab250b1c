"""The thesis's figures as named by its list of figures, its captions and its text."""

from __future__ import annotations

import re
from itertools import filterfalse
from operator import attrgetter

import pytest

from claims.audit.published import CELLS, LABELS, TABLE_OF, TABLES, label_in_text, labels, network
from claims.cases import marked
from claims.documents import THESIS
from lrn.audit import conflicts
from lrn.audit.documents import read_table
from lrn.claims import claim

CITATIONS = read_table(TABLES / "citations.csv", ["cited", "listed"])
FIGURES = list(dict.fromkeys(map(attrgetter("figure"), LABELS.values())))


def is_plot(figure):
    return "converges" in labels(figure)["caption"]


PLOTS = list(filter(is_plot, FIGURES))


@claim(
    "List of figures, caption and text describe the figure alike",
    **THESIS("labels"),
    id="E-labels",
    exact=True,
)
@pytest.mark.parametrize("figure", list(filterfalse({"4.7", "4.8"}.__contains__, FIGURES)))
def test_figure_is_described_alike(figure):
    assert len(labels(figure)) == 3
    assert conflicts(labels(figure)) == {}


UNNAMED = pytest.mark.refuted("Figure 4.10: the text of §4.2.2 describes it and never names it")


@claim(
    "The text names every figure of results",
    source="ours",
    id="E-named",
    exact=True,
)
@pytest.mark.parametrize("figure", marked(zip(FIGURES), {("4.10",): UNNAMED}))
def test_text_names_the_figure(figure):
    assert re.search(rf"Figure {re.escape(figure)}(?!\d)", label_in_text(figure).quote)


@claim(
    "Caption and text give Figure 4.7 the same depth",
    **THESIS("figure-4.7-depth"),
    refuted="Figure 4.7: depth five in the text, depth 10 in the caption (Figure 4.6 has 0 of 10 for both)",
    id="E-label-4.7",
    exact=True,
)
def test_figure_4_7_has_one_depth():
    assert conflicts(labels("4.7")) == {}


@claim(
    "List of figures and text give Figure 4.8 the same optimizer",
    **THESIS("figure-4.8-same"),
    refuted="Figure 4.8: Adam in the list of figures; the text shows it under SGD, as the network of Figure 4.7",
    id="E-label-4.8",
    exact=True,
)
def test_figure_4_8_has_one_optimizer():
    assert conflicts(labels("4.8")) == {}


@claim(
    "Text and caption give Figure 4.8 the same depth",
    **THESIS("figure-4.8-same"),
    refuted="Figure 4.8: the same network as Figure 4.7, which the text gives depth five; the caption says depth 10",
    id="E-label-4.8-depth",
    exact=True,
)
def test_figure_4_8_has_one_depth():
    inherited = label_in_text("4.7").fields["depth"]
    assert conflicts({"text": {"depth": inherited}, "caption": labels("4.8")["caption"]}) == {}


@claim(
    "The captions give a late network the architecture and training of the plain one before it",
    **THESIS("figure-4.8-same", "same-as-4.4", "same-as-4.16"),
    reading="depth, training style and learning rate",
    id="E-same-architecture",
    exact=True,
)
@pytest.mark.parametrize(("plain", "late"), [("4.4", "4.5"), ("4.7", "4.8"), ("4.16", "4.17")])
def test_a_late_network_is_drawn_beside_its_plain_twin(plain, late):
    one, other = labels(plain)["caption"], labels(late)["caption"]
    assert (one.pop("connection"), other.pop("connection")) == ("plain", "late")
    assert (one.pop("converges"), other.pop("converges")) == (False, True)
    assert one == other


@claim(
    "Every work that the thesis cites is in its bibliography",
    **THESIS("google-cited"),
    refuted="Google, 2017, in the captions of Figures 1.1, 2.1 and 2.2, is not listed",
    id="E-cited",
    exact=True,
)
def test_every_work_cited_is_listed():
    assert [row["cited"] for row in CITATIONS if row["listed"] == "no"] == []


@claim(
    "A network drawn as converged, or not, belongs to a cell with, or without, convergences",
    **THESIS("labels"),
    id="E-drawn",
    exact=True,
)
@pytest.mark.parametrize("figure", PLOTS)
def test_drawn_network_agrees_with_its_cell(figure):
    drawn = network(figure)
    table = TABLE_OF[drawn["optimizer"], drawn["learning_rate"]]
    row = CELLS[table, drawn["training_style"], drawn["depth"], drawn["connection"]]
    assert drawn["converges"] == (row["converged"] != "0")

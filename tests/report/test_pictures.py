"""The networks and losses beside the thesis's pictures are those of their seeds, and the page describes them."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from operator import attrgetter

import numpy as np
import pytest

from claims.thesis.drawn import DRAWN
from claims.thesis.grid import TABLES, pair, read_rows
from claims.thesis.pictures import ALIVE, SEEDS, recorded, trained
from claims.thesis.report.context import Context
from claims.thesis.report.networks import network_svg, networks_svg
from claims.thesis.report.plots import plots
from claims.thesis.report.published_means import converged_of, mean_interval
from lrn import train
from tests.report.conftest import suite_of, verdict

RECORD = recorded()
DRAWN_CLAIM = verdict("t.py::test_spikes", id="C5-spikes")


@pytest.fixture(scope="module")
def section():
    return plots(Context(suite_of(DRAWN_CLAIM), None))


def test_the_record_is_that_of_the_networks():
    again = trained()
    hint = "run: python -m claims.thesis.pictures"
    assert again.networks == RECORD.networks, hint
    for plot, other in zip(RECORD.plots, again.plots, strict=True):
        for name, value in dataclasses.asdict(plot).items():
            same = getattr(other, name)
            exact = value is None or isinstance(value, str)
            # Curves are stored with four digits, the last of which may differ between processors.
            assert value == same if exact else np.allclose(value, same, rtol=2e-3, atol=1e-6), (plot.figure, name, hint)


@pytest.mark.parametrize("plot", RECORD.plots, ids=lambda plot: plot.figure)
def test_each_plot_is_of_the_first_network_that_ended_as_the_one_drawn(plot):
    drawn = DRAWN[plot.figure]
    runs = train(drawn.experiment, range(plot.seed + 1))
    assert (runs.converged == drawn.converges).tolist() == [False] * plot.seed + [True]
    assert (plot.rmse <= 0.07) is drawn.converges


@pytest.mark.parametrize("network", RECORD.networks, ids=lambda network: f"depth {network.depth}")
def test_each_late_network_drawn_has_as_many_living_layers_as_the_thesis_says(network):
    (row,) = (row for row in read_rows(TABLES / "drawings.csv") if row["figure"] == "4.2")
    living = len(network.late) - sum(map(all, network.late))
    assert living == ALIVE == int(row["value"])
    dead = train(pair(network.depth, "adam", 0.1, "batch")[1], [network.seed]).dead[0]
    assert np.array_equal(dead, network.late)


def test_every_plot_stands_beside_what_the_thesis_says_of_its_own(section):
    texts = re.sub(r"<[^>]+>", "|", section.html)
    for plot in RECORD.plots:
        assert f"Figure {plot.figure}: " in texts
        part = texts[texts.index(f"Figure {plot.figure}: ") :]
        assert f"Ours: seed {plot.seed}, RMSE" in part
        assert f"{plot.alike} of {SEEDS} networks" in part
    for row in read_rows(TABLES / "drawings.csv"):
        if row["figure"] != "4.2":
            assert f"{row['quantity']}: {row['value']} ({row['source']})" in texts
            assert texts.count(f"{row['quantity']}: ") > 1
    assert "epochs until it converges: 818" in section.markdown


def test_the_losses_of_the_file_are_those_recorded(section):
    root = ET.fromstring(section.figures["losses.svg"])
    texts = filter(None, map(attrgetter("text"), root.iter("{http://www.w3.org/2000/svg}text")))
    figures = [text.partition(":")[0] for text in texts if ": " in text]
    assert figures == list(map(attrgetter("figure"), RECORD.plots))


def test_there_are_no_plots_where_nothing_was_checked():
    assert plots(Context(suite_of(verdict("t.py::test")), None)) is None


def test_networks_of_a_file_are_those_drawn():
    dead = np.array([[False, True], [True, True]])
    root = ET.fromstring(networks_svg([(dead, True, "one"), (~dead, False, "two")], "both"))
    crosses = root.findall(".//{http://www.w3.org/2000/svg}path[@class='net-cross']")
    assert len(crosses) == 3 + 1
    assert network_svg(dead, True, "").count("net-cross") == 3


@pytest.mark.parametrize(("networks", "low", "high"), [(2, 0.0, 10.0), (7, 0.8669, 10.0), (1000, 5.5705, 6.4295)])
def test_an_interval_of_a_printed_mean_narrows_with_its_networks(networks, low, high):
    """By hand: 6 of 10 layers, plus and minus 10 sqrt(log(40) / (2 n))."""
    assert mean_interval(6.0, networks, 10.0, 0.05) == pytest.approx((low, high), abs=1e-4)


def test_a_printed_mean_is_of_those_that_converged():
    assert converged_of("4.15", training_style="batch", connection="late", depth="5") == 7

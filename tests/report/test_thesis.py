"""The sections of the thesis: every number on them comes from the verdicts, the ledger or the thesis's tables."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from claims.thesis.alternatives import alternative
from claims.thesis.grid import DEPTHS, pair
from claims.thesis.pictures import recorded
from claims.thesis.report import sections
from claims.thesis.report.networks import network_svg
from lrn.ledger import Ledger
from lrn.report.figures import drawing, standalone
from lrn.verdicts import MeasuredQuantity, Outcome, Quantity
from tests.report.conftest import suite_of, verdict


def measured(statistic, experiment, point, condition=""):
    most = 1.0 if statistic.startswith("rate") else 60.0
    what, metric = statistic.split(" of ")
    quantity = Quantity(what, metric, (experiment.label,), condition or None, digests=(experiment.key,))
    ends = point / 2, min(2 * point, most)
    return MeasuredQuantity(quantity.key, quantity.name, point, *ends, 1024, 1024, (0.5,), 1, quantity)


def rates(optimizer, lr, style, plain, late):
    """Claims of both rates at every depth."""
    verdicts = []
    for depth in DEPTHS:
        plain_experiment, late_experiment = pair(depth, optimizer, lr, style)
        estimates = (
            measured("rate of converged", plain_experiment, plain),
            measured("rate of converged", late_experiment, late),
        )
        verdicts.append(
            verdict(f"claims/t.py::test_c2[{optimizer}-{lr}-{style}-{depth}]", id="C2", estimates=estimates)
        )
    return verdicts


def shown(*verdicts, ledger=None):
    """The sections by the first word of their titles."""
    return {section.title.split()[0].strip(":"): section for section in sections(suite_of(*verdicts), ledger)}


def cell(html, text):
    return f">{text.replace(' %', chr(160) + '%')}<" in html


def test_without_any_measurement_there_are_no_sections():
    assert shown() == {}
    assert shown(verdict("t.py::test")) == {}


def test_published_counts_stand_beside_measured_rates():
    html = shown(*rates("adam", 0.01, "batch", 0.25, 0.375))["Convergence"].html
    assert cell(html, "25.0 % [12.5, 50.0]")
    assert cell(html, "37.5 % [18.8, 75.0]")
    assert "Figure 4.3: Adam, learning rate 0.01" in html
    assert "Figure 4.6" not in html
    other = shown(*rates("adam", 0.01, "batch", 0.25, 0.4375))["Convergence"].html
    assert cell(other, "43.8 % [21.9, 87.5]")
    assert not cell(other, "37.5 % [18.8, 75.0]")


@pytest.mark.parametrize(("rate", "shade"), [(0.4, 0), (0.2, 1), (0.1, 2), (0.001, 3)])
def test_shades_tell_how_well_a_count_fits(rate, shade):
    """Figure 4.3, batch, depth 2, late: 4 of 10."""
    html = shown(*rates("adam", 0.01, "batch", 0.25, rate))["Convergence"].html
    row = html[html.index('<th scope="row">late</th>') :].split("</tr>")[0]
    assert f"fit-{shade}" in row
    assert "4 of 10" in row


def test_a_conflict_is_counted():
    html = shown(*rates("adam", 0.01, "batch", 0.25, 0.001))["Convergence"].html
    assert re.search(r"\d+ of 14 counts\s+are compatible with what we measure, \d+ are not", html)


def test_the_summary_says_only_what_the_verdicts_say():
    holding = rates("adam", 0.01, "batch", 0.03125, 0.5625)
    html = re.sub(r"<[^>]+>", "", shown(*holding)["In"].html)
    assert "Late connections rescue deep networks" in html
    assert "56.2\u00a0% of late networks of depth 30 converge, and at most 6.2\u00a0% of plain ones" in html
    changed = rates("adam", 0.01, "batch", 0.03125, 0.75)
    assert "75.0\u00a0% of late networks" in re.sub(r"<[^>]+>", "", shown(*changed)["In"].html)
    failing = [dataclasses.replace(v, verdict=Outcome.REFUTED, expected=Outcome.REFUTED, known="no") for v in holding]
    assert "In" not in shown(*failing)
    assert "In" not in shown(*failing[:1], *holding[1:])


def test_the_summary_leaves_out_what_was_not_measured():
    only = verdict("claims/t.py::test_c2", id="C2", estimates=())
    assert "In" not in shown(only)


def test_dead_layers_stand_beside_figure_4_1():
    late = pair(10, "adam", 0.1, "batch")[1]
    section = shown(verdict("t.py::test", estimates=(measured("mean of dead_layers", late, 7.25, "converged"),)))[
        "Dead"
    ]
    assert cell(section.html, "7.25 [3.62, 14.5]")
    assert cell(section.html, "6 [0, 10]")
    assert "| 10 | 6 \\[0, 10] | 3 | 7.25 \\[3.62, 14.5] |" in section.markdown
    assert "figure-4.1.svg" in section.figures
    assert "Both are so" not in section.html


def test_all_networks_stand_beside_those_that_converged():
    plain, late = pair(15, "adam", 0.001, "batch", width=4)
    estimates = (
        measured("mean of dead_neurons", plain, 19.5, "converged"),
        measured("mean of dead_neurons", plain, 27.5),
        measured("mean of dead_neurons", late, 25.5, "converged"),
        measured("mean of dead_neurons", late, 25.0),
    )
    section = shown(verdict("t.py::test", estimates=estimates))["Dead"]
    assert cell(section.html, "16")
    assert cell(section.html, "19.5 [9.75, 39]")
    assert cell(section.html, "27.5 [13.8, 55]")
    assert "Convergence selects" not in section.html


def test_alternatives_are_listed_from_the_best_on():
    verdicts = []
    for name, rate in {"plain": 0.125, "late": 0.5, "ELU": 0.75}.items():
        quantity = measured("rate of converged", alternative(name, 10, 0.01), rate)
        verdicts.append(verdict(f"t.py::test[{quantity.name}]", estimates=(quantity,)))
    html = shown(*verdicts)["Late"].html
    assert html.index(">ELU<") < html.index(">late<") < html.index(">plain<")
    assert cell(html, "75.0 % [37.5, 100]")
    assert "Late" not in shown(*verdicts[:2])


def test_networks_are_drawn_with_their_dead_neurons():
    mean = measured("mean of dead_layers", pair(5, "adam", 0.1, "batch")[1], 2.0, "converged")
    section = shown(verdict("t.py::test", estimates=(mean,)))["Dead"]
    network = recorded().networks[0]
    drawn = section.html[section.html.index('class="net"') :].split("</svg>")[0]
    assert drawn.count("net-cross") == sum(map(sum, network.late))
    assert f"Depth 5, late, seed {network.seed}: converged" in section.html
    assert f"{network.alike} of {network.converged} late networks" in section.html
    assert "figure-4.2.svg" in section.figures


def test_published_means_have_the_intervals_of_their_few_networks():
    """Figure 4.15: 7 late networks of depth 5 converged; 1.86 plus and minus 5 sqrt(log(40) / 14)."""
    mean = measured("mean of dead_layers", pair(5, "adam", 0.1, "batch")[1], 2.0, "converged")
    section = shown(verdict("t.py::test", estimates=(mean,)))["Dead"]
    assert cell(section.html, "1.86 [0, 4.43]")
    assert "| 5 | 1.86 \\[0, 4.43] | 7 |" in section.markdown


def test_texts_of_a_figure_keep_their_digits():
    with drawing() as (figure, axes):
        axes.set_title("misses by 0.0339")
        axes.plot([0, 1 / 3], [0, 1 / 3])
    svg = standalone(figure, "a figure")
    assert "misses by 0.0339" in svg
    assert not re.search(r'd="[^"]*\d\.\d{3}', svg)


def test_nothing_flows_out_of_a_dead_neuron():
    dead = np.array([[False, False], [True, True], [False, True]])
    svg = network_svg(dead, True, "a <network>")
    assert svg.count('class="net-late"') == 2
    assert svg.count('class="net-cross"') == 3
    # Two into the first layer, four out of it, none out of the dead layer, one from the last layer's live neuron.
    assert svg.count('<path d="M') == 2 + 4 + 0 + 1
    assert "a &lt;network&gt;" in svg
    assert 'class="net-late"' not in network_svg(dead, False, "")


def test_the_report_never_trains(monkeypatch):
    def train(*_, **__):
        raise AssertionError("the report trained")

    monkeypatch.setattr(Ledger, "_train", train)
    monkeypatch.setattr("claims.thesis.pictures.train", train)
    assert "Losses" in shown(verdict("t.py::test", id="C5-spikes"), *rates("adam", 0.1, "batch", 0.25, 0.5))

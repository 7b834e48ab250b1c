"""README.md shows the committed verdicts, and its picture the network that it names."""

from __future__ import annotations

import dataclasses
import json
import re
import runpy
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from lrn import Experiment, train
from lrn.verdicts import Outcome, SuiteVerdicts
from tests.changed_verdicts import change_claim, change_each, change_quantities

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
VERDICTS = SuiteVerdicts.read(ROOT / "reports" / "verdicts.json")


@pytest.fixture(scope="module")
def readme():
    return runpy.run_path(str(ROOT / "docs" / "readme.py"))


@pytest.fixture(scope="module")
def network():
    return runpy.run_path(str(ROOT / "docs" / "network.py"))


def test_the_findings_are_those_of_the_committed_verdicts(readme):
    assert readme["renew"](README, VERDICTS) == README, "run: python docs/readme.py"


def test_another_figure_changes_every_paragraph_that_shows_one(readme):
    def raised(quantity):
        return dataclasses.replace(quantity, point=quantity.point + 0.3, high=quantity.high + 0.3)

    before = re.findall(r"^- .*", readme["findings"](VERDICTS), re.M)
    after = re.findall(r"^- .*", readme["findings"](change_quantities(VERDICTS, raised)), re.M)
    changes = 0
    for paragraph, changed in zip(before, after, strict=True):
        assert (paragraph != changed) == bool(re.search(r"\d %| of 60", paragraph)), paragraph
        changes += paragraph != changed
    assert changes == 5


@pytest.mark.parametrize("id", ["C2", "D8-contribute", "D5-dead", "O2-size", "G3-neurons"])
def test_a_finding_goes_when_its_claims_end_otherwise(readme, id):
    without = readme["findings"](change_claim(VERDICTS, id, verdict=Outcome.INCONCLUSIVE))
    assert without.count("\n- ") == readme["findings"](VERDICTS).count("\n- ") - 1


def test_the_badge_says_what_the_reports_badge_says(readme):
    message = json.loads((ROOT / "reports" / "badge.json").read_text(encoding="utf-8"))["message"]
    assert f"[![Reproduction: {message}]" in readme["badge"](VERDICTS)
    assert message not in readme["badge"](change_claim(VERDICTS, "C2", verdict=Outcome.REFUTED))


@pytest.mark.parametrize("text", ["", "<!-- findings --><!-- end of findings -->", README + README])
def test_a_text_without_its_places_is_refused(readme, text):
    with pytest.raises(ValueError, match=r"README\.md must have"):
        readme["renew"](text, VERDICTS)


def test_verdicts_that_lack_a_figure_are_refused(readme):
    empty = change_each(VERDICTS, lambda verdict: dataclasses.replace(verdict, estimates=()))
    with pytest.raises(LookupError, match=r"lack a figure that README\.md shows"):
        readme["findings"](empty)


def test_the_picture_is_that_of_its_network(network):
    drawn = network["picture"](train(network["EXPERIMENT"], [network["SEED"]]))
    assert (ROOT / "docs" / "network.svg").read_text(encoding="utf-8") == drawn, "run: python docs/network.py"


def test_the_picture_crosses_out_the_dead_neurons(network):
    runs = train(network["EXPERIMENT"], [network["SEED"]])
    root = ET.fromstring(network["picture"](runs))
    colours = [circle.attrib["stroke"] for circle in root.iter("{http://www.w3.org/2000/svg}circle")]
    assert colours.count(network["DEAD"]) == runs.dead_neurons[0]
    assert len(colours) == runs.experiment.neurons


def test_the_readme_names_a_seed_that_converges(network):
    assert train(network["EXPERIMENT"], [network["SEED"]]).converged.all()
    assert f"network(late, seed={network['SEED']})" in README


def test_only_one_late_network_can_be_drawn(network):
    with pytest.raises(ValueError, match="the picture shows one late network"):
        network["picture"](train(Experiment(connection="plain", epochs=1), [0]))

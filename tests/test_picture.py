"""The README's picture shows the committed verdicts."""

from __future__ import annotations

import dataclasses
import runpy
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from lrn.verdicts import SuiteVerdicts
from tests.changed_verdicts import change_quantities

ROOT = Path(__file__).parents[1]
VERDICTS = SuiteVerdicts.read(ROOT / "reports" / "verdicts.json")


@pytest.fixture(scope="module")
def draw():
    return runpy.run_path(str(ROOT / "docs" / "picture.py"))["picture"]


def test_the_committed_picture_is_that_of_the_committed_verdicts(draw):
    assert (ROOT / "docs" / "findings.svg").read_text(encoding="utf-8") == draw(VERDICTS), "run: python docs/picture.py"


def test_it_is_sound_and_says_what_it_shows(draw):
    root = ET.fromstring(draw(VERDICTS))
    assert "converge" in root.attrib["aria-label"]
    circles = root.iter("{http://www.w3.org/2000/svg}circle")
    assert len(list(circles)) == 2 * 7 + 2 * 4 + 2 * 4


@pytest.mark.parametrize("field", ["point", "low", "high"])
def test_another_figure_is_another_picture(draw, field):
    def shifted(quantity):
        if quantity.name != "rate of converged in late, depth 30, width 2, adam 0.01, batch":
            return quantity
        shift = {"point": 0.01, "low": -0.01, "high": 0.01}[field]
        return dataclasses.replace(quantity, **{field: getattr(quantity, field) + shift})

    assert draw(change_quantities(VERDICTS, shifted)) != draw(VERDICTS)


def test_verdicts_that_lack_something_are_refused(draw):
    with pytest.raises(ValueError, match="the verdicts lack what the picture shows"):
        draw(dataclasses.replace(VERDICTS, claims=()))

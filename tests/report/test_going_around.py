"""The picture of a late network that goes around its dead layers shows the networks of its seed."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from operator import attrgetter

import numpy as np
import pytest

from claims.thesis.going_around import recorded, trained
from claims.thesis.report.context import Context
from claims.thesis.report.going_around import going_around, steps
from lrn.verdicts import Outcome
from tests.report.conftest import suite_of, verdict

PAIR = recorded()


def both(outcome=Outcome.SUPPORTED):
    return Context(suite_of(verdict("t.py::test_b3", id="B3"), verdict("t.py::test_b4", outcome, id="B4")), None)


def test_the_record_is_that_of_the_networks():
    again = dataclasses.asdict(trained())
    for name, values in dataclasses.asdict(PAIR).items():
        assert np.allclose(values, again[name], atol=1e-3), f"{name}; run: python -m claims.thesis.going_around"


def test_the_steps_say_what_the_networks_do():
    plain, first, before, every = steps(PAIR)
    targets = np.abs(PAIR.inputs)
    cut = plain.layers
    assert all(plain.dead[cut - 1])
    assert not any(map(all, plain.dead[: cut - 1]))
    assert np.ptp(plain.answers) == 0
    assert f"answers {plain.answers[0]:.2f} to every input" in plain.text
    assert np.ptp(first.answers) > 0.1
    assert all(PAIR.late_dead[before.layers])
    # The shape is there already: all that is missing is one number, and the answer is too high by it.
    assert np.ptp(np.array(before.answers) - targets) < 1e-3
    assert np.all(before.answers > targets)
    assert np.abs(every.answers - targets).max() < 1e-3
    assert "within 0.001 of every target" in every.text


def test_dead_and_constant_layers_are_named():
    assert PAIR.dead_layers == [4, 6, 7, 10]
    assert PAIR.constant_layers == [5, 8, 9]
    assert "Layers 4, 6, 7 and 10 are dead" in steps(PAIR)[-1].text


@pytest.mark.parametrize("late", [False, True])
def test_another_network_is_another_text_and_picture(late):
    living = list(PAIR.late_dead)
    living[6] = [False, False]
    other = dataclasses.replace(PAIR, late_dead=living)
    if not late:
        other = dataclasses.replace(PAIR, plain_answers=[0.25] * len(PAIR.inputs))
    assert list(map(attrgetter("text"), steps(other))) != list(map(attrgetter("text"), steps(PAIR)))


def test_the_section_has_its_steps_for_the_page_and_as_a_file():
    section = going_around(both())
    assert section.html.count("<li>") == section.html.count("<svg") == 4
    root = ET.fromstring(section.figures["going-around.svg"])
    texts = map(attrgetter("text"), root.iter("{http://www.w3.org/2000/svg}text"))
    assert [text for text in texts if text.startswith("4. ")] == [f"4. {steps(PAIR)[3].title}"]
    assert section.markdown.count("\n") == 5


@pytest.mark.parametrize("context", [Context(suite_of(verdict("t.py::test")), None), both(Outcome.REFUTED)])
def test_there_is_no_such_section_where_the_claims_behind_it_do_not_hold(context):
    assert going_around(context) is None

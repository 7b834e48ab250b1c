"""The section on the journal and the note: every point on it comes from the verdicts."""

from __future__ import annotations

import dataclasses
import re

import pytest

from claims.companions import FIGURES, companions
from lrn.report import Quantities
from lrn.verdicts import MeasuredQuantity, Outcome, Quantity, SuiteVerdicts
from tests.changed_verdicts import change_claim
from tests.report.conftest import suite_of, verdict
from tests.report.test_committed import COMMITTED


def accuracy(depth, point):
    quantity = Quantity("quantile", "test_accuracy", (f"residual CNNs of depth {depth} on digits",), q=0.5)
    return MeasuredQuantity(quantity.key, quantity.name, point, point - 0.1, point + 0.1, 64, 64, (0.5,), 1, quantity)


def drawn(at_depth_20, at_depth_56):
    estimates = (accuracy(20, at_depth_20), accuracy(56, at_depth_56))
    return companions(suite_of(verdict("claims/journal/t.py::test_f5", id="F5", estimates=estimates)))


def test_a_figure_shows_what_was_measured():
    lower, higher = drawn(0.8, 0.5), drawn(0.8, 0.6)
    assert list(lower.figures) == ["test-accuracy.svg"]
    assert "claims F5" in lower.html
    assert lower.html != higher.html
    assert lower.html == drawn(0.8, 0.5).html


def test_nothing_is_drawn_of_what_was_not_measured():
    assert companions(suite_of(verdict("claims/journal/t.py::test_f5", id="F5"))) is None


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_the_record_bears_out_every_title(figure):
    suite = SuiteVerdicts.read(COMMITTED / "verdicts.json")
    assert figure.headed(suite) == figure.finding
    one = next(iter(figure.claims))
    assert figure.headed(change_claim(suite, one, verdict=Outcome.INCONCLUSIVE)) == figure.title
    without = tuple(v for v in suite.claims if v.id != one)
    assert figure.headed(dataclasses.replace(suite, claims=without)) == figure.title


def test_the_record_has_a_quantity_for_every_point():
    quantities = Quantities(SuiteVerdicts.read(COMMITTED / "verdicts.json"))
    for figure in FIGURES:
        assert re.search(r"claims [A-Z]\d", figure.caption)
        for line in figure.lines:
            assert len(line.points(quantities)) == len(line.depths), figure.name

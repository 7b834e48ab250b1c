"""Verdicts as tables, and the one in the README."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.tables import few, markdown, renew, rows_of

ROOT = Path(__file__).parents[2]
RATE = MeasuredQuantity("q", "q", 0.25, 0.125, 0.5, 256, 256)
ONE = Verdict(
    "C1", "a.py::test_a", "Late is better", "§1", "", "", Outcome.SUPPORTED, Outcome.SUPPORTED, None, "", 1, (RATE,)
)


def suite(*verdicts):
    return SuiteVerdicts.of(
        verdicts, alpha=0.001, quantities=64, seed_offset=0, first_seeds=8, max_seeds=1024, complete=True
    )


def test_rows_are_ordered_by_file_and_numbers_in_ids():
    ids = ["C10", "C9-b", "C9-a", "A1"]
    verdicts = [dataclasses.replace(ONE, id=id, test=f"a.py::test_{i}") for i, id in enumerate(ids)]
    verdicts.append(dataclasses.replace(ONE, id="A0", test="b.py::test"))
    assert [row.id for row in rows_of(verdicts)] == ["A1", "C9-a", "C9-b", "C10", "A0"]


def test_markdown_shows_what_was_measured_and_counts_the_rest():
    exact = dataclasses.replace(ONE, test="b.py::test_b", estimates=(), verdict=Outcome.REFUTED)
    text = markdown(suite(ONE, exact))
    assert "| Late is better (§1) | SUPPORTED | 0.25 [0.125, 0.5] | 256 |" in text
    assert "without training: 1 REFUTED." in text
    assert "at least 99.9 %" in text


def test_few_says_how_many_more_there_are():
    assert few(["a", "b", "c"], 2) == "a, b, 1 more"
    assert few(["a"], 2) == "a"


def test_renewing_changes_only_what_stands_between_the_markers():
    text = "before\n<!-- verdicts -->\nold\n<!-- end of verdicts -->\nafter\n"
    once = renew(text, suite(ONE))
    assert once.startswith("before\n<!-- verdicts -->\nWith probability")
    assert once.endswith("<!-- end of verdicts -->\nafter\n")
    assert renew(once, suite(ONE)) == once


def test_a_text_without_markers_is_refused():
    with pytest.raises(ValueError, match="must have <!-- verdicts --> and <!-- end of verdicts --> once each"):
        renew("no table here", suite(ONE))


def test_the_table_in_the_readme_shows_the_committed_verdicts():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert renew(readme, SuiteVerdicts.read(ROOT / "reports" / "verdicts.json")) == readme, (
        "run: python -m lrn.verdicts.tables reports/verdicts.json README.md"
    )

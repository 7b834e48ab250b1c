"""Verdicts as rows of a table."""

from __future__ import annotations

import dataclasses
import math
from operator import attrgetter

from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.tables import few, markdown, rows_of
from lrn.verdicts.text import natural_key

RATE = MeasuredQuantity("q", "q", 0.25, 0.125, 0.5, 256, 256)
ONE = Verdict(
    "C1", "a.py::test_a", "Late is better", "§1", "", "", Outcome.SUPPORTED, Outcome.SUPPORTED, None, "", 1, (RATE,)
)


def test_rows_are_ordered_by_file_and_numbers_in_ids():
    ids = ["C10", "C9-b", "C9-a", "A1"]
    verdicts = [dataclasses.replace(ONE, id=id, test=f"a.py::test_{i}") for i, id in enumerate(ids)]
    verdicts.append(dataclasses.replace(ONE, id="A0", test="b.py::test"))
    assert list(map(attrgetter("id"), rows_of(verdicts))) == ["A1", "C9-a", "C9-b", "C10", "A0"]


def test_a_row_shows_the_interval_of_one_case_and_the_range_of_several():
    (row,) = rows_of([ONE])
    assert (row.measured, row.seeds) == (("0.25 [0.125, 0.5]",), "256")
    other = dataclasses.replace(ONE, test="a.py::test_a[2]", estimates=(dataclasses.replace(RATE, point=0.5, seeds=8),))
    (row,) = rows_of([ONE, other])
    assert (row.measured, row.seeds) == (("0.25 to 0.5",), "8-256")


def test_few_says_how_many_more_there_are():
    assert few(["a", "b", "c"], 2) == "a, b, 1 more"
    assert few(["a"], 2) == "a"


def test_a_markdown_table_of_what_was_measured_lets_no_foreign_text_through():
    exact = dataclasses.replace(ONE, test="b.py::test_b", estimates=())
    foreign = dataclasses.replace(ONE, test="c.py::test_c", statement="<img src=x onerror=alert(1)> | a\n| b")
    suite = SuiteVerdicts.of(
        [ONE, exact, foreign],
        alpha=0.001, quantities=64, seed_offset=0, first_seeds=8, max_seeds=1024, complete=True,
    )  # fmt: skip
    text = markdown(suite)
    assert "| Late is better (§1) | SUPPORTED | 0.25 [0.125, 0.5] | 256 |" in text.replace("\\", "")
    assert "at least 99.9 %" in text
    assert "<img" not in text
    assert len(text.splitlines()) == 6


def test_an_interval_names_its_assumption_after_a_space_and_no_number_that_there_is_none_of():
    assumed = RATE.replace(point=0.0145, low=-0.0078, high=0.037, assumption="normal")
    assert assumed.shown() == "0.0145 [-0.0078, 0.037] if normal"
    assert assumed.shown(2) == "0.015 [-0.0078, 0.037] if normal"
    assert RATE.replace(point=math.nan, n=0, seeds=0).shown() == "no seeds yet"
    assert RATE.replace(point=math.nan, n=0).shown() == "unknown"


def test_numbers_in_names_sort_as_numbers_however_long_and_superscripts_are_text():
    names = ["C" + "9" * 5000, "C10", "C²", "C02", "C2", "C1³", "²", "C"]
    ordered = sorted(names, key=natural_key)
    assert ordered == ["C", "C1³", "C02", "C2", "C10", "C" + "9" * 5000, "C²", "²"]

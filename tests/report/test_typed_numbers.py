"""numbers.csv: other people's text in it is text, for a terminal, a workflow and a spreadsheet."""

import csv
import dataclasses
import io

import pytest

from lrn.report._data import as_csv
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict

ONE = Verdict("C1", "a.py::test_a", "", "§4", "", "", *[Outcome.SUPPORTED] * 2, None, "", 1)


def cells(text):
    quantity = MeasuredQuantity("q", text, -0.5, -0.6, -0.4, 64, 64, thresholds=(-0.1,), inclusive=(False,))
    claim = dataclasses.replace(ONE, statement=text, estimates=(quantity,))
    suite = SuiteVerdicts.of(
        [claim], alpha=0.001, quantities=64, seed_offset=0, first_seeds=8, max_seeds=64, complete=True
    )
    (row,) = csv.DictReader(io.StringIO(as_csv(suite)))
    return row


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(text):
    row = cells(text)
    assert row["statement"] == row["quantity"] == f"'{text.strip()}"
    assert (row["estimate"], row["compared with"]) == ("-0.5", "-0.1")


def test_no_cell_acts_on_a_terminal_or_a_workflow():
    row = cells("a\x1b]0;title\x07\n::error::b \ud800")
    assert row["statement"] == r"a\x1b]0;title\x07 \::error::b \ud800"

"""Whole tables: from CSV, rows and DataFrames; right ones pass, and each planted fault is named by row and column."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from operator import attrgetter

import pytest

import lrn.audit
from lrn.audit import NoPowerWarning, check_table

ROWS = [
    {"group": "control", "n": "28", "M": "5.18*", "SD": "(1.61)", "yes": "71 %", "test": "—"},
    {"group": "treated", "n": "31", "M": "5.23", "SD": "(2.55)", "yes": "48.4", "test": "t(57) = 0.09, p = .93"},
]
OPTIONS = {"n": "n", "means": ["M"], "sds": {"M": "SD"}, "percents": ["yes"], "tests": ["test"], "label": "group"}


def changed(row, **cells):
    rows = list(ROWS)
    rows[row] = ROWS[row] | cells
    return rows


def failed(report, *attributes):
    """The named attribute, or a tuple of several, of each cell that fails."""
    return list(map(attrgetter(*attributes), report.failures))


def test_a_right_table_passes():
    report = check_table(ROWS, **OPTIONS)
    assert report, report
    assert len(report.checks) == 7
    assert set(map(attrgetter("test"), report.checks)) == {"GRIM", "GRIMMER", "p-value"}
    assert str(report) == "0 of 7 checks failed"


@pytest.mark.parametrize(
    ("row", "cells", "column", "test"),
    [
        (0, {"M": "5.19*"}, "M", "GRIM"),
        (1, {"n": "18", "M": "3.44", "SD": "(2.47)", "yes": ""}, "M", "GRIMMER"),
        (0, {"yes": "70 %"}, "yes", "GRIM"),
        (1, {"yes": "48.3"}, "yes", "GRIM"),
        (1, {"test": "t(57) = 0.09, p = .03"}, "test", "p-value"),
    ],
)
def test_each_planted_fault_is_named(row, cells, column, test):
    report = check_table(changed(row, **cells), **OPTIONS)
    assert not report
    assert (ROWS[row]["group"], column, test) in failed(report, "row", "column", "test")
    assert f"{ROWS[row]['group']}, {column}: " in str(report)
    assert "checks failed" in repr(report)


def test_a_table_from_a_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("group,n,M\nA,28,5.18\nB,28,5.19\n", encoding="utf-8")
    report = check_table(path, n="n", means=["M"], label="group")
    assert failed(report, "row") == ["B"]
    assert check_table(str(path), n="n", means=["M"]).failures[0].row == "row 2"


def test_a_table_from_a_data_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": [28, 28], "M": ["5.18", "5.19"], "SD": ["1.61", None]})
    assert len(check_table(frame, n="n", means=["M"], sds={"M": "SD"}).failures) == 1
    with pytest.raises(
        TypeError, match=r"must be text, as printed; got the float 5.18 in row 1, M \(read with dtype=str\)"
    ):
        check_table(pandas.DataFrame({"n": [28], "M": [5.18]}), n="n", means=["M"])


def test_spreads_in_the_same_cell_are_checked():
    rows = [{"n": "31", "M": "5.23 (2.55)"}, {"n": "35", "M": "5.23 (2.55)"}]
    report = check_table(rows, n="n", means=["M"], ddof=1)
    assert check_table(rows, n="n", means=["M"]), "the SD may divide by n"
    assert failed(report, "row", "test") == [("row 2", "GRIMMER")]


def test_a_standard_error_behind_plus_minus_is_no_false_sd():
    rows = [{"n": "28", "M": "5.18 ± 0.30", "SD": "0.30"}, {"n": "28", "M": "5.18 (0.30)", "SD": "0.30"}]
    report = check_table(rows, n="n", means=["M"], scale=(1, 7))
    assert failed(report, "row") == ["row 2"]
    assert len(check_table(rows, n="n", means=["M"], sds={"M": "SD"}, scale=(1, 7)).failures) == 2


def test_counts_before_their_percentages_are_checked_against_them():
    rows = [{"n": "63", "helped": "45 (71 %)"}, {"n": "63", "helped": "45 (73 %)"}, {"n": "63", "helped": "64 (71 %)"}]
    report = check_table(rows, n="n", percents=["helped"])
    assert set(map(attrgetter("test"), report.checks)) == {"share"}
    assert list(map(str, failed(report, "check"))) == [
        "45 of 63 are 71 %, not 73 %",
        "64 cannot be a part of 63",
    ]
    with pytest.raises(ValueError, match=r"row 1, helped: .*belongs in percents"):
        check_table(rows, n="n", means=["helped"])


def test_a_test_result_that_cannot_be_read_is_listed():
    rows = [{"test": "t(57) = 0.09, p = .93"}, {"test": "the groups did not differ"}]
    report = check_table(rows, tests=["test"])
    assert len(report.checks) == 1
    assert report.skipped == ("row 2, test: no test result in 'the groups did not differ'",)
    with pytest.warns(NoPowerWarning, match="no cell was checked"):
        check_table(rows[1:], tests=["test"])


def test_files_of_spreadsheets_are_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("group,n,M\nA,28,5.19\n\n", encoding="utf-8-sig")
    assert failed(check_table(path, n="n", means=["M"], label="group"), "row") == ["A"]
    path.write_text("group;n;M\nA;28;5,19\n", encoding="utf-8")
    with pytest.raises(ValueError, match="must separate its columns by commas; got semicolons"):
        check_table(path, n="n", means=["M"])
    path.write_text("group,n,M\n", encoding="utf-8")
    with pytest.raises(ValueError, match="at least one row below its heading"):
        check_table(path, n="n", means=["M"])


def test_settings_by_column():
    rows = [{"a": "3.48", "b": "3.48", "na": "20", "nb": "20"}]
    report = check_table(rows, n={"a": "na", "b": "nb"}, means=["a", "b"], items={"a": 2, "b": 1})
    assert failed(report, "column") == ["b"]
    assert check_table(rows, n=20, means=["a"], items=2)
    assert not check_table(rows, n=20, means=["a"], items=2, scale={"a": (1, 3)})


def test_sums_and_totals():
    rows = [
        {"arm": "A", "n": "10", "yes": "4", "no": "6", "share": "40 %"},
        {"arm": "B", "n": "12", "yes": "5", "no": "7", "share": "42 %"},
        {"arm": "all", "n": "22", "yes": "9", "no": "13", "share": "41 %"},
    ]
    options = {"n": "n", "percents": ["share"], "sums": {"n": ["yes", "no"]}, "total_row": "all", "label": "arm"}
    report = check_table(rows, **options)
    assert report, report
    assert len(report.checks) == 3 + 3 + 3
    rows[2]["yes"] = "8"
    assert set(failed(check_table(rows, **options), "test", "column")) == {("sum", "n"), ("total", "yes")}


def test_conventions_that_fit_all_means_at_once():
    rows = [{"n": "40", "M": "2.67"}, {"n": "40", "M": "2.65"}]
    assert check_table(rows, n="n", means=["M"]).conventions == ("half_down", "binary")
    rows = [{"n": "8", "M": "0.13"}, {"n": "8", "M": "0.37"}]
    mixed = check_table(rows, n="n", means=["M"])
    assert mixed.conventions == ()
    assert mixed
    assert "no single way of rounding fits all means" in str(mixed)


def test_missing_cells_are_skipped_and_listed():
    rows = [{"n": "28", "M": "5.18"}, {"n": "28", "M": "–"}, {"n": "", "M": "5.19"}, {"n": "28", "M": "n/a"}]
    report = check_table(rows, n="n", means=["M"])
    assert len(report.checks) == 1
    assert set(report.skipped) >= {"row 2, M", "row 3, M: no n", "row 4, M"}


def test_repeated_values_are_listed():
    rows = [{"n": "28", "M": "5.18"}, {"n": "28", "M": "5.18"}, {"n": "28", "M": "5.21"}]
    (repeated,) = check_table(rows, n="n", means=["M"]).repeated
    assert (repeated.value, repeated.cells) == ("5.18", ("row 1, M", "row 2, M"))


def test_a_table_without_power_warns():
    with pytest.warns(NoPowerWarning, match="none of 1 checks could have failed"):
        report = check_table([{"M": "5.19"}], n=200, means=["M"])
    assert "1 could not have failed" in str(report)


def test_decimal_commas():
    rows = [{"n": "1,028", "M": "5,19"}]
    with pytest.raises(ValueError, match="can be read in two ways"):
        check_table(rows, n="n", means=["M"])
    assert check_table([{"n": "28", "M": "5,18"}], n="n", means=["M"], decimal=",")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: check_table(ROWS, n="n"), ValueError, "must say what to check"),
        (lambda: check_table(ROWS, n="n", means=["X"]), ValueError, "must have the columns X; got group, n, M"),
        (lambda: check_table(ROWS, n="N", means=["M"]), ValueError, "must have the columns N"),
        (lambda: check_table(ROWS, means=["M"]), ValueError, "n must say how many numbers M averages"),
        (lambda: check_table([3], n="n", means=["M"]), TypeError, "table must be a path, rows as mappings"),
        (lambda: check_table([{"n": "28", "M": "high"}], n="n", means=["M"]), ValueError, "row 1, M: a printed number"),
        (lambda: check_table([{"n": "2.5", "M": "1"}], n="n", means=["M"]), ValueError, "n must be a whole number"),
        (
            lambda: check_table(ROWS, total_row="all", label="group"),
            ValueError,
            "total_row must be the label of one row",
        ),
    ],
)
def test_bad_tables_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("name", list(map(attrgetter("name"), pkgutil.iter_modules(lrn.audit.__path__))))
def test_examples_in_docstrings_run(name):
    module = importlib.import_module(f"lrn.audit.{name}")
    assert doctest.testmod(module).failed == 0


def test_every_public_name_is_there_and_described():
    for name in lrn.audit.__all__:
        assert getattr(lrn.audit, name).__doc__

"""What the page says, and that all of it comes from the verdicts."""

from __future__ import annotations

import dataclasses
import html
import json
import re

import pytest

from lrn.report import ReportError, write_report
from lrn.verdicts import MeasuredQuantity, Outcome
from tests.report.conftest import RATE, THREE, suite_of, verdict


@pytest.fixture
def page(tmp_path):
    """Writes a report and gives the page's text."""

    def write(suite, **options):
        return write_report(suite, None, tmp_path / "out", root=tmp_path, **options).read_text(encoding="utf-8")

    return write


def words(page):
    """The page's text without its markup."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_headline_counts_the_verdicts(page):
    text = words(page(suite_of(*THREE)))
    assert "2 of 5 claims hold , 2 are refuted, 1 stays undecided. With probability at least 99.9 %" in text
    fewer = words(page(suite_of(*THREE[1:], alpha=0.05)))
    assert "1 of 4 claims hold , 2 are refuted, 1 stays undecided. With probability at least 95 %" in fewer


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("point", 0.3125, "31.2 % [12.5, 50.0]"),
        ("low", 0.0625, "25.0 % [6.2, 50.0]"),
        ("high", 0.75, "25.0 % [12.5, 75.0]"),
        ("n", 17, "n = 17 of 256 seeds"),
        ("seeds", 2048, "n = 256 of 2,048 seeds"),
        ("name", "rate of tails in a coin", "rate of tails in a coin"),
    ],
)
def test_every_number_of_an_interval_comes_from_the_verdicts(page, field, value, shown):
    claim = verdict("suite/test_one.py::test_heads")
    changed = dataclasses.replace(claim, estimates=(dataclasses.replace(RATE, **{field: value}),))
    assert shown not in words(page(suite_of(claim)))
    assert shown in words(page(suite_of(changed)))


def test_the_picture_of_an_interval_moves_with_it(page):
    claim = verdict("suite/test_one.py::test_heads")
    assert 'd="M14.5 6H52' in page(suite_of(claim))
    moved = dataclasses.replace(claim, estimates=(dataclasses.replace(RATE, low=0.25),))
    assert 'd="M27.0 6H52' in page(suite_of(moved))


def test_endless_intervals_and_missing_points_are_drawn(page):
    nothing = MeasuredQuantity("k", "median of nothing", float("nan"), float("-inf"), float("inf"), 0, 256)
    text = page(suite_of(verdict("t.py::test", estimates=(nothing,))))
    assert "– [−∞, ∞]" in words(text)
    assert "nan" not in re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("field", ["id", "statement", "source", "quote", "reading", "known", "reason", "test"])
def test_no_text_of_a_claim_becomes_markup(page, field):
    evil = '<script>alert("x")</script><img src=x onerror=alert(1)>"\' &amp;'
    value = f"t.py::test[{evil}]" if field == "test" else evil
    plain = page(suite_of(verdict("t.py::test[a]", Outcome.REFUTED)))
    text = page(suite_of(dataclasses.replace(verdict("t.py::test[a]", Outcome.REFUTED), **{field: value})))
    assert text.count("<script") == plain.count("<script") == 1
    assert "<img" not in text
    assert evil in html.unescape(text)


def test_a_quantitys_name_becomes_no_markup(page):
    text = page(suite_of(verdict("t.py::test", estimates=(dataclasses.replace(RATE, name="<b>rate</b>"),))))
    assert "<b>" not in text
    assert "&lt;b&gt;rate&lt;/b&gt;" in text


def test_what_was_refuted_stands_beside_the_documents_words(page):
    text = words(page(suite_of(*THREE)))
    measured, exact = text.split("By checking the document against itself")
    assert "heads it is paper §1 because Measured: 3.5 [3.25, 3.75]. 1,024 seeds. X2" in measured
    assert re.search(r"one\s+two\s+paper §1", exact)


def test_a_claim_shows_where_its_test_is_and_how_to_check_it_again(page, tmp_path):
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_one.py").write_text("# a comment\n\ndef test_spots():\n    pass\n")
    text = words(page(suite_of(*THREE)))
    assert "suite/test_one.py:3 Check again pytest suite/ -k X2" in text
    assert "suite/test_two.py Check again pytest suite/ -k X3" in text


def test_a_claim_without_a_usable_id_is_run_by_its_name(page):
    text = words(page(suite_of(verdict("suite/test_one.py::test_heads[1]", id="not an id"))))
    assert "pytest suite/test_one.py::test_heads" in text


def test_verdicts_that_nobody_expected_are_pointed_out(page):
    changed = dataclasses.replace(THREE[2], expected=Outcome.SUPPORTED, known=None)
    assert "Not as expected" not in words(page(suite_of(*THREE)))
    text = words(page(suite_of(changed, *THREE[:2])))
    assert "Not as expected" in text
    assert "Not known before." in text


def test_an_empty_suite_has_a_page(page):
    assert "No claim was checked." in words(page(suite_of()))


def test_a_part_of_a_suite_says_so(page):
    assert "This is a part of the suite" not in words(page(suite_of(*THREE)))
    assert "This is a part of the suite" in words(page(suite_of(*THREE, complete=False)))


def test_too_many_shares_leave_no_promise(page):
    many = tuple(dataclasses.replace(RATE, key=f"k{i}") for i in range(65))
    text = words(page(suite_of(verdict("t.py::test", estimates=many))))
    assert "no verdict here is certain" in text
    assert "With probability at least" not in text


RECORD = {
    "environment": {"python": "3.99", "platform": "Plan 9", "processors": 3, "packages": {"numpy": "9.9"}},
    "engine": "native", "device": "cpu", "workers": 2, "seconds": 12.5,
}  # fmt: skip


def test_the_environment_is_shown_where_it_is_known(page):
    text = words(page(suite_of(*THREE), run=RECORD))
    assert "Plan 9, 3 processors; Python 3.99" in text
    assert "numpy 9.9" in text
    assert "12.5 s, with 2 processes, engine native, device cpu" in text
    assert "Machine" not in words(page(suite_of(*THREE)))


def test_nothing_is_loaded_from_anywhere(page):
    text = page(suite_of(*THREE))
    assert not re.search(r'(src|href)="(?!#|data:)', text)
    assert "http" not in text
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")


def test_the_same_verdicts_give_the_same_bytes(page):
    assert page(suite_of(*THREE)) == page(suite_of(*reversed(THREE)))


def test_verdicts_and_the_record_beside_them_are_read_from_files(tmp_path):
    path = tmp_path / "v" / "verdicts.json"
    suite_of(*THREE).write(path)
    path.with_name("run.json").write_text(json.dumps({**RECORD, "seconds": 7.25, "workers": 1}))
    text = write_report(path, tmp_path / "no ledger", tmp_path / "out", root=tmp_path).read_text()
    assert "7.25 s, with 1 process" in words(text)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"seconds": 1'])
def test_a_record_that_cannot_be_read_is_left_out(tmp_path, content):
    path = tmp_path / "verdicts.json"
    suite_of(*THREE).write(path)
    path.with_name("run.json").write_text(content)
    assert "Python" not in words(write_report(path, None, tmp_path / "out", root=tmp_path).read_text())


def test_a_file_that_holds_no_verdicts_is_refused(tmp_path):
    path = tmp_path / "verdicts.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match="must hold verdicts in format 2"):
        write_report(path, None, tmp_path)


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jinja2" else found(name))
    with pytest.raises(ReportError, match=r"the report needs jinja2: pip install 'lrn-claims\[report\]'"):
        write_report(suite_of(*THREE), None, tmp_path)
    assert not list(tmp_path.iterdir())

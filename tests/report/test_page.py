"""All that the page says comes from the verdicts."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from itertools import product, starmap

import pytest

from lrn.report import ReportError, write_report
from lrn.report._address import RESERVED
from lrn.verdicts import MeasuredQuantity, Outcome, Quantity
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
    assert "2 of 5 claims hold; 2 are refuted, 1 undecided. With probability at least 99.9 %" in text
    fewer = words(page(suite_of(*THREE[1:], alpha=0.05)))
    assert "1 of 4 claims hold; 2 are refuted, 1 undecided. With probability at least 95 %" in fewer


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("point", 0.3125, "31.2 % [12.5, 50.0]"),
        ("low", 0.0625, "25.0 % [6.2, 50.0]"),
        ("high", 0.75, "25.0 % [12.5, 75.0]"),
        ("n", 17, "256 seeds, 17 count"),
        ("seeds", 2048, "2,048 seeds, 256 count"),
        ("thresholds", (0.875,), "87.5 %"),
        ("quantity", Quantity("rate", "tails", ("a coin",)), "rate of tails"),
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
    assert "– (no bounds)" in words(text)
    assert not re.search(r"\bnan\b|\binf\b|\d[eE][-+]\d", words(text))
    assert "nan" not in re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("field", ["id", "statement", "source", "quote", "reading", "known", "reason", "test"])
def test_no_text_of_a_claim_becomes_markup(page, field):
    evil = '<script>alert("x")</script><img src=x onerror=alert(1)>"\' &amp;'
    value = f"t.py::test[{evil}]" if field == "test" else evil
    # A reason is shown where there is no number to show.
    claim = verdict("t.py::test[a]", Outcome.REFUTED, estimates=())
    plain = page(suite_of(claim))
    text = page(suite_of(dataclasses.replace(claim, **{field: value})))
    assert text.count("<script") == plain.count("<script") == 1
    assert "<img" not in text
    assert evil in html.unescape(text)


def test_a_populations_name_becomes_no_markup(page):
    named = RATE.replace(quantity=Quantity("rate", "<i>heads</i>", ("<b>coin</b>",)))
    text = page(suite_of(verdict("t.py::test", estimates=(named,))))
    assert "<b>coin" not in text
    assert "<i>" not in text
    assert "&lt;b&gt;coin&lt;/b&gt;" in text


def test_a_claim_shows_where_its_test_is(page, tmp_path):
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "test_one.py").write_text("# a comment\n\ndef test_spots():\n    pass\n")
    assert "suite/test_one.py:3" in words(page(suite_of(*THREE)))


def test_check_again_names_exactly_the_tests_it_says(page):
    text = page(suite_of(*THREE, verdict("suite/test_one.py::test_heads_too", id="X10")))
    commands = list(map(html.unescape, re.findall(r"<code>(pytest [^<]*)</code>", text)))
    assert "pytest 'suite/test_one.py::test_heads[1]'" in commands
    assert "pytest suite/test_one.py::test_heads" in commands
    assert "pytest suite/test_one.py::test_heads_too" in commands
    assert " -k" not in "\n".join(commands), "-k X1 would select X10 too"


def test_every_case_has_an_address_of_its_own(page):
    text = page(suite_of(*THREE))
    ids = re.findall(r'id="([^"]*)"', text)
    assert {"X1", "X1/1", "X1/2", "X2", "X3", "X4"} <= set(ids)
    assert len(ids) == len(set(ids))


def test_addresses_differ_whatever_claims_are_called(page):
    odd = ("", "verdicts", "X 1", "X-1", "../x", "X1/1")
    tests = [verdict(f"s/test_{i}.py::test[{p}]", id=id) for i, id in enumerate(odd) for p in ("a b", "a-b", "é")]
    text = page(suite_of(*THREE, *tests))
    ids = re.findall(r'id="([^"]*)"', text)
    assert len(ids) == len(set(ids))
    assert " " not in "".join(ids)


def test_the_ids_of_the_page_itself_are_reserved(page):
    text = page(suite_of(*THREE, complete=False))
    own = set(re.findall(r'id="((?!X)[^"]*)"', text))
    assert own <= RESERVED


def test_a_comparison_has_a_column_per_side(page):
    def side(name, point):
        return RATE.replace(key=name, quantity=Quantity("rate", "heads", (f"{name}, bent",)), point=point)

    sides = side("coin", 0.75), side("medal", 0.25)
    difference = MeasuredQuantity(
        "k", "d", 0.5, 0.375, 0.625, 256, 256, (0.0,), 1, terms=sides, coefficients=(1.0, -1.0)
    )
    text = words(page(suite_of(verdict("t.py::test[3-bent]", estimates=(difference,)))))
    assert "Case Verdict Coin Medal Difference Compared with Seeds" in text
    assert "75.0 % [12.5, 50.0] 25.0 % [12.5, 50.0] 50.0 points [37.5, 62.5] 0 points 256 seeds" in text.replace(
        "\u00a0", " "
    )


def test_numbers_of_one_case_say_which_population_each_is_of(page):
    def rate(network, depth):
        what = Quantity("rate", "heads", (f"{network}, depth {depth}, width 2",))
        return RATE.replace(key=what.key, quantity=what, name=what.name)

    numbers = (rate("late", 2), rate("late", 5), rate("plain", 5))
    text = words(page(suite_of(verdict("t.py::test", estimates=numbers))))
    assert re.findall(r"(late, depth \d|plain, depth \d): 25", text) == [
        "late, depth 2",
        "late, depth 5",
        "plain, depth 5",
    ]
    assert "depth 2: " not in words(page(suite_of(verdict("t.py::test", estimates=numbers[:1]))))


def test_a_sum_over_settings_is_shown_as_their_mean(page):
    def term(side, depth):
        quantity = Quantity("rate", "heads", (f"{side}, depth {depth}",))
        return RATE.replace(key=f"{side}{depth}", quantity=quantity, point=0.5)

    terms = tuple(starmap(term, product(("late", "plain"), range(4))))
    signs = (1.0,) * 4 + (-1.0,) * 4
    whole = MeasuredQuantity("k", "sum", 2.0, 1.0, 3.0, 64, 64, (1.0,), 1, terms=terms, coefficients=signs)
    text = words(page(suite_of(verdict("t.py::test", estimates=(whole,))))).replace("\u00a0", " ")
    assert "late minus plain, mean over 4 settings 50.0 points [25.0, 75.0] 25.0 points 64 seeds" in text


def test_verdicts_that_nobody_expected_are_pointed_out(page):
    changed = dataclasses.replace(THREE[2], expected=Outcome.SUPPORTED, known=None)
    assert "Not as expected" not in words(page(suite_of(*THREE)))
    text = words(page(suite_of(changed, *THREE[:2])))
    assert (
        "Not as expected These claims did not end as their author says they do: X2 is refuted, expected supported"
        in text
    )


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
    assert "12.5 s with 2 processes, engine native, device cpu" in text
    assert "Machine" not in words(page(suite_of(*THREE)))


def test_nothing_is_loaded_from_anywhere(page):
    text = page(suite_of(*THREE))
    # The data lie beside the page, to be downloaded.
    assert not re.search(r'(src|href)="(?!#|data:|numbers\.csv" download|numbers\.json" download)', text)
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
    assert "7.25 s with 1 process" in words(text)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"seconds": 1'])
def test_a_record_that_cannot_be_read_is_left_out(tmp_path, content):
    path = tmp_path / "verdicts.json"
    suite_of(*THREE).write(path)
    path.with_name("run.json").write_text(content)
    text = words(write_report(path, None, tmp_path / "out", root=tmp_path).read_text())
    assert "Python" not in text
    assert "the time it took is in run.json" in text


def test_a_file_that_holds_no_verdicts_is_refused(tmp_path):
    path = tmp_path / "verdicts.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match="must hold verdicts in format 2"):
        write_report(path, None, tmp_path)


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    import importlib.util

    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jinja2" else find_spec(name))
    with pytest.raises(ReportError, match=r"the report needs jinja2: pip install 'lrn-claims\[report\]'"):
        write_report(suite_of(*THREE), None, tmp_path)
    assert not list(tmp_path.iterdir())

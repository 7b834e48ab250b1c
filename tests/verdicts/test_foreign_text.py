"""Other people's text, wherever it is shown, is text and nothing more."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import sys
from itertools import starmap
from operator import attrgetter, itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrn.cli import main
from lrn.plugin._against import print_comparison
from lrn.plugin._failure import changed, explained, shown_as
from lrn.report import summary, write_report
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.comparison import compare
from lrn.verdicts.registry import Case, as_json, as_text
from lrn.verdicts.text import markdown_text, plain_text, visible
from tests.changed_verdicts import change_each

HOSTILE = (
    "\x1b]0;title\x07\x1b[2J\x9b31m",
    "a\n::error::pwned\n##[group]x",
    '<img src=x onerror="a">',
    "<script>b</script>",
    "\0\x08\x7f",
    "\ud83d",
    "\u202edesrever\u2066\u200b\u2028x",
    "| x | *y* [z](javascript:a) `q` ~~d~~",
    "{{7*7}}{% raw %}",
    "]]><svg onload=a>",
)
BAD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
ORDERS = re.compile(r"^\s*(::|##\[|##vso)", re.MULTILINE)


def hostile_verdict(number, text):
    return Verdict(
        id=text,
        test=f"claims/test_{number}.py::test[{text.replace(chr(0), '')}]",
        statement=text,
        source=text,
        quote=text,
        reading=text,
        verdict=Outcome.REFUTED,
        expected=(Outcome.SUPPORTED, Outcome.REFUTED)[number % 2],
        known=text if number % 2 else None,
        reason=text,
        looks=1,
        estimates=(MeasuredQuantity(text, text, 0.25, 0.125, 0.5, 60, 64),),
    )


def hostile_suite():
    claims = list(starmap(hostile_verdict, enumerate(HOSTILE)))
    return SuiteVerdicts.of(
        claims, alpha=0.01, quantities=64, seed_offset=0, first_seeds=8, max_seeds=64, complete=True
    )


def assert_harmless(text, html=False):
    assert not BAD.search(text)
    assert not ORDERS.search(text)
    assert html or not re.search(r"(?<!\\)<(?!/?(details|summary)>|!--)", text)


def test_page_and_markdown(tmp_path):
    pytest.importorskip("matplotlib")
    suite = hostile_suite()
    suite.write(tmp_path / "v.json")
    write_report(tmp_path / "v.json", None, tmp_path / "out", root=tmp_path)
    page = (tmp_path / "out" / "index.html").read_text()
    assert not BAD.search(page)
    assert "<img" not in page
    assert "<svg onload" not in page
    assert page.count("<script") == 1
    assert_harmless((tmp_path / "out" / "REPRODUCTION.md").read_text())
    assert_harmless(summary(suite, ["a note\n::error::x"]))


@pytest.mark.parametrize("verdict", hostile_suite().claims, ids=attrgetter("test"))
def test_the_text_of_a_failure(verdict):
    assert_harmless(explained(verdict, None, None, "reproduce: pytest"), html=True)
    assert_harmless(changed(verdict, "SUPPORTED in main.json", "reproduce: pytest"), html=True)
    crash = shown_as("a text", "a file", 1, verdict.reason).reprcrash
    assert_harmless(crash.message, html=True)
    assert len(crash.message.splitlines()) <= 1


def test_every_row_of_a_table_has_its_cells():
    table = [line for line in summary(hostile_suite()).splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1


class Reporter:
    """Notes what pytest's would print."""

    isatty = False

    def __init__(self):
        self.lines = []

    def section(self, name):
        self.lines.append(name)

    def write_line(self, text, **_):
        self.lines.append(text)


def test_against():
    suite, reporter = hostile_suite(), Reporter()
    changed = change_each(suite, lambda verdict: dataclasses.replace(verdict, verdict=Outcome.SUPPORTED))
    new = change_each(suite, lambda verdict: dataclasses.replace(verdict, test=f"{verdict.test}x"))
    print_comparison(reporter, compare(suite, [*changed.claims[:4], *new.claims]), "v.json")
    text = "\n".join(reporter.lines)
    assert_harmless(text, html=True)
    assert len(text.splitlines()) == len(reporter.lines)


def case_of(v):
    return Case(v.case, v.id, v.statement, v.source, v.quote, v.reading, v.expected, v.known, v.test, v.statement, 3, v)


def test_lists_of_claims(monkeypatch):
    cases = list(map(case_of, hostile_suite().claims))
    assert_harmless(as_text(cases), html=True)
    assert len(as_text(cases).splitlines()) == len(cases) + 1
    text = as_json(cases)
    assert not BAD.search(text)
    assert list(map(itemgetter("statement"), json.loads(text))) == list(map(attrgetter("statement"), cases))
    strict = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    strict.write(as_text(cases) + text)


@given(st.text())
def test_whatever_the_text(text):
    assert_harmless(plain_text(text), html=True)
    assert_harmless(markdown_text(text))
    assert "\n" not in plain_text(text)
    assert visible(visible(text)) == visible(text)
    plain_text(text).encode()


@pytest.mark.parametrize("text", ["naïve “sentences” — π ≤ 4 ☃", "claims/test_a.py::test_b[1-x]", "深度", "é"])
def test_sound_text_stays(text):
    assert plain_text(text) == text


def test_a_folder_that_fails_to_collect_prints_nothing_raw(tmp_path, capsys):
    (tmp_path / "test_a.py").write_text("raise ValueError('\\x1b[2J ::error::x')")
    assert main(["claims", str(tmp_path)]) == 2
    assert_harmless(capsys.readouterr().err, html=True)
    assert sys.stdout is not None

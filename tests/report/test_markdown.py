"""The report for a code host, the summary of a job, and the badge."""

from __future__ import annotations

import dataclasses
import json

import pytest

from lrn.report import summary, write_report
from lrn.verdicts import Outcome
from tests.report.conftest import THREE, suite_of, verdict

SURPRISE = verdict("t.py::test", Outcome.REFUTED, expected=Outcome.SUPPORTED)


def test_the_markdown_has_a_row_per_case_with_named_columns(tmp_path):
    write_report(suite_of(*THREE), None, tmp_path, root=tmp_path)
    text = (tmp_path / "REPRODUCTION.md").read_text(encoding="utf-8")
    assert "**X1** Coins land on heads (paper §1): ✓ 2 supported" in text
    assert "| case | measured | compared with | seeds | verdict |" in text
    assert "| 1 | 25.0 % \\[12.5, 50.0\\] | 50.0 % | 256 | ✓ SUPPORTED |" in text.replace("\u00a0", " ")
    assert "| 2 | 37.5 % \\[12.5, 50.0\\] | 50.0 % | 256 | ✓ SUPPORTED |" in text.replace("\u00a0", " ")
    assert "**X4** Coins land on heads (paper §1): ✗ refuted" in text


def test_claims_cannot_break_the_markdown(tmp_path):
    evil = "a | b <img src=x> `c` [d](e) *f*\n# g"
    write_report(suite_of(verdict("t.py::test", statement=evil)), None, tmp_path, root=tmp_path)
    text = (tmp_path / "REPRODUCTION.md").read_text(encoding="utf-8")
    assert r"a \| b &lt;img src=x&gt; \`c\` \[d\](e) \*f\* \# g" in text


@pytest.mark.parametrize(
    ("suite", "message", "color"),
    [
        (suite_of(*THREE), "2 of 5 claims hold", "blue"),
        (suite_of(*THREE, complete=False), "2 of 5 claims hold", "lightgrey"),
        (suite_of(), "0 of 0 claims hold", "lightgrey"),
        (suite_of(THREE[0], SURPRISE), "1 of 2 claims hold", "red"),
    ],
)  # fmt: skip
def test_the_badge_follows_shields_schema(tmp_path, suite, message, color):
    write_report(suite, None, tmp_path, root=tmp_path)
    badge = json.loads((tmp_path / "badge.json").read_text())
    assert badge == {"schemaVersion": 1, "label": "reproduction", "message": message, "color": color}


def test_the_summary_puts_surprises_first():
    surprise = dataclasses.replace(THREE[2], expected=Outcome.SUPPORTED, known=None)
    text = summary(suite_of(*THREE[:2], surprise), ["a note"])
    assert text.index("### Not as expected") < text.index("Every verdict")
    assert "✗ REFUTED (unexpected)" in text
    assert text.endswith("a note\n")
    assert "Not as expected" not in summary(suite_of(*THREE))


def test_the_summary_stays_within_a_megabyte():
    long = [verdict(f"t.py::test_{i}", statement="wordy " * 250) for i in range(1000)]
    text = summary(suite_of(*long))
    assert len(text.encode()) <= 1_000_000
    assert "1000 of 1000 claims hold" in text
    assert "The table shows 500 of 1000 rows" in text
    assert "The table shows" not in summary(suite_of(*long[:100]))

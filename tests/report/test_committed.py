"""The committed report is that of the committed verdicts."""

from __future__ import annotations

import os
from operator import attrgetter
from pathlib import Path

import pytest

from lrn.report import write_report
from lrn.report._claims import claim_views
from lrn.verdicts import SuiteVerdicts

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "reports"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A report of the committed verdicts, without a ledger, on which the committed report does not depend."""
    folder = tmp_path_factory.mktemp("fresh")
    write_report(COMMITTED / "verdicts.json", None, folder, root=ROOT, suite=ROOT / "claims")
    return folder


@pytest.mark.parametrize("name", ["REPRODUCTION.md", "badge.json"])
def test_the_committed_report_shows_the_committed_verdicts(fresh, name):
    assert (COMMITTED / name).read_text(encoding="utf-8") == (fresh / name).read_text(encoding="utf-8"), (
        "run: make claims, or: lrn report --suite claims"
    )


def test_every_picture_of_the_markdown_is_committed(fresh):
    drawn = os.listdir(fresh / "figures")
    assert set(os.listdir(COMMITTED / "figures")) == set(drawn)
    text = (COMMITTED / "REPRODUCTION.md").read_text(encoding="utf-8")
    for name in drawn:
        assert f"(figures/{name})" in text


def test_no_two_numbers_of_a_case_read_the_same():
    """A row that says nothing of its depth or network cannot be told from the next."""
    alike = []
    for claim in claim_views(SuiteVerdicts.read(COMMITTED / "verdicts.json"), ROOT):
        for case in claim.cases:
            words = set()
            for n in case.numbers:
                words.add((n.own_setting, n.what, n.about, tuple(map(attrgetter("name"), n.sides))))
            alike += [case.key] if len(words) < len(case.numbers) else []
    assert alike == []

"""A pull request's comment: sentences first, before and after, and what changed."""

from __future__ import annotations

import dataclasses

from lrn.cli import main
from lrn.report import comment, documents_of
from lrn.verdicts import Outcome
from tests.report.conftest import suite_of, verdict
from tests.report.test_cards import VERDICTS, ended, folder

__all__ = ["folder"]


def commented(folder, before, after):
    suites = suite_of(*before), suite_of(*after)
    return comment(*suites, tuple(documents_of(suite, folder) for suite in suites))


def test_it_begins_with_how_the_document_stands_now(folder):
    text = commented(folder, VERDICTS, ended("X2", Outcome.SUPPORTED))
    assert text.startswith("**The paper holds up: of its 3 checked sentences 2 hold as written")
    assert "| holds | 1 | 2 | +1 |" in text
    assert "| overstated | 1 | 0 | -1 |" in text
    assert "| against its own table | 1 | 1 |  |" in text


def test_it_lists_the_sentences_and_cases_that_changed(folder):
    text = commented(folder, VERDICTS, ended("X2", Outcome.SUPPORTED))
    assert "### Sentences that changed: 1" in text
    assert (
        "**overstated → holds** (central, paper §1.2, Figure 3): “Coins mostly land on heads (\\>50 %).”"
        in text.replace("&gt;", "\\>")
    )
    assert "### Verdicts that changed: 1" in text
    assert "- **REFUTED → SUPPORTED** X2: Coins land on heads; 25.0 % \\[12.5, 50.0\\], 256 seeds" in text


def test_what_is_new_and_what_is_gone_is_said(folder):
    new = verdict("s/test_n.py::test_new", id="N1", statement="evil | *text* <b>")
    text = commented(folder, VERDICTS, (*VERDICTS[1:], new))
    assert "- **SUPPORTED → absent** X1" in text
    assert "- **absent → SUPPORTED** N1: evil \\| \\*text\\* &lt;b&gt;" in text


def test_the_same_verdicts_change_nothing(folder):
    text = commented(folder, VERDICTS, VERDICTS)
    assert "### Sentences that changed: none" in text
    assert "### Verdicts that changed: none" in text
    assert "→" not in text


def test_many_changes_are_counted(folder):
    many = [verdict(f"s/test_m.py::test_m[{i}]", id="M") for i in range(60)]
    text = commented(folder, many, [dataclasses.replace(v, verdict=Outcome.REFUTED) for v in many])
    assert "### Verdicts that changed: 60" in text
    assert "- and 10 more" in text


def test_the_command_writes_it(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    suite_of(*VERDICTS).write("before.json")
    suite_of(*ended("X2", Outcome.SUPPORTED)).write("after.json")
    assert main(["report", "--verdicts", "after.json", "--suite", "s", "--out", "out", "--against", "before.json"]) == 0
    assert "overstated → holds" in (tmp_path / "out" / "comment.md").read_text()
    assert main(["report", "--verdicts", "after.json", "--out", "out", "--against", "nowhere.json"]) == 2
    assert "there is no nowhere.json" in capsys.readouterr().err

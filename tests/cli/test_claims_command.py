"""`lrn claims` and `lrn report`, on a small suite of another paper."""

from __future__ import annotations

import json
import re
from operator import itemgetter
from pathlib import Path

import pytest

from lrn.cli import main
from lrn.verdicts import MeasuredQuantity, Outcome, Quantity, SuiteVerdicts, Verdict
from lrn.verdicts.registry import registry

SUITE = """
from lrn.claims import claim

@claim("Coins fall", source="§1", quote="they do", id="K1")
def test_fall():
    assert True

@claim("Coins fly", source="§2", id="K2", refuted="they do not")
def test_fly():
    assert False
"""


def write_suite(folder):
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (folder / "claims").mkdir()
    (folder / "claims" / "test_coins.py").write_text(SUITE)


@pytest.fixture(autouse=True)
def suite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_suite(tmp_path)


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """The cases of the suite, which a process of its own collects, in about a second."""
    folder = tmp_path_factory.mktemp("suite")
    write_suite(folder)
    return registry(folder / "claims")


@pytest.fixture
def collected(cases, monkeypatch):
    """Lets every folder have the cases of the suite."""
    monkeypatch.setattr("lrn.verdicts.registry._collected", lambda folder: cases)


def write_verdicts(path="reports/verdicts.json"):
    heads = Quantity("rate", "heads", ("a coin",))
    measured = (MeasuredQuantity("heads", "rate of heads", 0.5, 0.4321, 0.6, 64, 64, quantity=heads),)
    ended = [
        verdict("K1", "test_fall", Outcome.SUPPORTED, None, measured),
        verdict("K2", "test_fly", Outcome.REFUTED, "they do not", ()),
    ]
    SuiteVerdicts.of(
        ended, alpha=0.001, seed_offset=0, quantities=64, first_seeds=8, max_seeds=64, complete=True
    ).write(path)


def verdict(name, test, outcome, known, estimates):
    statement = "Coins fall" if name == "K1" else "Coins fly"
    return Verdict(
        name, f"claims/test_coins.py::{test}", statement, "§1", "they do", "", outcome, outcome, known, "", 1, estimates
    )


def test_claims_are_listed_without_verdicts(capsys):
    assert main(["claims"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["K1", "-"]
    assert lines[1].split()[:2] == ["K2", "-"]
    assert lines[-1] == "2 cases of 2 claims"


@pytest.mark.usefixtures("collected")
def test_the_verdicts_of_the_usual_place_are_shown(capsys):
    write_verdicts()
    assert main(["claims"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 cases of 2 claims, 1 REFUTED, 1 SUPPORTED"


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["--verdict", "refuted"], ["K2"]),
        (["--group", "K1"], ["K1"]),
        (["--search", "FLY"], ["K2"]),
        (["--search", "nothing of the kind"], []),
        (["--verdicts", "other.json", "--verdict", "SUPPORTED"], ["K1"]),
    ],
)
def test_cases_are_chosen(options, shown, capsys):
    write_verdicts()
    write_verdicts("other.json")
    assert main(["claims", *options, "--json"]) == 0
    assert list(map(itemgetter("id"), json.loads(capsys.readouterr().out))) == shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nowhere"], "the suite must be a folder of claims; there is no nowhere"),
        (["--verdict", "REFUTED"], "--verdict needs a file of verdicts"),
        (["--verdicts", "none.json"], "none.json"),
        (["--verdicts", "pyproject.toml"], "pyproject.toml must hold verdicts"),
        (["--verdicts", "good.json", "--verdict", "MAYBE"], "verdict must be one of SUPPORTED, REFUTED"),
    ],
)
def test_bad_input_is_one_sentence(options, message, capsys):
    write_verdicts("good.json")
    assert main(["claims", *options]) == 2
    stderr = capsys.readouterr().err
    assert message in stderr
    assert stderr.count("\n") == 1


def test_the_report_is_written_and_its_path_printed(tmp_path, capsys):
    pytest.importorskip("jinja2", reason="the report needs jinja2")
    write_verdicts()
    assert main(["report", "--out", "public"]) == 0
    assert capsys.readouterr().out.split() == ["public/index.html"]
    page = (tmp_path / "public" / "index.html").read_text(encoding="utf-8")
    assert "Coins fly" in page
    assert "[43.2, 60.0]" in page


def test_a_report_needs_verdicts(capsys):
    assert main(["report"]) == 2
    assert "there is no file of verdicts reports/verdicts.json" in capsys.readouterr().err


SENTENCES = """
[document]
name = "paper"
title = "Coins"

[[sentence]]
id = "fall"
section = "§1"
quote = "They do."
weight = "central"
readings = [{ words = "they fall", claims = ["K1"] }, { words = "they fly, too", claims = ["K2"] }]
"""


def write_sentences(path="claims/sentences/paper.toml"):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(SENTENCES, encoding="utf-8")


def test_sentences_are_listed_with_their_verdicts(capsys):
    write_verdicts()
    write_sentences()
    assert main(["claims", "--sentences"]) == 0
    out = capsys.readouterr().out
    assert "OVERSTATED  fall (paper §1; central)" in out
    assert out.splitlines()[-1] == "paper: 1 sentence: 1 overstated"
    assert main(["claims", "--sentences", "--verdict", "refuted", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["sentences"] == []
    write_sentences("elsewhere.toml")
    assert main(["claims", "--sentences", "elsewhere.toml", "--group", "paper", "--weight", "central"]) == 0
    assert "fall" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sentences", "nowhere.toml"], "there is no nowhere.toml"),
        (["--sentences", "--verdicts", "nowhere.json"], "there is no nowhere.json"),
        (["--sentences", "--group", "other"], "--group must be one of paper with --sentences; got 'other'"),
        (["--sentences", "--verdict", "REFUTED"], "standing must be one of holds, .*; got 'REFUTED'"),
        (["--sentences", "--weight", "heavy"], "weight must be one of central, .*; got 'heavy'"),
        (["--weight", "central"], "--weight is for sentences"),
    ],
)
def test_bad_choices_of_sentences_are_refused(capsys, options, message):
    write_verdicts()
    write_sentences()
    assert main(["claims", *options]) == 2
    assert re.search(message, capsys.readouterr().err)

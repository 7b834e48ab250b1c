"""`lrn plan`: seeds before any training, at the error budget that the suite will be judged with."""

from __future__ import annotations

import re

import pytest

from lrn.cli import main
from lrn.intervals import seeds_needed

SUITE = """
from dataclasses import dataclass

import numpy as np

from lrn.claims import claim


@dataclass(frozen=True)
class Coins:
    share: float

    @property
    def label(self):
        return f"coins of {self.share}"

    def sample(self, seeds):
        return {"heads": np.array([np.random.default_rng(seed).random() < self.share for seed in seeds])}


@claim("Always heads", id="A")
def test_always(measure):
    assert measure.rate(Coins(1.0), "heads") > 0.5
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(**values):
    return "[tool.pytest.ini_options]\n" + "".join(f'{name} = "{value}"\n' for name, value in values.items())


def planned(capsys, *arguments):
    assert main(["plan", "--rates", "0.9", "0.4", *arguments]) == 0
    (seeds,) = re.findall(r"about (\d+) seeds of each", capsys.readouterr().out)
    return int(seeds)


def test_seeds_are_planned_with_the_projects_own_budget(folder, capsys):
    strict = planned(capsys)
    assert strict == round(seeds_needed(0.9, 0.4, alpha=0.001, quantities=64, power=0.9))
    (folder / "pyproject.toml").write_text(settings(lrn_alpha="0.05", lrn_quantities="12"))
    loose = planned(capsys)
    assert loose == round(seeds_needed(0.9, 0.4, alpha=0.05, quantities=12, power=0.9))
    assert loose < strict
    assert planned(capsys, "--alpha", "0.001", "--quantities", "64") == strict, "what is asked for on the command line"


@pytest.mark.parametrize("text", ["", "[project]\nname = 'mine'\n", settings(lrn_alpha="")])
def test_a_project_without_a_budget_has_the_default(folder, capsys, text):
    before = planned(capsys)
    (folder / "pyproject.toml").write_text(text)
    assert planned(capsys) == before


@pytest.mark.parametrize("text", [settings(lrn_alpha="small"), "[tool", "tool = 3\n"])
def test_settings_that_cannot_be_read_are_named(folder, capsys, text):
    (folder / "pyproject.toml").write_text(text)
    assert main(["plan", "--rates", "0.9", "0.4"]) == 2
    assert "lrn_alpha in pyproject.toml must be a number that pytest can read, but" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", settings(lrn_max_seeds="30")),
        ("pytest.ini", "[pytest]\nlrn_max_seeds = 30\n"),
        ("tox.ini", "[pytest]\nlrn_max_seeds = 30\n"),
        ("setup.cfg", "[tool:pytest]\nlrn_max_seeds = 30\n"),
    ],
)
def test_the_most_seeds_of_the_project_are_those_that_it_can_afford(folder, capsys, file, text):
    (folder / file).write_text(text)
    assert main(["plan", "--rates", "0.9"]) == 0
    assert capsys.readouterr().out.startswith("30 seeds of each")
    assert main(["plan", "--rates", "0.9", "--seeds", "40"]) == 0
    assert capsys.readouterr().out.startswith("40 seeds of each")


def test_a_pilot_plans_with_the_projects_most_seeds(folder, capsys):
    (folder / "claims").mkdir()
    (folder / "claims" / "test_coins.py").write_text(SUITE)
    (folder / "pyproject.toml").write_text(settings(lrn_max_seeds="10"))
    assert main(["plan", "claims", "--pilot", "8"]) == 0
    out = capsys.readouterr().out
    assert "more than the 10 allowed" in out
    assert "with 10 seeds of each" in out


def test_a_pilot_judges_with_the_projects_own_budget(folder, capsys):
    (folder / "claims").mkdir()
    (folder / "claims" / "test_coins.py").write_text(SUITE)
    (folder / "pyproject.toml").write_text(settings(lrn_alpha="0.05", lrn_quantities="12"))
    assert main(["plan", "claims", "--pilot", "12"]) == 0
    assert "A  SUPPORTED already, with 12 seeds" in capsys.readouterr().out
    assert main(["plan", "claims", "--pilot", "12", "--alpha", "0.0001"]) == 0
    assert re.search(r"A  about \d+ seeds of each", capsys.readouterr().out)

"""`lrn plan FOLDER --pilot N`: the seeds and the training that each kind of claim needs."""

from __future__ import annotations

import math
import re

import pytest

from lrn.cli import main
from lrn.cli._pilot import _nearest_first, _rows, planned
from lrn.verdicts import MeasuredQuantity, Outcome, Quantity, SuiteVerdicts, Verdict

TRAININGS = """
import time
import numpy as np
from lrn.claims import population

@population
def net(seed, *, depth):
    time.sleep(0.01)
    noise = np.random.default_rng([seed, depth]).normal(size=2)
    return {"accuracy": 0.9 - 0.01 * depth + 0.01 * float(noise[0]), "learned": bool(noise[1] < 1.5 - depth / 4)}
"""
CLAIMS = """
from lrn.claims import claim, equal, ranking, reproduces, trend
from trainings import net

NETS = net.grid(depth=[2, 4, 8])

def means(measure, **how):
    return [measure.mean(one, "accuracy", **(how or {"assume": "normal"})) for one in NETS]

@claim("A rate", id="rate")
def test_rate(measure):
    assert measure.rate(NETS[0], "learned") > measure.rate(NETS[2], "learned")

@claim("A median", id="median_difference")
def test_median_difference(measure):
    assert measure.median_difference(NETS[0], NETS[2], "accuracy") > 0.01

@claim("Equal", id="equal")
def test_equal(measure):
    assert equal(*means(measure)[:2], within=0.03)

@claim("Ranked", id="ranking")
def test_ranking(measure):
    assert ranking(means(measure))

@claim("A trend", id="trend")
def test_trend(measure):
    assert trend(means(measure), at=[2, 4, 8]) < 0.01

@claim("Reproduced", id="reproduces")
def test_reproduces(measure):
    assert reproduces(means(measure)[0], "88.0 ± 0.9 %", seeds=5)

@claim("Symmetric", id="symmetric")
def test_symmetric(measure):
    assert measure.mean_difference(NETS[0], NETS[2], "accuracy", assume="symmetric") > 0

@claim("Subgaussian", id="subgaussian")
def test_subgaussian(measure):
    assert means(measure, assume="subgaussian", sd=0.01)[0] > 0.87
"""
KINDS = {"rate", "median_difference", "equal", "ranking", "trend", "reproduces", "symmetric", "subgaussian"}
PLANNED = r"about ([\d,]+) seeds of each, ([\d.]+) (ms|s|min) of training|SUPPORTED already, with 5"


@pytest.fixture
def suite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims/trainings.py").write_text(TRAININGS)
    (tmp_path / "claims/test_claims.py").write_text(CLAIMS)
    settings = ["[pytest]", "lrn_alpha = 0.05", "lrn_quantities = 16", "addopts = -p no:cacheprovider"]
    (tmp_path / "pytest.ini").write_text("\n".join(settings))


def test_every_kind_of_claim_has_its_seeds_and_its_training(suite, capsys):
    assert main(["plan", "claims", "--pilot", "5", "--seeds", "30", "--hours", "1"]) == 0
    *rows, total, in_time = capsys.readouterr().out.splitlines()
    kinds = set()
    for row in rows:
        kind, text = row.split(maxsplit=1)
        kinds.add(kind)
        parts = re.match(PLANNED, text)
        assert parts, (kind, text)
        assert parts[2] is None or float(parts[2]) > 0, "seeds that another claim has trained first cost as much"
    assert kinds == KINDS
    assert re.match(r"\d of \d open claims can be decided with 30 seeds of each, in about", total)
    assert in_time.startswith("in 1 hours on one core: ")


def test_the_plan_takes_the_suites_own_error_budget(suite, capsys):
    def seeds(*options):
        main(["plan", "claims", "--pilot", "5", *options])
        (number,) = re.findall(r"^rate +\S+ +(\S+)", capsys.readouterr().out, re.MULTILINE)
        return int(number.replace(",", ""))

    assert seeds() == seeds("--alpha", "0.05") < seeds("--alpha", "0.0001")


def measured(label, low, high, seeds=5):
    quantity = Quantity("rate", "x", (label,))
    return MeasuredQuantity(quantity.key, quantity.name, 0.5, low, high, seeds, seeds, (0.5,), 1, quantity)


def verdict(name, needed, *estimates):
    ends = (Outcome.SUPPORTED if needed is None else Outcome.INCONCLUSIVE), Outcome.SUPPORTED
    return Verdict(name, f"t.py::{name}", name, "", "", "", *ends, None, "", 1, estimates, seeds_needed=needed)


def plans(*verdicts):
    suite = SuiteVerdicts.of(
        verdicts, alpha=0.05, quantities=12, seed_offset=0, first_seeds=5, max_seeds=5, complete=True
    )
    return planned(suite, power=0.5)


def test_only_open_quantities_lack_seeds():
    (plan,) = plans(verdict("a", 20.0, measured("open", 0.2, 0.8), measured("decided", 0.6, 0.8)))
    assert (plan.seeds, plan.lacking) == (20, {"open": 15})
    assert plan.seconds({"open": 2.0, "decided": 100.0}, {"open": 5.0}) == 20.0


def test_the_nearest_claim_is_next_and_shared_seeds_count_once():
    able = plans(
        verdict("long", 45.0, measured("x", 0, 1)),
        verdict("short", 25.0, measured("x", 0, 1)),
        verdict("other", 35.0, measured("y", 0, 1)),
    )
    order = [(plan.verdict.id, seconds) for plan, seconds in _nearest_first(able, {"x": 1.0, "y": 1.0})]
    assert order == [("short", 20), ("long", 20), ("other", 30)]
    rows = list(_rows(able, {"x": 3600.0, "y": 3600.0}, None, 45.0))
    assert rows[-1] == "in 45 hours on one core: short, long"


def test_claims_without_an_estimate_and_decided_ones_say_so():
    both = plans(verdict("a", math.inf), verdict("b", None, measured("x", 0.6, 1)))
    rows = list(_rows(both, {}, 9, None))
    assert rows[0] == "a  cannot be said: its estimate lies at the margin"
    assert rows[1] == "b  SUPPORTED already, with 5 seeds"
    assert rows[2].startswith("0 of 1 open claims can be decided with 9 seeds of each")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rates", "0.9", "0.5", "--hours", "1"], "--hours is for a suite, with --pilot N"),
        (
            ["x", "--pilot", "5", "--rates", "0.9"],
            "a suite is planned with --pilot N, two rates with --rates; got both",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, sentence, capsys):
    assert main(["plan", *arguments]) == 2
    assert sentence in capsys.readouterr().err

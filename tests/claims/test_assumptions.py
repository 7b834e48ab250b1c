"""Means that rest on an assumption, and medians of differences: measured, named, recorded, and what bounds cost."""

from __future__ import annotations

import json
import math
from operator import attrgetter

import numpy as np
import pytest

from lrn.claims import Measure, judge
from lrn.claims._claim import Claim, Expectation
from lrn.intervals import normal_sequence, quantile_sequence, subgaussian_sequence, symmetric_sequence
from lrn.report import interval_text
from lrn.verdicts import FORMAT, Outcome, SuiteVerdicts, tables

ALPHA, SHARES = 0.05, 12


def drawn(seeds: range, stream: int) -> np.ndarray:
    """One number per seed, with a standard deviation of 0.01."""
    return np.array([np.random.default_rng([seed, stream]).normal(0, 0.01) for seed in seeds])


class Runs:
    """Accuracies about a level; what two of them have of one seed in common is half of their spread."""

    def __init__(self, label: str, level: float, stream: int, decimals: int = 6) -> None:
        self.label, self._level, self._stream, self._decimals = label, level, stream, decimals

    def sample(self, seeds: range) -> dict[str, list[float] | list[bool]]:
        """The accuracy and whether it converged, for each seed."""
        shared, own = drawn(seeds, 99), drawn(seeds, self._stream)
        accuracy = np.round(self._level + shared + own, self._decimals)
        converged = np.array(seeds) % 4 > 0
        return {"accuracy": accuracy.tolist(), "converged": converged.tolist(), "won": (own > 0).tolist()}


LATE, PLAIN, SAME = Runs("late", 0.95, 1), Runs("plain", 0.91, 2), Runs("same", 0.95, 3)


@pytest.fixture
def measure() -> Measure:
    return Measure(
        lambda population, seeds, trace: population.sample(seeds),
        alpha=ALPHA, quantities=SHARES, first_seeds=5, max_seeds=30, step=1,
    )  # fmt: skip


def values(population: Runs, n: int) -> np.ndarray:
    return np.array(population.sample(range(n))["accuracy"])


def judged(measure, decide, expected=Outcome.SUPPORTED):
    def body() -> None:
        assert decide()

    judgement = judge(body, measure)
    verdict = judgement.record(Claim("one"), "test_one.py::test_one", Expectation(expected, None), measure)
    return judgement, verdict


def suite_of(*verdicts):
    return SuiteVerdicts.of(
        verdicts, alpha=ALPHA, quantities=SHARES, seed_offset=0, first_seeds=5, max_seeds=30, complete=True
    )


@pytest.mark.parametrize(
    ("options", "sequence"),
    [
        ({"assume": "normal"}, normal_sequence),
        ({"assume": "symmetric"}, symmetric_sequence),
        ({"assume": "subgaussian", "sd": 0.02}, lambda x, alpha: subgaussian_sequence(x, 0.02, alpha)),
    ],
)
def test_a_mean_is_the_confidence_sequence_of_its_assumption(options, sequence):
    measure = Measure(lambda p, seeds, trace: p.sample(seeds), alpha=ALPHA, quantities=SHARES, first_seeds=25)
    estimate = measure.mean(LATE, "accuracy", **options)
    assert (estimate.low, estimate.high) == pytest.approx(sequence(values(LATE, 25), 2 * ALPHA / SHARES), abs=1e-9)
    difference = estimate - measure.mean(PLAIN, "accuracy", **options)
    differences = values(LATE, 25) - values(PLAIN, 25)
    if "sd" in options:
        expected = subgaussian_sequence(differences, 0.04, 2 * ALPHA / SHARES)  # the two may have anything in common
    else:
        expected = sequence(differences, 2 * ALPHA / SHARES)
    assert (difference.low, difference.high) == pytest.approx(expected, abs=1e-9)


def test_a_median_difference_is_the_median_of_the_differences_by_seed(measure):
    measure = Measure(lambda p, seeds, trace: p.sample(seeds), alpha=ALPHA, quantities=SHARES, first_seeds=25)
    estimate = measure.median_difference(LATE, PLAIN, "accuracy")
    expected = quantile_sequence(values(LATE, 25) - values(PLAIN, 25), 0.5, 2 * ALPHA / SHARES)
    assert (estimate.low, estimate.high) == expected
    assert estimate.name == "median difference of accuracy in late less plain"
    some = measure.median_difference(LATE, PLAIN, "accuracy", given="converged")
    assert some.n == 18


def test_few_seeds_decide_what_bounds_leave_open(measure):
    decisions = {
        "bounds": lambda: (
            measure.mean(LATE, "accuracy", bounds=(0, 1)) > measure.mean(PLAIN, "accuracy", bounds=(0, 1))
        ),
        "normal": lambda: measure.mean_difference(LATE, PLAIN, "accuracy", assume="normal") > 0,
        "symmetric": lambda: measure.mean_difference(LATE, PLAIN, "accuracy", assume="symmetric") > 0,
        "median": lambda: measure.median_difference(LATE, PLAIN, "accuracy") > 0,
        "sign": lambda: measure.paired_rate(LATE, PLAIN, "accuracy") > 0.5,
    }
    endings = []
    for decide in decisions.values():
        endings.append(judged(measure, decide)[0].verdict)
    assert endings == [Outcome.INCONCLUSIVE] + [Outcome.SUPPORTED] * 4
    seeds = dict(zip(decisions, map(attrgetter("seeds"), measure.quantities), strict=True))
    assert seeds.pop("bounds") == 30
    assert seeds["normal"] <= 8
    assert max(seeds.values()) <= 14


def test_the_same_accuracy_stays_open(measure):
    for options in ({"assume": "normal"}, {"assume": "symmetric"}, {"assume": "subgaussian", "sd": 0.02}):
        judgement, _ = judged(measure, lambda o=options: measure.difference(LATE, SAME, "accuracy", **o) > 0)
        assert judgement.verdict is Outcome.INCONCLUSIVE


def test_a_condition_keeps_the_assumption_and_its_seeds():
    measure = Measure(lambda p, seeds, trace: p.sample(seeds), alpha=ALPHA, quantities=SHARES, first_seeds=25)
    conditional = measure.mean(LATE, "accuracy", given="converged", assume="normal")
    assert conditional > 0.8
    assert conditional.n < measure.quantities[0].seeds
    paired = measure.mean_difference(LATE, PLAIN, "accuracy", given="converged", assume="normal")
    assert paired > -1
    apart = conditional - measure.mean(PLAIN, "accuracy", given="converged", assume="normal")
    assert apart > -1  # an interval for each, as the seeds may be others
    assert list(map(attrgetter("shares"), measure.quantities)) == [1, 1, 2]
    assert set(map(attrgetter("assumption"), measure.quantities)) == {"normal"}


def test_what_is_assumed_otherwise_has_an_interval_of_its_own(measure):
    mixed = measure.mean(LATE, "accuracy", assume="normal") - measure.mean(PLAIN, "accuracy", bounds=(0, 1))
    assert mixed > -2
    assert (measure.quantities[0].shares, measure.quantities[0].assumption) == (2, "normal")


def test_a_verdict_says_what_it_rests_on_wherever_it_is_shown(measure, tmp_path):
    judgement, verdict = judged(measure, lambda: measure.mean_difference(LATE, PLAIN, "accuracy", assume="normal") > 0)
    assert "assumed normal" in verdict.estimates[0].name
    assert judgement.reason.endswith("if normal")
    assert verdict.assumptions == ("normal",)
    suite = suite_of(verdict)
    suite.write(tmp_path / "verdicts.json")
    again = SuiteVerdicts.read(tmp_path / "verdicts.json")
    assert again == suite
    assert again.claims[0].estimates[0].terms[0].quantity.assume == "normal"
    assert suite.proviso == " (1 of them if values are as assumed: normal)"
    assert tables.rows_of(suite.claims)[0].measured[0].endswith("] if normal")
    assert interval_text(verdict.estimates[0]).endswith("] if normal")


def test_a_record_without_assumptions_has_no_word_of_them(measure, tmp_path):
    _, verdict = judged(measure, lambda: measure.paired_rate(LATE, PLAIN, "accuracy") > 0.5)
    suite = suite_of(verdict)
    assert suite.proviso == ""
    text = json.dumps(suite.to_json())
    assert FORMAT == 2
    for name in ("assume", "assumption", "sd"):
        assert f'"{name}"' not in text
    suite.write(tmp_path / "verdicts.json")
    assert SuiteVerdicts.read(tmp_path / "verdicts.json") == suite


def test_a_record_of_what_nobody_can_assume_is_refused(measure, tmp_path):
    _, verdict = judged(measure, lambda: measure.mean(LATE, "accuracy", assume="normal") > 0.5)
    quantity = verdict.estimates[0].quantity
    assert quantity is not None
    for wrong in ({"assume": "lucky"}, {"sd": 1.0}, {"assume": "subgaussian", "sd": -1.0}):
        data = verdict.to_json()
        data["estimates"][0]["quantity"].update(wrong)
        with pytest.raises(ValueError, match=r"assume|sd"):
            type(verdict).from_json(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"assume": "gaussian"}, "assume must be one of normal, symmetric, subgaussian; got 'gaussian'"),
        ({"assume": "subgaussian"}, 'assume="subgaussian" needs sd, a positive number; got None'),
        ({"assume": "subgaussian", "sd": 0}, "needs sd, a positive number; got 0"),
        ({"assume": "subgaussian", "sd": True}, "needs sd, a positive number; got True"),
        ({"assume": "normal", "sd": 0.1}, 'sd is for assume="subgaussian"; got 0.1'),
        ({"sd": 0.1}, 'sd is for assume="subgaussian"; got 0.1 with assume=None'),
        ({"assume": "normal", "bounds": (0, 1)}, "bounds or on an assumption"),
        ({}, "needs bounds"),
    ],
)
def test_what_a_mean_cannot_rest_on_is_one_sentence(measure, options, message):
    with pytest.raises(ValueError, match=message):
        measure.mean(LATE, "accuracy", **options)


class Never:
    """A metric that may never happen."""

    label = "never"

    def sample(self, seeds):
        some = np.where(np.array(seeds) == 3, math.inf, seeds)
        return {"epochs": [math.inf] * len(seeds), "some": some.tolist()}


def test_infinite_values_have_no_mean_and_no_difference(measure):
    with pytest.raises(ValueError, match="values of some must be finite for a mean; got inf"):
        bool(measure.mean(Never(), "some", assume="symmetric") > 0)
    with pytest.raises(ValueError, match="epochs must not be infinite on both sides for one seed"):
        bool(measure.median_difference(Never(), Never(), "epochs") > 0)
    assert (
        judged(measure, lambda: measure.median_difference(Never(), LATE_EPOCHS, "epochs") > 5)[0].verdict == "SUPPORTED"
    )


class Epochs:
    """Always three epochs."""

    label = "three"

    def sample(self, seeds):
        return {"epochs": [3.0] * len(seeds)}


LATE_EPOCHS = Epochs()


def test_an_open_mean_says_what_its_bounds_cost(measure):
    judgement, verdict = judged(measure, lambda: measure.mean(LATE, "accuracy", bounds=(0, 1)) > 0.93)
    assert judgement.verdict is Outcome.INCONCLUSIVE
    (note,) = verdict.notes
    assert "the bounds rule the interval of mean of accuracy within 0.0 and 1.0 in late" in note
    assert "median" in note


def test_nothing_is_said_of_bounds_that_cost_little(measure):
    tight = {"bounds": (0.89, 0.99)}
    _, verdict = judged(measure, lambda: measure.mean(LATE, "accuracy", **tight) > 0.951)
    rate = judged(measure, lambda: measure.rate(LATE, "won") > measure.rate(PLAIN, "won"))[1]
    known = judged(measure, lambda: measure.mean(SAME, "accuracy", bounds=(0, 1)) > 0.95, Outcome.INCONCLUSIVE)[1]
    for undecided in (verdict, rate, known):
        assert undecided.verdict is Outcome.INCONCLUSIVE
        assert undecided.notes == ()

"""Judging by itself: the words of what comes out."""

import itertools
import math

import pytest

from lrn.claims import Claim, Decision, Judgement, Measure, Undecided, judge, unjudged
from lrn.plugin._failure import explained
from lrn.verdicts import Outcome, SuiteVerdicts


class Always:
    """Is true for every seed."""

    def __init__(self, label="always"):
        self.label = label

    def sample(self, seeds):
        return {"true": [True] * len(seeds)}


NOTHING = "it asked for measure, but asserted no comparison of what it measured: its verdict would rest on nothing"


def measuring(first_seeds=64, max_seeds=128):
    return Measure(
        lambda population, seeds, trace: population.sample(seeds), first_seeds=first_seeds, max_seeds=max_seeds
    )


def open_about(*quantities, growth=2.0):
    return Undecided(Decision(None, "it is open", quantities, growth=growth, needed=growth * 64))


def test_an_undecided_claim_says_what_it_lacks():
    measure = measuring(8, 8)

    def body():
        assert (measure.rate(Always("a"), "true") > 0.9) & (measure.rate(Always("b"), "true") > 0.8)

    judgement = judge(body, measure)
    verdict = judgement.record(Claim("It is so"), "t.py::test_it", Claim("It is so").expectation, measure)
    q, _ = measure.quantities
    assert verdict.seeds_needed > 8
    lines = explained(verdict, judgement.error, measure, "reproduce: it").splitlines()
    at = lines.index("too wide")
    assert lines[at + 1 : at + 5] == [
        "  rate of true in a",
        f"      1 [{q.low:.4g}, 1]  8 seeds",
        "  rate of true in b",
        f"      1 [{q.low:.4g}, 1]  8 seeds",
    ]
    assert lines[at + 5] == f"needed   about {verdict.seeds_needed:,.0f} seeds of each"
    assert lines[at + 6].startswith("allowed  8 seeds")
    assert lines[-1] == "reproduce: it"


def test_an_undecided_claim_about_nothing_measured_says_so():
    def body():
        raise open_about()

    judgement = judge(body, None)
    verdict = judgement.record(Claim("It is so"), "t.py::test_it", Claim("It is so").expectation, None)
    assert (verdict.verdict, verdict.seeds_needed, verdict.estimates) == (Outcome.INCONCLUSIVE, math.inf, ())
    lines = explained(verdict, judgement.error, None, "").splitlines()
    assert lines[lines.index("open     it is open") + 1] == "needed   no number of seeds can be said to decide it"


def test_needed_seeds_are_rounded_up():
    measure = measuring(64, 64)
    decision = measure.rate(Always("a"), "true") > 0.99
    assert decision.value is None
    (expression,) = decision.undecided
    undecided = Undecided(Decision(None, "it is open", (expression,), growth=1.001, needed=64.064))
    judgement = Judgement(Outcome.INCONCLUSIVE, "", 1, undecided)
    verdict = judgement.record(Claim("It is so"), "t.py::test_it", Claim("It is so").expectation, measure)
    assert (verdict.seeds_needed, type(verdict.seeds_needed)) == (65.0, float)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (lambda: 1, "it must assert, not return; it returned 1"),
        (lambda: None, NOTHING),
    ],
)
def test_a_claim_that_asserts_nothing_is_an_error_with_its_reason(body, reason):
    judgement = judge(body, measuring())
    assert (judgement.verdict, judgement.reason, judgement.looks) == (Outcome.ERROR, reason, 1)


def test_a_claim_that_compares_nothing_is_an_error_with_its_reason():
    measure = measuring()

    def body():
        measure.rate(Always("a"), "true") > 0.1  # noqa: B015 - the assertion is forgotten

    judgement = judge(body, measure)
    assert (judgement.verdict, judgement.reason) == (Outcome.ERROR, NOTHING)


@pytest.mark.parametrize(("length", "shown"), [(300, "x" * 300), (301, "x" * 299 + "…")])
def test_a_reason_has_at_most_three_hundred_characters(length, shown):
    assert unjudged("x" * length, skipped=True).reason == shown


def test_a_claim_that_never_ran_is_skipped_or_an_error_with_the_first_line():
    skipped, broken = unjudged("not here\nnor there", skipped=True), unjudged(OSError("no disk"), skipped=False)
    assert (skipped.verdict, skipped.reason, skipped.looks) == (Outcome.SKIPPED, "not here", 0)
    assert (broken.verdict, broken.reason, broken.looks) == (Outcome.ERROR, "OSError: no disk", 0)
    assert unjudged("no disk", skipped=False).reason == "no disk"


def test_verdicts_come_in_the_order_of_their_tests():
    def skipped(test):
        return unjudged("", skipped=True).record(Claim("It"), test, Claim("It").expectation, None)

    one, two = skipped("a"), skipped("b")
    settings = {
        "alpha": 0.001, "quantities": 64, "seed_offset": 0, "first_seeds": 8, "max_seeds": 64, "complete": True,
    }  # fmt: skip
    assert SuiteVerdicts.of([two, one], **settings).claims == (one, two)


@pytest.mark.parametrize("address", ["0x7f3a", "0x7F3A"])
def test_a_reason_has_no_addresses_in_either_case(address):
    def body():
        raise RuntimeError(f"<object at {address}> is no number")

    assert judge(body, None).reason == "RuntimeError: <object> is no number"


def test_a_claim_that_measures_something_else_at_each_look_is_an_error():
    measure, numbers = measuring(8, 64), itertools.count()

    def body():
        assert measure.rate(Always(f"look {next(numbers)}"), "true") > 0.9

    judgement = judge(body, measure)
    assert judgement.verdict == Outcome.ERROR
    assert "it measures something else each time" in judgement.reason
    assert judgement.looks < 100


def test_a_claim_may_have_many_assertions_that_are_decided_one_after_another():
    measure = measuring(8, 1024)

    def body():
        for number in range(30):
            assert measure.rate(Always(f"net {number}"), "true") > 0.5

    assert judge(body, measure).verdict == Outcome.SUPPORTED

"""Judging by itself: when asking again has a point, and the words of what comes out."""

import math

import pytest

from lrn.claims import Claim, Decision, Judgement, Measure, Quantity, Undecided, judge, unjudged
from lrn.claims._measure import FUTILE_SEEDS
from lrn.intervals import look_alpha, quantity_alpha, rate_interval
from lrn.verdicts import Outcome, SuiteVerdicts


class Always:
    """Is true for every seed."""

    def __init__(self, label="always"):
        self.label = label

    def sample(self, seeds):
        return {"true": [True] * len(seeds)}


def measuring(first_look=64, max_seeds=128):
    return Measure(
        lambda population, seeds, trace: population.sample(seeds), first_look=first_look, max_seeds=max_seeds
    )


def open_about(*estimates, growth=2.0):
    quantities = tuple(q for estimate in estimates for q in estimate.quantities)
    return Undecided(Decision(None, "it is open", quantities, growth=growth, needed=growth * 64))


def seeds(measure):
    return [quantity.seeds for quantity in measure.quantities]


def ask(measure, *labels):
    return [measure.rate(Always(label), "true") for label in labels]


def test_open_quantities_double_up_to_the_most_seeds():
    measure = measuring(64, 256)
    a, b = ask(measure, "a", "b")
    assert measure.widen(open_about(a))
    assert measure.widen(open_about(a))
    ask(measure, "a", "b")
    assert seeds(measure) == [256, 64]
    assert measure.widen(open_about(a, b))
    ask(measure, "a", "b")
    assert seeds(measure) == [256, 128]
    assert not measure.widen(open_about(a))


@pytest.mark.parametrize("n", [64, 128, 256])
def test_each_look_spends_its_own_share(n):
    measure = measuring(64, 256)
    (a,) = ask(measure, "a")
    while a.n < n:
        measure.widen(open_about(a))
        (a,) = ask(measure, "a")
    assert (a.low, a.high) == rate_interval(n, n, look_alpha(quantity_alpha(0.001), n))


def test_a_quantity_that_was_not_measured_here_is_no_reason_to_ask_again():
    measure = measuring()
    ask(measure, "a")
    foreign = Undecided(Decision(None, "it is open", (Quantity("elsewhere", 0.5, 0, 1, 64),), growth=2.0))
    assert not measure.widen(foreign)
    assert measure.seeds_needed(foreign) == math.inf


def test_the_seeds_needed_are_those_of_the_quantity_with_the_most():
    measure = measuring(64, 256)
    a, b = ask(measure, "a", "b")
    measure.widen(open_about(a))
    assert measure.seeds_needed(open_about(a, b, growth=3.0)) == 3 * 128
    assert measure.seeds_needed(open_about(a, b, growth=math.inf)) == math.inf


@pytest.mark.parametrize(("growth", "goes_on"), [(16.0, True), (16.001, False), (math.inf, False)])
def test_a_claim_is_given_up_beyond_eight_times_the_seeds_allowed(growth, goes_on):
    measure = measuring(FUTILE_SEEDS, 2 * FUTILE_SEEDS)
    (a,) = ask(measure, "a")
    assert measure.widen(open_about(a, growth=growth)) is goes_on


def test_no_claim_is_given_up_before_it_was_tried():
    measure = measuring(FUTILE_SEEDS // 2, 2 * FUTILE_SEEDS)
    (a,) = ask(measure, "a")
    assert measure.widen(open_about(a, growth=math.inf))


def test_a_first_look_beyond_the_most_seeds_is_the_most_seeds():
    measure = measuring(256, 128)
    ask(measure, "a")
    assert seeds(measure) == [128]


def test_an_undecided_claim_says_what_it_lacks():
    measure = measuring(64, 64)

    def body():
        (a,) = ask(measure, "a")
        raise open_about(a)

    judgement = judge(body, measure)
    verdict = judgement.record(Claim("It is so"), "t.py::test_it", Claim("It is so").expectation, measure)
    (q,) = measure.quantities
    shown = f"rate of true in a, 1 [{q.low:.4g}, 1] at 64 seeds"
    start = f"INCONCLUSIVE after 1 looks: it is open; too wide: {shown}; about 128 seeds of each would settle it"
    assert judgement.outlook(verdict, measure) == f"{start}, and 64 are allowed"
    assert judgement.outlook(verdict, None) == start


def test_an_undecided_claim_about_nothing_measured_says_so():
    def body():
        raise open_about()

    judgement = judge(body, None)
    verdict = judgement.record(Claim("It is so"), "t.py::test_it", Claim("It is so").expectation, None)
    assert (verdict.verdict, verdict.seeds_needed, verdict.estimates) == (Outcome.INCONCLUSIVE, math.inf, ())
    assert judgement.outlook(verdict, None) == (
        "INCONCLUSIVE after 1 looks: it is open; too wide: nothing that was measured; "
        "no number of seeds can be said to settle it"
    )


def test_needed_seeds_are_rounded_up():
    measure = measuring()
    (a,) = ask(measure, "a")
    judgement = Judgement(Outcome.INCONCLUSIVE, "", 1, open_about(a, growth=1.001))
    verdict = judgement.record(Claim("It is so"), "t.py::test_it", Claim("It is so").expectation, measure)
    assert (verdict.seeds_needed, type(verdict.seeds_needed)) == (65.0, float)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (lambda: 1, "it must assert, not return; it returned 1"),
        (lambda: None, "it asked for measure, but measured nothing"),
    ],
)
def test_a_claim_that_asserts_nothing_is_an_error_with_its_reason(body, reason):
    judgement = judge(body, measuring())
    assert (judgement.verdict, judgement.reason, judgement.looks) == (Outcome.ERROR, reason, 1)


def test_a_claim_that_compares_nothing_is_an_error_with_its_reason():
    measure = measuring()

    def body():
        ask(measure, "a")

    reason = "it measured, but asserted no comparison of what it measured: its verdict would rest on nothing"
    assert (judge(body, measure).verdict, judge(body, measure).reason) == (Outcome.ERROR, reason)


@pytest.mark.parametrize(("length", "shown"), [(300, "x" * 300), (301, "x" * 299 + "…")])
def test_a_reason_has_at_most_three_hundred_characters(length, shown):
    assert unjudged("x" * length, skipped=True).reason == shown


def test_a_claim_that_was_never_asked_is_skipped_or_an_error_with_the_first_line():
    skipped, broken = unjudged("not here\nnor there", skipped=True), unjudged(OSError("no disk"), skipped=False)
    assert (skipped.verdict, skipped.reason, skipped.looks) == (Outcome.SKIPPED, "not here", 0)
    assert (broken.verdict, broken.reason, broken.looks) == (Outcome.ERROR, "OSError: no disk", 0)
    assert unjudged("no disk", skipped=False).reason == "no disk"


def test_verdicts_come_in_the_order_of_their_tests():
    one, two = (unjudged("", skipped=True).record(Claim("It"), name, Claim("It").expectation, None) for name in "ab")
    settings = {"alpha": 0.001, "seed_offset": 0, "first_look": 64, "max_seeds": 64, "complete": True}
    assert SuiteVerdicts.of([two, one], **settings).claims == (one, two)


@pytest.mark.parametrize("address", ["0x7f3a", "0x7F3A"])
def test_a_reason_has_no_addresses_in_either_case(address):
    def body():
        raise RuntimeError(f"<object at {address}> is no number")

    assert judge(body, None).reason == "RuntimeError: <object> is no number"

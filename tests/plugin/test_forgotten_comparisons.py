"""A comparison that stands as a statement of its own cannot fail, so no verdict rests on a test that has one."""

from __future__ import annotations

import pytest

from lrn.claims import judge
from lrn.verdicts import Outcome
from tests.plugin.test_judging import Always, measuring


def beside_an_honest_assertion(share):
    share > 0.9  # noqa: B015
    assert share > 0.1


def negated(share):
    assert share > 0.1
    not share < 0.9  # noqa: B018


def two_at_once(share):
    (share > 0.9) & (share > 0.8)
    assert share > 0.1


def over_two_lines(share):
    (
        share  # noqa: B015
        > 0.9
    )  # fmt: skip
    assert share > 0.1


def without_a_measurement(share):
    1 > 2  # noqa: B015
    assert share > 0.1


FORGOTTEN = [beside_an_honest_assertion, negated, two_at_once, over_two_lines, without_a_measurement]


@pytest.mark.parametrize("body", FORGOTTEN, ids=lambda body: body.__name__)
def test_a_comparison_that_is_not_asserted_is_an_error(body):
    measure = measuring()
    judgement = judge(lambda: body(measure.rate(Always("a"), "true")), measure)
    assert judgement.verdict == Outcome.ERROR
    assert "is not asserted" in judgement.reason


def test_comparisons_that_are_used_are_fine():
    measure = measuring()

    def body():
        share = measure.rate(Always("a"), "true")
        above, below = share > 0.1, share < 0.05
        decisions = [share > 0.2, share > 0.3]
        assert above & ~below
        assert any(decisions)

    assert judge(body, measure).verdict == Outcome.SUPPORTED


def test_an_exact_claim_may_not_forget_either():
    def body():
        2 + 2 == 5  # noqa: B015
        assert 2 + 2 == 4

    assert "is not asserted" in judge(body, None).reason

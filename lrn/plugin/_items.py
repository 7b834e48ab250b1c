"""A test as a claim: its marks, the reason why it cannot be judged, and the verdict before it is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lrn.verdicts import Verdict

if TYPE_CHECKING:
    from lrn.claims import Claim, Expectation
    from lrn.claims._measure import Measure

__all__ = [
    "KNOWN",
    "claim_of",
    "expectation_of",
    "is_claim",
    "put_properties",
    "refusal_of",
    "started",
    "unjudged_verdict",
]

KNOWN = ("refuted", "inconclusive")
"""Marks that say how a claim is known to end."""

_REFUSED_FIXTURES = ("subtests",)


def is_claim(item: pytest.Item) -> bool:
    """Whether a test has the mark of a claim."""
    return item.get_closest_marker("claim") is not None


def claim_of(item: pytest.Item) -> Claim | None:
    """The claim of a test's mark; None for a test that is not a claim."""
    mark = item.get_closest_marker("claim")
    if mark is None:
        return None
    from lrn.claims import Claim

    if len(mark.args) != 1 or mark.kwargs or not isinstance(mark.args[0], Claim):
        raise TypeError("a claim is made by @claim(...) of lrn.claims, not by the mark; got pytest.mark.claim")
    return mark.args[0]


def expectation_of(item: pytest.Item) -> Expectation | None:
    """The claim's expected end: by the closest mark, else by the claim itself."""
    claim = claim_of(item)
    if claim is None:
        return None
    from lrn.claims import Expectation

    for mark in item.iter_markers():
        if mark.name in KNOWN:
            return Expectation.known(mark.name, mark.args[0] if len(mark.args) == 1 and not mark.kwargs else None)
    return claim.expectation


def refusal_of(item: pytest.Item) -> str:
    """Why a claim cannot be judged at all; empty if it can."""
    from lrn.claims import asserts

    claim = claim_of(item)
    assert claim is not None
    names = getattr(item, "fixturenames", ())
    if item.get_closest_marker("xfail"):
        return "a claim cannot be marked xfail; one that is known to be false says so by refuted='why'"
    for name in _REFUSED_FIXTURES:
        if name in names:
            return (
                f"a claim cannot use {name}, which hides failed assertions; use pytest.mark.parametrize or every(...)"
            )
    if "measure" not in names and not claim.exact:
        return "it measures nothing: ask for the fixture measure, or say exact=True if it checks arithmetic or texts"
    if claim.exact and "measure" in names:
        return "a claim that measures is not exact: leave out exact=True, or measure"
    if claim.exact and not asserts(getattr(item, "obj", None)):
        return "it asserts nothing, so it could not fail"
    return ""


def put_properties(item: pytest.Item, verdict: Verdict) -> None:
    """Has a test carry its verdict as properties, in place of an earlier one; JUnit's file takes them at teardown."""
    for earlier in list(item.user_properties):
        if str(earlier[0]).startswith("claim."):
            item.user_properties.remove(earlier)
    for name in ("id", "statement", "source", "verdict", "expected", "reason"):
        text = str(getattr(verdict, name))
        if text:
            item.user_properties.append((f"claim.{name}", _sendable(text)))
    for q in verdict.estimates:
        measured = f"{q.name}: {q.shown(6)}, n = {q.n} of {q.seeds} seeds"
        item.user_properties.append(("claim.measured", _sendable(measured)))


def _sendable(text: str) -> str:
    """A text that UTF-8 can write, as workers send it so."""
    return text.encode(errors="backslashreplace").decode()


def started(item: pytest.Item) -> Verdict:
    """The verdict of a claim that is about to be tested, which stands if its process dies."""
    from lrn.claims import unjudged

    claim, expectation = claim_of(item), expectation_of(item)
    assert claim is not None
    assert expectation is not None
    died = "the process that tested it died; run it again: seeds that were finished are kept in the ledger"
    if item.config.getoption("lrn_no_ledger"):
        died = "the process that tested it died; run it again"
    return unjudged(died, skipped=False).record(claim, item.nodeid, expectation, None)


def unjudged_verdict(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, measure: Measure | None
) -> Verdict:
    """The verdict of a claim whose test never came to one."""
    from lrn.claims import Claim, unjudged

    if report.passed:
        report.outcome = "failed"
        report.longrepr = "a claim must be a function, or a method of a class that is not a unittest.TestCase"
    error = str(report.longrepr) if call.excinfo is None else call.excinfo.value
    try:
        claim = claim_of(item) or Claim(item.name)
        expectation = expectation_of(item) or claim.expectation
    except (TypeError, ValueError):
        claim = Claim(item.name)
        expectation = claim.expectation
    skipped = report.skipped and not hasattr(report, "wasxfail")
    return unjudged(error, skipped).record(claim, item.nodeid, expectation, measure)

"""The words that pytest shows of a claim's report: its verdict, in place of PASSED and FAILED."""

from __future__ import annotations

import pytest

from lrn.plugin._crashes import AGAIN, WAITS
from lrn.verdicts import Outcome, Verdict

__all__ = ["VANISHED", "Shown", "word_of"]

VANISHED = "lrn.vanished"
"""Name of the user property of a report about a claim that is no longer there."""

Shown = tuple[str, str, str | tuple[str, dict[str, bool]]]
"""What pytest counts it as, the letter, and the word with its colour."""


def word_of(report: pytest.TestReport, verdict: Verdict | None, was: Verdict | None, *, ended: bool) -> Shown | None:
    """Returns how a report is shown; None where pytest knows best.

    Args:
        report: of the phase that the verdict came with, or of a claim that starts again or is no longer there.
        verdict: that it carries.
        was: the recorded verdict, where it differs.
        ended: whether all tests have run, and reports are shown in the summary.
    """
    if report.outcome == AGAIN:
        return AGAIN, "R", (AGAIN.upper(), {"yellow": True})
    if report.outcome == WAITS:
        return "", "w", (WAITS.upper(), {"yellow": True})
    if VANISHED in dict(getattr(report, "user_properties", ())):
        return "failed", "", ("VANISHED", {"red": True}) if ended else ""
    if verdict is None or report.when != "call" or report.skipped:
        return None
    undecided = verdict.verdict is Outcome.INCONCLUSIVE
    letter = "." if report.passed else "?" if undecided and was is None else "F"
    if was is not None:
        word, colour = f"{verdict.verdict} (was {was.verdict})", "red"
    elif verdict.as_expected:
        word = str(verdict.verdict) if verdict.verdict is Outcome.SUPPORTED else f"{verdict.verdict} (expected)"
        colour = "green"
    else:
        word, colour = str(verdict.verdict), "yellow" if undecided else "red"
    return report.outcome, letter, (word, {colour: True})

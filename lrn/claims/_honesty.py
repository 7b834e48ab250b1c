"""Whether a verdict rests on its measurements: no verdict without an honest assertion.

A claim is SUPPORTED when its test passes and REFUTED when an assertion fails, but only if that outcome rests on what
was decided. So a test that came to an end is run again with its decisions answered otherwise: all true, all false, each
the other way round. A test that passed must then fail at an assertion that it had reached; a test that failed must then
pass the assertion that it failed at. Where neither happens, its assertions do not depend on the measurements, and it
is an ERROR. That finds forgotten assertions, `is True`, early returns and whatever else lets a test end as it does
without asking. Nor may it pass if it caught an assertion that failed, or end otherwise when it is run again as it was,
or when the bare estimates, without their intervals, are others. An open decision that the test asked for keeps the
claim open, even if the test went on as if it had not.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lrn.claims._asserting import Reached, reached
from lrn.claims._measure import Measure, NewMeasurement
from lrn.intervals import NotedDecisions, Undecided, note_decisions

__all__ = ["Run", "exact_problem", "one_line", "problem", "run_once", "traced"]

_MOST_FLIPS = 64
_SHIFT = 1e6 * 2**0.5  # no multiple of anything that estimates are divided by
_Answers = Callable[[int, bool], bool]


@dataclass(frozen=True)
class Run:
    """One run of a claim's test.

    Attributes:
        log: the decisions it asked for.
        returned: its result.
        error: its exception; None if it came to its end.
    """

    log: NotedDecisions
    returned: object = None
    error: BaseException | None = None

    @property
    def open(self) -> Undecided | None:
        """An open decision that was asked for, whether or not the test went on."""
        if isinstance(self.error, Undecided):
            return self.error
        for decision in self.log.decisions:
            if decision.value is None:
                return Undecided(decision)
        return None


def run_once(
    body: Callable[[], object], answers: _Answers | None = None, shift: float = 0.0, growing: bool = False
) -> Run:
    """Runs a test once, and logs its decisions.

    Args:
        body: the test.
        answers: gives the answer for each measured decision; None for the truth.
        shift: is added to bare estimates.
        growing: whether it is added to each once more than to the one before.
    """
    with note_decisions(answers, shift, growing) as noted:
        try:
            returned = body()
        except BaseException as error:
            return Run(noted, error=error)
    return Run(noted, returned)


def traced(body: Callable[[], object], answers: _Answers | None = None) -> tuple[Reached, Run]:
    """Runs a test once, and returns the lines that it reached too."""
    runs: list[Run] = []
    lines = reached(lambda: runs.append(_run_again(body, answers)))
    return lines, runs[0]


def _run_again(
    body: Callable[[], object], answers: _Answers | None = None, shift: float = 0.0, growing: bool = False
) -> Run:
    """Runs a test once; raises exceptions that end the session."""
    run = run_once(body, answers, shift, growing)
    if isinstance(run.error, (KeyboardInterrupt, pytest.exit.Exception)):
        raise run.error
    return run


def problem(run: Run, body: Callable[[], object], measure: Measure) -> str:
    """Why the end of a test that measures is not a verdict; empty if it is one."""
    refusal = _refusal(run)
    if refusal:
        return refusal
    if not run.log.measured or not measure.quantities:
        return "it asked for measure, but asserted no comparison of what it measured: its verdict would rest on nothing"
    with measure.frozen():
        lines, again = traced(body)
        return (
            _caught(run, lines)
            or _forgotten(run, lines)
            or _changed(run, again)
            or _independent(run, lines, body)
            or _changed(run, _run_again(body))
            or _by_chance(run, again, body)
        )


def exact_problem(run: Run, lines: Reached) -> str:
    """Why the end of a test that does not measure is not a verdict; empty if it is one."""
    refusal = _refusal(run)
    if refusal:
        return refusal
    if run.log.measured:
        return "a claim that measures is not exact: ask for the fixture measure"
    if run.error is not None:
        return ""
    return (
        _caught(run, lines)
        or _forgotten(run, lines)
        or ("" if lines.asserted else "it came to no assertion, so it could not fail")
    )


def _refusal(run: Run) -> str:
    """Whether a test returned something, or compared bare estimates."""
    if run.returned is not None:
        return f"it must assert, not return; it returned {one_line(repr(run.returned))}"
    if run.log.unasked:
        return (
            f"it compared bare estimates ({run.log.unasked[0]}), which may come out either way by chance; compare "
            "the estimates themselves, without .point"
        )
    return ""


def _caught(run: Run, lines: Reached) -> str:
    """Whether a test passed although an assertion of it failed."""
    if run.error is not None or not lines.failed:
        return ""
    file, line = lines.failed[0]
    return (
        f"an assertion failed ({Path(file).name}, line {line}) and was caught, so the test went on as if it held; let "
        "it fail, write assert not, or count what is true"
    )


def _forgotten(run: Run, lines: Reached) -> str:
    """Whether a test passed that compares, in a statement of its own, and does nothing with the answer."""
    if run.error is not None or not lines.forgotten:
        return ""
    file, line = lines.forgotten[0]
    return f"a comparison ({Path(file).name}, line {line}) is not asserted, so it cannot fail; write assert before it"


def _changed(run: Run, again: Run) -> str:
    """Whether the test ends otherwise when it is run again, with the same measurements and answers."""
    is_decided = again.error is None or isinstance(again.error, AssertionError)
    if is_decided and type(again.error) is not type(run.error):
        return "it ends otherwise when it is run again on the same seeds, so something else decides how it ends"
    return ""


def _independent(run: Run, lines: Reached, body: Callable[[], object]) -> str:
    """Whether the test ends the same however its decisions are answered."""
    count = len(run.log.decisions)
    last_first = reversed(range(max(count - _MOST_FLIPS, 0), count))
    others: list[_Answers] = [lambda _, __: False, lambda _, __: True, lambda _, truth: not truth]
    others += map(_flipped, last_first)
    differs = _fails_now if run.error is None else _passes_now
    for answers in others:
        if differs(run, lines, *traced(body, answers)):
            return ""
    return "it ends the same whatever is decided, so its assertions do not depend on what it measured"


def _flipped(number: int) -> _Answers:
    return lambda at, truth: truth is not (at == number)


def _fails_now(run: Run, lines: Reached, _: Reached, other: Run) -> bool:
    """Whether a test that had passed failed with other answers, at an assertion that it had reached before."""
    deciding = isinstance(other.error, (AssertionError, NewMeasurement, Undecided))
    return deciding and bool(lines.assertions(other.error))


def _passes_now(run: Run, lines: Reached, other_lines: Reached, other: Run) -> bool:
    """Whether a test that had failed passed, with other answers, the assertion that it had failed at."""
    failed = lines.assertions(run.error)
    if not other_lines.reaches(failed):
        return False
    more = len(other.log.decisions) > len(run.log.decisions)
    return more or not isinstance(other.error, AssertionError) or other_lines.assertions(other.error) != failed


def _by_chance(run: Run, again: Run, body: Callable[[], object]) -> str:
    """Whether the test ends otherwise where bare estimates are others, and not merely otherwise each time."""
    for shift, growing in itertools.product((_SHIFT, -_SHIFT), (False, True)) if run.log.bare else ():
        if _ends_otherwise(run, again, _run_again(body, shift=shift, growing=growing)):
            return "its end depends on bare estimates, which may come out either way by chance; compare the estimates"
    return ""


def _ends_otherwise(run: Run, again: Run, other: Run) -> bool:
    if other.log.unasked or not _is_comparable(other):
        return bool(other.log.unasked)
    if _end(run) == _end(again):
        return _end(run) != _end(other)
    return type(other.error) not in (type(run.error), type(again.error))


def _is_comparable(run: Run) -> bool:
    """Whether a run came to its end, or to an assertion or measurement, rather than to an exception of its own."""
    return run.error is None or isinstance(run.error, (AssertionError, Undecided, NewMeasurement))


def _end(run: Run) -> tuple[type, int]:
    """The kind of error that ended a run, and its number of decisions."""
    return type(run.error), len(run.log.decisions)


def one_line(text: str) -> str:
    """The first line, without addresses, which differ from one process to the next."""
    line = next(iter(text.strip().splitlines()), "")
    line = re.sub(r" at 0x[0-9a-fA-F]+", "", line)
    return line if len(line) <= 300 else f"{line[:299]}…"

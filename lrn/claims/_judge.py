"""Judging: a claim's test is run, with more seeds while it is undecided, until it is decided or more would not help."""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
import unittest
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from lrn.claims._asserting import Reached
from lrn.claims._claim import Claim, Expectation
from lrn.claims._honesty import Run, exact_problem, one_line, run_once, traced
from lrn.claims._honesty import problem as problem_of
from lrn.claims._measure import Measure
from lrn.intervals import Decision, Undecided
from lrn.verdicts import Outcome, Verdict

__all__ = ["Judgement", "asserts", "judge", "resume", "unjudged"]

_NO_VERDICT = (KeyboardInterrupt, pytest.skip.Exception, pytest.exit.Exception, unittest.SkipTest)

_WANDERS = "it measures something else each time it is run, so more seeds cannot decide it"


@dataclass(frozen=True)
class Judgement:
    """How a claim ended.

    Attributes:
        verdict: which of the outcomes.
        reason: what decided it, on one line.
        looks: how often the claim was tested.
        undecided: the open decision, if INCONCLUSIVE.
        error: the exception that ended it, if there was one.
    """

    verdict: Outcome
    reason: str
    looks: int
    undecided: Undecided | None = None
    error: BaseException | None = None

    def record(self, claim: Claim, test: str, expectation: Expectation, measure: Measure | None) -> Verdict:
        """Returns the verdict to keep.

        Args:
            claim: the claim.
            test: pytest's node id.
            expectation: how its author expects it to end.
            measure: its `Measure`.
        """
        needed, notes = None, measure.notes if measure else ()
        if measure and self.undecided and expectation.outcome is not Outcome.INCONCLUSIVE:
            notes += measure.advice(self.undecided)
        if self.verdict is Outcome.INCONCLUSIVE:
            needed = measure.seeds_needed(self.undecided) if measure and self.undecided else math.inf
            needed = float(math.ceil(needed)) if needed < math.inf else needed
        return Verdict(
            id=claim.id,
            test=test,
            statement=claim.statement,
            source=claim.source,
            quote=claim.quote,
            reading=claim.reading,
            verdict=self.verdict,
            expected=expectation.outcome,
            known=expectation.why,
            reason=self.reason,
            looks=self.looks,
            estimates=measure.quantities if measure else (),
            seeds_needed=needed,
            notes=notes,
        )


def judge(body: Callable[[], object], measure: Measure | None) -> Judgement:
    """Tests a claim, with more seeds while it is undecided, until it is decided or more seeds would not help.

    Args:
        body: the claim's test function. A failed assertion refutes the claim; no other exception does.
        measure: its `Measure`; None if it does not ask for one.

    Raises:
        KeyboardInterrupt, and pytest's own exceptions that skip a test or end the session: they are not verdicts.
    """
    looks = 0
    if not __debug__:
        return Judgement(
            Outcome.ERROR, "python -O removes assertions, so no claim can be judged: run without -O", looks
        )
    while True:
        looks += 1
        lines, run = (None, run_once(body)) if measure is not None else traced(body)
        if isinstance(run.error, _NO_VERDICT):
            raise run.error
        undecided = run.open
        if undecided is not None and not _broken(run) and not (measure is None and run.log.measured):
            if measure is None or not measure.widen(undecided):
                return _inconclusive(undecided, looks)
            if measure.wanders:
                return Judgement(Outcome.ERROR, _WANDERS, looks, undecided, undecided)
            continue
        return _ended(run, body, measure, looks, lines)


def resume(body: Callable[[], object], measure: Measure, earlier: Verdict) -> Judgement | None:
    """Tests a claim once, with the seeds of an earlier run's verdict, where all of them are known.

    The intervals hold at any number of seeds, so its verdict is as good as that of many looks. The caller compares it
    with the earlier one, and judges anew if it differs.

    Args:
        body: the claim's test function.
        measure: its `Measure`, which has measured nothing so far.
        earlier: the verdict.

    Returns:
        None where seeds are missing, the claim is not at its end there, or Python leaves out assertions.

    Raises:
        KeyboardInterrupt, and pytest's own exceptions, as `judge`.
    """
    if not __debug__:
        return None
    measure.resume(earlier.estimates)
    run = run_once(body)
    if isinstance(run.error, _NO_VERDICT):
        raise run.error
    if _broken(run):
        return None
    if run.open is None:
        return _ended(run, body, measure, earlier.looks)
    return None if measure.widen(run.open) else _inconclusive(run.open, earlier.looks)


def unjudged(error: BaseException | str, skipped: bool) -> Judgement:
    """Returns the judgement of a claim that was never tested: it was skipped, or its set-up failed."""
    text = str(error) if skipped or isinstance(error, str) else f"{type(error).__name__}: {error}"
    return Judgement(Outcome.SKIPPED if skipped else Outcome.ERROR, one_line(text), 0)


def asserts(test: Any, depth: int = 2) -> bool:
    """Whether a function has an assertion, or calls one by name that has, as far as its source shows."""
    function = inspect.unwrap(getattr(test, "__func__", test))
    return _asserts(function, depth) if inspect.isfunction(function) else _asserts.__wrapped__(test, depth)


@cache  # a test with parameters is many claims
def _asserts(test: Any, depth: int) -> bool:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(test)))
    except (OSError, TypeError, SyntaxError):
        return True
    nodes = list(ast.walk(tree))
    if any(map(_is_assertion, nodes)):
        return True
    return depth > 0 and any(asserts(function, depth - 1) for function in _called(nodes, test))


def _is_assertion(node: ast.AST) -> bool:
    """Whether it asserts or raises, or calls something like numpy's assert_allclose."""
    if not isinstance(node, ast.Call):
        return isinstance(node, (ast.Assert, ast.Raise))
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name.startswith("assert")


def _called(nodes: list[ast.AST], test: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """The functions that a function calls by name."""
    names = getattr(inspect.unwrap(test), "__globals__", {})
    for node in nodes:
        if isinstance(node, ast.Call):
            target = node.func
            base = target.value if isinstance(target, ast.Attribute) else target
            owner = names.get(base.id) if isinstance(base, ast.Name) else None
            function = getattr(owner, target.attr, None) if isinstance(target, ast.Attribute) else owner
            if inspect.isfunction(function):
                yield function


def _broken(run: Run) -> bool:
    """Whether the test ended by an exception that says nothing about its measurements."""
    return run.error is not None and not isinstance(run.error, (AssertionError, Undecided))


def _inconclusive(undecided: Undecided, looks: int) -> Judgement:
    return Judgement(Outcome.INCONCLUSIVE, one_line(undecided.decision.reason), looks, undecided, undecided)


def _ended(
    run: Run, body: Callable[[], object], measure: Measure | None, looks: int, lines: Reached | None = None
) -> Judgement:
    """The judgement of a test whose decisions are all settled; without `measure`, `lines` are those that it reached."""
    if _broken(run):
        assert run.error is not None
        return Judgement(Outcome.ERROR, one_line(f"{type(run.error).__name__}: {run.error}"), looks, error=run.error)
    problem = problem_of(run, body, measure) if measure is not None else exact_problem(run, lines or Reached())
    if problem:
        return Judgement(Outcome.ERROR, problem, looks, error=run.error)
    if run.error is not None:
        return Judgement(Outcome.REFUTED, _refutation(run), looks, error=run.error)
    shown = "; ".join(f"{q.name}: {q.shown()}" for q in _quantities(measure))
    return Judgement(Outcome.SUPPORTED, one_line(shown), looks)


def _quantities(measure: Measure | None) -> tuple[Any, ...]:
    return () if measure is None else measure.quantities


def _refutation(run: Run) -> str:
    """What decided against a claim: the decision that was false, else the first line of the message."""
    assert run.error is not None
    frames = run.error.__traceback__
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    # pytest's rewritten assertions keep their parts as locals, whereas their message depends on how verbose pytest is.
    message = str(run.error)
    if not message and run.log.measured:
        message = f"the last decision is {run.log.measured[-1]}"
    for name, part in frames.tb_frame.f_locals.items() if frames else ():
        if name.startswith("@py_") and isinstance(part, Decision) and part.value is False:
            message = part.reason
    return one_line(message) or "an assertion without a message failed"

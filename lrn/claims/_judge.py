"""Judging: a claim's test is run, with more seeds while it is undecided, until it is decided or more would not help.

No verdict without an honest assertion
--------------------------------------
A claim is SUPPORTED when its test passes and REFUTED when an assertion fails, but only if that outcome rests on what
was decided. So a test that came to an end is run once more with its decisions answered the other way round: if it comes
to the same end all the same, then its assertions do not depend on what was measured, and it is an ERROR. That finds
forgotten assertions, swallowed ones, `is True`, early returns and whatever else lets a test end as it does without
asking. An open decision that the test asked for keeps the claim open, even if the test went on as if it had not.
"""

from __future__ import annotations

import ast
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lrn.claims._asserting import Reached, reached
from lrn.claims._claim import Claim, Expectation
from lrn.claims._measure import Measure, NewMeasurement
from lrn.intervals import Asked, Decision, Undecided, asked
from lrn.verdicts import Outcome, Verdict

__all__ = ["Judgement", "asserts", "judge", "unjudged"]

_MOST_FLIPS = 64


@dataclass(frozen=True)
class Judgement:
    """How a claim ended.

    Attributes:
        verdict: which of the outcomes.
        reason: what decided it, on one line.
        looks: how often the claim was tested.
        undecided: what was still open, if INCONCLUSIVE.
        error: the exception that ended it, if there was one.
    """

    verdict: Outcome
    reason: str
    looks: int
    undecided: Undecided | None = None
    error: BaseException | None = None

    def outlook(self, verdict: Verdict, measure: Measure | None) -> str:
        """Returns what an INCONCLUSIVE verdict lacks, on separate lines."""
        open_names = {str(quantity) for quantity in self.undecided.quantities} if self.undecided else set()
        wide = [
            f"  {q.name}: {q.point:.4g} [{q.low:.4g}, {q.high:.4g}] after {q.seeds} seeds"
            for q in verdict.estimates
            if q.name in open_names
        ]
        needed = verdict.seeds_needed
        if needed is None or needed == math.inf:
            outlook = "no number of seeds can be said to settle it"
        else:
            outlook = f"about {needed:.0f} seeds of each would settle it"
        allowed = f", and {measure.max_seeds} are allowed" if measure else ""
        if measure is not None and measure.lack:
            allowed = f"; {measure.lack}"
        shown = wide or ["  nothing that was measured"]
        return "\n".join([f"INCONCLUSIVE: {verdict.reason}", "too wide:", *shown, f"{outlook}{allowed}"])

    def record(self, claim: Claim, test: str, expectation: Expectation, measure: Measure | None) -> Verdict:
        """Returns the verdict to keep.

        Args:
            claim: the claim.
            test: pytest's node id.
            expectation: how it is said to end.
            measure: what it measured with.
        """
        needed = None
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
            notes=measure.notes if measure else (),
        )


@dataclass(frozen=True)
class _Run:
    """One run of a claim's test.

    Attributes:
        asked: the decisions it asked for.
        returned: what it returned.
        error: what it raised; None if it came to its end.
    """

    asked: Asked
    returned: object = None
    error: BaseException | None = None

    @property
    def open(self) -> Undecided | None:
        """An open decision that was asked for, whether or not the test went on."""
        if isinstance(self.error, Undecided):
            return self.error
        return next((Undecided(decision) for decision in self.asked.decisions if decision.value is None), None)


def judge(body: Callable[[], object], measure: Measure | None) -> Judgement:
    """Tests a claim, with more seeds while it is undecided, until it is decided or testing again has no point.

    Args:
        body: the claim's test function. A failed assertion refutes the claim; no other exception does.
        measure: what it measures with; None if it does not ask for one.

    Raises:
        KeyboardInterrupt, and pytest's own exceptions that skip a test or end the session: they are no verdict.
    """
    looks = 0
    if not __debug__:
        return Judgement(
            Outcome.ERROR, "python -O removes assertions, so no claim can be judged: run without -O", looks
        )
    while True:
        looks += 1
        run = _run(body)
        if isinstance(run.error, (KeyboardInterrupt, pytest.skip.Exception, pytest.exit.Exception)):
            raise run.error
        undecided = run.open
        if undecided is not None and not _broken(run):
            if measure is None or not measure.widen(undecided):
                return Judgement(Outcome.INCONCLUSIVE, _line(undecided.decision.reason), looks, undecided, undecided)
            continue
        return _ended(run, body, measure, looks)


def unjudged(error: BaseException | str, skipped: bool) -> Judgement:
    """Returns the judgement of a claim that was never tested: it was skipped, or its set-up failed."""
    text = str(error) if skipped or isinstance(error, str) else f"{type(error).__name__}: {error}"
    return Judgement(Outcome.SKIPPED if skipped else Outcome.ERROR, _line(text), 0)


def asserts(test: Any, depth: int = 2) -> bool:
    """Whether a function has an assertion, or calls one by name that has, as far as can be seen."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(test)))
    except (OSError, TypeError, SyntaxError):
        return True
    nodes = list(ast.walk(tree))
    if any(isinstance(node, (ast.Assert, ast.Raise)) for node in nodes):
        return True
    if depth == 0:
        return False
    return any(asserts(function, depth - 1) for function in _called(nodes, test))


def _called(nodes: list[ast.AST], test: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """The functions that a function calls by name."""
    names = getattr(inspect.unwrap(test), "__globals__", {})
    for node in nodes:
        if isinstance(node, ast.Call):
            target = node.func
            base = target.value if isinstance(target, ast.Attribute) else target
            known = names.get(base.id) if isinstance(base, ast.Name) else None
            found = getattr(known, target.attr, None) if isinstance(target, ast.Attribute) else known
            if inspect.isfunction(found):
                yield found


def _run(body: Callable[[], object], negated: frozenset[int] | None = frozenset()) -> _Run:
    with asked(negated) as noted:
        try:
            returned = body()
        except BaseException as error:
            return _Run(noted, error=error)
    return _Run(noted, returned)


def _broken(run: _Run) -> bool:
    """Whether the test ended by an exception that says nothing about what it measured."""
    return run.error is not None and not isinstance(run.error, (AssertionError, Undecided))


def _ended(run: _Run, body: Callable[[], object], measure: Measure | None, looks: int) -> Judgement:
    """The judgement of a test that asked for no open decision."""
    if _broken(run):
        assert run.error is not None
        return Judgement(Outcome.ERROR, _line(f"{type(run.error).__name__}: {run.error}"), looks, error=run.error)
    problem = _problem(run, body, measure)
    if problem:
        return Judgement(Outcome.ERROR, problem, looks, error=run.error)
    if run.error is not None:
        return Judgement(Outcome.REFUTED, _refutation(run.error), looks, error=run.error)
    shown = "; ".join(f"{q.name}: {q.point:.4g} [{q.low:.4g}, {q.high:.4g}]" for q in _quantities(measure))
    return Judgement(Outcome.SUPPORTED, _line(shown), looks)


def _quantities(measure: Measure | None) -> tuple[Any, ...]:
    return () if measure is None else measure.quantities


def _problem(run: _Run, body: Callable[[], object], measure: Measure | None) -> str:
    """Why the test's end is no verdict; empty if it is one."""
    if run.returned is not None:
        return f"it must assert, not return; it returned {_line(repr(run.returned))}"
    if measure is None:
        return ""
    if run.asked.unasked:
        return (
            f"it compared bare estimates ({run.asked.unasked[0]}), which may come out either way by chance; compare "
            "the estimates themselves, without .point"
        )
    if not run.asked.measured:
        return "it asked for measure, but asserted no comparison of what it measured: its verdict would rest on nothing"
    if not _depends(run, body, measure):
        return "it ends the same whatever is decided, so its assertions do not depend on what it measured"
    return ""


def _depends(run: _Run, body: Callable[[], object], measure: Measure) -> bool:
    """Whether the test ends otherwise when decisions that it asked for are answered the other way round."""
    asked_for = len(run.asked.decisions)
    last_first = [frozenset({place}) for place in reversed(range(max(asked_for - _MOST_FLIPS, 0), asked_for))]
    with measure.frozen():
        lines = reached(lambda: _run(body)) if run.error is None else None
        return any(_differs(run, _run(body, negated), lines) for negated in (None, *last_first))


def _differs(run: _Run, other: _Run, lines: Reached | None) -> bool:
    """Whether another run ended otherwise, at an assertion that the passing test had reached too."""
    if lines is not None:
        deciding = isinstance(other.error, (AssertionError, NewMeasurement, Undecided))
        return deciding and other.error is not None and lines.assertion(other.error.__traceback__)
    more = len(other.asked.decisions) > len(run.asked.decisions)
    return more or not isinstance(other.error, AssertionError)


def _refutation(error: BaseException) -> str:
    """What decided against a claim: the decision that was false, else the first line of the message."""
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    # pytest's rewritten assertions keep their parts as locals, whereas their message depends on how verbose pytest is.
    parts = [part for name, part in frames.tb_frame.f_locals.items() if name.startswith("@py_")] if frames else []
    false = [part.reason for part in parts if isinstance(part, Decision) and part.value is False]
    return _line(false[-1] if false else str(error)) or "an assertion without a message failed"


def _line(text: str) -> str:
    """The first line, without what differs from one process to the next."""
    line = next(iter(text.strip().splitlines()), "")
    line = re.sub(r" at 0x[0-9a-fA-F]+", "", line)
    return line if len(line) <= 300 else f"{line[:299]}…"

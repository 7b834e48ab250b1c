"""Notes the decisions whose truth a test reads, and the estimates that it uses without their intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["NotedDecisions", "bare", "listener", "note_decisions", "note_unasked", "truth_of"]

Answers: TypeAlias = Callable[[int, bool], bool]
Decision: TypeAlias = Any
"""A `lrn.intervals.Decision`, whose module imports this one."""


@dataclass(eq=False)
class NotedDecisions:
    """The decisions whose truth was asked for, and comparisons that asked for none.

    Attributes:
        decisions: those asked, in that order.
        unasked: comparisons of bare estimates, which say nothing certain.
        answers: gives the answer for a decision that rests on something measured, from its place in `decisions` and
            its truth; None for the truth.
        shift: is added to bare estimates.
        growing: whether it is added once to the first of them, twice to the second and so on, so that any two that are
            compared change places with one sign of it.
        bare: how many bare estimates were given out, as numbers or texts.
    """

    decisions: list[Decision] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    answers: Answers | None = None
    shift: float = 0.0
    growing: bool = False
    bare: int = 0
    _answered: dict[int, bool] = field(default_factory=dict, repr=False)

    @property
    def measured(self) -> list[Decision]:
        """The decisions that rest on something measured."""
        return [decision for decision in self.decisions if decision.measured]

    def read(self, decision: Decision) -> bool | None:
        """Returns the truth of a decision, None for an open one, and notes that it was asked for.

        A decision that is asked again answers as before: pytest asks twice for the first part of `assert a or b`.
        """
        self.decisions.append(decision)
        truth = truth_of(decision)
        if truth is None or self.answers is None or not decision.measured:
            return truth
        if id(decision) not in self._answered:
            self._answered[id(decision)] = self.answers(len(self.decisions) - 1, truth)
        return self._answered[id(decision)]

    def shown(self, decision: Decision) -> bool | None:
        """Returns the truth of a decision to show it; with a shift one that it does not have, another for each sign."""
        self.bare += 1
        truth = truth_of(decision)
        if self.shift > 0:
            return truth is False
        if self.shift < 0:
            return True if truth is None else None
        return truth

    def moved(self, value: float) -> float:
        """Returns a bare estimate with its shift, and notes that it was given out."""
        self.bare += 1
        return value + self.shift * (self.bare if self.growing else 1)


_NOTED: ContextVar[NotedDecisions | None] = ContextVar("lrn_noted", default=None)
_NOTED_IN_ANY_THREAD: list[NotedDecisions] = []  # threads that a test starts have a context of their own


def listener() -> NotedDecisions | None:
    """Returns the object that notes decisions now: this thread's, else the one that was started last in any thread."""
    noted = _NOTED.get()
    return _NOTED_IN_ANY_THREAD[-1] if noted is None and _NOTED_IN_ANY_THREAD else noted


def truth_of(decision: Decision) -> bool | None:
    """Returns the value of a decision without asking for it."""
    value: bool | None = vars(decision)["value"]
    return value


def bare(value: float) -> float:
    """Returns a number that is given out without its interval, and notes it where somebody listens."""
    noted = listener()
    return value if noted is None else noted.moved(value)


@contextmanager
def note_decisions(
    answers: Answers | None = None, shift: float = 0.0, growing: bool = False
) -> Iterator[NotedDecisions]:
    """Notes the decisions whose truth is asked for within.

    To find out whether an outcome depends on the decisions, or on bare estimates, run it once more with other answers
    or estimates.

    Args:
        answers: gives the answer for each measured decision, from its place in order of asking and its truth; None
            for the truth.
        shift: is added to bare estimates.
        growing: whether it is added to each once more than to the one before.

    Example:
        >>> from lrn.intervals import Decision
        >>> with note_decisions() as noted:
        ...     assert Decision(True)
        >>> len(noted.decisions)
        1
    """
    noted = NotedDecisions(answers=answers, shift=shift, growing=growing)
    token = _NOTED.set(noted)
    _NOTED_IN_ANY_THREAD.append(noted)
    try:
        yield noted
    finally:
        _NOTED_IN_ANY_THREAD.remove(noted)
        _NOTED.reset(token)


def note_unasked(text: str) -> None:
    """Notes a comparison of bare estimates, where somebody listens."""
    noted = listener()
    if noted is not None:
        noted.unasked.append(text)

"""Three-valued decisions, Kleene's logic, and the exception of an open decision whose truth is needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np

__all__ = ["Decision", "NotedDecisions", "Undecided", "note_decisions", "note_unasked"]

Answers = Callable[[int, bool], bool]

_SHOWN_PARTS = 3
_SHOWN_QUANTITIES = 8


class Undecided(BaseException):
    """The truth of an open :class:`Decision` was asked for.

    It is not an `Exception`, so that code which catches exceptions does not take an open decision for a decided one.

    Attributes:
        decision: the open decision.
        quantities: those with too few observations.
        growth: about how many times as many observations would decide it; `inf` if none can be said to.
        needed: the same as a number of observations of each quantity.
    """

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision)
        self.decision = decision
        self.quantities = decision.undecided
        self.growth = decision.growth
        self.needed = decision.needed

    def __str__(self) -> str:
        shown = list(map(str, self.quantities[:_SHOWN_QUANTITIES]))
        if len(self.quantities) > _SHOWN_QUANTITIES:
            shown.append(f"and {len(self.quantities) - _SHOWN_QUANTITIES} more")
        wide = "; ".join(shown) or "no measured quantity"
        return f"undecided: {self.decision.reason}; too wide: {wide}; {self._outlook()}"

    def _outlook(self) -> str:
        if math.isinf(self.needed):
            return "no number of observations can be said to settle it"
        two_digits = int(float(f"{self.needed:.1e}"))
        return f"about {two_digits} observations of each would settle it"


class _Value:
    """The field `value` of a decision. Whoever reads it asks for the truth, though an open one raises nothing."""

    def __get__(self, instance: Any, owner: type) -> bool | None:
        if instance is None:
            raise AttributeError("value")  # so that the field has no default
        noted = _NOTED.get()
        return truth_of(instance) if noted is None else noted.read(instance)

    def __set__(self, instance: Any, value: bool | None) -> None:
        vars(instance)["value"] = value


class _Leaning:
    """The field `leaning` of a decision, which says nothing certain."""

    def __get__(self, instance: Any, owner: type) -> bool | None:
        if instance is None:
            return None  # the default
        note_unasked("what the estimates lean to")
        return leaning_of(instance)

    def __set__(self, instance: Any, value: bool | None) -> None:
        vars(instance)["leaning"] = value


@dataclass(frozen=True, eq=False)
class Decision:
    """The outcome of a comparison of measured quantities: true, false or (yet) undecided.

    Decisions combine with ``&``, ``|`` and ``~`` by Kleene's logic, and with :func:`every` and :func:`some`.
    ``bool(decision)``, which is what ``assert`` and ``if`` do, raises :class:`Undecided` while it is open.

    Attributes:
        value: True, False, or None while the observations do not settle it.
        text: the statement that has this value, with its intervals; or a function that makes it when it is needed.
        undecided: what must be observed more of; () once decided.
        leaning: the answer of the estimates alone; None if they tie or there are none.
        growth: about how many times as many observations would settle it; 1 once decided.
        needed: the same as a number of observations of each quantity; 0 once decided.
        measured: whether a measured quantity is part of it, rather than constants alone.
    """

    value: _Value = _Value()
    text: str | Callable[[], str] = field(default="", repr=False)
    undecided: tuple[Hashable, ...] = ()
    leaning: _Leaning = _Leaning()
    growth: float = 1.0
    needed: float = 0.0
    measured: bool = False

    # numpy's booleans then leave & and | to this class.
    __array_ufunc__ = None

    @property
    def reason(self) -> str:
        """The statement that has this value, with its intervals."""
        return self.text if isinstance(self.text, str) else self.text()

    def worded(self, text: Callable[[], str]) -> Decision:
        """Returns the same decision as another statement, made when it is needed."""
        return replace(self, value=truth_of(self), leaning=leaning_of(self), text=text)

    def __bool__(self) -> bool:
        noted = _NOTED.get()
        if noted is not None:
            return noted.answer(self)
        truth = truth_of(self)
        if truth is None:
            raise Undecided(self)
        return truth

    def __and__(self, other: Decision | bool) -> Decision:
        return combined([self, as_decision(other)], settles=False) if _is_truth(other) else NotImplemented

    def __or__(self, other: Decision | bool) -> Decision:
        return combined([self, as_decision(other)], settles=True) if _is_truth(other) else NotImplemented

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Decision:
        def opposite(truth: bool | None) -> bool | None:
            return None if truth is None else not truth

        return replace(
            self,
            value=opposite(truth_of(self)),
            leaning=opposite(leaning_of(self)),
            text=lambda: f"not ({self.reason})",
        )

    def __eq__(self, other: object) -> bool:
        raise TypeError("a Decision cannot be compared by ==; use its .value, or combine it with &, | and ~")

    __hash__ = object.__hash__

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "text": self.reason}

    def __str__(self) -> str:
        verdict = {True: "true", False: "false", None: "undecided"}[truth_of(self)]
        return f"{verdict}: {self.reason}"

    def __repr__(self) -> str:
        return f"Decision({self})"


@dataclass
class NotedDecisions:
    """The decisions whose truth was asked for, and comparisons that asked for none.

    Attributes:
        decisions: those asked, in that order.
        unasked: comparisons of bare estimates, which say nothing certain.
        answers: gives the answer for a decision that rests on something measured, from its place in `decisions` and
            its truth; None for the truth.
        shift: is added to bare estimates.
        bare: whether bare estimates were given out.
    """

    decisions: list[Decision] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    answers: Answers | None = None
    shift: float = 0.0
    bare: bool = False

    @property
    def measured(self) -> list[Decision]:
        """The decisions that rest on something measured."""
        return [decision for decision in self.decisions if decision.measured]

    def answer(self, decision: Decision) -> bool:
        """Returns the truth of a decision, and notes that it was asked for. Raises Undecided for an open one."""
        answer = self.read(decision)
        if answer is None:
            raise Undecided(decision)
        return answer

    def read(self, decision: Decision) -> bool | None:
        """Returns the truth of a decision, None for an open one, and notes that it was asked for."""
        self.decisions.append(decision)
        truth = truth_of(decision)
        if truth is None or self.answers is None or not decision.measured:
            return truth
        return self.answers(len(self.decisions) - 1, truth)


_NOTED: ContextVar[NotedDecisions | None] = ContextVar("lrn_noted", default=None)


def truth_of(decision: Decision) -> bool | None:
    """Returns the value of a decision without asking for it."""
    value: bool | None = vars(decision)["value"]
    return value


def leaning_of(decision: Decision) -> bool | None:
    """Returns the answer of the estimates alone, for callers that do not decide by it."""
    leaning: bool | None = vars(decision)["leaning"]
    return leaning


def bare(value: float) -> float:
    """Returns a number that is given out without its interval, and notes it where somebody listens."""
    noted = _NOTED.get()
    if noted is None:
        return value
    noted.bare = True
    return value + noted.shift


@contextmanager
def note_decisions(answers: Answers | None = None, shift: float = 0.0) -> Iterator[NotedDecisions]:
    """Notes the decisions whose truth is asked for within.

    Whoever wants to know whether an outcome depends on the decisions, or on bare estimates, runs it once more with
    other answers or estimates.

    Args:
        answers: gives the answer for each measured decision, from its place in order of asking and its truth; None
            for the truth.
        shift: is added to bare estimates.

    Example:
        >>> with note_decisions() as noted:
        ...     assert Decision(True)
        >>> len(noted.decisions)
        1
    """
    noted = NotedDecisions(answers=answers, shift=shift)
    token = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(token)


def note_unasked(text: str) -> None:
    """Notes a comparison of bare estimates, where somebody listens."""
    noted = _NOTED.get()
    if noted is not None:
        noted.unasked.append(text)


def as_decision(truth: Decision | bool) -> Decision:
    """Return truth as a Decision."""
    if isinstance(truth, Decision):
        return truth
    if not _is_truth(truth):
        raise TypeError(f"a Decision or a bool is needed, not {truth!r}")
    return Decision(bool(truth), str(bool(truth)), leaning=bool(truth))


def union(groups: Iterable[Sequence[Hashable]]) -> tuple[Hashable, ...]:
    """Return the quantities of all groups, each once, in order of first appearance."""
    return tuple(dict.fromkeys(chain.from_iterable(groups)))


def format_interval(point: float, low: float, high: float) -> str:
    """Return "0.61 [0.55, 0.66]", or "0.2" where the interval is a point."""
    if low == high:
        return f"{low:.4g}"
    estimate = "unknown" if math.isnan(point) else f"{point:.4g}"
    return f"{estimate} [{low:.4g}, {high:.4g}]"


def _is_truth(value: object) -> bool:
    return isinstance(value, (Decision, bool, np.bool_))


def combined(parts: list[Decision], settles: bool) -> Decision:
    """Combine by Kleene's logic, where one part with the value ``settles`` settles the whole."""
    for part in parts:
        if truth_of(part) is settles:
            return part
    word = "or" if settles else "and"
    measured = any(part.measured for part in parts)
    open_parts = [part for part in parts if truth_of(part) is None]
    if not open_parts:
        return Decision(not settles, lambda: _join(parts, word), leaning=not settles, measured=measured)
    nearest = _nearest(open_parts, settles)
    return replace(
        nearest,
        value=None,
        leaning=leaning_of(nearest),
        text=lambda: _join(open_parts, word),
        undecided=union(map(attrgetter("undecided"), open_parts)),
        measured=measured,
    )


def _nearest(open_parts: list[Decision], settles: bool) -> Decision:
    """Return the part that decides when the whole closes: the first to settle it, else the last to close."""
    settling = [part for part in open_parts if leaning_of(part) is settles]
    if settling:
        return min(settling, key=attrgetter("needed"))
    tied = [part for part in open_parts if leaning_of(part) is None]
    return max(tied or open_parts, key=attrgetter("needed"))


def _join(parts: list[Decision], word: str) -> str:
    if len(parts) == 1:
        return parts[0].reason
    texts = list(map(_reason_of_part, parts[:_SHOWN_PARTS]))
    if len(parts) > _SHOWN_PARTS:
        texts.append(f"{len(parts) - _SHOWN_PARTS} more")
    return f" {word} ".join(texts)


def _reason_of_part(part: Decision) -> str:
    """The statement of a part, in brackets if it has parts itself."""
    reason = part.reason
    return f"({reason})" if " and " in reason or " or " in reason else reason

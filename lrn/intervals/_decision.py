"""Three-valued decisions, Kleene's logic, and what is raised when an open decision is asked for its truth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Decision", "Quantity", "Undecided", "asked", "every", "some"]

_ASKED: ContextVar[list[Decision] | None] = ContextVar("lrn_asked", default=None)

_SHOWN_PARTS = 3
_SHOWN_QUANTITIES = 8


@dataclass(frozen=True)
class Quantity:
    """One measured quantity: what to observe more of when an interval is too wide.

    Attributes:
        key: stable text that identifies what was measured; equal keys are the same quantity.
        point: the estimate; NaN when there is no observation yet.
        low: lower end of its interval.
        high: upper end of its interval.
        n: observations behind it.
    """

    key: str
    point: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.key}: {format_interval(self.point, self.low, self.high)} from {self.n} observations"


class Undecided(Exception):
    """The truth of an open :class:`Decision` was asked for.

    Attributes:
        decision: the open decision.
        quantities: the quantities whose intervals are too wide.
        growth: about how many times as many observations would settle it; ``math.inf`` if none would.
        needed: the same as a number of observations for each quantity.
    """

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision)
        self.decision = decision
        self.quantities = decision.undecided
        self.growth = decision.growth
        self.needed = decision.needed

    def __str__(self) -> str:
        shown = [str(quantity) for quantity in self.quantities[:_SHOWN_QUANTITIES]]
        if len(self.quantities) > _SHOWN_QUANTITIES:
            shown.append(f"and {len(self.quantities) - _SHOWN_QUANTITIES} more")
        wide = "; ".join(shown) or "no measured quantity"
        return f"undecided: {self.decision.reason}; too wide: {wide}; {self._outlook()}"

    def _outlook(self) -> str:
        if math.isinf(self.needed):
            return "no number of observations can be said to settle it"
        two_digits = int(float(f"{self.needed:.1e}"))
        return f"about {two_digits} observations of each would settle it"


@dataclass(frozen=True, eq=False)
class Decision:
    """The outcome of comparing intervals: true, false or (yet) undecided.

    Decisions combine with ``&``, ``|`` and ``~`` by Kleene's logic, and with :func:`every` and :func:`some`.
    ``bool(decision)``, which is what ``assert`` and ``if`` do, raises :class:`Undecided` while it is open.

    Attributes:
        value: True, False, or None while the intervals do not settle it.
        reason: the statement that has this value, with its intervals.
        undecided: the quantities whose width keeps it open; () once decided.
        leaning: what the point estimates alone say; None if they tie or there are none.
        growth: about how many times as many observations would settle it; 1 once decided.
        needed: the same as a number of observations for each quantity; 0 once decided.
    """

    value: bool | None
    reason: str = ""
    undecided: tuple[Quantity, ...] = ()
    leaning: bool | None = None
    growth: float = 1.0
    needed: float = 0.0

    # numpy's booleans then leave & and | to this class.
    __array_ufunc__ = None

    def __bool__(self) -> bool:
        noted = _ASKED.get()
        if noted is not None:
            noted.append(self)
        if self.value is None:
            raise Undecided(self)
        return self.value

    def __and__(self, other: Decision | bool) -> Decision:
        return _combine([self, as_decision(other)], settles=False) if _is_truth(other) else NotImplemented

    def __or__(self, other: Decision | bool) -> Decision:
        return _combine([self, as_decision(other)], settles=True) if _is_truth(other) else NotImplemented

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Decision:
        def opposite(truth: bool | None) -> bool | None:
            return None if truth is None else not truth

        return replace(self, value=opposite(self.value), leaning=opposite(self.leaning), reason=f"not ({self.reason})")

    def __eq__(self, other: object) -> bool:
        raise TypeError("a Decision cannot be compared by ==; use its .value, or combine it with &, | and ~")

    __hash__ = object.__hash__

    def __str__(self) -> str:
        verdict = {True: "true", False: "false", None: "undecided"}[self.value]
        return f"{verdict}: {self.reason}"

    def __repr__(self) -> str:
        return f"Decision({self})"


@contextmanager
def asked() -> Iterator[list[Decision]]:
    """Collects the decisions whose truth is asked for within, in that order.

    >>> with asked() as decisions:
    ...     assert Decision(True)
    >>> len(decisions)
    1
    """
    decisions: list[Decision] = []
    token = _ASKED.set(decisions)
    try:
        yield decisions
    finally:
        _ASKED.reset(token)


def every(decisions: Iterable[Decision | bool]) -> Decision:
    """Return whether all decisions are true: false as soon as one is, even while others are open.

    Stops at the first decided false. Raises ValueError if there is nothing to decide, as an assertion over
    nothing could not be false; TypeError if an item is neither a Decision nor a bool.
    """
    return _combine(_until(decisions, False, "every"), settles=False)


def some(decisions: Iterable[Decision | bool]) -> Decision:
    """Return whether at least one decision is true: true as soon as one is, even while others are open.

    Stops at the first decided true. Raises ValueError if there is nothing to decide; TypeError if an item is
    neither a Decision nor a bool.
    """
    return _combine(_until(decisions, True, "some"), settles=True)


def as_decision(truth: Decision | bool) -> Decision:
    """Return truth as a Decision."""
    if isinstance(truth, Decision):
        return truth
    if not _is_truth(truth):
        raise TypeError(f"a Decision or a bool is needed, not {truth!r}")
    return Decision(bool(truth), reason=str(bool(truth)), leaning=bool(truth))


def union(groups: Iterable[Sequence[Quantity]]) -> tuple[Quantity, ...]:
    """Return the quantities of all groups, each key once, in order of first appearance."""
    found: dict[str, Quantity] = {}
    for group in groups:
        for quantity in group:
            found.setdefault(quantity.key, quantity)
    return tuple(found.values())


def format_interval(point: float, low: float, high: float) -> str:
    """Return "0.61 [0.55, 0.66]", or "0.2" where the interval is a point."""
    if low == high:
        return f"{low:.4g}"
    return f"{point:.4g} [{low:.4g}, {high:.4g}]"


def _is_truth(value: object) -> bool:
    return isinstance(value, (Decision, bool, np.bool_))


def _until(decisions: Iterable[Decision | bool], settled: bool, caller: str) -> list[Decision]:
    """Return the decisions up to and with the first whose value is settled."""
    parts: list[Decision] = []
    for truth in decisions:
        parts.append(as_decision(truth))
        if parts[-1].value is settled:
            break
    if not parts:
        raise ValueError(f"{caller}() was given nothing to decide")
    return parts


def _combine(parts: list[Decision], settles: bool) -> Decision:
    """Combine by Kleene's logic, where one part with the value ``settles`` settles the whole."""
    for part in parts:
        if part.value is settles:
            return part
    word = "or" if settles else "and"
    open_parts = [part for part in parts if part.value is None]
    if not open_parts:
        return Decision(not settles, _join(parts, word), leaning=not settles)
    nearest = _nearest(open_parts, settles)
    return replace(
        nearest,
        reason=_join(open_parts, word),
        undecided=union(part.undecided for part in open_parts),
    )


def _nearest(open_parts: list[Decision], settles: bool) -> Decision:
    """Return the part that decides when the whole closes: the first to settle it, else the last to close."""
    settling = [part for part in open_parts if part.leaning is settles]
    if settling:
        return min(settling, key=lambda part: part.needed)
    tied = [part for part in open_parts if part.leaning is None]
    return max(tied or open_parts, key=lambda part: part.needed)


def _join(parts: list[Decision], word: str) -> str:
    if len(parts) == 1:
        return parts[0].reason
    reasons = [part.reason for part in parts[:_SHOWN_PARTS]]
    texts = [f"({reason})" if " and " in reason or " or " in reason else reason for reason in reasons]
    if len(parts) > _SHOWN_PARTS:
        texts.append(f"{len(parts) - _SHOWN_PARTS} more")
    return f" {word} ".join(texts)

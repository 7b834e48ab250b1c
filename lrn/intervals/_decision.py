"""Three-valued decisions, Kleene's logic, and the exception of an open decision whose truth is needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from lrn.intervals._noting import listener, note_unasked, truth_of

__all__ = ["Decision", "Undecided"]

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
        self.quantities: tuple[Hashable, ...] = vars(decision)["undecided"]
        self.growth: float = vars(decision)["growth"]
        self.needed: float = needed_of(decision)

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
        noted = listener()
        return truth_of(instance) if noted is None else noted.read(instance)

    def __set__(self, instance: Any, value: bool | None) -> None:
        vars(instance)["value"] = value


class _Unasked:
    """A field of a decision that says nothing certain, such as how far from decided it is.

    Args:
        default: its value where none is given.
        what: its meaning, for messages.
    """

    def __init__(self, default: Any, what: str) -> None:
        self._default, self._what = default, what

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self._default
        note_unasked(self._what)
        return vars(instance)[self._name]

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self._name] = value


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
    undecided: _Unasked = _Unasked((), "the open quantities")
    leaning: _Unasked = _Unasked(None, "what the estimates lean to")
    growth: _Unasked = _Unasked(1.0, "how many times as many observations it would take")
    needed: _Unasked = _Unasked(0.0, "how many observations it would take")
    measured: bool = False

    # numpy's booleans then leave & and | to this class.
    __array_ufunc__ = None

    @property
    def reason(self) -> str:
        """The statement that has this value, with its intervals."""
        return self.text if isinstance(self.text, str) else self.text()

    def worded(self, text: Callable[[], str]) -> Decision:
        """Returns the same decision as another statement, made when it is needed."""
        return self._with(text=text)

    def unsettled(self, text: Callable[[], str], leaning: bool | None) -> Decision:
        """Returns another decision that is open as this one is, with its own statement and leaning."""
        return self._with(text=text, leaning=leaning)

    def _with(self, **changes: Any) -> Decision:
        return Decision(**{**vars(self), **changes})

    def __bool__(self) -> bool:
        noted = listener()
        truth = truth_of(self) if noted is None else noted.read(self)
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

        return self._with(
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
        noted = listener()
        truth = truth_of(self) if noted is None else noted.shown(self)
        verdict = {True: "true", False: "false", None: "undecided"}[truth]
        return f"{verdict}: {self.reason}"

    def __repr__(self) -> str:
        return f"Decision({self})"


def leaning_of(decision: Decision) -> bool | None:
    """Returns the answer of the estimates alone, for callers that do not decide by it."""
    leaning: bool | None = vars(decision)["leaning"]
    return leaning


def needed_of(decision: Decision) -> float:
    """Returns the number of observations that would settle a decision, for callers that do not decide by it."""
    needed: float = vars(decision)["needed"]
    return needed


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
    return nearest._with(
        text=lambda: _join(open_parts, word),
        undecided=union(vars(part)["undecided"] for part in open_parts),
        measured=measured,
    )


def _nearest(open_parts: list[Decision], settles: bool) -> Decision:
    """Return the part that decides when the whole closes: the first to settle it, else the last to close."""
    settling = [part for part in open_parts if leaning_of(part) is settles]
    if settling:
        return min(settling, key=needed_of)
    tied = [part for part in open_parts if leaning_of(part) is None]
    return max(tied or open_parts, key=needed_of)


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

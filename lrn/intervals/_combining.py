"""Decisions of many parts: whether all are true, and whether any is."""

from __future__ import annotations

from collections.abc import Iterable

from lrn.intervals._decision import Decision, as_decision, combined
from lrn.intervals._noting import truth_of

__all__ = ["every", "some"]


def every(decisions: Iterable[Decision | bool]) -> Decision:
    """Return whether all decisions are true: false as soon as one is, even while others are open.

    Stops at the first decided false. Raises ValueError if there is nothing to decide, as an assertion over
    nothing could not be false; TypeError if an item is neither a Decision nor a bool.
    """
    return combined(_until(decisions, False, "every"), settles=False)


def some(decisions: Iterable[Decision | bool]) -> Decision:
    """Return whether at least one decision is true: true as soon as one is, even while others are open.

    Stops at the first decided true. Raises ValueError if there is nothing to decide; TypeError if an item is
    neither a Decision nor a bool.
    """
    return combined(_until(decisions, True, "some"), settles=True)


def _until(decisions: Iterable[Decision | bool], settled: bool, caller: str) -> list[Decision]:
    """Return the decisions up to and with the first whose value is settled."""
    parts: list[Decision] = []
    for truth in decisions:
        parts.append(as_decision(truth))
        if truth_of(parts[-1]) is settled:
            break
    if not parts:
        raise ValueError(f"{caller}() was given nothing to decide")
    return parts

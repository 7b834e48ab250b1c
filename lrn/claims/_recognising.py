"""Whether two objects of one label are one population, and whether a population was changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lrn.claims._contract import PopulationError
from lrn.claims._state import State, difference, state_of

__all__ = ["Known", "certain", "check_one_object"]


@dataclass
class Known:
    """A population as it was when it was first seen, and after it was last sampled."""

    population: Any
    first: State
    last: State


def check_one_object(label: str, first: Any, other: Any, state: State | None = None) -> None:
    """Refuses a second object of one label that is not equal to the first.

    Args:
        label: of both.
        first: the object that was seen first.
        other: the object to check.
        state: of the first object when it was first seen; as it is now by default.

    Raises:
        PopulationError: they differ.
    """
    if first is other:
        return
    where = difference(state_of(first) if state is None else state, state_of(other))
    if where is not None and not _equal(first, other):
        raise PopulationError(
            f"two unequal objects have the label {label!r}: {where}; a label must name every setting (or give them "
            f"__eq__, if they are equal)"
        )


def certain(state: State) -> State:
    """The part of a state that says whether an object has changed."""
    return {where: leaf for where, leaf in state.items() if not leaf.startswith(("code ", "object "))}


def _equal(first: Any, other: Any) -> bool:
    """Whether their own `__eq__` says so."""
    try:
        return type(first) is type(other) and first is not other and (first == other) is True
    except Exception:
        return False

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


def check_one_object(label: str, known: Any, given: Any, state: State | None = None) -> None:
    """Refuses a second object of one label that is not equal to the first.

    Args:
        label: of both.
        known: the object that was seen first.
        given: the object to check.
        state: of the first object when it was first seen; as it is now by default.

    Raises:
        PopulationError: they differ.
    """
    if known is given:
        return
    where = difference(state_of(known) if state is None else state, state_of(given))
    if where is not None and not _equal(known, given):
        raise PopulationError(
            f"two unequal objects have the label {label!r}: {where}; a label must name every setting (or give them "
            f"__eq__, if they are equal)"
        )


def certain(state: State) -> State:
    """The part of a state that says whether an object has changed."""
    return {where: leaf for where, leaf in state.items() if not leaf.startswith(("code ", "object "))}


def _equal(one: Any, other: Any) -> bool:
    """Whether their own `__eq__` says so."""
    try:
        return type(one) is type(other) and one is not other and (one == other) is True
    except Exception:
        return False

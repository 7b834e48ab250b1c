"""Sizes of networks, checked."""

from __future__ import annotations

import operator
from collections.abc import Iterable

__all__ = ["size", "sizes"]


def size(name: str, value: int, least: int = 1) -> int:
    """A whole number of at least `least`; TypeError and ValueError if it is not."""
    try:
        whole = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        whole = None
    if whole is None:
        raise TypeError(f"{name} must be a whole number of at least {least}, not {value!r}")
    if whole < least:
        raise ValueError(f"{name} must be at least {least}, not {whole}")
    return whole


def sizes(name: str, values: Iterable[int]) -> tuple[int, ...]:
    """Whole numbers of at least 1; TypeError and ValueError, which name the position, if one is not."""
    return tuple(size(f"{name}[{position}]", value) for position, value in enumerate(values))

"""Checks of a file of verdicts, which may come from anywhere and hold anything."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

__all__ = ["ASSUMPTIONS", "MOST", "check_assumption", "check_types", "listed"]

_TYPES: dict[Any, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "float": (float, int),
    "float | None": (float, int, type(None)),
    "bool": (bool,),
}

MOST = 2**64
"""Numbers of seeds and of observations are at most so large."""

ASSUMPTIONS = ("normal", "symmetric", "subgaussian")
"""What a claim can assume of the values of a metric."""


def check_types(record: Any) -> None:
    """Raises TypeError for a dataclass with a field of another type than it declares."""
    for field in dataclasses.fields(record):
        value, types = getattr(record, field.name), _TYPES.get(field.type)
        if types and (not isinstance(value, types) or (isinstance(value, bool) and bool not in types)):
            raise TypeError(f"{field.name} must be {field.type}; got {value!r}")


def listed(name: str, value: Any) -> list[Any]:
    """Returns the list of JSON that it is. Raises TypeError for a text or an object, whose parts would be taken."""
    if not isinstance(value, list):
        raise TypeError(f"{name} must be a list; got {value!r}")
    return value


def check_assumption(assume: Any, sd: Any) -> None:
    """Raises ValueError for what no claim can assume of values."""
    if assume not in (None, *ASSUMPTIONS):
        raise ValueError(f"assume must be one of {', '.join(ASSUMPTIONS)}; got {assume!r}")
    is_scale = isinstance(sd, (int, float)) and not isinstance(sd, bool) and 0 < sd < math.inf
    if assume == "subgaussian" and not is_scale:
        raise ValueError(f'assume="subgaussian" needs sd, a positive number; got {sd!r}')
    if assume != "subgaussian" and sd is not None:
        raise ValueError(f'sd is for assume="subgaussian"; got {sd!r} with assume={assume!r}')

"""The settings of a function of a seed: their names, and values that stay as they are and can be written in a label."""

from __future__ import annotations

import inspect
import os
from enum import Enum
from types import FunctionType
from typing import Any

import numpy as np

__all__ = ["plain_setting", "shown", "signature_of_settings"]


def signature_of_settings(function: FunctionType) -> inspect.Signature:
    """The signature without the seed.

    Raises:
        TypeError: the function takes no seed, or a setting has no name.
    """
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or parameters[0].kind not in (parameters[0].POSITIONAL_ONLY, parameters[0].POSITIONAL_OR_KEYWORD):
        raise TypeError(
            f"{function.__name__} must take the seed as its first argument; it takes {inspect.signature(function)}"
        )
    for parameter in parameters[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            raise TypeError(f"the settings of {function.__name__} must have names; got {parameter}")
    return inspect.Signature(parameters[1:])


def plain_setting(name: str, key: str, value: Any) -> Any:
    """A setting's value, as one that stays as it is and can be written in a label."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str, bytes, Enum, os.PathLike)):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(plain_setting(name, key, part) for part in value)
    if isinstance(value, (type, FunctionType)) and "<" not in value.__qualname__:
        return value
    raise TypeError(
        f"{key} of {name} must be plain: a number, text, a tuple of these, or a function or class with a name; "
        f"got {value!r}"
    )


def shown(value: Any) -> str:
    """A setting's value, as a label has it."""
    if isinstance(value, (type, FunctionType)):
        return value.__qualname__
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, os.PathLike):
        return repr(os.fspath(value))
    if isinstance(value, tuple):
        return f"({', '.join(map(shown, value))}{',' if len(value) == 1 else ''})"
    return repr(value)

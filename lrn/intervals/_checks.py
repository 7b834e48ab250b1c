"""Argument checks that several modules share; each failure is one sentence."""

from __future__ import annotations

import numbers

__all__ = ["check_count", "check_fraction", "check_number", "check_whole"]


def check_number(name: str, value: float) -> float:
    """Return value as a float; it must be a real number, perhaps NaN or infinite."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, not {value!r}")
    return float(value)


def check_fraction(name: str, value: float) -> float:
    """Return value, which must lie strictly between 0 and 1."""
    if not 0 < check_number(name, value) < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1, not {value}")
    return float(value)


def check_whole(name: str, value: int) -> int:
    """Return value as an int; it must be a whole number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    return int(value)


def check_count(name: str, value: int, lowest: int = 0, highest: int | None = None) -> int:
    """Return value as an int; it must be a whole number in [lowest, highest]."""
    count = check_whole(name, value)
    if count < lowest or (highest is not None and count > highest):
        allowed = f"at least {lowest}" if highest is None else f"from {lowest} to {highest}"
        raise ValueError(f"{name} must be {allowed}, not {count}")
    return count

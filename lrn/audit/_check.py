"""The answer of every check: a truth value, a sentence that says why, and the conventions that it rests on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

__all__ = ["Check", "NoPowerWarning", "Verdict", "is_number", "missing_from", "require_count"]

Verdict = Literal["possible", "impossible", "uninformative"]


class NoPowerWarning(UserWarning):
    """Says that a check could not have failed whatever was printed, so that passing it shows nothing."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """The answer of one check of printed numbers.

    A check is true unless the printed numbers are impossible, so `assert grim("5.18", 28)` is a claim about a
    table; when it fails, pytest shows the sentence.

    Attributes:
        verdict: "possible", "impossible", or "uninformative" where nothing that could be printed would fail.
        message: why, in one sentence.
        conventions: the ways of rounding under which the numbers fit; empty where they do not, or where
            rounding plays no part.
        warning: what weakens the answer, such as a check without power or a fit that needs the population SD.
    """

    verdict: Verdict
    message: str
    conventions: tuple[str, ...] = ()
    warning: str = ""

    def __bool__(self) -> bool:
        return self.verdict != "impossible"

    def __str__(self) -> str:
        return f"{self.message} ({self.warning})" if self.warning else self.message

    def __repr__(self) -> str:  # what pytest shows beside a failed assertion
        return f"<{self.verdict}: {self}>"


def missing_from(columns: Collection[str], names: Iterable[str]) -> list[str]:
    """Return the names that are not columns."""
    return [name for name in names if name not in columns]


def require_count(name: str, value: Any, least: int) -> int:
    """Return value as an int; it must be a whole number, at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    return int(value)


def is_number(value: object) -> bool:
    """Say whether value is a real number, a bool not being one."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)

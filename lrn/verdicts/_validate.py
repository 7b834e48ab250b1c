"""Whether a record of verdicts can be one: a file from elsewhere may hold anything."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from lrn.verdicts._quantity import MeasuredQuantity
    from lrn.verdicts._record import SuiteVerdicts, Verdict

__all__ = ["ASSUMPTIONS", "check_assumption", "check_quantity", "check_suite", "check_types", "check_verdict"]

_TYPES: dict[Any, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "float": (float, int),
    "float | None": (float, int, type(None)),
    "bool": (bool,),
}
_MOST = 2**64

ASSUMPTIONS = ("normal", "symmetric", "subgaussian")
"""What a claim can assume of the values of a metric."""

_T = TypeVar("_T")
_Q = TypeVar("_Q", bound="MeasuredQuantity")
_V = TypeVar("_V", bound="Verdict")
_S = TypeVar("_S", bound="SuiteVerdicts")


def check_types(record: _T) -> _T:
    """Returns a dataclass whose fields have the types that they say; raises TypeError for another."""
    for field in dataclasses.fields(record):  # type: ignore[arg-type]
        value, types = getattr(record, field.name), _TYPES.get(field.type)
        if types and (not isinstance(value, types) or (isinstance(value, bool) and bool not in types)):
            raise TypeError(f"{field.name} must be {field.type}; got {value!r}")
    return record


def check_assumption(assume: Any, sd: Any) -> None:
    """Raises ValueError for what no claim can assume of values."""
    if assume not in (None, *ASSUMPTIONS):
        raise ValueError(f"assume must be one of {', '.join(ASSUMPTIONS)}; got {assume!r}")
    is_scale = isinstance(sd, (int, float)) and not isinstance(sd, bool) and 0 < sd < math.inf
    if assume == "subgaussian" and not is_scale:
        raise ValueError(f'assume="subgaussian" needs sd, a positive number; got {sd!r}')
    if assume != "subgaussian" and sd is not None:
        raise ValueError(f'sd is for assume="subgaussian"; got {sd!r} with assume={assume!r}')


def check_quantity(quantity: _Q) -> _Q:
    """Returns a quantity that can have been measured; raises ValueError or TypeError for another."""
    check_types(quantity)
    point, low, high = quantity.point, quantity.low, quantity.high
    if not low <= high:  # NaN too
        raise ValueError(f"an interval must have low <= high; got [{low:g}, {high:g}]")
    # The estimate may lie outside: an interval that holds at all times can have been narrower before.
    rate = quantity.quantity is not None and quantity.quantity.is_rate
    if rate and not (low >= 0 and high <= 1 and (math.isnan(point) or 0 <= point <= 1)):
        raise ValueError(f"a rate must lie between 0 and 1; got {point:g} [{low:g}, {high:g}]")
    if not 0 <= quantity.n <= quantity.seeds <= _MOST:
        raise ValueError(f"observations must be at most as many as seeds; got {quantity.n} of {quantity.seeds}")
    if len(quantity.terms) != len(quantity.coefficients):
        terms, coefficients = len(quantity.terms), len(quantity.coefficients)
        raise ValueError(f"each term must have a coefficient; got {terms} and {coefficients}")
    if quantity.shares < 0:
        raise ValueError(f"shares must be at least 0; got {quantity.shares}")
    return quantity


def check_verdict(verdict: _V) -> _V:
    """Returns a verdict that a claim can have; raises ValueError or TypeError for another."""
    check_types(verdict)
    if not verdict.test or "\0" in verdict.test:
        raise ValueError(f"test must be pytest's name of a test; got {verdict.test!r}")
    if verdict.looks < 0:
        raise ValueError(f"looks must be at least 0; got {verdict.looks}")
    if verdict.seeds_needed is not None and not verdict.seeds_needed >= 0:
        raise ValueError(f"seeds_needed must be at least 0; got {verdict.seeds_needed}")
    return verdict


def check_suite(suite: _S) -> _S:
    """Returns a suite that can have been checked; raises ValueError or TypeError for another."""
    check_types(suite)
    if not 0 < suite.alpha < 1:
        raise ValueError(f"alpha must be a number strictly between 0 and 1; got {suite.alpha}")
    for field in dataclasses.fields(suite):
        value = getattr(suite, field.name)
        if field.type == "int" and not 0 <= value <= _MOST:
            raise ValueError(f"{field.name} must be a whole number from 0 to 2**64; got {value}")
    test, times = Counter(verdict.test for verdict in suite.claims).most_common(1)[0] if suite.claims else ("", 0)
    if times > 1:
        raise ValueError(f"each test must stand there once; {test!r} does {times} times")
    return suite

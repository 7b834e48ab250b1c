"""The bare estimate of an interval, which may be shown but not compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lrn.intervals._noting import note_unasked

__all__ = ["Point"]


class Point(float):
    """An estimate without its interval: a float that notes when it is compared.

    A comparison of estimates says nothing certain: it may come out either way by chance. So a claim that compares
    points is found out (`lrn.intervals.note_decisions`); results of arithmetic with a point are points too.
    """

    __slots__ = ()
    __hash__ = float.__hash__

    def __eq__(self, other: object) -> bool:
        note_unasked(f"{float(self):.4g} == {other}")
        return float(self) == other

    def __ne__(self, other: object) -> bool:
        note_unasked(f"{float(self):.4g} != {other}")
        return float(self) != other


def _compared(name: str, sign: str) -> Callable[[Point, Any], Any]:
    plain = getattr(float, name)

    def compare(self: Point, other: Any) -> Any:
        result = plain(self, other)
        if result is not NotImplemented:
            note_unasked(f"{float(self):.4g} {sign} {other}")
        return result

    return compare


def _computed(name: str) -> Callable[..., Any]:
    plain = getattr(float, name)

    def compute(self: Point, *others: Any) -> Any:
        result = plain(self, *others)
        return Point(result) if isinstance(result, float) else result

    return compute


for _name, _sign in (("__lt__", "<"), ("__le__", "<="), ("__gt__", ">"), ("__ge__", ">=")):
    setattr(Point, _name, _compared(_name, _sign))
_OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
for _name in (*_OPERATORS, *map("r{}".format, _OPERATORS), "neg", "pos", "abs", "round"):
    setattr(Point, f"__{_name}__", _computed(f"__{_name}__"))

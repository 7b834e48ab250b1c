"""A ratio of two measured quantities, which is compared with a number as a linear expression."""

from __future__ import annotations

from dataclasses import dataclass

from lrn.intervals import Decision, Estimate

__all__ = ["Ratio"]


@dataclass(frozen=True, eq=False)
class Ratio:
    """The ratio of two quantities, to compare with a number; the second one is not negative.

    `ratio > 2` is `numerator - 2 * denominator > 0`, decided by the interval of that difference. So nothing is divided,
    and the denominator may be 0.

    Attributes:
        numerator: the dividend.
        denominator: the divisor.
    """

    numerator: Estimate
    denominator: Estimate

    def __gt__(self, other: float) -> Decision:
        return self.numerator - other * self.denominator > 0

    def __ge__(self, other: float) -> Decision:
        return self.numerator - other * self.denominator >= 0

    def __lt__(self, other: float) -> Decision:
        return self.numerator - other * self.denominator < 0

    def __le__(self, other: float) -> Decision:
        return self.numerator - other * self.denominator <= 0

    def __eq__(self, other: object) -> Decision:  # type: ignore[override]
        return self.numerator - other * self.denominator == 0  # type: ignore[operator]

    def __ne__(self, other: object) -> Decision:  # type: ignore[override]
        return self.numerator - other * self.denominator != 0  # type: ignore[operator]

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError("the truth of a ratio is not defined; compare it with a number")

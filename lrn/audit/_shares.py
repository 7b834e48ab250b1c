"""Counts with their percentages, as "45 (71 %)" of 63."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from lrn.audit._check import Check, require_count
from lrn.audit._means import MeanOf, shown
from lrn.audit._rounding import read_rounding, written

__all__ = ["check_share"]


def check_share(
    share: str,
    count: int,
    n: int,
    *,
    decimals: int | None = None,
    rounding: str | Iterable[str] = "lenient",
) -> Check:
    """Check a printed percentage against the count that it expresses.

    Args:
        share: the percentage as printed, with or without its sign.
        count: how many of the n did something.
        n: how many there were.
        decimals: the decimals to which the table rounds, if it drops trailing zeros.
        rounding: how the table was rounded; see `lrn.audit.CONVENTIONS`.

    Raises:
        ValueError: if `share` is not a number, n < 1 or count < 0.

    Example:
        >>> print(check_share("71 %", 45, 62))
        45 of 62 are 73 %, not 71 %
    """
    require_count("count", count, 0)
    of = MeanOf.read(share, n, decimals, True, 1, None)
    if count > of.n:
        return Check(verdict="impossible", message=f"{count} cannot be a part of {of.n}")
    exact = written(Fraction(100 * count, of.n), of.number.decimals)
    if count in of.totals(read_rounding(rounding)):
        return Check(verdict="possible", message=f"{count} of {of.n} are {exact} %, and {shown(of)} is printed")
    return Check(verdict="impossible", message=f"{count} of {of.n} are {exact} %, not {shown(of)}")

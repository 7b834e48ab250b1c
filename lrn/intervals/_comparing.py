"""Comparisons of estimates: decisions, and by how much more has to be observed while they are open."""

from __future__ import annotations

import math
from collections.abc import Hashable

from lrn.intervals._arithmetic import is_known, linear_sum
from lrn.intervals._bounded import Bounded
from lrn.intervals._decision import Decision, leaning_of, union
from lrn.intervals._expression import Expression
from lrn.intervals._noting import truth_of

__all__ = ["equal", "ordered", "within"]


def ordered(a: Bounded, b: Bounded, sign: str) -> Decision:
    """Decides ``a sign b`` for one of the four orderings."""
    difference = linear_sum(a, -b) if not (is_known(a) and is_known(b)) else None
    if difference is not None:
        if difference._expression is not None:
            return _measured_order(difference, sign)
        a, b = difference, a.constant(0.0)  # what was measured cancels
    larger, smaller = (a, b) if sign[0] == ">" else (b, a)
    if len(sign) == 2:
        holds, fails = larger._low >= smaller._high, larger._high < smaller._low
    else:
        holds, fails = larger._low > smaller._high, larger._high <= smaller._low
    return _decision(a, b, sign, holds, fails, larger._point > smaller._point)


def _measured_order(difference: Bounded, sign: str) -> Decision:
    """Decides whether a linear expression lies above, or below, a number."""
    expression = difference._expression
    assert expression is not None
    threshold = 0.0 - difference._offset
    if len(expression.terms) == 1:  # compare the quantity itself, not a multiple of it
        ((quantity, coefficient),) = expression.terms
        expression = type(expression)(expression.source, ((quantity, 1.0),))
        threshold /= coefficient
        sign = sign if coefficient > 0 else sign.translate(str.maketrans("<>", "><"))
    evidence = expression.source.compare(expression.terms, threshold, inclusive=sign in (">=", "<"))
    above = sign[0] == ">"
    holds, fails = {
        ">": (evidence.above, evidence.at_most),
        ">=": (evidence.at_least, evidence.below),
        "<": (evidence.below, evidence.at_least),
        "<=": (evidence.at_most, evidence.above),
    }[sign]
    known = difference.of(expression)

    def text() -> str:
        return f"{expression} = {known} {sign} {threshold:.4g}"

    if holds or fails:
        return Decision(holds, text, leaning=holds, measured=True)
    leaning = None if evidence.leaning is None else evidence.leaning is above
    return Decision(None, text, (expression,), leaning, evidence.growth, evidence.needed, measured=True)


def equal(a: Bounded, b: Bounded) -> Decision:
    difference = linear_sum(a, -b)
    if difference is not None:
        if difference._expression is not None:
            return _measured_equality(difference)
        a, b = difference, a.constant(0.0)  # what was measured cancels
    holds = a._low == a._high == b._low == b._high
    fails = a._high < b._low or b._high < a._low
    return _decision(a, b, "==", holds, fails, leaning=False)


def within(difference: Bounded, margin: float) -> Decision:
    """Decides whether a difference lies between `-margin` and `margin`, neither included.

    Args:
        difference: an estimate.
        margin: a positive number.
    """
    both = ordered(difference, difference.constant(margin), "<") & ordered(
        difference, difference.constant(-margin), ">"
    )
    expression = difference._expression
    if expression is None:
        return both

    def text() -> str:
        return f"{expression} = {difference.of(expression)}, within {margin:.4g} of {0.0 - difference._offset:.4g}"

    return both.worded(text)


def _measured_equality(difference: Bounded) -> Decision:
    """Decides whether a linear expression has a certain value: only its being another one can be shown."""
    apart = _measured_order(difference, ">"), _measured_order(difference, "<")
    settled = [part for part in apart if truth_of(part) is True]

    def text() -> str:
        return (settled or apart)[0].reason.replace(" > ", " == ").replace(" < ", " == ")

    if settled:
        return Decision(False, text, leaning=False, measured=True)
    leaning = None if leaning_of(apart[0]) is None else False
    return apart[0].unsettled(text, leaning)


def _decision(a: Bounded, b: Bounded, sign: str, holds: bool, fails: bool, leaning: bool) -> Decision:
    """Returns the decision; ``leaning`` is what unequal points say of it."""
    quantities = union((a.quantities, b.quantities))

    def text() -> str:
        return f"{a} {sign} {b}"

    if holds or fails:
        return Decision(holds, text, leaning=holds, measured=bool(quantities))
    most = max(map(_observations, quantities), default=0) or max(a._count, b._count)
    growth = _growth(a, b) if quantities else math.inf
    known = a._point < b._point or a._point > b._point
    return Decision(
        None, text, quantities, leaning if known else None, growth, growth * max(most, 1), measured=bool(quantities)
    )


def _observations(quantity: Hashable) -> int:
    return quantity.source.observations(quantity.terms) if isinstance(quantity, Expression) else 0


def _growth(a: Bounded, b: Bounded) -> float:
    """Returns by about which factor all n must grow until the intervals part, if the points stay.

    A width shrinks with the root of n, but with n itself if the point is an end of its interval (as for a
    rate without a hit). An infinite end only says that n is too small yet; doubling is the least that helps.
    """
    above, below = (a, b) if a._point > b._point else (b, a)
    gap = above._point - below._point
    slow = fast = 0.0
    for width, is_one_sided in (
        (above._point - above._low, above._high == above._point),
        (below._high - below._point, below._low == below._point),
    ):
        if is_one_sided:
            fast += width
        else:
            slow += width
    if not gap > 0:
        return math.inf
    if not math.isfinite(slow + fast):
        return 2.0
    # The positive root of gap x^2 = slow x + fast, where x is the root of the growth.
    root = (slow + math.sqrt(slow * slow + 4 * fast * gap)) / (2 * gap)
    return max(root * root, 1.0)

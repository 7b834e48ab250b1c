"""Diagnoses a network from a row of gradient norms, one per layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LIMIT", "Diagnosis", "diagnose"]

LIMIT = 1000.0
"""Gradients vanish or explode where the first layer's is this many times smaller or larger than the last layer's.

Between layers three orders of magnitude apart no one learning rate of plain gradient descent serves both.
"""


@dataclass(frozen=True)
class Diagnosis:
    """The change of the gradient on its way from the last layer back to the first.

    Attributes:
        kind: "even"; "vanishing" or "exploding"; "blocked": the first layers get no gradient at all; "not finite"; or
            "unclear": there are fewer than two layers to compare, or none gets a gradient.
        factor: a layer's gradient is multiplied by this on the way to the layer before it: exp(-slope), of the
            least-squares line through log-norm against depth. NaN if it is undefined.
        text: the same in words.
    """

    kind: str
    factor: float
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def diagnose(norms: Sequence[float] | NDArray[np.floating], names: Sequence[str] | None = None) -> Diagnosis:
    """Say in words what gradient norms do along the depth of a network.

    The slope of log-norm against depth is fitted by least squares, layers that get exactly no gradient left out. The
    fitted first layer's norm over the fitted last layer's is exp(-slope (D - 1)); from `LIMIT` on gradients explode,
    from its inverse down they vanish.

    Args:
        norms: gradient norm of each layer, first layer first, shape (D,).
        names: what to call the layers; "layer 1", ... by default.

    Raises:
        TypeError: a norm is not a number.
        ValueError: there is no norm, one is negative, or there is another number of names.

    Example:
        >>> diagnose([1e-6, 1e-4, 1e-2, 1.0]).kind
        'vanishing'
    """
    try:
        g = np.asarray(norms, np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"norms must be numbers, one per layer; got {norms!r}") from None
    if g.ndim != 1 or len(g) == 0:
        raise ValueError(f"norms must be one number per layer, shape (D,), D at least 1; got shape {g.shape}")
    if (g < 0).any():
        raise ValueError(f"a norm is never negative; got {g.min():g}")
    called = list(map("layer {}".format, range(1, len(g) + 1)) if names is None else names)
    if len(called) != len(g):
        raise ValueError(f"{len(g)} norms need {len(g)} names; got {len(called)}")
    if not np.isfinite(g).all():
        last = int(np.flatnonzero(~np.isfinite(g))[-1])
        return Diagnosis("not finite", math.nan, f"the gradient is NaN or infinite from {called[last]} backwards")
    reached = np.flatnonzero(g)
    if len(reached) == 0:
        return Diagnosis("unclear", math.nan, "no layer gets any gradient")
    if reached[0] > 0:
        return _blocked(called, int(reached[0]), len(g))
    if len(g) < 2 or len(reached) < 2:
        return Diagnosis("unclear", math.nan, f"only {called[reached[0]]} gets a gradient: nothing to compare it with")
    return _slope(g, reached, called)


def _blocked(called: Sequence[str], first: int, depth: int) -> Diagnosis:
    lost = called[0] if first == 1 else f"{called[0]} to {called[first - 1]}"
    text = (
        f"{lost} ({first} of {depth}) get exactly no gradient, {called[first]} does: what lies between is dead, cut "
        "off, or too small for the arithmetic"
    )
    return Diagnosis("blocked", 0.0, text)


def _slope(g: NDArray[np.float64], reached: NDArray[np.intp], called: Sequence[str]) -> Diagnosis:
    slope = float(np.polyfit(reached, np.log(g[reached]), 1)[0])
    change = -slope * (len(g) - 1)  # log of the first layer's norm over the last layer's, as fitted
    factor, total = math.exp(min(-slope, 700.0)), math.exp(min(abs(change), 700.0))  # a float ends near e^709
    passed = f"each layer hands back {factor:.3g} times the gradient it gets"
    if abs(change) < math.log(LIMIT):
        kind, text = "even", f"{passed}; first and last layer are within a factor of {total:.3g}"
    elif change < 0:
        kind, text = "vanishing", f"{passed}, so {called[0]} gets {total:.3g} times less than {called[-1]}"
    else:
        kind, text = "exploding", f"{passed}, so {called[0]} gets {total:.3g} times more than {called[-1]}"
    missed = [called[d] for d in np.flatnonzero(g == 0).tolist()]
    return Diagnosis(kind, factor, text + (f"; no gradient in {', '.join(missed)}" if missed else ""))

"""Measured quantities as data: the metrics, the populations, and the results."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from lrn.verdicts._validate import MOST, check_assumption, check_types, listed

__all__ = ["MeasuredQuantity", "Quantity", "expression_key", "expression_name"]

_SHOWN_TERMS = 3

_POPULATIONS = {
    "rate": 1,
    "mean": 1,
    "quantile": 1,
    "published mean": 1,
    "rate of larger": 2,
    "mean difference": 2,
    "median difference": 2,
}
"""Statistic -> the number of populations that it is of."""


@dataclass(frozen=True)
class Quantity:
    """A statistic of a metric over the seeds of one population or two.

    Attributes:
        statistic: "rate", "mean", "quantile", "rate of larger" (of two populations, the metric of the first is the
            larger one), "mean difference" or "median difference" (of the first less the second) or "published mean".
        metric: name of the metric.
        populations: labels of the populations.
        given: name of the condition under which a seed counts; None for every seed.
        bounds: smallest and largest possible value, where the claim gave them.
        q: which quantile; None for other statistics.
        digests: for each population the key of an experiment, which tells it from others of the same label, or "".
        assume: the claim's assumption about the values, "normal", "symmetric" or "subgaussian"; None for none.
        sd: the scale of subgaussian values.
    """

    statistic: str
    metric: str
    populations: tuple[str, ...]
    given: str | None = None
    bounds: tuple[float, float] | None = None
    q: float | None = None
    digests: tuple[str, ...] = ()
    assume: str | None = None
    sd: float | None = None

    @property
    def assumption(self) -> str:
        """The assumption about the values, for people: "normal", "subgaussian with sd 0.02"; "" for none."""
        return f"{self.assume or ''}{'' if self.sd is None else f' with sd {self.sd!r}'}"

    @property
    def what(self) -> str:
        """The statistic and the metric, for people, without the populations: "rate of converged"."""
        statistic = self.statistic
        if statistic == "quantile":
            statistic = "median" if self.q == 0.5 else f"{self.q!r}-quantile"
        words = statistic if " of " in f"{statistic} " else f"{statistic} of"
        within = "" if self.bounds is None else f" within {self.bounds[0]!r} and {self.bounds[1]!r}"
        assumed = f" assumed {self.assumption}" if self.assume else ""
        return f"{words} {self.metric}{within}{assumed}{_clause('given', self.given)}"

    @property
    def name(self) -> str:
        """The whole quantity, for people: "rate of converged in late, depth 10"."""
        joint = " than in " if self.statistic == "rate of larger" else " less "
        return f"{self.what} in {joint.join(self.populations)}"

    @property
    def key(self) -> str:
        """Stable text that differs for distinct quantities."""
        digests = ", ".join(filter(None, self.digests))
        return f"{self.name} [{digests}]" if digests else self.name

    @property
    def is_rate(self) -> bool:
        """Whether it is a proportion of the seeds."""
        return self.statistic in ("rate", "rate of larger")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Returns the quantity that JSON holds. Raises KeyError, TypeError or ValueError for anything else."""
        bounds = data["bounds"]
        changed: dict[str, Any] = {"bounds": None}
        for name in ("populations", "digests"):
            changed[name] = tuple(map(str, listed(name, data[name])))
        if bounds is not None:
            changed["bounds"] = (float(bounds[0]), float(bounds[1]))
        check_assumption(data.get("assume"), data.get("sd"))
        quantity = cls(**{**data, **changed})
        _check_statistic(quantity)
        return quantity


@dataclass(frozen=True)
class MeasuredQuantity:
    """A quantity, or a linear expression of quantities, as it was measured last.

    Attributes:
        key: its identity; equal keys in two claims are the same quantity.
        name: its name, for people.
        point: the estimate; NaN without any observation.
        low: lower end of its interval; may be `-inf`.
        high: upper end; may be `inf`.
        n: observations: the seeds, or those of them that met the claim's condition.
        seeds: seeds sampled of each population.
        thresholds: the numbers it was compared with.
        shares: how many shares of the error budget it takes: 1 for a comparison with one number, 2 for more of them or
            where it is computed with, 0 where it is only shown.
        quantity: the measured quantity; None for an expression.
        terms: the measured quantities that an expression combines, only shown.
        coefficients: by which they are multiplied; as many as there are terms.
        inclusive: for each threshold, whether it was asked if the quantity is at least so much, rather than more.
        assumption: the interval's assumption about the values, one per seed; "" for none. A verdict that rests on it
            holds if the assumption does.
    """

    key: str
    name: str
    point: float
    low: float
    high: float
    n: int
    seeds: int
    thresholds: tuple[float, ...] = ()
    shares: int = 1
    quantity: Quantity | None = None
    terms: tuple[MeasuredQuantity, ...] = ()
    coefficients: tuple[float, ...] = ()
    inclusive: tuple[bool, ...] = ()
    assumption: str = ""

    @property
    def is_rate(self) -> bool:
        """Whether it is a proportion of the seeds, or a difference of such."""
        if self.quantity is not None:
            return self.quantity.is_rate
        return bool(self.terms) and all(term.is_rate for term in self.terms)

    @property
    def proviso(self) -> str:
        """The condition of its interval, to be put behind it: " if normal"; "" for none."""
        return f" if {self.assumption}" if self.assumption else ""

    def shown(self, digits: int = 4) -> str:
        """Returns the estimate and its interval for people, such as "0.61 [0.55, 0.66] if normal".

        Args:
            digits: significant digits.
        """
        if math.isnan(self.point):
            return f"unknown{self.proviso}" if self.seeds else "no seeds yet"
        return f"{self.point:.{digits}g} [{self.low:.{digits}g}, {self.high:.{digits}g}]{self.proviso}"

    @property
    def is_open(self) -> bool:
        """Whether its interval has a number that it was compared with."""
        return any(self.low <= threshold <= self.high for threshold in self.thresholds)

    @property
    def leaves(self) -> tuple[MeasuredQuantity, ...]:
        """Itself, or the terms of an expression: the quantities of single populations."""
        return self.terms or (self,)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Returns the quantity that JSON holds. Raises KeyError, TypeError or ValueError for anything else."""
        changed: dict[str, Any] = {}
        for name in ("point", "low", "high"):
            changed[name] = float(data[name])
        for name in ("thresholds", "coefficients"):
            changed[name] = tuple(map(float, listed(name, data[name])))
        quantity = data["quantity"]
        changed["inclusive"] = tuple(map(bool, listed("inclusive", data["inclusive"])))
        changed["quantity"] = None if quantity is None else Quantity.from_json(quantity)
        changed["terms"] = tuple(map(cls.from_json, listed("terms", data["terms"])))
        measured = cls(**{**data, **changed})
        _check(measured)
        return measured

    def replace(self, **changes: Any) -> Self:
        """Returns a copy with some fields changed."""
        return dataclasses.replace(self, **changes)


def expression_name(terms: Sequence[tuple[Quantity, float]]) -> str:
    """Returns a linear expression for people: "rate of converged in late less plain", or with coefficients."""
    if len(terms) == 2:
        (first, first_coefficient), (second, second_coefficient) = terms
        if first.what == second.what and (first_coefficient, second_coefficient) == (1.0, -1.0):
            return f"{first.name} less in {second.populations[0]}"
    parts = []
    for quantity, coefficient in terms[:_SHOWN_TERMS]:
        size = "" if abs(coefficient) == 1 else f"{abs(coefficient):.4g} × "
        parts.append(f"{'−' if coefficient < 0 else '+'} {size}{quantity.name}")
    more = f" and {len(terms) - _SHOWN_TERMS} more" if len(terms) > _SHOWN_TERMS else ""
    return f"{' '.join(parts)}{more}".removeprefix("+ ")


def expression_key(terms: Sequence[tuple[Quantity, float]]) -> str:
    """Returns stable text that differs for distinct expressions."""
    parts = "\n".join(f"{coefficient!r} {quantity.key}" for quantity, coefficient in terms)
    return f"{expression_name(terms)} [{hashlib.sha256(parts.encode()).hexdigest()[:16]}]"


def _clause(word: str, text: str | None) -> str:
    """A word and the text it introduces, to be put behind a sentence; "" without a text."""
    return "" if text is None else f" {word} {text}"


def _check_statistic(quantity: Quantity) -> None:
    """Raises ValueError or TypeError for a quantity that nobody can measure."""
    check_types(quantity)
    if quantity.statistic not in _POPULATIONS:
        raise ValueError(f"statistic must be one of {', '.join(_POPULATIONS)}; got {quantity.statistic!r}")
    of, populations = len(quantity.populations), _POPULATIONS[quantity.statistic]
    if of != populations:
        raise ValueError(f"a {quantity.statistic} must be of {populations} populations; got {of}")
    q = quantity.q
    if (quantity.statistic == "quantile" and q is None) or (q is not None and not 0 <= q <= 1):
        raise ValueError(f"q must be a number from 0 to 1, which each quantile has; got {q}")
    if quantity.bounds is not None and not quantity.bounds[0] <= quantity.bounds[1]:
        raise ValueError(f"bounds must be the smaller and the larger number; got {list(quantity.bounds)}")


def _check(quantity: MeasuredQuantity) -> None:
    """Raises ValueError or TypeError for a quantity that cannot have been measured."""
    check_types(quantity)
    point, low, high = quantity.point, quantity.low, quantity.high
    if not low <= high:  # NaN too
        raise ValueError(f"an interval must have low <= high; got [{low:g}, {high:g}]")
    # The estimate may lie outside: an interval that holds at all times can have been narrower before.
    rate = quantity.quantity is not None and quantity.quantity.is_rate
    if rate and not (low >= 0 and high <= 1 and (math.isnan(point) or 0 <= point <= 1)):
        raise ValueError(f"a rate must lie between 0 and 1; got {point:g} [{low:g}, {high:g}]")
    if not 0 <= quantity.n <= quantity.seeds <= MOST:
        raise ValueError(f"observations must be at most as many as seeds; got {quantity.n} of {quantity.seeds}")
    if len(quantity.terms) != len(quantity.coefficients):
        terms, coefficients = len(quantity.terms), len(quantity.coefficients)
        raise ValueError(f"each term must have a coefficient; got {terms} and {coefficients}")
    if rate and not quantity.n and not math.isnan(point):
        raise ValueError(f"an estimate must be nan without observations; got {point:g}")
    if len(quantity.inclusive) not in (0, len(quantity.thresholds)):
        thresholds, inclusive = len(quantity.thresholds), len(quantity.inclusive)
        raise ValueError(f"each threshold must be inclusive or not; got {thresholds} and {inclusive}")
    if any(map(math.isnan, (*quantity.thresholds, *quantity.coefficients))):
        raise ValueError("thresholds and coefficients must be numbers; got nan")
    if not 0 <= quantity.shares <= MOST:
        raise ValueError(f"shares must be a whole number from 0 to 2**64; got {quantity.shares}")

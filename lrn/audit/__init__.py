"""Audit a paper's tables against themselves: no training, only arithmetic.

A published table can be wrong without any experiment being repeated. A mean of ten whole numbers has at most
one decimal; a column of counts has one sum; a layer cannot be dead while one of its neurons lives; a caption
and the sentence that points to it name the same set-up; ten runs a cell can show a large difference and no
other. Each function here checks one such thing, for any paper:

- `possible_totals`, `possible_counts`, `largest_at_least`: GRIM, the means that whole numbers can have;
- `wrong_totals`: printed sums against the sums of their parts;
- `dead_layers_possible`: dead layers against dead neurons;
- `compare_counts`, `holm`, `power`, `detectable_rate`: what k of n against k of n shows, or could have shown;
- `conflicts`: descriptions of one thing (caption, list of figures, text) that disagree.

Published numbers are given as text, as printed: "0.40" says more than the float 0.4. Arithmetic on them is
exact, so no check hangs on the last bit of a float. `lrn.audit.documents` reads tables and quotations as text.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cache
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

__all__ = [
    "compare_counts",
    "conflicts",
    "dead_layers_possible",
    "detectable_rate",
    "holm",
    "largest_at_least",
    "possible_counts",
    "possible_totals",
    "power",
    "wrong_totals",
]

Test = Literal["fisher", "boschloo", "barnard"]
_TESTS: tuple[Test, ...] = ("fisher", "boschloo", "barnard")
_LONGEST = 1000  # digits that arithmetic on exact numbers takes in its stride
Key = TypeVar("Key", bound=Hashable)


def possible_totals(mean: str, n: int, decimals: int | None = None) -> tuple[int, ...]:
    """Return every total k = 0, 1, 2, … whose mean k / n prints as `mean`; none means an impossible mean.

    The GRIM test (Brown and Heathers, 2017, Social Psychological and Personality Science 8(4)). Rounding half
    up and half to even both count, since a table seldom says which it uses.

    Args:
        mean: the mean as printed, for example "17.12".
        n: how many whole numbers were averaged, at least 1.
        decimals: the decimals the table rounds to, if it drops trailing zeros ("0.4" for "0.40"); by
            default the decimals that are printed.

    Raises:
        TypeError: if `mean` is not text or n not a whole number.
        ValueError: if `mean` is negative or no decimal number, or has more than `decimals` decimals, or n < 1.
    """
    value, places = _parse(mean, decimals)
    _require_count("n", n, 1)
    reach = Fraction(1, 2 * 10**places)
    nearby = range(max(0, math.floor((value - reach) * n)), math.ceil((value + reach) * n) + 1)
    return tuple(k for k in nearby if value in _roundings(Fraction(k, int(n)), places))


def possible_counts(mean: str, max_n: int, decimals: int | None = None) -> tuple[int, ...]:
    """Return every n up to `max_n` for which n whole numbers can have this mean (see `possible_totals`)."""
    _require_count("max_n", max_n, 1)
    return tuple(n for n in range(1, max_n + 1) if possible_totals(mean, n, decimals))


def largest_at_least(mean: str, n: int, decimals: int | None = None) -> int:
    """Return the least that the largest of n whole numbers with this mean can be: ⌈k / n⌉ (pigeonhole).

    Raises:
        ValueError: if no n whole numbers have this mean; else as `possible_totals`.
    """
    totals = possible_totals(mean, n, decimals)
    if not totals:
        raise ValueError(f"mean {mean!r} is not possible for n = {n} whole numbers")
    return math.ceil(Fraction(totals[0], int(n)))


def _parse(mean: str, decimals: int | None) -> tuple[Fraction, int]:
    number = _decimal(mean)
    if number < 0:
        raise ValueError(f"a mean of whole numbers cannot be negative, such as {mean!r}")
    printed = max(0, -int(number.as_tuple().exponent))
    if decimals is not None:
        _require_count("decimals", decimals, 0)
    if decimals is not None and decimals < printed:
        raise ValueError(f"{mean!r} has {printed} decimals, more than decimals = {decimals}")
    return Fraction(number), printed if decimals is None else decimals


def _decimal(text: str) -> Decimal:
    if not isinstance(text, str):
        raise TypeError(f"a number must be given as text, as printed, such as '0.40', not {text!r}")
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"a printed number must look like '17.12', not {text!r}") from None
    if not number.is_finite() or abs(int(number.as_tuple().exponent)) > _LONGEST:
        raise ValueError(f"a printed number must be finite, with at most {_LONGEST} zeros or decimals, not {text!r}")
    return number


def _roundings(value: Fraction, places: int) -> tuple[Fraction, Fraction]:
    half_up = Fraction(math.floor(value * 10**places + Fraction(1, 2)), 10**places)
    return round(value, places), half_up


def _require_count(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def wrong_totals(parts: Mapping[Key, Iterable[str]], totals: Mapping[Key, str]) -> dict[Key, tuple[str, str]]:
    """Return {key: (sum of its parts, printed total)} wherever the two differ; {} if every total adds up.

    Args:
        parts: for each total, the printed numbers that it sums.
        totals: the printed totals, with the same keys.

    Raises:
        ValueError: if the keys differ, or a number is no decimal number.
    """
    if parts.keys() != totals.keys():
        odd = ", ".join(sorted(map(str, parts.keys() ^ totals.keys())))
        raise ValueError(f"parts and totals must have the same keys; only one of them has {odd}")
    sums = {key: sum(map(_decimal, numbers), Decimal(0)) for key, numbers in parts.items()}
    return {key: (str(sums[key]), total) for key, total in totals.items() if sums[key] != _decimal(total)}


def dead_layers_possible(
    neurons: str, layers: str, *, n: int, depth: int, width: int, decimals: int | None = None
) -> bool:
    """Say whether n networks can have these printed mean numbers of dead neurons and dead layers.

    A layer is dead when all its W neurons are. So a network of D layers, N dead neurons and L dead layers
    has W L <= N <= D (W - 1) + L and L <= D. The bounds add up over networks, and totals within the added
    bounds can always be shared out again, so the means are possible exactly if some totals that print as them
    obey these.

    Args:
        neurons: mean dead neurons as printed.
        layers: mean dead layers as printed.
        n: how many networks were averaged.
        depth: hidden layers D of each network.
        width: neurons W of each hidden layer.
        decimals: as in `possible_totals`.
    """
    _require_count("depth", depth, 1)
    _require_count("width", width, 1)
    return any(
        0 <= width * dead_layers <= dead <= n * depth * (width - 1) + dead_layers and dead_layers <= n * depth
        for dead in possible_totals(neurons, n, decimals)
        for dead_layers in possible_totals(layers, n, decimals)
    )


def compare_counts(k1: int, n1: int, k2: int, n2: int, test: Test = "fisher") -> float:
    """Return the two-sided p-value of "k1 of n1 and k2 of n2 came from one rate".

    Exact at every n. "fisher" (Fisher, 1935) conditions on k1 + k2 and is the most cautious; "boschloo"
    (Boschloo, 1970) and "barnard" (Barnard, 1945) do not, and find more (`scipy.stats.fisher_exact`,
    `boschloo_exact`, `barnard_exact`).

    Raises:
        ValueError: if n >= 1 and 0 <= k <= n fails for a group, or the test is unknown.
    """
    for name, k, n in (("1", k1, n1), ("2", k2, n2)):
        _require_count(f"n{name}", n, 1)
        _require_count(f"k{name}", k, 0)
        if k > n:
            raise ValueError(f"k{name} must be at most n{name} = {n}, not {k}")
    if test not in _TESTS:
        raise ValueError(f"test must be one of {', '.join(_TESTS)}, not {test!r}")
    return _p_value(int(k1), int(n1), int(k2), int(n2), test)


@cache
def _p_value(k1: int, n1: int, k2: int, n2: int, test: Test) -> float:
    if k1 + k2 in (0, n1 + n2):  # only one outcome was seen: no evidence, where scipy answers nan
        return 1.0
    table = [[k1, k2], [n1 - k1, n2 - k2]]
    if test == "fisher":
        return float(stats.fisher_exact(table).pvalue)
    exact = stats.boschloo_exact if test == "boschloo" else stats.barnard_exact
    return min(1.0, float(exact(table).pvalue))


def power(rate1: float, rate2: float, n1: int, n2: int, *, alpha: float = 0.05, test: Test = "fisher") -> float:
    """Return the probability that the test, two-sided at level alpha, finds the second rate the higher one.

    Exact enumeration: the binomial probabilities of all pairs of counts whose p-value is at most alpha and
    whose second share is the larger one.

    Raises:
        ValueError: if a rate is outside [0, 1], alpha outside (0, 1), or n < 1.
    """
    for name, rate in (("rate1", rate1), ("rate2", rate2)):
        if not (_is_number(rate) and 0 <= rate <= 1):
            raise ValueError(f"{name} must be between 0 and 1, not {rate!r}")
    if not (_is_number(alpha) and 0 < alpha < 1):
        raise ValueError(f"alpha must be between 0 and 1, not {alpha!r}")
    _require_count("n1", n1, 1)
    _require_count("n2", n2, 1)
    found = _found(n1, n2, alpha, test)
    return float(_binomial(n1, rate1) @ found @ _binomial(n2, rate2))


def _binomial(n: int, rate: float) -> NDArray[np.float64]:
    """Return the probabilities (n + 1,) of 0 to n hits; scipy's own overflows at rates near 1e-308."""
    k = np.arange(n + 1)
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    mass: NDArray[np.float64] = np.exp(ways + special.xlogy(k, rate) + special.xlog1py(n - k, -rate))
    return mass


@cache
def _found(n1: int, n2: int, alpha: float, test: Test) -> NDArray[np.float64]:
    """Return (n1 + 1, n2 + 1) ones where the counts show the second rate higher, else zeros."""
    found = np.zeros((n1 + 1, n2 + 1))
    for k1 in range(n1 + 1):
        for k2 in range(n2 + 1):
            if k1 * n2 < k2 * n1:
                found[k1, k2] = compare_counts(k1, n1, k2, n2, test) <= alpha
    return found


def detectable_rate(rate: float, n: int, *, wanted: float = 0.8, alpha: float = 0.05, test: Test = "fisher") -> float:
    """Return the least rate that n runs a group find higher than `rate` with power `wanted`; inf if none.

    By bisection to 1e-6: for groups of one size the power rises with the second rate.

    Raises:
        ValueError: as `power`, or if `wanted` is outside (0, 1).
    """
    if not (_is_number(wanted) and 0 < wanted < 1):
        raise ValueError(f"wanted must be between 0 and 1, not {wanted!r}")
    if power(rate, 1.0, n, n, alpha=alpha, test=test) < wanted:
        return math.inf
    low, high = rate, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        enough = power(rate, middle, n, n, alpha=alpha, test=test) >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return high


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p-values (n,) adjusted for n tests, in the order given (Holm, 1979, Scand. J. Statist. 6(2)).

    Rejecting where the adjusted value is at most alpha keeps the probability of any false rejection at most
    alpha, whatever the dependence between the tests.

    Raises:
        ValueError: if the values are not a flat list of numbers between 0 and 1.
    """
    try:
        p = np.asarray(p_values, dtype=np.float64)
    except (TypeError, ValueError):
        p = np.array(np.nan)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"p_values must be a flat list of numbers between 0 and 1, not {p_values!r}")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, p[order] * np.arange(p.size, 0, -1)))
    return adjusted


def conflicts(descriptions: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return {field: {source: value}} for every field on which descriptions of one thing disagree.

    Args:
        descriptions: for each source ("caption", "text", …) the fields it names, such as {"depth": 10}. A
            source that is silent on a field (no entry, or None) contradicts nobody.

    Raises:
        ValueError: if there is no description.
    """
    if not descriptions:
        raise ValueError("descriptions must name at least one source")
    said: dict[str, dict[str, Any]] = {}
    for source, fields in descriptions.items():
        for field, value in fields.items():
            if value is not None:
                said.setdefault(field, {})[source] = value
    return {field: by for field, by in said.items() if any(v != next(iter(by.values())) for v in by.values())}

"""Tables of machine learning: accuracies, means over seeds, the best seed, improvements, intervals.

An accuracy on n test images is a whole number of n; a mean of k runs is one of n · k. A mean ± SD of k runs bounds
how far the best of them can lie above the mean. A text's account of a table ("12 % better") can be recomputed. "±"
stands for different things in different papers (the SD by n - 1 or by n, the standard error, half an interval), so
every check here says which of them fit.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from math import sqrt
from operator import attrgetter
from typing import Any

import scipy  # whose modules load when they are first used: stats takes a second

from lrn.audit._check import Check, NoPowerWarning, is_number, require_count
from lrn.audit._grim import Grim, grim
from lrn.audit._numbers import Printed, parse_number, several
from lrn.audit._ranges import Ends, ends_of, meet, short

__all__ = ["check_accuracy", "check_best", "check_error", "check_interval", "check_runs"]


def check_accuracy(
    accuracy: str,
    n: int,
    *,
    runs: int = 1,
    decimals: int | None = None,
    percent: bool | None = None,
    rounding: str | Iterable[str] = "lenient",
) -> Grim:
    """Check whether a printed accuracy, or error, is possible on n test images.

    Args:
        accuracy: as printed: "93.17", "93.17 %" or "0.9317".
        n: how many test images, questions, episodes.
        runs: over how many runs it is a mean.
        decimals: the decimals to which the table rounds, if it drops trailing zeros.
        percent: whether it is a percentage. By default it is one above 1 or with a percent sign; below, either a
            share or a percentage will do.
        rounding: how the table was rounded.

    Returns:
        A `Grim`: the possible numbers of right answers, and the nearest possible accuracies.

    Warns:
        NoPowerWarning: if every accuracy with these decimals is possible.

    Example:
        >>> print(check_accuracy("93.17", 1000))
        93.17 % cannot be a share of 1000; 93.10 % and 93.20 % can
    """
    number = parse_number(accuracy)
    if not 0 <= number.value <= 100 or (percent is False and number.value > 1):
        raise ValueError(f"accuracy must be from 0 to 100 %, or from 0 to 1; got {accuracy!r}")
    options: dict[str, Any] = {"items": n, "decimals": decimals, "scale": (0, 1), "rounding": rounding}
    require_count("n", n, 1)
    if percent is not None or number.percent or number.value > 1:
        return grim(accuracy, runs, percent=percent is not False, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoPowerWarning)
        share = grim(accuracy, runs, percent=False, **options)
        percentage = grim(accuracy, runs, percent=True, **options)
    return share if share or not percentage else percentage


def check_error(error: str, accuracy: str, *, rounding: str | Iterable[str] = "lenient") -> Check:
    """Check a printed error rate against the printed accuracy: they add up to 100 %, or to 1, but for rounding.

    One may be a share and the other a percentage, such as 0.069 and 93.1.

    Example:
        >>> print(check_error("6.9", "93.17"))
        an accuracy of 93.17 leaves an error of 6.83, not 6.9
    """
    wrong, right = parse_number(error), parse_number(accuracy)
    low, high = ends_of(right, rounding)
    for of_error, of_accuracy in product(_wholes(wrong), _wholes(right)):
        rest = (of_error * (1 - high / of_accuracy), of_error * (1 - low / of_accuracy))
        if not meet(ends_of(wrong, rounding), rest):
            continue
        left = short(float(of_accuracy - right.value))
        message = f"an accuracy of {right.text} leaves an error of {left}, and {wrong.text} is printed"
        return Check(verdict="possible", message=message)
    left = short(float((100 if right.percent or max(wrong.value, right.value) > 1 else 1) - right.value))
    return Check(
        verdict="impossible", message=f"an accuracy of {right.text} leaves an error of {left}, not {wrong.text}"
    )


def _wholes(number: Printed) -> tuple[int, ...]:
    """Return what error and accuracy may add up to: 100 for percentages; a number up to 1 may be a share, too."""
    return (100,) if number.percent or number.value > 1 else (1, 100)


def check_runs(mean: str, sd: str, values: Sequence[str], *, rounding: str | Iterable[str] = "lenient") -> Check:
    """Check a printed mean ± spread against the printed results of the single runs.

    The spread may be the SD by n - 1 or by n, the standard error, half the range, or half a 95 % interval; the message
    says which fit.

    Args:
        mean: the mean as printed.
        sd: the number behind "±".
        values: the results of the runs as printed, at least 2.
        rounding: how the table was rounded.

    Example:
        >>> print(check_runs("93.35", "0.34", ["93.00", "93.20", "93.40", "93.80"]))
        4 runs have mean 93.35 and spread 0.34: SD (n - 1), half a 95 % interval (z)
    """
    numbers = list(map(parse_number, several("values", values)))
    if len(numbers) < 2:
        raise ValueError(f"values must hold at least 2 runs; got {len(numbers)}")
    exact = list(map(float, map(attrgetter("value"), numbers)))
    off = max(_slack(number, rounding) for number in numbers)
    k, centre = len(exact), sum(exact) / len(exact)
    if not meet(ends_of(parse_number(mean), rounding), (centre - off, centre + off)):
        message = f"{k} runs have mean {short(centre)}, not {mean.strip()}"
        return Check(verdict="impossible", message=message)
    sizes = _spreads(exact)
    printed, reach = ends_of(parse_number(sd), rounding), off * sqrt(k / (k - 1))
    fits = []
    for name, factor in _FACTORS.items():
        wide = reach * max(1.0, factor(k))
        if meet(printed, (max(0.0, sizes[name] - wide), sizes[name] + wide)):
            fits.append(name)
    if fits:
        message = f"{k} runs have mean {mean.strip()} and spread {sd.strip()}: {', '.join(fits)}"
        return Check(verdict="possible", message=message)
    spreads = []
    for name, size in sizes.items():
        spreads.append(f"{name} {short(size)}")
    message = f"{k} runs do not have the spread {sd.strip()}: {', '.join(spreads)}"
    return Check(verdict="impossible", message=message)


_FACTORS: dict[str, Callable[[int], float]] = {  # of the SD by n - 1 of k runs; the range has its own size
    "SD (n - 1)": lambda k: 1.0,
    "SD (n)": lambda k: sqrt((k - 1) / k),
    "standard error": lambda k: 1 / sqrt(k),
    "half the range": lambda k: 1.0,
    "half a 95 % interval (t)": lambda k: float(scipy.stats.t.ppf(0.975, k - 1)) / sqrt(k),
    "half a 95 % interval (z)": lambda k: float(scipy.stats.norm.ppf(0.975)) / sqrt(k),
}


def _slack(number: Printed, rounding: str | Iterable[str]) -> float:
    """Return how far at most a number may lie from the one that is printed, where it is rounded to the nearest."""
    low, high = ends_of(number, rounding)
    return (high - low) / 2


def _spreads(values: Sequence[float]) -> dict[str, float]:
    k, centre = len(values), sum(values) / len(values)
    sample = sqrt(sum((value - centre) ** 2 for value in values) / (k - 1))
    sizes = {name: factor(k) * sample for name, factor in _FACTORS.items()}
    return {**sizes, "half the range": (max(values) - min(values)) / 2}


def check_best(
    best: str,
    mean: str,
    sd: str,
    runs: int,
    *,
    lower_is_better: bool = False,
    standard_error: bool | None = None,
    rounding: str | Iterable[str] = "lenient",
) -> Check:
    """Check the printed best of k runs against their printed mean and standard deviation.

    One of k numbers lies at least s / √k and at most s (k - 1) / √k beyond their mean, s being their SD by n - 1
    (Samuelson, 1968, How deviant can you be?); the SD by n is allowed, too.

    Args:
        best: the best run as printed.
        mean: the mean of all runs.
        sd: their standard deviation, or the standard error of their mean.
        runs: how many runs, at least 1.
        lower_is_better: whether the best is the lowest, as of an error.
        standard_error: whether `sd` is a standard error; None if the paper does not define its "±".
        rounding: how the table was rounded.

    Example:
        >>> print(check_best("95.0", "93.2", "0.2", 5))
        the best of 5 runs with mean 93.2 and SD 0.2 lies 0.089 to 0.36 from their mean, so 95.0 cannot be it
    """
    require_count("runs", runs, 1)
    top, centre, spread = map(parse_number, (best, mean, sd))
    sign = -1 if lower_is_better else 1
    (top_low, top_high), (centre_low, centre_high) = ends_of(top, rounding), ends_of(centre, rounding)
    nearest, farthest = sorted((sign * (top_low - centre_high), sign * (top_high - centre_low)))
    name = "standard error" if standard_error else "SD"
    exact = float(spread.value) * (sqrt(runs) ** bool(standard_error))
    typical = (exact / sqrt(runs), exact * (runs - 1) / sqrt(runs))
    shown = f"the best of {runs} runs with mean {mean.strip()} and {name} {sd.strip()} lies"
    message = f"{shown} {short(typical[0])} to {short(typical[1])} from their mean"
    for is_error in (False, True) if standard_error is None else (standard_error,):
        if not meet((nearest, farthest), _reach(ends_of(spread, rounding), runs, is_error)):
            continue
        only = f"only if {sd.strip()} is a standard error" if is_error and standard_error is None else ""
        return Check(verdict="possible", message=f"{message}, and {best.strip()} can be it", warning=only)
    return Check(verdict="impossible", message=f"{message}, so {best.strip()} cannot be it")


def _reach(spread: Ends, runs: int, is_error: bool) -> Ends:
    """Return how near to the mean the best of the runs can be at least, and how far from it at most."""
    sds_per_unit = sqrt(runs) if is_error else 1.0
    low, high = max(0.0, spread[0]) * sds_per_unit, max(0.0, spread[1]) * sds_per_unit
    factor = sqrt(runs - 1)
    return (low * sqrt((runs - 1) / runs) / factor, high * factor) if factor else (0.0, 0.0)


def check_interval(
    low: str,
    high: str,
    mean: str,
    sd: str,
    n: int,
    *,
    level: float = 0.95,
    rounding: str | Iterable[str] = "lenient",
) -> Check:
    """Check a printed confidence interval against the printed mean and standard deviation of n values.

    The interval may come from Student's t or the normal distribution, and `sd` may be the SD by n - 1, the SD by n or
    already the standard error; the message says what fits.

    Args:
        low: the lower end as printed.
        high: the upper end.
        mean: the mean.
        sd: its spread as printed.
        n: how many values, at least 2.
        level: the confidence level.
        rounding: how the numbers were rounded.

    Example:
        >>> print(check_interval("92.95", "93.45", "93.20", "0.20", 5))
        93.20 with spread 0.20 (n = 5) has the 95 % interval 92.95 to 93.45: t
    """
    require_count("n", n, 2)
    if not (is_number(level) and 0 < level < 1):
        raise ValueError(f"level must be between 0 and 1; got {level!r}")
    centre, spread = ends_of(parse_number(mean), rounding), ends_of(parse_number(sd), rounding)
    t, z = float(scipy.stats.t.ppf((1 + level) / 2, n - 1)), float(scipy.stats.norm.ppf((1 + level) / 2))
    ways = {
        "t": t / sqrt(n),
        "z": z / sqrt(n),
        "t (of an SD by n)": t / sqrt(n - 1),
        "z (of an SD by n)": z / sqrt(n - 1),
    }
    ways |= {"t (of a standard error)": t, "z (of a standard error)": z}
    ends = (ends_of(parse_number(low), rounding), ends_of(parse_number(high), rounding))
    fits = [name for name, factor in ways.items() if _interval_fits(ends, centre, spread, factor)]
    shown = f"{mean.strip()} with spread {sd.strip()} (n = {n})"
    printed = f"the {short(100 * level)} % interval {low.strip()} to {high.strip()}"
    if fits:
        return Check(verdict="possible", message=f"{shown} has {printed}: {', '.join(fits)}")
    m, s = float(parse_number(mean).value), float(parse_number(sd).value)
    by_t = f"{short(m - s * ways['t'])} to {short(m + s * ways['t'])}"
    return Check(verdict="impossible", message=f"{shown} does not have {printed}; by Student's t it is {by_t}")


def _interval_fits(ends: tuple[Ends, Ends], centre: Ends, spread: Ends, factor: float) -> bool:
    least, most = max(0.0, spread[0]) * factor, spread[1] * factor
    return meet(ends[0], (centre[0] - most, centre[1] - least)) and meet(ends[1], (centre[0] + least, centre[1] + most))

"""Sampling again: the check that a population depends on its seeds alone.

A population that draws from a global generator, or whose values depend on the number or choice of seeds, gives other
values for a seed that is sampled with other seeds. So a few seeds are sampled again, alone and in a small group. Cheap
populations are checked whenever their sample has grown by a quarter, about one seed in twenty; expensive ones once,
with one seed. If seeds are sampled in blocks, one seed costs as much as a block. The check then waits until a block
costs less than a tenth of all sampling so far.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrn.claims._contract import PopulationError

__all__ = ["EXPENSIVE", "allowed", "compare", "plan", "suspicious"]

EXPENSIVE = 1.0
"""Seconds per seed from which a population samples only one seed again."""

_CLOSE = 1e-4  # relative; what adding up in another order may do to a network's values
_GOLDEN = 0.618


def plan(seeds: range, turn: int) -> Iterator[range]:
    """The seeds to sample again: two alone, then a group, then others alone; other ones at each turn.

    Values that depend on the number of seeds differ most clearly at the last seed, alone.
    """
    n = len(seeds)
    alone = [n - 1, 0] if turn == 0 else []
    for k in range(1, 5 - len(alone)):
        alone.append(int((_GOLDEN * (4 * turn + k) % 1) * n))
    for at in alone[:2]:
        yield seeds[at : at + 1]
    size = min(max(2, n // 20), 16, n)
    start = int(_GOLDEN * (turn + 1) % 1 * (n - size + 1))
    yield seeds[start : start + size]
    for at in alone[2:]:
        yield seeds[at : at + 1]


def allowed(n: int, again: int, seconds: float, spent: float, block: float) -> bool:
    """Whether to go on sampling again.

    Args:
        n: seeds sampled.
        again: seeds sampled again.
        seconds: time that sampling took.
        spent: time that sampling again took, in seconds.
        block: seconds per block of seeds, for populations that are sampled in blocks; 0 for others.
    """
    little = 0.05 + seconds / 10
    if not again:
        return block < little
    return again < 4 + n / 20 and spent < little


def compare(label: str, name: str, seeds: range, first: NDArray[Any], again: NDArray[Any]) -> str | None:
    """Compares the values (S,) of a metric with those that the same seeds gave when they were sampled again.

    Returns:
        A note where they differ by no more than rounding in another order may do, else None.

    Raises:
        PopulationError: they differ.
    """
    if _equal(first, again).all():
        return None
    differs = ~_close(first, again)
    if differs.any():
        at = int(differs.argmax())
        company = "alone" if len(seeds) == 1 else f"with seeds {seeds.start} to {seeds.stop - 1} only"
        raise PopulationError(
            f"{label} does not depend on its seeds alone: {name} of seed {seeds[at]} was {first[at]}, and is "
            f"{again[at]} when that seed is asked for again {company}. Seed every random generator from the seed, and "
            f"let no value depend on which other seeds are asked for. (What cannot be the same again, such as "
            f"seconds, can be named in `varies`.)"
        )
    at = int((~_equal(first, again)).argmax())
    return (
        f"{name} of {label} differs in its last digits when a seed is asked for again: "
        f"{first[at]} and {again[at]} for seed {seeds[at]}"
    )


def suspicious(label: str, name: str, values: NDArray[Any]) -> str | None:
    """A note where values (S,) of floats repeat as those of independent trainings hardly do; None where all is well.

    Fractions of a count, such as an accuracy on 1,000 images, may well repeat.
    """
    if values.dtype.kind != "f" or len(values) < 8:
        return None
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    if 4 * len(distinct) > len(values):
        return None
    are_simple = np.array(list(map(_is_simple, distinct)), np.bool_)
    distinct, repeats = distinct[~are_simple], int(counts[~are_simple].sum())
    if repeats < 8 or 4 * len(distinct) > repeats:
        return None
    if len(distinct) == 1 and repeats == len(values):
        return f"{name} of {label} is {distinct[0]} for all {len(values)} seeds; does it use its seed?"
    return (
        f"{name} of {label} has only {len(distinct)} different values for {repeats} seeds; "
        f"are the same runs given over and over?"
    )


def _equal(first: NDArray[Any], again: NDArray[Any]) -> NDArray[np.bool_]:
    same = np.asarray(first == again)
    if first.dtype.kind == "f" and again.dtype.kind == "f":
        same = same | (np.isnan(first) & np.isnan(again))
    return same


def _close(first: NDArray[Any], again: NDArray[Any]) -> NDArray[np.bool_]:
    if first.dtype.kind != "f" or again.dtype.kind != "f":
        return _equal(first, again)
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(first - again) <= _CLOSE * np.maximum(np.abs(first), np.abs(again))
    return near | _equal(first, again)


def _is_simple(value: float) -> bool:
    """Whether a number looks like a count or a fraction of one, such as a share of 2,999 epochs."""
    number = float(value)
    if abs(round(number, 5) - number) < 1e-7:
        return True
    return _distance_to_fraction(number, 500) < 1e-7 or _distance_to_fraction(number, 10_000) < 1e-12


def _distance_to_fraction(number: float, largest_denominator: int) -> float:
    return abs(float(Fraction(number).limit_denominator(largest_denominator)) - number)

"""Measured quantities as rows of a table: the comparison, its setting, its result and unit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter

from lrn.report._text import PERCENT, POINTS, point_text, range_text, setting_text, unit_of, value_text
from lrn.verdicts import MeasuredQuantity

__all__ = ["NumberView", "Side", "claim_scale", "common_parts", "number_view", "number_views", "parts_beside"]

# A setting of a function's label; a comma within quotation marks or brackets belongs to its value.
_PIECE = re.compile(r"""(?:'[^']*'|"[^"]*"|\([^()]*\)|\[[^][]*\]|[^,'"(\[])+""")


@dataclass(frozen=True)
class Side:
    """One of two things that were compared: its name, its estimate, and its interval."""

    name: str
    text: str
    interval: str


@dataclass(frozen=True)
class NumberView:
    """One measured quantity.

    Attributes:
        what: the statistic and the metric, such as "rate of converged".
        setting: the common part of all its populations, piece by piece: "depth 30", "adam 0.01".
        sides: the two that were compared; empty where it is not such a comparison.
        about: the populations where there are no sides.
        text: the estimate with its unit.
        interval: its interval.
        against: the number it was compared with; "" if with none.
        n: observations that count.
        seeds: seeds sampled of each population.
        low: where its interval begins on a line from 0 to 100.
        point: where its estimate lies there; None if there is none.
        high: where its interval ends there.
        zero: where 0 lies there.
        own_setting: the part of the setting that tells it from the other numbers of its case; "" if it is the only one.
    """

    what: str
    setting: tuple[str, ...]
    sides: tuple[Side, ...]
    about: str
    text: str
    interval: str
    against: str
    n: int
    seeds: int
    low: float
    point: float | None
    high: float
    zero: float
    own_setting: str = ""

    @property
    def side_names(self) -> tuple[str, ...]:
        """The names of its sides."""
        return tuple(map(attrgetter("name"), self.sides))


def claim_scale(quantities: Sequence[MeasuredQuantity]) -> tuple[float, float]:
    """A line that holds 0 and all finite ends of those quantities that are neither shares nor differences of shares."""
    ends = [0.0]
    for quantity in map(_mean_of_pairs, quantities):
        if unit_of(quantity) not in (PERCENT, POINTS):
            ends += filter(math.isfinite, (quantity.low, quantity.point, quantity.high))
    return min(ends), max(ends) or 1.0


def number_view(measured: MeasuredQuantity, scale: tuple[float, float]) -> NumberView:
    """A measured quantity as the page shows it.

    Args:
        measured: the quantity; a sum over many settings is shown as the mean over them.
        scale: the line for all but shares.
    """
    shown = _mean_of_pairs(measured)
    unit = unit_of(shown)
    start, stop = {PERCENT: (0.0, 1.0), POINTS: (-1.0, 1.0)}.get(unit, scale)

    def percent_of_line(x: float) -> float:
        """The position of a number on the line, in percent of its length."""
        return round(100 * min(max((x - start) / (stop - start), 0.0), 1.0), 1)

    setting = common_parts(_settings(shown.leaves))
    sides, about = _sides(shown, setting), _about(shown, setting)
    return NumberView(
        what=" ".join(dict.fromkeys(map(_what, shown.leaves))) if _alike(shown) else "",
        setting=setting,
        sides=sides,
        about="" if sides else about,
        text=point_text(shown),
        interval=range_text(shown.low, shown.high, unit),
        against=" and ".join(value_text(threshold, unit) for threshold in dict.fromkeys(shown.thresholds)),
        n=shown.n,
        seeds=shown.seeds,
        low=percent_of_line(shown.low),
        point=None if math.isnan(shown.point) else percent_of_line(shown.point),
        high=percent_of_line(shown.high),
        zero=percent_of_line(0.0),
    )


def number_views(measured: Sequence[MeasuredQuantity], scale: tuple[float, float]) -> tuple[NumberView, ...]:
    """The measured quantities of one case; where their settings differ, each with its own part of the setting.

    Args:
        measured: the quantities.
        scale: the line for all but shares.
    """
    views = [number_view(quantity, scale) for quantity in measured]
    settings = list(map(attrgetter("setting"), views))
    if len(set(settings)) < 2:
        return tuple(views)
    shared, named = common_parts(settings), []
    for view in views:
        own = parts_beside(view.setting, shared)
        # A population that only lacks a part of another is called by its first part.
        named.append(replace(view, own_setting=", ".join(own or view.setting[:1])))
    return tuple(named)


def _mean_of_pairs(measured: MeasuredQuantity) -> MeasuredQuantity:
    """A sum over many settings as the mean over them, which has a unit that people know.

    All settings must have the same weight on one side, and all on the other, where there are two.
    """
    above, below = [], []
    for coefficient in measured.coefficients:
        if coefficient > 0:
            above.append(coefficient)
        elif coefficient < 0:
            below.append(coefficient)
    even = len(set(above)) == 1 and len(set(below)) <= 1 and len(below) in (0, len(above))
    if len(measured.terms) <= 2 or not even:
        return measured
    size = sum(above)
    return measured.replace(
        point=measured.point / size,
        low=measured.low / size,
        high=measured.high / size,
        thresholds=_divided(measured.thresholds, size),
        coefficients=_divided(measured.coefficients, size),
    )


def _divided(numbers: Iterable[float], divisor: float) -> tuple[float, ...]:
    return tuple(number / divisor for number in numbers)


def _alike(measured: MeasuredQuantity) -> bool:
    return len(set(map(_what, measured.leaves))) == 1


def _what(leaf: MeasuredQuantity) -> str:
    words = leaf.name if leaf.quantity is None else leaf.quantity.what
    return words.replace("_", " ")


def _populations(leaf: MeasuredQuantity) -> tuple[str, ...]:
    return () if leaf.quantity is None else leaf.quantity.populations


def _parts(label: str) -> list[str]:
    """The pieces of a label, "depth 30, adam 0.01", or of a function with settings, "trained(layers=30, lr=0.01)"."""
    call = re.fullmatch(r"(\w+)\((.+)\)", label)
    pieces = _PIECE.findall(call[2]) if call else []
    if call is None or ",".join(pieces) != call[2]:
        return list(map(setting_text, label.split(", ")))
    return [call[1], *map(str.strip, pieces)]


def _settings(leaves: Iterable[MeasuredQuantity]) -> list[list[str]]:
    """The settings of each population of these quantities."""
    return list(map(_parts, chain.from_iterable(map(_populations, leaves))))


def common_parts(settings: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The parts that all settings have, in the order of the first."""
    if not settings:
        return ()
    first, *others = settings
    shared = set(first).intersection(*others)
    return tuple(part for part in first if part in shared)


def parts_beside(parts: Iterable[str], setting: Sequence[str]) -> list[str]:
    """The parts that a setting does not have."""
    return [part for part in parts if part not in setting]


def _rest(label: str, setting: Sequence[str]) -> str:
    """The parts that tell a population from the others."""
    return ", ".join(parts_beside(_parts(label), setting))


def _sides(shown: MeasuredQuantity, setting: Sequence[str]) -> tuple[Side, ...]:
    """The two terms of a difference; nothing for any other quantity."""
    if shown.coefficients != (1.0, -1.0):
        return ()
    sides = []
    for term in shown.terms:
        # A population that only lacks a part of the other is called by its first part: "late" beside "initial he".
        name = _term_name(term, setting, named=not _alike(shown)) or " ".join(setting[:1])
        sides.append(Side(name, point_text(term), range_text(term.low, term.high, unit_of(term))))
    first, second = sides
    told_apart = first.name and second.name and first.name != second.name
    return (first, second) if told_apart else ()


def _term_name(term: MeasuredQuantity, setting: Sequence[str], *, named: bool) -> str:
    joint = {"rate of larger": " than in ", "mean difference": " minus "}
    statistic = "" if term.quantity is None else term.quantity.statistic
    rests = [_rest(label, setting) for label in _populations(term)]
    if any(rests) and statistic in joint:
        first_part = " ".join(setting[:1])
        rests = [rest or first_part for rest in rests]
    populations = joint.get(statistic, ", ").join(filter(None, rests))
    return " in ".join(filter(None, [_what(term) if named else "", populations]))


def _about(shown: MeasuredQuantity, setting: Sequence[str]) -> str:
    """Which populations a quantity without sides is of, in a few words."""
    if len(shown.terms) > 2:
        return _many(shown, setting)
    parts = []
    for term, coefficient in zip(shown.leaves, shown.coefficients or (1.0,), strict=True):
        name = _term_name(term, setting, named=not _alike(shown)) or _what(term)
        size = "" if abs(coefficient) == 1 else f"{abs(coefficient):.4g} × "
        parts.append(f"{'−' if coefficient < 0 else '+'} {size}{name}")
    text = " ".join(parts).removeprefix("+ ")
    return "" if not shown.terms and text == _what(shown) else text


def _many(shown: MeasuredQuantity, setting: Sequence[str]) -> str:
    """The populations of a sum over many settings, minus those of another, if there is one."""
    above, below = [], []
    total = subtracted = 0.0
    for term, coefficient in zip(shown.terms, shown.coefficients, strict=True):
        if coefficient > 0:
            above.append(term)
            total += coefficient
        elif coefficient < 0:
            below.append(term)
            subtracted -= coefficient
    named, share = not _alike(shown), subtracted / total
    over = f"{'mean' if math.isclose(total, 1.0) else 'sum'} over {len(above)} settings"
    times = "" if math.isclose(share, 1.0) else f"{share:.3g} × "
    minus = f" minus {times}{_joint_name(below, setting, named=named)}" if below else ""
    return f"{_joint_name(above, setting, named=named)}{minus}, {over}"


def _joint_name(terms: Sequence[MeasuredQuantity], setting: Sequence[str], *, named: bool) -> str:
    """The parts of the setting that only these terms share, after the quantity where it is to be named."""
    own = ", ".join(parts_beside(common_parts(_settings(terms)), setting)) or "these"
    return f"{_what(terms[0])} of {own}" if named else own

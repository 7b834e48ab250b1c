"""Measured quantities as rows of a table: the comparison, its setting, its result and unit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from lrn.report._text import PERCENT, POINTS, point_text, range_text, setting_text, unit_of, value_text
from lrn.verdicts import MeasuredQuantity

__all__ = ["NumberView", "Side", "claim_scale", "number_view", "number_views"]

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
        place: the part of the setting that tells it from the other numbers of its case; "" where it is the only one.
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
    place: str = ""


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

    setting = _common(_settings(shown.leaves))
    sides, about = _sides(shown, setting), _about(shown, setting)
    return NumberView(
        what=" ".join(dict.fromkeys(_what(leaf) for leaf in shown.leaves)) if _alike(shown) else "",
        setting=setting,
        sides=sides,
        about="" if sides else about,
        text=point_text(shown),
        interval=range_text(shown.low, shown.high, unit),
        against=" and ".join(value_text(x, unit) for x in dict.fromkeys(shown.thresholds)),
        n=shown.n,
        seeds=shown.seeds,
        low=percent_of_line(shown.low),
        point=None if math.isnan(shown.point) else percent_of_line(shown.point),
        high=percent_of_line(shown.high),
        zero=percent_of_line(0.0),
    )


def number_views(measured: Sequence[MeasuredQuantity], scale: tuple[float, float]) -> tuple[NumberView, ...]:
    """The measured quantities of one case; where their settings differ, each with its place among them.

    Args:
        measured: the quantities.
        scale: the line for all but shares.
    """
    views = [number_view(quantity, scale) for quantity in measured]
    shared = _common([view.setting for view in views])
    if len({view.setting for view in views}) < 2:
        return tuple(views)
    placed = []
    for view in views:
        own = [part for part in view.setting if part not in shared]
        # A population that only lacks a part of another is called by its first part.
        placed.append(replace(view, place=", ".join(own or view.setting[:1])))
    return tuple(placed)


def _mean_of_pairs(measured: MeasuredQuantity) -> MeasuredQuantity:
    """A sum over many settings as the mean over them, which has a unit that people know.

    All settings must have the same weight on one side, and all on the other, where there are two.
    """
    above = [c for c in measured.coefficients if c > 0]
    below = [c for c in measured.coefficients if c < 0]
    even = len(set(above)) == 1 and len(set(below)) <= 1 and len(below) in (0, len(above))
    if len(measured.terms) <= 2 or not even:
        return measured
    size = sum(above)
    return measured.replace(
        point=measured.point / size,
        low=measured.low / size,
        high=measured.high / size,
        thresholds=tuple(threshold / size for threshold in measured.thresholds),
        coefficients=tuple(coefficient / size for coefficient in measured.coefficients),
    )


def _alike(measured: MeasuredQuantity) -> bool:
    return len({_what(leaf) for leaf in measured.leaves}) == 1


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
    return [_parts(label) for label in chain.from_iterable(map(_populations, leaves))]


def _common(labels: Sequence[Sequence[str]]) -> tuple[str, ...]:
    if len(labels) < 2 or len({tuple(label) for label in labels}) < 2:
        return tuple(labels[0]) if labels else ()
    return tuple(part for part in labels[0] if all(part in label for label in labels))


def _rest(label: str, setting: Sequence[str]) -> str:
    """What tells a population from the others."""
    return ", ".join(part for part in _parts(label) if part not in setting)


def _sides(shown: MeasuredQuantity, setting: Sequence[str]) -> tuple[Side, ...]:
    """The two terms of a difference; nothing for any other quantity."""
    if shown.coefficients != (1.0, -1.0):
        return ()
    # A population that only lacks a part of the other is called by its first part: "late" beside "initialisation he".
    names = [_term_name(term, setting, named=not _alike(shown)) or " ".join(setting[:1]) for term in shown.terms]
    if not all(names) or names[0] == names[1]:
        return ()
    values = [(point_text(term), range_text(term.low, term.high, unit_of(term))) for term in shown.terms]
    return tuple(Side(name, *value) for name, value in zip(names, values, strict=True))


def _term_name(term: MeasuredQuantity, setting: Sequence[str], *, named: bool) -> str:
    joint = {"rate of larger": " than in ", "mean difference": " minus "}
    statistic = "" if term.quantity is None else term.quantity.statistic
    rests = [_rest(label, setting) for label in _populations(term)]
    if any(rests) and statistic in joint:
        rests = [rest or " ".join(setting[:1]) for rest in rests]
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
    groups = []
    for sign in (1, -1):
        terms = [(term, abs(c)) for term, c in zip(shown.terms, shown.coefficients, strict=True) if sign * c > 0]
        labels = _settings(term for term, _ in terms)
        own = [part for part in _common(labels) if part not in setting] if labels else []
        groups.append((terms, ", ".join(own) or "these"))
    (above, first), (below, second) = groups
    total = sum(weight for _, weight in above)
    over = f"{'mean' if math.isclose(total, 1.0) else 'sum'} over {len(above)} settings"
    share = sum(weight for _, weight in below) / total
    less = f" minus {'' if math.isclose(share, 1.0) else f'{share:.3g} × '}{second}" if below else ""
    if not _alike(shown):
        first, less = (f"{_what(terms[0][0])} of {name}" if terms else "" for terms, name in groups)
        less = f" minus {'' if math.isclose(share, 1.0) else f'{share:.3g} × '}{less}" if less else ""
    return f"{first}{less}, {over}"

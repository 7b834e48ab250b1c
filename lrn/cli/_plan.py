"""`lrn plan`: how many seeds a claim takes, before any training or after a few."""

from __future__ import annotations

import argparse
import math
from typing import Any

from lrn.cli._options import Formatter, whole
from lrn.cli._settings import setting

__all__ = ["add", "main"]

DESCRIPTION = """\
Says how many seeds a claim takes. From rates, without any training: how many seeds show
that one exceeds the other, or which rate so many seeds can tell from one. From a suite,
after a pilot of a few seeds: which claims are decided, how many seeds and how much training the
others need, and what can be decided with the seeds or hours that you can afford."""

EPILOG = """\
examples:
  lrn plan --rates 0.9 0.8               seeds of each for 0.9 > 0.8
  lrn plan --rates 0.9 0.6 --margin 0.1  seeds of each for 0.9 > 0.6 + 0.1
  lrn plan --rates 0.9 --seeds 30        what 30 seeds of each can tell from 0.9
  lrn plan claims/ --pilot 5             5 seeds of each setting, then an estimate per claim
  lrn plan claims/ --pilot 5 --seeds 30 --hours 2
                                         and which claims 30 seeds, or two hours, can decide"""


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "plan",
        help="say how many seeds a claim takes",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Formatter,
    )
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help="a suite of claims, with --pilot")
    parser.add_argument("--pilot", type=whole(1), metavar="N", help="seeds to try each claim with")
    parser.add_argument("--rates", nargs="+", type=_rate, metavar="P", help="the larger rate, and the smaller one")
    parser.add_argument("--margin", type=float, default=0.0, help="by how much the first is to exceed the second (0)")
    parser.add_argument(
        "--seeds", type=whole(1), metavar="N", help="seeds of each that you can afford (the project's lrn_max_seeds)"
    )
    parser.add_argument("--hours", type=_hours, metavar="H", help="hours that you can afford, with --pilot")
    parser.add_argument("--alpha", type=float, help="error budget of the suite (the project's lrn_alpha, else 0.001)")
    parser.add_argument(
        "--quantities", type=whole(1), metavar="K", help="how many share it (the project's lrn_quantities, else 64)"
    )
    parser.add_argument("--power", type=float, default=0.9, help="probability of a decision by then (0.9)")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Runs the command."""
    if options.pilot is not None:
        from lrn.cli._pilot import pilot

        if options.rates is not None:
            raise ValueError("a suite is planned with --pilot N, two rates with --rates; got both")
        options.seeds = _seeds(options)
        return pilot(options)
    if options.hours is not None:
        raise ValueError("--hours is for a suite, with --pilot N")
    if options.rates is None:
        raise ValueError("lrn plan needs --rates P Q, --rates P --seeds N, or FOLDER --pilot N")
    if options.folder is not None:
        raise ValueError(f"a suite is planned with --pilot N; got {options.folder} without it")
    print(_from_rates(options))
    return 0


def _from_rates(options: argparse.Namespace) -> str:
    from lrn.intervals import QUANTITIES, detectable, seeds_needed

    alpha, quantities = options.alpha, options.quantities
    if alpha is None:
        alpha = setting("lrn_alpha", float, 0.001)
    if quantities is None:
        quantities = setting("lrn_quantities", int, QUANTITIES)
    budget = {"alpha": alpha, "quantities": quantities, "power": options.power}
    rate, *others = options.rates
    if len(others) > 1:
        raise ValueError(f"--rates takes one or two rates; got {len(options.rates)}")
    chance = f"with probability {options.power:g}"
    if others:
        needed = seeds_needed(rate, others[0], margin=options.margin, **budget)
        margin = f" + {options.margin:g}" if options.margin else ""
        if math.isinf(needed):
            return f"{rate:g} > {others[0]:g}{margin}: no number of seeds shows it"
        return f"{rate:g} > {others[0]:g}{margin}: about {needed:.0f} seeds of each show it {chance}"
    seeds = _seeds(options)
    if seeds is None:
        raise ValueError("--rates with one rate needs --seeds N, the seeds that you can afford, or lrn_max_seeds")
    other = detectable(rate, seeds, **budget)
    if math.isnan(other):
        return f"{seeds} seeds of each cannot tell {rate:g} from any smaller rate {chance}"
    return f"{seeds} seeds of each tell {rate:g} from rates up to {other:.2f} {chance}"


def _seeds(options: argparse.Namespace) -> int | None:
    """The seeds of each that can be afforded: those asked for, else the project's most; None where neither says."""
    seeds: int | None = options.seeds if options.seeds is not None else setting("lrn_max_seeds", int, None)
    return seeds


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = math.nan
    if not 0 < hours < math.inf:
        raise argparse.ArgumentTypeError(f"must be a positive number of hours; got {text!r}")
    return hours


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a rate must lie in [0, 1]; got {text!r}")
    return value

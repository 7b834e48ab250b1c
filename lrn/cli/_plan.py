"""`lrn plan`: how many seeds a claim takes, before any training or after a few."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lrn.cli._options import Formatter, whole

__all__ = ["add", "main"]

DESCRIPTION = """\
Says how many seeds a claim takes. From rates, without any training: how many seeds show
that one exceeds the other, or which rate so many seeds can tell from one. From a suite,
after a pilot of a few seeds: which claims are decided, and how many seeds the others need."""

EPILOG = """\
examples:
  lrn plan --rates 0.9 0.8               seeds of each for 0.9 > 0.8
  lrn plan --rates 0.9 0.6 --margin 0.1  seeds of each for 0.9 > 0.6 + 0.1
  lrn plan --rates 0.9 --seeds 30        what 30 seeds of each can tell from 0.9
  lrn plan claims/ --pilot 5             5 seeds of each experiment, then an estimate per claim"""


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
    parser.add_argument("--seeds", type=whole(1), metavar="N", help="seeds of each that you can afford")
    parser.add_argument("--alpha", type=float, help="error budget of the suite (the project's lrn_alpha, else 0.001)")
    parser.add_argument(
        "--quantities", type=whole(1), metavar="K", help="how many share it (the project's lrn_quantities, else 64)"
    )
    parser.add_argument("--power", type=float, default=0.9, help="probability of a decision by then (0.9)")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Runs the command."""
    if options.pilot is not None:
        return _pilot(options)
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
        alpha = _setting("lrn_alpha", float, 0.001)
    if quantities is None:
        quantities = _setting("lrn_quantities", int, QUANTITIES)
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
    if options.seeds is None:
        raise ValueError("--rates with one rate needs --seeds N, the seeds that you can afford")
    other = detectable(rate, options.seeds, **budget)
    if math.isnan(other):
        return f"{options.seeds} seeds of each cannot tell {rate:g} from any smaller rate {chance}"
    return f"{options.seeds} seeds of each tell {rate:g} from rates up to {other:.2f} {chance}"


def _setting(name: str, kind: Callable[[str], Any], default: Any) -> Any:
    """A setting of pytest in this folder's pyproject.toml, as the suite will be judged with it."""
    path = Path("pyproject.toml")
    if not path.is_file():
        return default
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("pytest", {})
        text = str(settings.get("ini_options", settings).get(name, "")).strip()
        return kind(text) if text else default
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{name} in {path} must be a number that pytest can read, but: {error}") from None


def _pilot(options: argparse.Namespace) -> int:
    from lrn.verdicts import SuiteVerdicts

    folder = options.folder or "claims"
    if not Path(folder).exists():
        raise FileNotFoundError(f"the suite must be a folder of claims; there is no {folder}")
    with tempfile.TemporaryDirectory() as temporary:
        target = Path(temporary) / "verdicts.json"
        n = str(options.pilot)
        command = [sys.executable, "-m", "pytest", folder, "-q", "--first-seeds", n, "--max-seeds", n]
        command += ["--inconclusive", "skip", "--verdicts", str(target)]
        command += ["--alpha", str(options.alpha)] if options.alpha is not None else []
        command += ["--quantities", str(options.quantities)] if options.quantities else []
        print(f"trying each claim of {folder} with {n} seeds", file=sys.stderr)
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if not target.is_file():
            raise ValueError(f"pytest could not run {folder}: {_last_line(done.stdout + done.stderr)}")
        suite = SuiteVerdicts.read(target)
        seconds = json.loads(target.with_name("run.json").read_text(encoding="utf-8"))["claims"]
    print("\n".join(_rows(suite, seconds)))
    return 0


def _rows(suite: Any, seconds: dict[str, float]) -> Iterator[str]:
    """One line per claim, then the sum."""
    width = max((len(verdict.case) for verdict in suite.claims), default=0)
    total = 0.0
    for verdict in suite.claims:
        seeds = max((quantity.seeds for quantity in verdict.estimates), default=0)
        text = f"{verdict.verdict} already, with {seeds} seeds" if seeds else str(verdict.verdict)
        if verdict.seeds_needed is not None:
            text = "cannot be said: its estimate lies at the margin"
            if math.isfinite(verdict.seeds_needed) and seeds:
                time = seconds.get(verdict.test, 0.0) * verdict.seeds_needed / seeds
                total += time
                text = f"about {verdict.seeds_needed:,.0f} seeds of each, {_duration(time)} on one core"
        yield f"{verdict.case:{width}}  {text}"
    yield f"in all about {_duration(total)} on one core, if nothing is shared"


def _duration(seconds: float) -> str:
    for size, unit in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _last_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it printed nothing"


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a rate must lie in [0, 1]; got {text!r}")
    return value

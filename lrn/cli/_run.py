"""`lrn run`: trains a grid of experiments and prints the thesis's table of it."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING, Any

from lrn.cli._options import Formatter, add_fields, add_training, fields_of, fraction, ledger_of, target, whole
from lrn.verdicts.text import wrapped

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.ledger import Ledger

__all__ = ["add", "grid", "main"]

GRID: dict[str, tuple[Any, ...]] = {
    "width": (2,),
    "depth": (2, 5, 10, 15, 20, 25, 30),
    "connection": ("plain", "late"),
    "optimizer": ("adam", "sgd"),
    "lr": (0.01,),
    "style": ("iterative", "batch"),
    "activation": ("relu",),
}
"""The fields that take several values, and their defaults: the thesis's Figures 4.3 and 4.6."""

ORDER = ("optimizer", "lr", "activation", "width", "style", "depth", "connection")
"""From what changes slowest to what changes fastest."""

DESCRIPTION = """\
Trains networks of every combination of the values given, a fleet of seeds for each.
Prints for each depth and connection how many converge, and how many neurons and
layers of those that converge are dead, as the thesis's tables do (Figures 4.3 to
4.18), with intervals that hold all at once."""

EPILOG = """\
examples:
  lrn run --width 2 --depths 2 5 10 --lr 0.01 --optimizers Adam SGD --epochs 3000
  lrn run --lr 0.01 0.001 0.1                     the thesis's whole grid, 168 cells
  lrn run --depths 30 --connections late --seeds 100000 --csv deep.csv
  lrn run --depths 2 5 --no-ledger --json - | jq .cells
  lrn run --seeds 1000000 --scheduler tcp://10.0.0.1:8786

Ctrl-C loses nothing but the block being trained: the same command goes on from there."""


def add(commands: Any) -> None:
    """Describes the command."""
    text = "train a grid of networks, print the thesis's table"
    parser = commands.add_parser("run", help=text, description=DESCRIPTION, epilog=EPILOG, formatter_class=Formatter)
    add_fields(parser, GRID)
    seeds = parser.add_argument_group("which networks")
    seeds.add_argument(
        "--seeds", type=whole(1, 2**63 - 1), default=1000, metavar="N", help="networks of each cell (1000)"
    )
    seeds.add_argument("--first-seed", type=whole(0, 2**63), default=0, metavar="N", help="the first seed (0)")
    how = add_training(parser)
    storage = how.add_mutually_exclusive_group()
    storage.add_argument(
        "--ledger", default=".ledger", metavar="DIR", help="keeps what was trained: a folder, or s3://... (.ledger)"
    )
    storage.add_argument("--no-ledger", dest="ledger", action="store_const", const=None, help="keep nothing")
    how.add_argument("--scheduler", metavar="ADDRESS", help="let the workers of this Dask scheduler train")
    out = parser.add_argument_group("what is printed")
    out.add_argument("--alpha", type=fraction, default=0.05, metavar="A", help="all intervals hold with 1 - A (0.05)")
    out.add_argument("--csv", type=target, metavar="FILE", help="a row for each cell; - prints it instead of the table")
    out.add_argument("--json", type=target, metavar="FILE", help="the same as JSON; - prints it instead of the table")
    out.add_argument("--quiet", action="store_true", help="neither plan nor progress, on a terminal or in a log")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    if arguments.csv is not None and arguments.csv == arguments.json:
        raise ValueError(f"--csv and --json must go to different places; got {arguments.csv!r} for both")
    if arguments.scheduler is not None and arguments.ledger is None:
        raise ValueError("--scheduler needs a ledger for what comes back; leave --no-ledger out")
    experiments = grid(fields_of(arguments))

    from lrn.cli._fleet import train_grid
    from lrn.cli._tables import as_csv, as_json, as_text, measure

    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    with ledger_of(arguments) as ledger:
        if not arguments.quiet and sys.stderr.isatty():
            width = shutil.get_terminal_size().columns
            for line in wrapped(_plan(ledger, experiments, seeds), width - 1, "  "):
                print(line, file=sys.stderr)
        table = measure(train_grid(ledger, experiments, seeds, quiet=arguments.quiet), seeds, arguments.alpha)
    for path, form in ((arguments.csv, as_csv), (arguments.json, as_json)):
        if path is not None:
            _write(path, form(table))
    if "-" not in (arguments.csv, arguments.json):
        print(as_text(table))
    return 0


def _plan(ledger: Ledger, experiments: list[Experiment], seeds: range) -> str:
    """The plan of the command, in a line."""
    total = len(seeds) * len(experiments)
    cells = f"{len(experiments)} cell{'s' * (len(experiments) != 1)}"
    text = f"{cells} of {len(seeds):,} networks each, seeds {seeds[0]:,} to {seeds[-1]:,}"
    if ledger.root is None:
        return f"{text}: {total:,} to train, and nothing is kept"
    missing = 0
    for experiment in experiments:
        for block in ledger.missing(experiment, seeds):
            missing += min(block.stop, seeds.stop) - block.start
    remainder = f", {total - missing:,} are in {ledger.root}" if missing < total else f", kept in {ledger.root}"
    return f"{text}: {missing:,} to train{remainder}"


def grid(fields: dict[str, Any]) -> list[Experiment]:
    """Every combination of the fields' values, without duplicates, in the order of the tables.

    Args:
        fields: of an Experiment; those of `GRID` are lists, or None for the default.

    Raises:
        ValueError, TypeError: a value is out of range, as Experiment says.
    """
    from itertools import product

    from lrn.experiment import Experiment

    single = {name: value for name, value in fields.items() if name not in GRID}
    axes = [fields.get(name) or GRID[name] for name in ORDER]
    experiments = []
    for values in product(*axes):
        experiments.append(Experiment(**single, **dict(zip(ORDER, values, strict=True))))
    return list(dict.fromkeys(experiments))


def _write(path: str, text: str) -> None:
    if path == "-":
        print(text, end="")
    else:
        from lrn.files import replace_file

        replace_file(path, text)

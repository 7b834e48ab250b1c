"""The thesis's grid: 7 depths × 2 optimizers × 3 learning rates × 2 styles × 2 connections = 168 cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import product, starmap
from operator import itemgetter
from pathlib import Path

from lrn import Experiment
from lrn.intervals import Estimate

DEPTHS = (2, 5, 10, 15, 20, 25, 30)
OPTIMIZERS = ("adam", "sgd")
RATES = (0.01, 0.001, 0.1)
STYLES = ("iterative", "batch")
CONNECTIONS = ("plain", "late")
TABLES = Path(__file__).parent / "tables"
_CASE = itemgetter("figure", "training_style", "depth", "connection")


def pair(depth: int, optimizer: str, lr: float, style: str, width: int = 2) -> tuple[Experiment, Experiment]:
    """The plain and the late experiment of one cell."""
    plain = Experiment(
        depth=depth, width=width, connection="plain", optimizer=optimizer, lr=lr, style=style, epochs=3000
    )
    return plain, plain.replace(connection="late")


def cell(connection: str, depth: int, optimizer: str, lr: float, style: str, width: int = 2) -> Experiment:
    """The experiment of one cell with one connection, "plain" or "late"."""
    experiments = dict(zip(CONNECTIONS, pair(depth, optimizer, lr, style, width), strict=True))
    return experiments[connection]


def column(optimizer: str, lr: float, style: str) -> list[tuple[Experiment, Experiment]]:
    """The settings of one column of one of the thesis's tables, plain and late."""
    return [pair(depth, optimizer, lr, style) for depth in DEPTHS]


PAIRS = list(starmap(pair, product(DEPTHS, OPTIMIZERS, RATES, STYLES)))
"""The 84 settings of the grid, plain and late."""

PLAIN, LATE = zip(*PAIRS, strict=True)
"""The plain and the late experiments of the 84 settings."""

ELSEWHERE = [
    (plain, late)
    for plain, late in PAIRS
    if plain.lr < 0.1 and (plain.optimizer, plain.lr, plain.style) != ("adam", 0.01, "iterative")
]
"""Those without learning rate 0.1 and without Adam's iterative training at 0.01."""


def at_least_once_in_ten(rate: Estimate) -> Estimate:
    """The chance that ten runs, as the thesis made, hold at least one success."""
    return rate.apply(lambda p: 1 - (1 - p) ** 10, monotone="increasing", name=f"at least one in ten: {rate.name}")


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a file of the tables' folder."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def table(figure: str) -> list[dict[str, str]]:
    """The rows of one of the thesis's tables, such as that of Figure 4.22."""
    return read_rows(TABLES / f"figure-{figure}.csv")


def readings(figure: str) -> list[dict[str, str]]:
    """The figures that can be read off one of the thesis's drawings, such as that of Figure 4.2."""
    return [row for row in read_rows(TABLES / "drawings.csv") if row["figure"] == figure]


def published() -> Iterator[dict[str, str]]:
    """The rows of Figures 4.3, 4.6, 4.9, 4.12, 4.15 and 4.18."""
    for path in sorted(TABLES.glob("figure-4.*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                if "converged" in row:
                    yield row


def case_name(row: dict[str, str]) -> str:
    """The name of a published row, such as "4.3-batch-10-late"."""
    return "-".join(_CASE(row))


def experiment_of(row: dict[str, str]) -> Experiment:
    """The experiment that a published row is about."""
    plain, late = pair(int(row["depth"]), row["optimizer"].lower(), float(row["learning_rate"]), row["training_style"])
    return late if row["connection"] == "late" else plain

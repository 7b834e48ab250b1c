"""Training a grid block by block, with the time left, so that stopping loses little."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrn.cli._interrupt import check_interrupt
from lrn.ledger import BLOCK
from lrn.verdicts.text import duration, shortened

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.experiment.runs import Runs
    from lrn.ledger import Ledger
    from lrn.ledger.workers import Workers

__all__ = ["Cell", "Interrupted", "train_grid"]

SMALLEST_BLOCK, BLOCK_SECONDS = 64, 2.0
LOG_SECONDS = 30.0
"""Seconds between two lines of progress in a log."""
BLOCKS_EACH = 4  # of a cluster's processor thread, so that all end at about the same time


@dataclass(frozen=True, eq=False)
class Cell:
    """One experiment's networks, as a table shows them; each array has shape (S,)."""

    experiment: Experiment
    converged: NDArray[np.bool_]
    converged_at: NDArray[np.int32]
    dead_neurons: NDArray[np.int64]
    dead_layers: NDArray[np.int64]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; the text names the networks that the ledger holds."""


def train_grid(ledger: Ledger, experiments: Sequence[Experiment], seeds: range, *, quiet: bool = False) -> list[Cell]:
    """Trains, or reads from the ledger, the same seeds of each experiment.

    A cluster, where the ledger has one, first trains the missing networks of all experiments at once.

    Args:
        ledger: trains the networks, and remembers those already trained.
        experiments: at least one.
        seeds: a range of step 1.
        quiet: show no progress; else there is a line on a terminal, and in a log one now and then.

    Raises:
        Interrupted: Ctrl-C; its text names the networks that the ledger holds.
        lrn.ledger.cluster.ClusterError: the cluster gave up.
    """
    work = [_work(experiment) * len(seeds) for experiment in experiments]
    line = _Progress(work, list(map(attrgetter("label"), experiments)), quiet)
    if ledger.workers is not None:
        _fill(ledger, ledger.workers, experiments, seeds, line)
        line = _Progress([], [], True)  # all that is left is to read
    cells: list[Cell] = []
    done = 0
    try:
        for experiment in experiments:
            parts = []
            for block, runs in _blocks(ledger, experiment, seeds):
                done += len(block)
                parts.append(_cell(runs))
                line.show(len(cells), _work(experiment) * len(block))
            cells.append(_join(parts))
    except KeyboardInterrupt:
        raise Interrupted(_interruption(ledger, done, len(seeds) * len(experiments))) from None
    finally:
        line.close()
    return cells


def _fill(ledger: Ledger, workers: Workers, experiments: Sequence[Experiment], seeds: range, line: _Progress) -> None:
    """Has the cluster train the missing blocks, the longest first, so that no worker waits at the end."""
    total = len(seeds) * len(experiments)
    share = -(-total // (BLOCKS_EACH * max(workers.threads, 1)))
    size = min(max(share, SMALLEST_BLOCK), BLOCK)
    jobs: list[tuple[Experiment, range]] = []
    done = total
    for experiment in experiments:
        blocks = list(ledger.missing(experiment, seeds, size))
        jobs += zip(repeat(experiment), blocks)
        done -= sum(map(len, blocks))
    jobs.sort(key=lambda pair: _work(pair[0]) * len(pair[1]), reverse=True)
    try:
        for experiment, block in ledger.fill(jobs):
            check_interrupt()
            done += len(block)
            line.show(experiments.index(experiment), _work(experiment) * len(block))
    except KeyboardInterrupt:
        raise Interrupted(_interruption(ledger, done, total)) from None
    finally:
        line.close()


def _blocks(ledger: Ledger, experiment: Experiment, seeds: range) -> Iterator[tuple[range, Runs]]:
    """Blocks that take a few seconds each: what Ctrl-C loses, and how often progress is shown."""
    size, at = SMALLEST_BLOCK, 0
    while at < len(seeds):
        block = seeds[at : at + size]
        started = time.monotonic()
        check_interrupt()
        runs = ledger.runs(experiment, block)
        if time.monotonic() - started < BLOCK_SECONDS / 2:
            size = min(2 * size, BLOCK)
        yield block, runs
        at += len(block)


def _work(experiment: Experiment) -> float:
    """Roughly proportional to the time that one network takes."""
    return float(experiment.parameters * experiment.epochs)


def _cell(runs: Runs) -> Cell:
    return Cell(runs.experiment, runs.converged, runs.converged_at, runs.dead_neurons, runs.dead_layers)


def _join(parts: Sequence[Cell]) -> Cell:
    columns = map(attrgetter("converged", "converged_at", "dead_neurons", "dead_layers"), parts)
    return Cell(parts[0].experiment, *map(np.concatenate, zip(*columns, strict=True)))


def _interruption(ledger: Ledger, done: int, total: int) -> str:
    if ledger.root is None:
        return f"interrupted after {done:,} of {total:,} networks; nothing is kept, as there is no ledger"
    return (
        f"interrupted; {done:,} of {total:,} networks are kept in {ledger.root}, "
        "and the same command goes on from there"
    )


class _Progress:
    """Says on standard error which cell is trained, how much is done, and the time left for the whole grid.

    On a terminal that is one line, cut to its width; in a log a line now and then.

    Args:
        work: of each cell.
        labels: of each cell.
        silent: whether to say nothing.
    """

    def __init__(self, work: Sequence[float], labels: Sequence[str], silent: bool) -> None:
        self._total, self._labels, self._silent = sum(work), labels, silent
        self._live = sys.stderr.isatty()
        self._done = 0.0
        self._recent: list[tuple[float, float]] = []
        self._next = time.monotonic() + (0.0 if self._live else LOG_SECONDS)
        if labels and self._live:
            self.show(0, 0.0)

    def show(self, cell: int, work: float) -> None:
        """Adds work done; writes at most ten times a second on a terminal."""
        self._done += work
        now = time.monotonic()
        if self._silent or (self._recent and now - self._recent[-1][0] < 0.1):
            return
        left = self._time_left(now)
        if now < self._next:
            return
        share = self._done / self._total
        text = f"{cell + 1} of {len(self._labels)} cells, {share:.0%}{left}: {self._labels[cell]}"
        if self._live:
            # A line that is wider than the terminal would go on below, and stay there.
            sys.stderr.write(f"\r{shortened(text, max(shutil.get_terminal_size().columns - 1, 10))}\x1b[K")
        else:
            self._next = now + LOG_SECONDS
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def _time_left(self, now: float) -> str:
        """By the last blocks alone: cached ones pass in no time, and the first one loads libraries."""
        self._recent = [*self._recent[-19:], (now, self._done)]
        (start, before), done = self._recent[0], self._done
        return f", {duration((self._total - done) * (now - start) / (done - before))} left" if done > before else ""

    def close(self) -> None:
        """Takes the line away."""
        if self._live and not self._silent:
            sys.stderr.write("\r\x1b[K")

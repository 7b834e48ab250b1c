"""The cost of the ledger in a warm run: reads of files and seconds, for a made-up suite of many experiments.

    python -m benchmarks.ledger [--folder DIR] [--growth quarter|doubling]

Each experiment is asked for more and more seeds, as a claim asks until it is decided, and again by a second claim
later on. The first pass trains (networks of one epoch, which take no time); the second is a new process's.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
import time
from collections.abc import Iterator

import numpy as np

EXPERIMENTS = 500
MEAN_SEEDS = 1400  # 700,000 in all
MOST_SEEDS = 131_072
PAGE = 25
"""Experiments of neighbouring claims, which are asked for in turns."""


def steps(stop: int, growth: str) -> Iterator[int]:
    """Numbers of seeds that a claim asks for, one after another, until `stop`."""
    n = 8 if growth == "quarter" else 256
    while n < stop:
        yield n
        n = n + max(1, n // 4) if growth == "quarter" else 2 * n
    yield stop if growth == "quarter" else n


def seeds_needed() -> list[int]:
    """Seeds until each experiment's claim is decided: many few, few many."""
    drawn = np.random.Generator(np.random.Philox(key=21)).lognormal(0, 2, EXPERIMENTS)
    return np.clip(drawn * MEAN_SEEDS / drawn.mean(), 8, MOST_SEEDS).astype(int).tolist()


def ask(folder: pathlib.Path, growth: str) -> int:
    """All that the suite asks of a ledger; returns how often."""
    from lrn import Experiment, Ledger

    ledger, requests = Ledger(folder, threads=1), 0
    numbers = seeds_needed()
    for start in range(0, EXPERIMENTS, PAGE):
        for _ in ("one claim", "another claim"):
            for k in range(start, start + PAGE):
                experiment = Experiment(depth=2 + k % 29, epochs=1, lr=0.01 + k * 1e-5)
                for n in steps(numbers[k], growth):
                    assert len(ledger.runs(experiment, range(n))) == n
                    requests += 1
    return requests


def measured(folder: pathlib.Path, growth: str) -> str:
    """Reads and seconds of one pass."""
    import pyarrow.parquet as pq

    reads, open_file = [0], pq.ParquetFile

    class Counted(open_file):  # type: ignore[misc, valid-type]
        def __init__(self, *args: object, **options: object) -> None:
            reads[0] += 1
            super().__init__(*args, **options)

    pq.ParquetFile = Counted
    started, cpu = time.perf_counter(), time.process_time()
    requests = ask(folder, growth)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    pq.ParquetFile = open_file
    files = list(folder.rglob("*.parquet"))
    size = sum(path.stat().st_size for path in files) / 1e6
    times = f"{seconds:.2f} s ({cpu:.2f} s of processor)"
    return f"{requests:,} requests, {reads[0]:,} reads, {times}, {len(files):,} files, {size:.0f} MB"


def main() -> None:
    """Prints both passes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--growth", choices=("quarter", "doubling"), default="quarter")
    parser.add_argument("--folder", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        for name in ("cold", "warm"):
            print(f"{name}, growing by {arguments.growth}: {measured(folder, arguments.growth)}", flush=True)


if __name__ == "__main__":
    main()

"""`python -m benchmarks.cluster`: the cost of a Dask cluster beside the training, and how far that lets it grow.

A scheduler and its workers are processes of their own on this machine, so that the processor time of each can be told
apart; the model is made of processor time, as it does not change when others use the machine too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.machine import Others, describe
from lrn import Experiment, Ledger
from lrn.ledger import BLOCK

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "cluster.json", HERE.parent / "docs" / "scaling.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
DEPTHS = (2, 5, 10, 15, 20, 25, 30)
TRAINED = Experiment(depth=10)
BLOCKS, MESSAGES, FILES = 8, 4000, 128
MANY = 100
"""Threads of a worker where messages are counted, so that as many are under way as with 200 cores."""


def main() -> None:
    """Measures, prints, and writes cluster.json and the figures of docs/scaling.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=main.__doc__)
    parser.add_argument("--write-page", action="store_true", help="measure nothing: take the figures from cluster.json")
    if not parser.parse_args().write_page:
        RESULTS.write_text(json.dumps(measure(), indent=1) + "\n")
    from benchmarks.cluster_model import tables

    text = tables(json.loads(RESULTS.read_text()))
    print(text)
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END)[1]}")


def measure() -> dict[str, Any]:
    """The whole run, in about a minute."""
    others, start = Others(), time.perf_counter()
    results: dict[str, Any] = {"machine": describe(), "block": BLOCK, "experiment": TRAINED.label}
    results["local"] = local()
    for workers in (1, 2):
        with cluster(workers) as (ledger, pids):
            results[f"workers {workers}"] = training(ledger, pids)
    with cluster(2, threads=MANY) as (ledger, pids):
        results["messages"] = messages(ledger, pids)
        results["files"] = files(ledger, pids)
    results["sizes"], results["milliseconds"] = {}, {}
    for depth in DEPTHS:
        experiment = TRAINED.replace(depth=depth)
        results["sizes"][str(depth)] = bytes_each(experiment)
        results["milliseconds"][str(depth)] = milliseconds(experiment)
    return {**results, "others": others.share(), "seconds": time.perf_counter() - start}


def local() -> dict[str, float]:
    """The same training without a cluster, on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(folder, threads=1)
        ledger.runs(TRAINED, range(64))
        start, cpu = time.perf_counter(), time.process_time()
        ledger.runs(TRAINED, range(BLOCK, (1 + BLOCKS) * BLOCK))
        return {"networks": BLOCKS * BLOCK, "wall": time.perf_counter() - start, "client": time.process_time() - cpu}


@contextlib.contextmanager
def cluster(workers: int, threads: int = 1) -> Iterator[tuple[Ledger, dict[str, list[int]]]]:
    """A ledger with a cluster that has imported all modules, and the ids of its processes."""
    with (
        running(workers, threads) as (address, pids),
        tempfile.TemporaryDirectory() as folder,
        Ledger(folder, scheduler=address) as ledger,
    ):
        warm_up(ledger)
        yield ledger, pids


def warm_up(ledger: Ledger) -> None:
    """So that every process has imported its modules."""
    assert ledger.workers is not None
    small = TRAINED.replace(epochs=1)
    list(ledger.fill(blocks_of(small, 1, 0, 4 * ledger.workers.threads)))


def blocks_of(experiment: Experiment, size: int, first: int, count: int) -> list[tuple[Experiment, range]]:
    """So many blocks of so many networks, from the block of that number on."""
    return [(experiment, range(i * size, (i + 1) * size)) for i in range(first, first + count)]


def training(ledger: Ledger, pids: dict[str, list[int]]) -> dict[str, float]:
    """Blocks that take as long as they do."""
    blocks = blocks_of(TRAINED, BLOCK, 1, BLOCKS)
    return {"networks": BLOCKS * BLOCK, **costs(pids, lambda: list(ledger.fill(blocks)))}


def messages(ledger: Ledger, pids: dict[str, list[int]]) -> dict[str, float]:
    """Blocks of one network and one epoch: the cost of a request by itself."""
    small = TRAINED.replace(depth=2, epochs=1)
    blocks = blocks_of(small, 1, 1000, MESSAGES)
    return {"requests": MESSAGES, **costs(pids, lambda: list(ledger.fill(blocks)))}


def files(ledger: Ledger, pids: dict[str, list[int]]) -> dict[str, float]:
    """Whole blocks that train for one epoch: what their bytes cost, to send and write, and then to read again."""
    quick = TRAINED.replace(epochs=1)
    blocks = blocks_of(quick, BLOCK, 1, FILES)
    figures = {"requests": FILES, **costs(pids, lambda: list(ledger.fill(blocks)))}
    sizes = [path.stat().st_size for path in (ledger.folder / quick.key).glob("*.parquet")]
    start = time.process_time()
    for experiment, block in blocks:
        runs = ledger.remembered(experiment, block)
        assert runs is not None
        assert len(runs) == BLOCK
    return {**figures, "bytes": float(sum(sorted(sizes)[-FILES:])), "read": time.process_time() - start}


def costs(pids: dict[str, list[int]], work: Any) -> dict[str, float]:
    """Seconds by the clock, and of processor time of this process, the scheduler and the workers."""
    before, start = processor_time(pids), time.perf_counter()
    work()
    wall, after = time.perf_counter() - start, processor_time(pids)
    return {"wall": wall, **{who: after[who] - before[who] for who in after}}


def processor_time(pids: dict[str, list[int]]) -> dict[str, float]:
    import psutil

    times = {"client": time.process_time()}
    for who, group in pids.items():
        times[who] = 0
        for pid in group:
            times[who] += sum(psutil.Process(pid).cpu_times()[:2])
    return times


def bytes_each(experiment: Experiment) -> float:
    """Bytes of a trained network in its block's file."""
    networks = 1024
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(folder)
        ledger.runs(experiment, range(networks))
        (path,) = (ledger.folder / experiment.key).glob("*.parquet")
        return path.stat().st_size / networks


def milliseconds(experiment: Experiment) -> float:
    """Processor time of one network."""
    ledger, networks = Ledger(None, threads=1), 512
    start = time.process_time()
    ledger.runs(experiment, range(networks))
    return (time.process_time() - start) / networks * 1e3


@contextlib.contextmanager
def running(workers: int, threads: int) -> Iterator[tuple[str, dict[str, list[int]]]]:
    """A scheduler and workers; its address, and the ids of their processes."""
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("wb") as log:

        def start(command: str, *arguments: str) -> int:
            line = [sys.executable, "-m", f"distributed.cli.{command}", *arguments, "--no-dashboard"]
            process = subprocess.Popen([*line, "--host", "127.0.0.1"], stdout=log, stderr=log)
            started.append(process)
            return process.pid

        try:
            scheduler_file = Path(folder, "scheduler.json")
            pids = {"scheduler": [start("dask_scheduler", "--port", "0", "--scheduler-file", str(scheduler_file))]}
            while not scheduler_file.exists():
                time.sleep(0.1)
            address = json.loads(scheduler_file.read_text())["address"]
            options = ("--nthreads", str(threads), "--no-nanny", "--local-directory", folder)
            pids["workers"] = [start("dask_worker", address, *options) for _ in range(workers)]
            while Path(folder, "log").read_text().count("Registered to:") < workers:
                time.sleep(0.1)
            yield address, pids
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait()


if __name__ == "__main__":
    main()

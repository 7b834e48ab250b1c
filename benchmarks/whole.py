"""Whole jobs with the native engine on two threads, each in a process of its own, so that peak memory is its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.cells import thesis_cells
from lrn.engines.training import train
from lrn.experiment import Experiment

__all__ = ["apart"]

BLOCK = 16_384


def apart(job: str, *numbers: int) -> dict[str, Any]:
    """Runs "thesis" or "stream" of this module in a new process."""
    command = [sys.executable, "-m", "benchmarks.whole", job, *map(str, numbers)]
    figures: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    print(
        f"  {job}: {figures['networks']:,} networks, {figures['seconds']:.1f} s, {figures['megabytes']:.0f} MB",
        flush=True,
    )
    return figures


def thesis(seeds: int) -> dict[str, Any]:
    """Its 168 cells: seven depths, plain and late, Adam and SGD, three learning rates, batch and iterative."""
    cells = thesis_cells()
    runs = [train(cell, range(seeds), engine="native", threads=2) for cell in cells]
    return {"cells": len(cells), "seeds": seeds, "networks": sum(map(len, runs))}


def stream(networks: int, epochs: int) -> dict[str, Any]:
    """That many networks of depth 10, block by block, of which only the number that converged is kept."""
    experiment, converged = Experiment(depth=10, epochs=epochs), 0
    for start in range(0, networks, BLOCK):
        seeds = range(start, min(start + BLOCK, networks))
        converged += int(train(experiment, seeds, engine="native", threads=2).converged.sum())
    return {"networks": networks, "epochs": epochs, "block": BLOCK, "converged": converged}


def main(job: str, *numbers: str) -> None:
    """Prints the job's figures, its seconds and its peak memory as JSON."""
    start = time.perf_counter()
    jobs: dict[str, Callable[..., dict[str, Any]]] = {"thesis": thesis, "stream": stream}
    figures = jobs[job](*map(int, numbers))
    print(json.dumps({**figures, "seconds": time.perf_counter() - start, "megabytes": _peak_bytes() / 1e6}))


def _peak_bytes() -> int:
    status = Path("/proc/self/status")
    if status.exists():  # Linux's ru_maxrss also remembers the parent that this process was forked from
        (peak,) = (line for line in status.read_text().splitlines() if "VmHWM" in line)
        return 1024 * int(peak.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])

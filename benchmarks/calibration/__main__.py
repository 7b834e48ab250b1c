"""Simulates, and writes benchmarks/calibration.json, docs/calibration.svg and the tables of docs/calibration.md."""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from typing import Any

from benchmarks.calibration import document, sequences
from benchmarks.calibration.simulate import simulate
from benchmarks.calibration.suites import plan


def main() -> None:
    """Parses the command line and runs it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of it; prints, and writes nothing")
    parser.add_argument("--write", action="store_true", help="simulate nothing: write what follows from the JSON again")
    parser.add_argument("--processes", type=int, default=2, help="how many processes simulate (2)")
    options = parser.parse_args()
    if options.quick:
        print(document.tables(measure(0.05, options.processes)))
        return
    if not options.write:
        results = measure(1.0, options.processes)
        document.RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        assumed = list(chain.from_iterable(map(sequences.count, sequences.ALPHAS)))
        sequences.RESULTS.write_text(json.dumps(assumed, indent=1) + "\n", encoding="utf-8")
    document.write(json.loads(document.RESULTS.read_text(encoding="utf-8")))


def measure(scale: float, processes: int) -> list[dict[str, Any]]:
    """The counts of every setting, with this part of its suites; the same code gives the same counts."""
    settings, start = plan(scale), time.perf_counter()
    results = []
    with ProcessPoolExecutor(processes) as pool:
        simulated = pool.map(_simulated, [scale] * len(settings), range(len(settings)))
        for setting, result in zip(settings, simulated, strict=True):
            results.append(result)
            seconds = time.perf_counter() - start
            print(f"{setting.name}: {result['wrong']} of {setting.suites} wrong ({seconds:.0f} s)", flush=True)
    return results


def _simulated(scale: float, number: int) -> dict[str, Any]:
    """The counts of one setting, named by its number: another process cannot be sent the claims themselves."""
    return simulate(plan(scale)[number])


if __name__ == "__main__":
    main()

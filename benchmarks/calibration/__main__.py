"""Simulates, and writes benchmarks/calibration.json, docs/calibration.svg and the figures of docs/calibration.md."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from benchmarks.calibration import document, giving_up, sequences
from benchmarks.calibration.simulate import simulate
from benchmarks.calibration.suites import plan


def main() -> None:
    """Parses the command line and does what it says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a hundredth of it; prints, and writes nothing")
    parser.add_argument("--write", action="store_true", help="simulate nothing: write what follows from the JSON again")
    options = parser.parse_args()
    if options.quick:
        print(document.tables(measure(0.01)))
        return
    if not options.write:
        document.RESULTS.write_text(json.dumps(measure(1.0), indent=1) + "\n", encoding="utf-8")
    document.write(json.loads(document.RESULTS.read_text(encoding="utf-8")))


def measure(scale: float) -> dict[str, Any]:
    """Everything, with this part of the suites and runs; the same code gives the same counts."""
    parts: list[tuple[str, Any, list[Any]]] = [
        ("suites", simulate, plan(scale)),
        ("giving_up", giving_up.give_up, giving_up.near_margins(scale)),
        ("seeds", lambda problem: sequences.compare(problem, scale), list(sequences.PROBLEMS)),
        ("widths", sequences.widths, list(sequences.WIDTHS)),
    ]
    results: dict[str, Any] = {}
    for part, function, items in parts:
        results[part] = []
        for item in items:
            start = time.perf_counter()
            results[part].append(function(item))
            print(f"{part}: {item.name} ({time.perf_counter() - start:.1f} s)", flush=True)
    return results


if __name__ == "__main__":
    main()

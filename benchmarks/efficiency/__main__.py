"""Measures seeds per decision, and writes benchmarks/efficiency.json, docs/efficiency.svg and the table of the page."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

from benchmarks.efficiency import document
from benchmarks.efficiency.measured import seeds_of_decisions
from benchmarks.efficiency.peers import fisher, plug_in_betting, turner_grunwald
from benchmarks.efficiency.rows import ALPHAS, ROWS, Row, bound

_REPEATS = 200
_STREAMS = 1_000_000


def main() -> None:
    """Parses the command line and runs it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.efficiency", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 repeats; prints, and writes nothing")
    parser.add_argument("--write", action="store_true", help="measure nothing: write what follows from the JSON again")
    options = parser.parse_args()
    if options.quick:
        print(document.sections(measure(20))["efficiency"])
        return
    if not options.write:
        document.RESULTS.write_text(json.dumps(measure(_REPEATS), indent=1) + "\n", encoding="utf-8")
    document.write(json.loads(document.RESULTS.read_text(encoding="utf-8")))


def measure(repeats: int) -> list[dict[str, Any]]:
    """Each row at each alpha, lrn beside the others; the same code gives the same figures."""
    results = []
    for alpha in ALPHAS:
        seeds = seeds_of_decisions(alpha, repeats)
        print(f"alpha = {alpha:g}: pytest is done", flush=True)
        for row in ROWS:
            results.append(summary(row, alpha, seeds[row.name]))
    return results


def summary(row: Row, alpha: float, seeds: Sequence[int]) -> dict[str, Any]:
    """Returns a row of the table, from the seeds that each repeat took."""
    repeats = len(seeds)
    return {
        "name": row.name,
        "alpha": alpha,
        "repeats": repeats,
        "bound": bound(row, alpha),
        "reach": row.reach[alpha],
        "lrn": fmean(seeds),
        "standard_error": stdev(seeds) / repeats**0.5,
        "fisher": fisher(row, alpha) if row.is_rate else None,
        "turner_grunwald": turner_grunwald(row, alpha, repeats, _STREAMS) if row.is_rate else None,
        "plug_in": plug_in_betting(row, alpha, repeats, 2 * _STREAMS),
    }


if __name__ == "__main__":
    main()

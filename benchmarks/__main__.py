"""`python -m benchmarks`: measures everything, prints it, writes results.json, speed.svg and README.md's figures."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import CORES, Others, describe, use_cores

HERE = Path(__file__).parent
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def main() -> None:
    """Parses the command line and runs it."""
    options = _options()
    if not options.write_readme:
        results = measure(options.quick)
        from benchmarks.tables import tables

        print("\n" + tables(results))
        folder = options.output or (None if options.quick else HERE)
        if folder is None:
            return
        write(results, folder)
    if options.output is None:
        write_readme(json.loads((HERE / "results.json").read_text()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="a look in under two minutes; writes nothing unless --output is given")
    add("--output", type=Path, metavar="DIR", help="write results.json and speed.svg there, and leave README.md alone")
    add("--write-readme", action="store_true", help="measure nothing: write README.md's figures from results.json")
    return parser.parse_args()


def measure(quick: bool) -> dict[str, Any]:
    """The whole run."""
    use_cores()  # before torch and JAX count them
    import torch

    from benchmarks import sections
    from benchmarks.cnns import cnns
    from benchmarks.plan import FULL, QUICK
    from benchmarks.scaling import scaling
    from benchmarks.whole import apart
    from lrn.engines import native

    if not native.available():
        sys.exit("the native engine was not built: install lrn again where a C++20 compiler is at hand")
    torch.set_num_threads(CORES)
    plan, others, start = QUICK if quick else FULL, Others(), time.perf_counter()
    plan = dataclasses.replace(plan, peers=sections.installed(plan.peers))
    steps = {
        "machine": lambda: describe(),
        "side_by_side": lambda: sections.side_by_side(plan),
        "efficiency": lambda: sections.efficiency(plan),
        "scaling": lambda: scaling(plan),
        "freezing": lambda: sections.freezing(plan),
        "cnns": lambda: cnns(plan.repeats),
        "thesis": lambda: apart("thesis", plan.seeds),
        "stream": lambda: apart("stream", plan.stream, plan.stream_epochs),
    }
    results: dict[str, Any] = {"plan": plan.name}
    for name, step in steps.items():
        print(f"{name.replace('_', ' ')} ({time.perf_counter() - start:.0f} s so far)", flush=True)
        results[name] = step()
    return {**results, "others": others.share(), "seconds": time.perf_counter() - start}


def write(results: dict[str, Any], folder: Path) -> None:
    """results.json and speed.svg."""
    from benchmarks.figure import draw

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    draw(results, folder / "speed.svg")


def write_readme(results: dict[str, Any]) -> None:
    """README.md, with this run's figures between its two marks."""
    from benchmarks.tables import tables

    path = HERE / "README.md"
    before, rest = path.read_text().split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n{tables(results)}\n\n{END}{after}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as cache:
        import os

        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache  # so that the first call's time includes compiling
        main()

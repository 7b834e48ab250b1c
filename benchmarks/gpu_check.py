"""On a machine with a GPU: is the CUDA engine the native engine to the bit, and how fast is it? Prints JSON.

Without an installation, from a checkout that has no native engine:

    python benchmarks/gpu_check.py --write .benchmarks/gpu_reference.npz               # where the native engine is
    PYTHONPATH=. python benchmarks/gpu_check.py --reference .benchmarks/gpu_reference.npz    # where the GPU is

Where both are, `python benchmarks/gpu_check.py` does it all.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.cells import thesis_cells
from lrn.engines import native
from lrn.engines.cuda import CudaEngine, _program
from lrn.engines.cuda._program import Program, compile_program, kernels
from lrn.experiment import Experiment
from lrn.experiment.runs import Runs

ARRAYS = ("rmse", "rmse_initial", "converged_at", "dead", "prediction", "parameters")
CHECKED_SEEDS = np.arange(64, dtype=np.uint64)
GOAL_SECONDS = 2.0


def checked() -> list[Experiment]:
    base, plain = Experiment(depth=5, epochs=1500), Experiment(depth=12, connection="plain", epochs=1500)
    shapes = ({"width": 4}, {"width": 3}, {"dtype": "float64"}, {"activation": "leaky_relu"})
    experiments = thesis_cells((2, 10, 30))
    for experiment, shape, style in itertools.product((base, plain), shapes, ("batch", "iterative")):
        experiments.append(experiment.replace(**shape, style=style))
    return experiments


def write_reference(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for e in checked():
        runs = on_processor(e)
        for name in ARRAYS:
            arrays[f"{e.key} {name}"] = getattr(runs, name)
    np.savez_compressed(path, **arrays)


def on_processor(e: Experiment) -> Runs:
    fused = list(filter(attrgetter("fused"), native.variants()))
    return native.NativeEngine(variant=fused[0]).train(e, CHECKED_SEEDS, parameters=True)


def compare(reference: Path | None) -> dict[str, Any]:
    stored = None if reference is None else np.load(reference)
    experiments = checked()
    trained = CudaEngine().train_many(experiments, [CHECKED_SEEDS] * len(experiments), parameters=True)
    different = []
    for e, runs in zip(experiments, trained, strict=True):
        expected = on_processor(e) if stored is None else None
        for name in ARRAYS:
            values = getattr(expected, name) if stored is None else stored[f"{e.key} {name}"]
            rows = unequal_rows(getattr(runs, name), values)
            if rows:
                different.append({"experiment": e.label, "array": name, "networks": rows})
    return {
        "experiments": len(experiments),
        "networks": len(experiments) * len(CHECKED_SEEDS),
        "all_equal_to_the_bit": not different,
        "different": different,
    }


def unequal_rows(a: np.ndarray, b: np.ndarray) -> list[int]:
    """Networks that differ; one NaN equals another."""
    equal = (a == b) | ((a != a) & (b != b))
    return np.flatnonzero(~equal.reshape(len(a), -1).all(axis=1)).tolist()


def seconds(work: Callable[[], Any], repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(round(time.perf_counter() - start, 4))
    return times


def thesis_seconds(seeds: int, repeats: int) -> list[float]:
    cells, own = thesis_cells(), np.arange(seeds, dtype=np.uint64)
    CudaEngine().train_many(cells, [own[:32]] * len(cells))  # compiles, and wakes the GPU
    return seconds(lambda: CudaEngine().train_many(cells, [own] * len(cells)), repeats)


def thesis(seeds: int, repeats: int) -> dict[str, Any]:
    times, networks = thesis_seconds(seeds, repeats), 168 * seeds
    median = float(np.median(times))
    return {
        "networks": networks,
        "seconds": times,
        "median": median,
        "networks_per_second": round(networks / median),
        "goal_seconds": GOAL_SECONDS,
        "goal_met": median < GOAL_SECONDS,
    }


def with_resident(blocks: int, work: Callable[[], list[float]]) -> list[float]:
    """The same with another number of blocks per multiprocessor, that is, with other registers per thread."""
    from lrn.engines.cuda import _launch  # needs cuda-core

    kernels.cache_clear()
    try:
        with patch.object(_program, "RESIDENT", blocks), patch.object(_launch, "RESIDENT", blocks):
            return work()
    finally:
        kernels.cache_clear()


def single_fleets(repeats: int) -> dict[str, list[float]]:
    by_case = {}
    for depth, seeds in ((10, 1000), (30, 1000), (10, 16_896), (30, 16_896), (10, 200_000), (30, 100_000)):
        for connection in ("plain", "late"):
            e, own = Experiment(depth=depth, connection=connection), np.arange(seeds, dtype=np.uint64)
            CudaEngine().train(e, own[:32])
            by_case[f"{e.label}, {seeds} seeds"] = seconds(lambda e=e, own=own: CudaEngine().train(e, own), repeats)
    return by_case


def machine() -> dict[str, Any]:
    import cuda.core
    import torch

    gpu = torch.cuda.get_device_properties(0)
    return {
        "gpu": gpu.name,
        "multiprocessors": gpu.multi_processor_count,
        "capability": "{}.{}".format(*torch.cuda.get_device_capability()),
        "torch": torch.__version__,
        "cuda_core": cuda.core.__version__,
    }


def compile_seconds() -> dict[str, float]:
    times = {}
    for program in dict.fromkeys(map(Program.of, thesis_cells((2,)))):
        times[repr(program)] = seconds(partial(compile_program, program, "sm_90"), 1)[0]
    return times


def seconds_by_resident_blocks(counts: list[int], seeds: int) -> dict[int, list[float]]:
    times = {}
    for blocks in counts:
        times[blocks] = with_resident(blocks, lambda: thesis_seconds(seeds, 2))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="FILE", help="write what the native engine gives, and stop")
    parser.add_argument("--reference", type=Path, metavar="FILE", help="compare with that instead of the native engine")
    parser.add_argument("--seeds", type=int, default=1000, help="seeds per cell of the thesis (1000)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--resident", type=int, nargs="*", default=[6, 8, 12], help="blocks per multiprocessor to try")
    options = parser.parse_args()
    if options.write:
        write_reference(options.write)
        return
    sections: dict[str, Callable[[], Any]] = {
        "machine": machine,
        "compile_seconds": compile_seconds,
        "bitwise": lambda: compare(options.reference),
        "thesis": lambda: thesis(options.seeds, options.repeats),
        "single_fleets_seconds": lambda: single_fleets(2),
        "thesis_seconds_by_resident_blocks": lambda: seconds_by_resident_blocks(options.resident, options.seeds),
    }
    report = {}
    for name, measure in sections.items():
        report[name] = measure()
        print(json.dumps({name: report[name]}), file=sys.stderr, flush=True)  # in case the next section fails
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()

"""The comparison with the peers, the share of the machine's peak, and what exact freezing gives."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from itertools import product
from statistics import median
from typing import Any

import numpy as np

from benchmarks.flops import flops
from benchmarks.peak import fma_peak
from benchmarks.peers import NATIVE_1, NATIVE_2, Peer
from benchmarks.plan import Plan
from benchmarks.timing import EPOCHS, compare, initial_weights, prepared, ratios, seconds, turns
from lrn.engines.native import NativeEngine
from lrn.experiment import Experiment

__all__ = ["efficiency", "freezing", "installed", "side_by_side"]


def installed(peers: tuple[Peer, ...]) -> tuple[Peer, ...]:
    """Those that can run here; says which cannot, and why."""
    importable = []
    for peer in peers:
        try:
            importlib.import_module(f"benchmarks.peers.{peer.where.split(':')[0]}")
            importable.append(peer)
        except ImportError as missing:
            hint = f"; `pip install {missing.name}` brings it" if isinstance(missing, ModuleNotFoundError) else ""
            print(f"skipped: {peer.name} ({missing}{hint})", flush=True)
    return tuple(importable)


def side_by_side(plan: Plan) -> list[dict[str, Any]]:
    """Every peer against lrn's native engine on two threads, for every shape; late, Adam, on all samples at once."""
    rows = []
    for depth, width in plan.shapes:
        experiment = Experiment(depth=depth, width=width)
        base = prepared(NATIVE_2, experiment, plan.networks, plan.base_seconds)
        for peer in plan.peers:
            row = compare(peer, base, plan.networks, plan.seconds, plan.repeats)
            rows.append({"depth": depth, "width": width, **row})
            print(f"  depth {depth:>2}, width {width:>2}: {peer.name:<22} {row['ms']:>10.3f} ms per network,", end=" ")
            print(f"{row['ratio']:>9,.1f} x lrn's", flush=True)
    return rows


def efficiency(plan: Plan) -> list[dict[str, Any]]:
    """GFLOP/s of the native engine, with Adam and with SGD, beside the FMA peak measured in turns with it.

    SGD's step is next to nothing, so it shows the passes through the network alone. Empty without a compiler.
    """
    peak, rows = fma_peak(), []
    if peak is None:
        print("skipped: share of the FMA peak (no C++ compiler)", flush=True)
        return []
    for (depth, width), optimizer, threads in product(plan.peaks, ("adam", "sgd"), (1, 2)):
        experiment = Experiment(depth=depth, width=width, optimizer=optimizer)
        row = {"depth": depth, "width": width, "optimizer": optimizer, "threads": threads}
        rows.append({**row, **_beside_peak(experiment, threads, peak, plan)})
        print(f"  {experiment.label}, {threads} thread(s): {rows[-1]['gflops']:>6.1f} GFLOP/s,", end=" ")
        print(f"{rows[-1]['share']:.0%} of {rows[-1]['peak_gflops']:.0f}", flush=True)
    return rows


def _beside_peak(e: Experiment, threads: int, peak: Callable[[int, float], float], plan: Plan) -> dict[str, float]:
    subject = prepared({1: NATIVE_1, 2: NATIVE_2}[threads], e, plan.networks, plan.base_seconds)
    times = turns(plan.repeats, {"ms": subject.measure, "peak": lambda: peak(threads, 0.1)})
    count = flops(e)
    rates = [count.total / ms * 1e-6 for ms in times["ms"]]
    return {
        "ms": median(times["ms"]),
        "mflop": count.total * 1e-6,
        "optimizer_share": count.optimizer / count.total,
        "gflops": median(rates),
        "peak_gflops": median(times["peak"]),
        "share": median(ratios(rates, times["peak"])),
    }


def freezing(plan: Plan) -> list[dict[str, Any]]:
    """Plain networks, most of which die, beside plain networks of which no layer can die, and late ones.

    Those that cannot die have positive weights and biases and a learning rate that moves nothing, so every layer of
    them is computed to the end: the time without exact freezing.
    """
    engine, rows, S = NativeEngine(threads=2), [], 4 * plan.networks
    seeds = np.arange(S, dtype=np.uint64)
    for depth in plan.freezing:
        plain = Experiment(depth=depth, connection="plain")
        late, alive = plain.replace(connection="late"), plain.replace(lr=1e-9)
        positive = np.abs(initial_weights(plain, S))
        assert not engine.train(alive, seeds, initial=positive).dead_layers.any(), "a network died that must not"
        dead = engine.train(plain, seeds).dead_layers > 0
        calls = {
            "plain": partial(seconds, partial(engine.train, plain, seeds)),
            "never frozen": partial(seconds, partial(engine.train, alive, seeds, initial=positive)),
            "late": partial(seconds, partial(engine.train, late, seeds)),
        }
        times = turns(plan.repeats, calls)
        gains = ratios(times["never frozen"], times["plain"])
        ms = {name: median(values) * 1e3 / S for name, values in times.items()}
        rows.append({"depth": depth, "epochs": EPOCHS, "ms": ms, "gain": median(gains), "dead": float(dead.mean())})
        print(f"  depth {depth}: plain {ms['plain']:.3f}, never frozen {ms['never frozen']:.3f},", end=" ")
        print(f"late {ms['late']:.3f} ms per network", flush=True)
    return rows

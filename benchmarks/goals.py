"""The project's goals, and whether a run reached them."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

from benchmarks.peers import AUTHOR, COMPILED, JAX, STACKED, VMAP, Peer

__all__ = ["Goal", "goals"]


class Goal(NamedTuple):
    """One goal: the condition, the measured value, and whether it holds."""

    what: str
    needed: str
    measured: str
    met: bool


def goals(results: dict[str, Any]) -> list[Goal]:
    """Every goal that this run has figures for."""
    all_goals: list[Goal | None] = []
    for (peer, times), depth in product(((JAX, 60), (COMPILED, 15), (AUTHOR, 10_000)), (10, 30)):
        all_goals.append(_ratio(results, peer, depth, 2, times))
    for peer in (JAX, COMPILED, VMAP, STACKED):
        all_goals.append(_ratio(results, peer, 10, 16, 1))
    for row in results["efficiency"]:
        if (row["optimizer"], row["width"], row["threads"]) == ("adam", 2, 2) and row["depth"] in (10, 30):
            what = f"share of the FMA peak, depth {row['depth']}, 2 threads"
            all_goals.append(Goal(what, "≥ 60 %", f"{row['share']:.0%}".replace("%", " %"), row["share"] >= 0.6))
    for job, most in (("thesis", 60), ("stream", None)):
        all_goals += _job(results[job], most)
    return list(filter(None, all_goals))


def _ratio(results: dict[str, Any], peer: Peer, depth: int, width: int, times: float) -> Goal | None:
    for row in results["side_by_side"]:
        if (row["peer"], row["depth"], row["width"]) == (peer.name, depth, width):
            what = f"faster than {peer.name}, depth {depth}, width {width}"
            return Goal(what, f"≥ {times:,} ×", f"{row['ratio']:,.1f} ×", row["ratio"] >= times)
    return None


def _job(job: dict[str, Any], most: float | None) -> list[Goal]:
    name = f"{job['cells']} cells, {job['seeds']:,} seeds each" if "cells" in job else f"{job['networks']:,} networks"
    memory = Goal(f"{name}: peak memory", "< 1,000 MB", f"{job['megabytes']:,.0f} MB", job["megabytes"] < 1000)
    if most is None:
        return [memory]
    return [Goal(f"{name}: time", f"< {most:g} s", f"{job['seconds']:.1f} s", job["seconds"] < most), memory]

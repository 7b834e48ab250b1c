"""The measurements, and how long each may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from benchmarks.peers import AUTHOR, COMPILED, JAX, NATIVE_1, NATIVE_2, PEERS, REFERENCE, STACKED, VMAP, Peer

__all__ = ["FULL", "QUICK", "Axis", "Plan"]


@dataclass(frozen=True)
class Axis:
    """One axis of scaling: its values, who is measured along it, and how many networks at a time.

    Attributes:
        limit: the largest value that peers are measured at; lrn itself goes on.
    """

    values: tuple[int, ...]
    peers: tuple[Peer, ...]
    networks: int = 512
    limit: int = 1 << 62


@dataclass(frozen=True)
class Plan:
    """A whole run.

    Attributes:
        shapes: (depth, width) of the side by side comparison, late connections.
        networks: how many networks train at a time.
        seconds, base_seconds: about how long one run of a peer, and of lrn beside it, takes.
        peaks: (depth, width) of the networks whose speed stands beside the machine's peak.
        repeats: pairs measured.
        freezing: depths at which plain networks are timed.
        seeds: of each of the thesis's 168 cells.
        stream: networks of depth 10 that stream through in blocks, `stream_epochs` each.
    """

    name: str
    shapes: tuple[tuple[int, int], ...]
    peers: tuple[Peer, ...]
    axes: Mapping[str, Axis]
    repeats: int
    seconds: float
    base_seconds: float
    seeds: int
    stream: int
    stream_epochs: int
    peaks: tuple[tuple[int, int], ...]
    networks: int = 512
    freezing: tuple[int, ...] = (10, 30)


OURS = (NATIVE_1, NATIVE_2)
FULL = Plan(
    name="full",
    shapes=((2, 2), (10, 2), (30, 2), (2, 4), (10, 4), (30, 4), (2, 16), (10, 16), (30, 16)),
    peers=PEERS,
    axes={
        "networks": Axis((1, 16, 64, 256, 1024, 4096, 16384), (*OURS, STACKED, JAX), limit=4096),
        "depth": Axis((1, 2, 5, 10, 20, 30), (*OURS, STACKED, JAX)),
        "width": Axis((1, 2, 3, 4, 8, 16, 32, 64), (*OURS, VMAP, JAX), networks=256),
        "samples": Axis((5, 20, 80, 320), (*OURS, STACKED, JAX)),
    },
    repeats=3,
    seconds=0.5,
    base_seconds=0.25,
    seeds=1000,
    stream=1_000_000,
    stream_epochs=300,
    peaks=tuple(product((2, 10, 30), (2, 3, 4, 8, 16, 32))),
)
QUICK = Plan(
    name="quick",
    shapes=((10, 2),),
    peers=(AUTHOR, VMAP, STACKED, JAX, COMPILED, REFERENCE, NATIVE_1),
    axes={
        "networks": Axis((16, 512, 4096), OURS),
        "depth": Axis((2, 10, 30), OURS),
        "width": Axis((2, 4, 16), OURS),
        "samples": Axis((5, 20, 80), OURS),
    },
    repeats=3,
    seconds=0.1,
    base_seconds=0.05,
    seeds=32,
    stream=100_000,
    stream_epochs=30,
    peaks=((10, 2), (10, 16)),
)

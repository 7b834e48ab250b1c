"""How the time of a network grows with networks, depth, width and samples; late, Adam, on all samples at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import starmap
from statistics import median
from typing import Any

import numpy as np

from benchmarks.plan import Axis, Plan
from benchmarks.timing import prepared, turns
from lrn.data import Data
from lrn.experiment import Experiment

__all__ = ["scaling"]


@dataclass(frozen=True, kw_only=True)
class Sampled(Experiment):
    """An experiment on another number of points than the thesis's 20."""

    samples: int = 20

    @cached_property
    def data(self) -> Data:
        x = np.random.RandomState(42).uniform(-1, 1, (self.samples, 1))
        return Data(x=x, t=np.abs(x))


def scaling(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Milliseconds per network along each axis, for everyone measured along it; the rest stays depth 10, width 2."""
    points = {}
    for name, axis in plan.axes.items():
        points[name] = [_point(plan, name, axis, value) for value in axis.values]
    return points


def _point(plan: Plan, name: str, axis: Axis, value: int) -> dict[str, Any]:
    experiment = Sampled() if name == "networks" else Sampled().replace(**{name: value})
    networks = value if name == "networks" else axis.networks
    measures = {}
    for peer in axis.peers:
        if peer.name.startswith("lrn") or (peer in plan.peers and value <= axis.limit):
            measures[peer.name] = prepared(peer, experiment, networks, plan.base_seconds).measure
    times = turns(min(plan.repeats, 3), measures)
    ms = {who: median(values) for who, values in times.items()}
    print(f"  {name} {value}: " + ", ".join(starmap("{} {:.3f}".format, ms.items())), flush=True)
    return {"value": value, "networks": networks, "ms": ms}

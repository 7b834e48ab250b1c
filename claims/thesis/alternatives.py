"""Remedies that a practitioner would try on a deep plain network that does not train, beside late connections (§2.2, §2.3)."""

from __future__ import annotations

from itertools import starmap
from operator import mul
from types import MappingProxyType
from typing import Any

from claims.thesis.grid import pair
from lrn import Experiment

CHANGES: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "plain": {},
        "late": {"connection": "late"},
        "leaky ReLU": {"activation": "leaky_relu"},
        "PReLU": {"activation": "prelu"},
        "ELU": {"activation": "elu"},
        "residual": {"connection": "residual"},
        "He": {"initial": "he"},
        "batch norm": {"norm": "batch"},
        "residual, He": {"connection": "residual", "initial": "he"},
        "late, He": {"connection": "late", "initial": "he"},
        "late, batch norm": {"connection": "late", "norm": "batch"},
    }
)
"""What each alternative changes in the thesis's plain network."""

SINGLE = ("plain", "leaky ReLU", "PReLU", "ELU", "residual", "He", "batch norm")
"""Those that are one remedy and not late connections, and "plain", which is without one."""

DEPTHS = (10, 30)
RATES = (0.01, 0.001)


def alternative(name: str, depth: int, lr: float) -> Experiment:
    """The thesis's setting (width 2, Adam, batch, 3,000 epochs) with one alternative."""
    plain, _ = pair(depth, "adam", lr, "batch")
    return plain.replace(**CHANGES[name])


def multiply_adds(experiment: Experiment) -> int:
    """Those of one epoch's step on all samples in the Linear layers: one product forward, and two backward.

    The first layer needs no gradient of its inputs.
    """
    weights = list(starmap(mul, experiment.shapes))
    return experiment.data.samples * (3 * sum(weights) - weights[0])

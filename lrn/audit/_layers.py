"""Dead layers against dead neurons: a layer cannot be dead while one of its neurons lives."""

from __future__ import annotations

from itertools import product

from lrn.audit._check import require_count
from lrn.audit._grim import totals_of

__all__ = ["dead_layers_possible"]


def dead_layers_possible(
    neurons: str, layers: str, *, n: int, depth: int, width: int, decimals: int | None = None
) -> bool:
    """Say whether n networks can have these printed mean numbers of dead neurons and dead layers.

    A layer is dead when all its W neurons are. So a network of D layers, N dead neurons and L dead layers
    has W L <= N <= D (W - 1) + L and L <= D. The bounds add up over networks, and totals within the added
    bounds can always be shared out again, so the means are possible exactly if some totals that print as them
    obey these.

    Args:
        neurons: mean dead neurons as printed.
        layers: mean dead layers as printed.
        n: how many networks were averaged.
        depth: hidden layers D of each network.
        width: neurons W of each hidden layer.
        decimals: as in `possible_totals`.
    """
    require_count("depth", depth, 1)
    require_count("width", width, 1)
    for dead, dead_layers in product(totals_of(neurons, n, decimals), totals_of(layers, n, decimals)):
        most_dead = n * depth * (width - 1) + dead_layers
        if dead_layers <= n * depth and 0 <= width * dead_layers <= dead <= most_dead:
            return True
    return False

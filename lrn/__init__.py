"""lrn checks a paper's claims: it trains as many networks as it takes to be sure, and judges with exact statistics.

>>> from lrn import Experiment, train
>>> runs = train(Experiment(depth=2, epochs=50), seeds=range(8))
>>> len(runs)
8
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrn import _moved

if TYPE_CHECKING:
    from lrn.dead import dead_units, prune
    from lrn.engines.training import network, train
    from lrn.experiment import Experiment
    from lrn.experiment.runs import Runs
    from lrn.ledger import Ledger
    from lrn.nets import LateResidualNet, PlainNet, ResidualNet

__version__ = "0.1.0"
_moved.install()

_HOMES = {
    "Experiment": "lrn.experiment",
    "LateResidualNet": "lrn.nets",
    "Ledger": "lrn.ledger",
    "PlainNet": "lrn.nets",
    "ResidualNet": "lrn.nets",
    "Runs": "lrn.experiment.runs",
    "dead_units": "lrn.dead",
    "network": "lrn.engines.training",
    "prune": "lrn.dead",
    "train": "lrn.engines.training",
}

__all__ = [
    "Experiment",
    "LateResidualNet",
    "Ledger",
    "PlainNet",
    "ResidualNet",
    "Runs",
    "dead_units",
    "network",
    "prune",
    "train",
]


def __getattr__(name: str) -> Any:  # torch loads only when something asks for it
    if name not in _HOMES:
        raise AttributeError(f"module 'lrn' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

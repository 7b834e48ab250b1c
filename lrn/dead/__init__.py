"""Dead neurons and dead layers of any module on any data, and networks without them.

A neuron is dead when its post-ReLU output is exactly zero for every input (thesis §3.3, after Lu et al.,
2020); a layer is dead when every neuron of it is. Both are statements about the data looked at: more data
can bring a neuron back to life and never kill one. Zero is exact, -0.0 included; NaN is not zero, so a
neuron that outputs NaN is not dead.

`dead_units` looks into a `torch.nn.Module`, `DeadUnits` does so while it trains, `dead_neurons` and `dead_layers`
take layer outputs that are already at hand, and `prune` builds the smaller network.
"""

import lrn.nets._torch  # noqa: F401 - first, so that a missing torch is said in one sentence

from lrn.dead._batches import batches
from lrn.dead._data import Batch, Signature, home, read
from lrn.dead._forms import as_tensor, is_array
from lrn.dead._looking import looking
from lrn.dead._observer import DeadHistory, DeadUnits, DeadUnitsCallback
from lrn.dead._outputs import dead_layers, dead_neurons
from lrn.dead._prune import prune
from lrn.dead._report import DeadReport, LayerUnits
from lrn.dead._tracks import paths_of
from lrn.dead._units import dead_units

__all__ = [
    "Batch",
    "DeadHistory",
    "DeadReport",
    "DeadUnits",
    "DeadUnitsCallback",
    "LayerUnits",
    "Signature",
    "as_tensor",
    "batches",
    "dead_layers",
    "dead_neurons",
    "dead_units",
    "home",
    "is_array",
    "looking",
    "paths_of",
    "prune",
    "read",
]

"""Gradients of any `torch.nn.Module`, to see why it does not train.

`report` says how large the gradient is at each layer and whether it vanishes or explodes on its way back; `recording`
follows it along a training. `input_gradient` and `autocorrelation` look at the gradient against the input along a line
(shattered gradients: Balduzzi et al., 2017), `gradient_similarity` at how far it turns under small changes of the
weights, and `linear_regions` finds, exactly, the pieces on which a network of ReLUs is linear. No model needs a change:
they watch it through hooks and leave it as it was. `lrn.gradients.plots` draws each of them.

>>> import torch
>>> from torch import nn
>>> from lrn.gradients import report
>>> model = nn.Sequential(*[nn.Sequential(nn.Linear(2, 2), nn.Sigmoid()) for _ in range(12)], nn.Linear(2, 1))
>>> report(model, torch.randn(20, 2), lambda y: y.square().mean()).diagnosis.kind
'vanishing'
"""

import lrn.nets._torch  # noqa: F401 - first, so that a missing torch is said in one sentence

from lrn.gradients._diagnosis import LIMIT, Diagnosis, diagnose
from lrn.gradients._history import GradientHistory, recording
from lrn.gradients._layers import GradientReport, LayerGradient, report
from lrn.gradients._line import LineGradient, autocorrelation, input_gradient
from lrn.gradients._regions import LinearRegions, linear_regions
from lrn.gradients._similarity import GradientSimilarity, gradient_similarity

__all__ = [
    "LIMIT",
    "Diagnosis",
    "GradientHistory",
    "GradientReport",
    "GradientSimilarity",
    "LayerGradient",
    "LineGradient",
    "LinearRegions",
    "autocorrelation",
    "diagnose",
    "gradient_similarity",
    "input_gradient",
    "linear_regions",
    "recording",
    "report",
]

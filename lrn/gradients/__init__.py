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

from typing import TYPE_CHECKING, Any

from lrn.gradients._autocorrelation import autocorrelation

if TYPE_CHECKING:
    from lrn.gradients._diagnosis import LIMIT, Diagnosis, diagnose
    from lrn.gradients._history import GradientHistory, recording
    from lrn.gradients._layers import GradientReport, LayerGradient, report
    from lrn.gradients._line import LineGradient, input_gradient
    from lrn.gradients._regions import LinearRegions, linear_regions
    from lrn.gradients._similarity import GradientSimilarity, gradient_similarity

_HOMES = {
    "Diagnosis": "_diagnosis",
    "GradientHistory": "_history",
    "GradientReport": "_layers",
    "GradientSimilarity": "_similarity",
    "LIMIT": "_diagnosis",
    "LayerGradient": "_layers",
    "LineGradient": "_line",
    "LinearRegions": "_regions",
    "diagnose": "_diagnosis",
    "gradient_similarity": "_similarity",
    "input_gradient": "_line",
    "linear_regions": "_regions",
    "recording": "_history",
    "report": "_layers",
}

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


def __getattr__(name: str) -> Any:  # torch takes a second, and `autocorrelation` needs none of it
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    importlib.import_module("lrn.nets._torch")  # first, so that a missing torch is said in one sentence
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

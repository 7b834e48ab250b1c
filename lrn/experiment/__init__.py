"""An experiment: everything that decides how a network is trained, except its seed.

`lrn.experiment.runs` has the results for several seeds, `lrn.experiment.metrics` the quantities measured on them.
"""

from lrn.experiment._experiment import (
    ALTERNATIVES,
    CHOICES,
    CONVERGED_RMSE,
    DRAWN_BY_ENGINES,
    LARGEST,
    LARGEST_LR,
    LARGEST_TARGET_SCALE,
    PRELU_SLOPE,
    RAI_SCALE,
    Experiment,
    check_initial,
    given_parameters,
    initial_parameters,
)

__all__ = [
    "ALTERNATIVES",
    "CHOICES",
    "CONVERGED_RMSE",
    "DRAWN_BY_ENGINES",
    "LARGEST",
    "LARGEST_LR",
    "LARGEST_TARGET_SCALE",
    "PRELU_SLOPE",
    "RAI_SCALE",
    "Experiment",
    "check_initial",
    "given_parameters",
    "initial_parameters",
]

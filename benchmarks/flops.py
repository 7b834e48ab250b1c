"""How many floating point operations a training is, counted exactly.

A fused multiply-add is two; a sum, product, quotient or square root is one; comparisons and choices (ReLU and its
derivative) count as 0. With D layers of W neurons, F inputs, one output, N samples, T = D output taps if late and 1 if
plain, K = F W + (D - 1) W² hidden weights and P parameters, one epoch on all samples is

    forward    2 N (K + T W)
    errors     4 N + 3                           error, its square, its gradient; the RMSE
    backward   4 N T W                           through the taps, and their weights' gradient
               + N (2 K + D W)                   weight and bias gradients of the hidden layers
               + N (D - 1) W (2 W - 1) + N       gradient of what lies below; the output bias
    Adam       13 P                              SGD: 2 P

A whole training is E epochs, and two forward passes and one set of errors more: for the final RMSE and predictions.
`test_flops.py` holds the formula against the kernel itself, run with numbers that count.
"""

from __future__ import annotations

from typing import NamedTuple

from lrn.experiment import Experiment

__all__ = ["Flops", "flops"]


class Flops(NamedTuple):
    """Of one network's whole training."""

    network: int
    optimizer: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.network + self.optimizer


def flops(experiment: Experiment) -> Flops:
    """Operations to train one network on all samples at once; those that exact freezing saves are counted too."""
    e = experiment
    D, W, N, F = e.depth, e.width, e.data.samples, e.data.x.shape[1]
    T, K = (D if e.connection == "late" else 1), F * W + (D - 1) * W * W
    forward = 2 * N * (K + T * W)
    errors, gradient = 3 * N + 3, N
    backward = 4 * N * T * W + N * (2 * K + D * W) + N * (D - 1) * W * (2 * W - 1) + N
    network = forward * (e.epochs + 2) + errors * (e.epochs + 1) + (gradient + backward) * e.epochs
    return Flops(network, (13 if e.optimizer == "adam" else 2) * e.parameters * e.epochs)

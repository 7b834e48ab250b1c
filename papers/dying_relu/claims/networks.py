"""The networks of the paper: plain ReLU networks, deep and narrow, on functions that shallow ones learn with ease."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lrn import Experiment
from lrn.data import Data
from lrn.experiment import initial_parameters
from lrn.experiment.metrics import Metric


def _absolute(x):
    return np.abs(x)


def _sine(x):
    return x * np.sin(5 * x)


def _step(x):
    return (x > 0) + 0.2 * np.sin(5 * x)


def _two(x):
    return np.abs(np.stack([x[:, 0] + x[:, 1], x[:, 0] - x[:, 1]], axis=1))


FUNCTIONS = {"|x|": _absolute, "x sin 5x": _sine, "step": _step, "|x1+x2|, |x1-x2|": _two}


@dataclass(frozen=True, kw_only=True)
class Network(Experiment):
    """A network on one of the paper's functions: by default, ten hidden layers of two neurons, on |x|.

    Inputs have variance 1: 40 points from -√3 to √3, or an 8 x 8 grid of them.
    """

    target: str = "|x|"
    connection: str = "plain"
    initial: str = "he"
    lr: float = 0.001

    @cached_property
    def data(self) -> Data:
        if self.target == "|x1+x2|, |x1-x2|":
            line = np.linspace(-np.sqrt(3), np.sqrt(3), 8)
            x = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        else:
            x = np.linspace(-np.sqrt(3), np.sqrt(3), 40).reshape(-1, 1)
        return Data(x, FUNCTIONS[self.target](x).astype(float), self.target_scale)


def untrained(**settings) -> Network:
    """A network whose training does not matter, since it is looked at before."""
    return Network(**settings, epochs=1)


def _born_dead(runs):
    """Whether some hidden layer is zero on every input before training, so that the network is constant, shape (S,)."""
    e, at = runs.experiment, 0
    parameters = initial_parameters(e, runs.seeds)
    h = np.broadcast_to(e.data.x_standardised, (len(runs), *e.data.x.shape))
    dead = np.zeros(len(runs), bool)
    for out, fan_in in e.shapes[:-1]:
        weights = parameters[:, at : at + out * fan_in].reshape(-1, out, fan_in)
        biases = parameters[:, at + out * fan_in :][:, None, :out]
        h = np.maximum(h @ weights.transpose(0, 2, 1) + biases, 0)
        dead |= (h == 0).all(axis=(1, 2))
        at += out * (fan_in + 1)
    return dead


def _born_alive(runs):
    return ~_born_dead(runs)


def _constant(runs):
    """Whether the trained network gives the same output, to the bit, for every input, shape (S,)."""
    outputs = runs.prediction.reshape(len(runs), *runs.experiment.data.t.shape)
    return (outputs == outputs[:, :1]).all(axis=(1, 2))


def _at_the_mean(runs):
    """Whether every output is within a hundredth of the mean of the targets, shape (S,)."""
    return np.abs(runs.prediction - runs.experiment.data.t.mean()).max(axis=1) < 0.01


BORN_DEAD = Metric("born dead", _born_dead)
BORN_ALIVE = Metric("born alive", _born_alive)
CONSTANT = Metric("collapsed", _constant)
AT_THE_MEAN = Metric("at the mean of the targets", _at_the_mean)


def upper_bound(width: int, depth: int) -> float:
    """Most that the probability of being born dead can be, for `depth` hidden layers without biases and one input.

    For one input a layer of such a network hands on nothing but zeros with probability 2^-width, if it reads anything
    else than zeros: each neuron's sum is as likely to be negative as positive. The network is dead only if it is so for
    that input.
    """
    return 1 - (1 - 2.0**-width) ** depth


def lower_bound(width: int, depth: int) -> float:
    """Least that it can be: see README.md, "The bounds"."""
    q = 2.0**-width
    both, one = 1.0, 1.0  # chance to be alive after so many layers, if both directions of the input, or one, are alive
    for _ in range(depth - 1):
        both, one = (1 - 2 * q + q * q) * both + 2 * (q - q * q) * one, (1 - q) * one
    return 1 - ((1 - 2 * q) * both + 2 * q * one)

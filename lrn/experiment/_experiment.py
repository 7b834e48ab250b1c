"""An experiment: everything that decides how a network is trained, except its seed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lrn.arithmetic import gaussian, uniforms
from lrn.data import Data, absolute_value

__all__ = ["CONVERGED_RMSE", "Experiment", "check_initial", "given_parameters", "initial_parameters"]

CONVERGED_RMSE = 0.07
"""A network has converged if its RMSE over all samples, in original units, ends at or below this."""

CHOICES = {
    "connection": ("plain", "late", "residual"),
    "optimizer": ("adam", "sgd", "momentum", "rmsprop", "adamw"),
    "style": ("batch", "iterative"),
    "activation": ("relu", "leaky_relu", "prelu", "elu"),
    "dtype": ("float32", "float64"),
    "initial": ("torch", "he", "rai"),
    "norm": ("none", "batch"),
}
ALTERNATIVES = {"initial": "torch", "norm": "none", "target_scale": None}
"""Fields that no table of the thesis varies, at their defaults: only other values are part of an experiment's key."""

DRAWN_BY_ENGINES = ("torch", "he")
"""Values of `initial` whose weights the engines draw from the seeds; of all others they are given the weights."""

PRELU_SLOPE = 0.25  # what torch.nn.PReLU starts from
RAI_SCALE = (
    0.6007  # keeps the second moment of the outputs from layer to layer, where the positive weight is Beta(2, 1)
)
LARGEST_TARGET_SCALE = 1e15  # a float32 still holds the squared errors, here and at the inverse of this
LARGEST = {"width": 65_536, "depth": 65_536, "epochs": 10_000_000}  # a float32 counts epochs exactly up to 16 million
LARGEST_LR = 1e30  # Adam's first step, ten times this, still fits a float32


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One training set-up; with a seed it names exactly one network (thesis, chapter 3).

    Attributes:
        width: neurons W of each hidden layer, 1 to 65,536.
        depth: number D of hidden layers, 1 to 65,536.
        connection: "plain"; "late": every hidden layer is also wired to the output; "residual": every hidden layer but
            the first adds its input to its output (He et al., 2016).
        optimizer: "adam", "adamw", "rmsprop" (torch's defaults), "sgd" or "momentum" (SGD with momentum 0.9).
        lr: learning rate, positive, at most 1e30.
        style: "batch": each epoch is one step on all samples; "iterative": one step on one sample, in order.
        epochs: training steps, 1 to 10 million.
        activation: "relu", "leaky_relu" (slope 0.01), "prelu" (one slope per layer, learnt from 0.25 on) or "elu" (1).
        dtype: "float32" or "float64", the number type of the training.
        initial: "torch": as `torch.nn.Linear` starts; "he": hidden weights uniform in ±√(6/fan_in) and hidden biases
            zero (He et al., 2015), from the same random numbers; "rai": one of each hidden neuron's weights and bias,
            chosen at random, is positive, from a Beta(2, 1) distribution, and the others are normal with standard
            deviation 0.6007/√fan_in (Lu et al., 2020, §4). The output layer starts as torch's in any case.
        norm: "none", or "batch": batch normalisation before every activation (Ioffe & Szegedy, 2015), its statistics
            those of all samples, in evaluation too; needs style "batch".
        target_scale: None: inputs and targets are standardised (the thesis's protocol); or a number c from 1e-15 to
            1e15: the network reads x and learns c |x| as they are. Errors and predictions are divided by c again.

    A subclass may train on other data: it overrides `data`, and its own fields are part of its label and its key, as is
    the data itself.

    Raises:
        TypeError: a field has the wrong type.
        ValueError: a field is out of range; the message names the value and the allowed values.
    """

    width: int = 2
    depth: int = 10
    connection: str = "late"
    optimizer: str = "adam"
    lr: float = 0.01
    style: str = "batch"
    epochs: int = 3000
    activation: str = "relu"
    dtype: str = "float32"
    initial: str = "torch"
    norm: str = "none"
    target_scale: float | None = None

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
        for name, most in LARGEST.items():
            object.__setattr__(self, name, _whole_number(name, getattr(self, name), most))
        object.__setattr__(self, "lr", _positive_number("lr", self.lr, LARGEST_LR))
        object.__setattr__(self, "target_scale", _target_scale(self.target_scale))
        if self.norm == "batch" and self.style != "batch":
            raise ValueError(f"norm batch needs style batch, where a step sees all samples; got style {self.style!r}")

    def replace(self, **changes: Any) -> Self:
        """The same experiment with some fields changed; an unknown field raises TypeError."""
        return dataclasses.replace(self, **changes)

    @cached_property
    def label(self) -> str:
        """A short text that names the experiment; fields at their defaults that no thesis table varies are left out."""
        return _known_label(self) if type(self) is Experiment else self._label()

    def _label(self) -> str:
        parts = [self.connection, f"depth {self.depth}", f"width {self.width}"]
        parts += [f"{self.optimizer} {self.lr!r}", self.style]
        parts += [f"{self.epochs} epochs"] if self.epochs != 3000 else []
        parts += [self.activation] if self.activation != "relu" else []
        parts += [self.dtype] if self.dtype != "float32" else []
        parts += [f"{self.initial} start"] if self.initial != "torch" else []
        parts += [f"{self.norm} norm"] if self.norm != "none" else []
        parts += [f"targets times {self.target_scale!r}"] if self.target_scale is not None else []
        for field in dataclasses.fields(self):
            if field.name not in Experiment.__dataclass_fields__:
                parts.append(f"{field.name} {getattr(self, field.name)}")
        return ", ".join(parts)

    @cached_property
    def key(self) -> str:
        """16 hexadecimal digits that are the same for equal experiments, in every process and on every machine."""
        return _known_key(self) if type(self) is Experiment else self._key()

    def _key(self) -> str:
        fields = dataclasses.asdict(self)
        identity = {name: value for name, value in fields.items() if ALTERNATIVES.get(name, ...) != value}
        if type(self) is not Experiment:
            identity["data"] = _digest(self.data)
        text = json.dumps(identity, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def data(self) -> Data:
        """The training data."""
        return absolute_value(self.target_scale)

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(out, in) of each Linear layer, hidden layers first, the output layer last."""
        features, outputs = self.data.x.shape[1], self.data.t.shape[1]
        hidden = [(self.width, features)] + [(self.width, self.width)] * (self.depth - 1)
        columns = self.width * (self.depth if self.connection == "late" else 1)
        return (*hidden, (outputs, columns))

    @cached_property
    def parameter_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of every parameter, in the order of `module.parameters()`.

        The weight and bias of each hidden layer, then of each norm, the slopes of PReLU, and the output layer's.
        """
        linear: list[tuple[int, ...]] = []
        for out, fan_in in self.shapes:
            linear += [(out, fan_in), (out,)]
        norms = [(self.width,)] * (2 * self.depth * (self.norm == "batch"))
        slopes = [(1,)] * (self.depth * (self.activation == "prelu"))
        return (*linear[:-2], *norms, *slopes, *linear[-2:])

    @cached_property
    def parameters(self) -> int:
        """Number P of weights, biases, norm parameters and slopes of one network."""
        return sum(map(math.prod, self.parameter_shapes))

    @property
    def neurons(self) -> int:
        """Number of hidden neurons, D * W."""
        return self.depth * self.width


# A claim makes its experiments anew whenever its sample grows. Equal ones have the same label and key; those of a
# subclass need not: its fields may be 1 and 1.0.
@lru_cache(maxsize=4096)
def _known_label(experiment: Experiment) -> str:
    return experiment._label()


@lru_cache(maxsize=4096)
def _known_key(experiment: Experiment) -> str:
    return experiment._key()


def initial_parameters(experiment: Experiment, seeds: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Initial parameters: weights and biases uniform in ±1/√fan_in, as `torch.nn.Linear` starts, or as `initial` says.

    Each seed keys its own counter-based generator and hidden layers are drawn first, so a network never depends on
    its neighbours, and networks of one seed share their hidden weights whatever their connection. Norms start as the
    identity, slopes of PReLU at 0.25.

    Args:
        experiment: the set-up.
        seeds: shape (S,).

    Returns:
        Shape (S, P), in the order of `module.parameters()`.
    """
    draw = _asymmetric if experiment.initial == "rai" else _symmetric
    hidden, output = draw(experiment, seeds)
    constant = np.tile(_constants(experiment), (len(seeds), 1))
    return np.hstack([hidden, constant, output])


def given_parameters(
    experiment: Experiment, seeds: NDArray[np.uint64], initial: NDArray[np.floating] | None
) -> NDArray[np.floating] | None:
    """Returns the initial parameters for an engine; None where it draws them itself, as `initial_parameters` does.

    Args:
        experiment: the set-up.
        seeds: shape (S,).
        initial: shape (S, P), in place of the weights that the seeds would draw; or None.
    """
    if initial is not None or experiment.initial in DRAWN_BY_ENGINES:
        return initial
    return initial_parameters(experiment, seeds)


def check_initial(experiment: Experiment, seeds: NDArray[np.uint64], initial: NDArray[np.floating] | None) -> None:
    """Raises ValueError for initial parameters that are not one row per seed, shape (S, P)."""
    shape = (len(seeds), experiment.parameters)
    if initial is not None and initial.shape != shape:
        raise ValueError(f"initial must have shape {shape}, one row per seed; got {initial.shape}")


def _symmetric(e: Experiment, seeds: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Parameters of the hidden layers and of the output layer: uniform within bounds."""
    bounds = np.concatenate(list(map(partial(_bounds, e), range(e.depth + 1))))
    drawn = (uniforms(seeds.tolist(), len(bounds)) * 2.0 - 1.0) * bounds + 0.0
    out, fan_in = e.shapes[-1]
    hidden, output = np.split(drawn, [-out * (fan_in + 1)], axis=1)
    return hidden, output


def _asymmetric(e: Experiment, seeds: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same, but hidden neurons start with one positive parameter each (`Experiment.initial`, "rai")."""
    sizes = [out * _numbers(fan_in) for out, fan_in in e.shapes[:-1]]
    bounds = _bounds(e, e.depth)
    uniform = uniforms(seeds.tolist(), sum(sizes) + len(bounds))
    *layers, output = np.split(uniform, np.cumsum(sizes), axis=1)
    hidden = []
    for numbers, (out, fan_in) in zip(layers, e.shapes[:-1], strict=True):
        hidden.append(_asymmetric_layer(numbers.reshape(len(seeds), out, -1), fan_in))
    return np.hstack(hidden), (output * 2.0 - 1.0) * bounds


def _numbers(fan_in: int) -> int:
    """Uniform numbers that a neuron takes: pairs for its normal ones, which one is positive, and how large it is."""
    return 2 * ((fan_in + 2) // 2) + 2


def _asymmetric_layer(uniform: NDArray[np.float64], fan_in: int) -> NDArray[np.float64]:
    """Weights (S, out, fan_in) and then biases (S, out), each flat, from `_numbers` uniform ones per neuron."""
    S, out, _ = uniform.shape
    pairs = uniform[..., :-2].reshape(S, out, -1, 2)
    rows = gaussian(pairs).reshape(S, out, -1)[..., : fan_in + 1] * (RAI_SCALE / np.sqrt(float(fan_in)))
    positive = (uniform[..., -2:-1] * (fan_in + 1)).astype(np.intp)
    np.put_along_axis(rows, positive, np.sqrt(uniform[..., -1:]), axis=2)  # a root of a uniform number is Beta(2, 1)
    return np.hstack([rows[..., :fan_in].reshape(S, -1), rows[..., fan_in]])


def _digest(data: Data) -> str:
    """16 hexadecimal digits that name inputs and targets."""
    x, t = np.ascontiguousarray(data.x, "<f8"), np.ascontiguousarray(data.t, "<f8")
    text = json.dumps([x.shape, t.shape, data.target_factor]).encode()
    return hashlib.sha256(text + x.tobytes() + t.tobytes()).hexdigest()[:16]


def _bounds(e: Experiment, layer: int) -> NDArray[np.float64]:
    """The largest value of each weight and bias of a Linear layer."""
    out, fan_in = e.shapes[layer]
    if e.initial == "torch" or layer == e.depth:
        return np.full(out * (fan_in + 1), 1.0 / np.sqrt(float(fan_in)))
    return np.repeat([np.sqrt(6.0 / fan_in), 0.0], [out * fan_in, out])


def _constants(e: Experiment) -> NDArray[np.float64]:
    """The parameters that are not drawn: weight and bias of each norm, and the slopes of PReLU."""
    norms = np.tile(np.repeat([1.0, 0.0], e.width), e.depth * (e.norm == "batch"))
    return np.concatenate([norms, np.full(e.depth * (e.activation == "prelu"), PRELU_SLOPE)])


def _whole_number(name: str, value: Any, most: int) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number from 1 to {most:,}; got {value!r}")
    if not 1 <= value <= most:
        raise ValueError(f"{name} must be from 1 to {most:,}; got {value}")
    return int(value)


def _positive_number(name: str, value: Any, most: float) -> float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a positive number; got {value!r}")
    if not 0 < value <= most:
        raise ValueError(f"{name} must be positive and at most {most:g}; got {value}")
    return float(value)


def _target_scale(value: Any) -> float | None:
    if value is None:
        return None
    least, most = 1 / LARGEST_TARGET_SCALE, LARGEST_TARGET_SCALE
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"target_scale must be None or a number from {least:g} to {most:g}; got {value!r}")
    if not least <= value <= most:
        raise ValueError(f"target_scale must be None or from {least:g} to {most:g}; got {value}")
    return float(value)

"""The observations that every engine makes of convolutional networks, and the metrics made of them."""

from __future__ import annotations

from itertools import accumulate, pairwise, starmap
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrn.arithmetic import log10, total

if TYPE_CHECKING:
    from lrn.classifiers import Classifiers

__all__ = ["Sets", "Training", "joined", "metrics", "parts", "standardised"]

Floats = NDArray[np.floating[Any]]


class Training(NamedTuple):
    """Observations of S networks before, during and after their training."""

    first_gradient: Floats  # (S,) norm of the first convolution's gradient, of all training images, before training
    last_gradient: Floats  # (S,)
    loss: Floats  # (S, epochs, steps) before each step
    accuracy: Floats  # (S, epochs, steps)
    gradient: Floats  # (S, epochs, steps) norm of the first convolution's
    right: Floats  # (S,) share of test images
    silent: list[NDArray[np.bool_]]  # (S, C) for each activation: channels that are zero on every training image

    def part(self, networks: slice) -> Training:
        """Some of the networks."""
        some = itemgetter(networks)
        *arrays, silent = self
        return Training._make([*map(some, arrays), list(map(some, silent))])


class Sets(NamedTuple):
    """What to train and to test on: images (N, C, H, W) and their classes (N,)."""

    train_x: Floats
    train_y: NDArray[np.int64]
    test_x: Floats
    test_y: NDArray[np.int64]


def standardised(of: Classifiers) -> Sets:
    """Images in the networks' precision, standardised channel by channel by those that are trained on."""
    train, test = of.data.split(of.train, of.test)
    x = train.x.astype(float)
    mean = _by_channel(x) / (x.size // x.shape[1])
    std = np.sqrt(_by_channel(np.square(x - mean)) / (x.size // x.shape[1] - 1)).clip(min=1e-6)
    del x  # many images take gigabytes in double precision

    def standard(images: Floats) -> Floats:
        result = np.empty(images.shape, of.dtype)
        for few in np.array_split(np.arange(len(images)), max(1, len(images) // 1024)):
            result[few] = (images[few].astype(float) - mean) / std
        return result

    return Sets(standard(train.x), train.y, standard(test.x), test.y)


def parts(of: Classifiers) -> list[slice]:
    """The training images in parts of at most `of.part_size`, as even as they can be."""
    count = -(-of.train // of.part_size)
    sizes = map(len, np.array_split(np.arange(of.train), count))
    return list(starmap(slice, pairwise(accumulate(sizes, initial=0))))


def joined(trainings: list[Training]) -> Training:
    """The observations of the networks of all, one after another."""
    *arrays, silent = zip(*trainings, strict=True)
    layers = zip(*silent, strict=True)
    return Training._make([*map(np.concatenate, arrays), list(map(np.concatenate, layers))])


def _by_channel(x: Floats) -> Floats:
    """Sums (1, C, 1, 1) of images (N, C, H, W)."""
    sums: Floats = total(x.swapaxes(0, 1).reshape(x.shape[1], -1).astype(np.float64))[:, None, None]
    return sums[None]


def metrics(of: Classifiers, training: Training) -> dict[str, NDArray[Any]]:
    """The metrics that `Classifiers.sample` returns."""
    steps = training.loss.astype(float)
    loss = _epochs(of, np.where(np.isfinite(steps), steps, np.inf))
    accuracy = _epochs(of, training.accuracy.astype(float))
    first, last = training.first_gradient.astype(float), training.last_gradient.astype(float)
    gradients = training.gradient.reshape(len(first), -1)
    middle = np.quantile(gradients, 0.5, axis=1, method="lower") if of.epochs else first
    with np.errstate(invalid="ignore", divide="ignore"):
        rise = np.diff(loss, axis=1)
        values = {
            "first_gradient": first,
            "last_gradient": last,
            "fades": first < last,
            "imbalance": np.abs(log10(first / last)),
            "training_gradient": middle,
            "loss": loss[:, -1] if of.epochs else np.full_like(first, np.inf),
            "accuracy": accuracy[:, -1] if of.epochs else np.zeros_like(first),
            "epochs_to_loss": _first(loss <= of.enough_loss),
            "epochs_to_accuracy": _first(accuracy >= of.enough_accuracy),
            "rises": (rise > 0).sum(1) / max(of.epochs - 1, 1),
            "climb": rise.clip(min=0).sum(1),
            "test_accuracy": training.right,
            "dead_fraction": np.concatenate(training.silent, 1).mean(1),
            "dead_layers": np.sum([layer.all(1) for layer in training.silent], axis=0, dtype=float),
            "diverged": ~np.isfinite(steps).all((1, 2)),
        }
    for name, numbers in values.items():
        if numbers.dtype != bool:
            values[name] = np.where(np.isnan(numbers), np.inf, numbers).astype(float)
    return values


def _epochs(of: Classifiers, steps: Floats) -> Floats:
    """Means (S, epochs) over the images of (S, epochs, steps), of which the last step may have had fewer."""
    last = of.train % of.batch
    if not last:
        return steps.mean(2)
    images = np.full(steps.shape[2], of.batch)
    images[-1] = last
    return np.average(steps, axis=2, weights=images)


def _first(reached: NDArray[np.bool_]) -> Floats:
    """The first epoch, from 1, for which (S, epochs) is true; `inf` where none is."""
    never = np.ones((len(reached), 1), bool)
    position = np.concatenate([reached, never], 1).argmax(1)
    return np.where(position < reached.shape[1], position + 1.0, np.inf)

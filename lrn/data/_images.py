"""Images with labels, and scikit-learn's digits.

The digits come with scikit-learn; other images are read from the user's disk, and nothing is downloaded here.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Images", "digits"]


@dataclass(frozen=True, eq=False)
class Images:
    """Images and their classes.

    Attributes:
        name: of the data set, for people.
        x: the images, shape (N, C, H, W), float32, from 0 (black) to 1.
        y: the class of each, shape (N,), int64, from 0 to `len(classes) - 1`.
        classes: the names of the classes.
        training: how many of them, the first ones, are to train on; the others are to test on. None: all are for both.

    Raises:
        TypeError: `x` or `y` is not an array, or `classes` is not a tuple.
        ValueError: the shapes do not agree, a class is out of range, there are fewer than two classes, or `training` is
            not the number of some of the images.
    """

    name: str
    x: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: tuple[str, ...]
    training: int | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.x, np.ndarray) and isinstance(self.y, np.ndarray) and isinstance(self.classes, tuple)):
            raise TypeError(f"{self.name}: images and classes must be arrays, and the classes' names a tuple")
        if self.x.ndim != 4 or self.y.shape != self.x.shape[:1]:
            raise ValueError(f"{self.name}: images {self.x.shape} and classes {self.y.shape} do not fit together")
        if len(self.classes) < 2:
            raise ValueError(
                f"{self.name}: there must be at least two classes; got {', '.join(self.classes) or 'none'}"
            )
        if len(self.y) and not (self.y.min() >= 0 and self.y.max() < len(self.classes)):
            raise ValueError(
                f"{self.name}: classes must be 0 to {len(self.classes) - 1}; got {self.y.min()} to {self.y.max()}"
            )
        if self.training is not None and not 0 < self.training < len(self):
            raise ValueError(f"{self.name}: training must be from 1 to {len(self) - 1}; got {self.training!r}")

    def __len__(self) -> int:
        return len(self.x)

    @property
    def channels(self) -> int:
        """C: 1 for grey images, 3 for colour."""
        return self.x.shape[1]

    @cached_property
    def digest(self) -> str:
        """12 hex digits that stand for every pixel and every label."""
        digest = hashlib.sha256(repr((self.x.shape, self.classes)).encode())
        digest.update(np.ascontiguousarray(self.x).data)
        digest.update(np.ascontiguousarray(self.y).data)
        return digest.hexdigest()[:12]

    def part(self, index: slice | NDArray[np.intp]) -> Images:
        """Some of the images."""
        return Images(self.name, self.x[index], self.y[index], self.classes)

    def split(self, train: int, test: int) -> tuple[Images, Images]:
        """`train` images to train on and `test` others, drawn without replacement, the same ones each time.

        Raises:
            ValueError: a number is below 1, or there are not that many images.
        """
        whole = isinstance(train, int) and isinstance(test, int)
        if self.training is None:
            enough = whole and train >= 1 and test >= 1 and train + test <= len(self)
            has = f"{self.name} has {len(self)} images to train and test on"
        else:
            enough = whole and 1 <= train <= self.training and 1 <= test <= len(self) - self.training
            has = f"{self.name} has {self.training} images to train on and {len(self) - self.training} to test on"
        if not enough:
            raise ValueError(f"{has}, at least 1 of each; got {train!r} and {test!r}")
        random = np.random.Generator(np.random.Philox(42))
        if self.training is None:
            order = random.permutation(len(self))
            return self.part(order[:train]), self.part(order[train : train + test])
        to_train, to_test = random.permutation(self.training), random.permutation(len(self) - self.training)
        return self.part(to_train[:train]), self.part(self.training + to_test[:test])


@functools.cache
def digits() -> Images:
    """The 1,797 handwritten digits of 8x8 pixels that come with scikit-learn (needs scikit-learn)."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("the digits come with scikit-learn: pip install 'lrn-claims[images]'") from error
    bunch = load_digits()
    x = (bunch.images[:, None] / 16).astype(np.float32)
    return Images("digits", x, bunch.target.astype(np.int64), tuple("0123456789"))

"""The populations of the journal's claims: networks that differ in their skip connections alone.

pytest's option `--images=DIR` names other images than the digits, see `lrn.data.load_images`; those in a folder per
class, such as PlantVillage's, are brought to 32x32 pixels. `--budget` says how many images are trained on, and how
wide networks are. The fixture `cnns` gives claims what both options ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lrn.classifiers import Classifiers
from lrn.data import Images

SHALLOW, DEEP, DEEPER = 8, 20, 56

BUDGETS: dict[str, dict[str, Any]] = {
    "small": {},
    "medium": {"train": 1000, "test": 1000},
    "large": {"channels": (16, 32, 64), "train": 1024, "test": 512, "epochs": 60},
}
"""What `--budget` changes of `Classifiers`, which trains for 12 epochs on 256 images unless told otherwise."""

UNNORMALISED = {"normalise": False}
"""He et al.'s (2015) initialisation, no batch normalisation."""

AS_TORCH_STARTS = {"normalise": False, "initialisation": "torch"}
"""Layers as torch makes them, nothing done against vanishing gradients."""


@dataclass(frozen=True)
class Networks:
    """Plain and residual networks for one set of images and one budget.

    Attributes:
        images: the images that they classify; None for the digits.
        budget: fields of `Classifiers` that differ from its defaults.
    """

    images: Images | None = None
    budget: Mapping[str, Any] = field(default_factory=dict)

    def pair(self, depth: int, **options: Any) -> tuple[Classifiers, Classifiers]:
        """The plain and the residual networks of that depth."""
        fields = {**self.budget, **options}
        plain = Classifiers(depth=depth, skip=False, images=self.images, **fields)
        return plain, replace(plain, skip=True)

    def start(self, depth: int, **options: Any) -> tuple[Classifiers, Classifiers]:
        """The same before training; gradients are those of the loss of 64 images."""
        return self.pair(depth, epochs=0, train=64, test=64, **options)

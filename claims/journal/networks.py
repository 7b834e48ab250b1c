"""The populations of the journal's claims: networks that differ in their skip connections alone.

`--images=DIR` names other images than the digits: a folder with MNIST's files, or one with a folder of images for each
class, such as PlantVillage's, which are brought to 32x32 pixels. `--budget=large` trains wider networks on more images
for longer. Workers find both in the environment.
"""

import functools
import os

from lrn.classifiers import Classifiers
from lrn.data import load_images

SHALLOW, DEEP, DEEPER = 8, 20, 56
BUDGETS = {"small": {}, "large": {"channels": (16, 32, 64), "train": 1024, "test": 512, "epochs": 60}}


@functools.cache
def images(source):
    """The images to classify; None for the digits, which need no name."""
    return load_images(source, (32, 32), cache=".ledger/images") if source else None


def pair(depth, **options):
    """Plain and residual networks, trained for 12 epochs on 256 images if the budget is small."""
    found = images(os.environ.get("LRN_IMAGES"))
    options = BUDGETS[os.environ.get("LRN_BUDGET", "small")] | options
    return tuple(Classifiers(depth=depth, skip=skip, images=found, **options) for skip in (False, True))


def start(depth, **options):
    """The same before training; gradients are those of 64 digits' loss."""
    return pair(depth, epochs=0, train=64, test=64, **options)


UNNORMALISED = {"normalise": False}
"""He et al.'s (2015) initialisation, no batch normalisation."""

AS_TORCH_STARTS = {"normalise": False, "initialisation": "torch"}
"""Layers as torch makes them, nothing done against vanishing gradients."""

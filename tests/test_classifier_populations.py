"""Populations of convolutional networks: labels and versions, many images, other images, bad input."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from operator import attrgetter

import numpy as np
import pytest

import lrn.classifiers
from lrn.classifiers import Classifiers
from lrn.data import Images, image_folder, mnist
from tests.same import assert_same_columns
from tests.test_classifiers import SMALL, VARIANTS, change, engines, needs_native
from tests.test_images import write_folder, write_mnist

# ---- What tells populations apart ----


def test_the_label_names_what_is_not_as_by_default():
    assert Classifiers().label == "residual CNNs of depth 20 on digits"
    assert Classifiers(depth=8, skip=False).label == "plain CNNs of depth 8 on digits"
    assert Classifiers(skip=False, late=True, lr=0.01).label == "late residual CNNs of depth 20 on digits, lr 0.01"
    assert Classifiers(late=True).label == "residual and late residual CNNs of depth 20 on digits"
    assert Classifiers(channels=(2, 4, 8)).label.endswith("on digits, channels (2, 4, 8)")


def test_no_two_populations_share_a_label():
    options = {
        "depth": 14,
        "skip": False,
        "late": True,
        "channels": (2, 2, 2),
        "shortcut": "projection",
        "block": "bottleneck",
        "normalise": False,
        "initialisation": "torch",
        "preactivation": True,
        "scale": 2.0,
        "train": 64,
        "test": 64,
        "epochs": 3,
        "batch": 16,
        "part": 16,
        "lr": 0.2,
        "momentum": 0.5,
        "enough_loss": 0.5,
        "enough_accuracy": 0.5,
        "dtype": "float64",
    }
    assert set(options) == {f.name for f in dataclasses.fields(Classifiers)} - {"images"}
    labels = {Classifiers().label}
    for name, value in options.items():
        labels.add(Classifiers(**{name: value}).label)
    assert len(labels) == len(options) + 1


def test_the_version_names_images_and_sources(monkeypatch):
    images = Images("digits", np.zeros((40, 1, 8, 8), np.float32), np.arange(40) % 10, tuple("0123456789"))
    assert change(images=images).label == SMALL.label
    assert len({SMALL.version, change(images=images).version}) == 2
    assert SMALL.version == change(depth=14).version
    before = SMALL.version
    monkeypatch.setattr(lrn.classifiers, "_sources", lambda: "another code")
    assert SMALL.version != before


# ---- Many images ----


def test_images_come_in_parts_that_their_size_bounds():
    def part(height, width, **options):
        x = np.zeros((40, 1, height, width), np.float32)
        return change(images=Images("any", x, np.arange(40) % 2, ("a", "b")), **options).part_size

    assert part(8, 8) == 256
    assert part(28, 28) == 83
    assert part(600, 600) == 1
    assert part(28, 28, part=1000) == 1000


@engines
def test_one_part_is_all_images_at_once(engine):
    whole = change(part=12).sample(range(3), engine)
    for part in (13, 1000):
        assert_same_columns(change(part=part).sample(range(3), engine), whole)
    assert not np.array_equal(change(part=6).sample(range(3), engine)["first_gradient"], whole["first_gradient"])


@needs_native
def test_networks_trained_in_several_calls_are_the_same(monkeypatch):
    seeds = 2 * max(map(attrgetter("lanes"), VARIANTS)) + 1
    whole = SMALL.sample(range(seeds), "native")
    monkeypatch.setattr("lrn.classifiers._native._LARGEST_ORDER", 1)
    assert_same_columns(SMALL.sample(range(seeds), "native"), whole)


MEMORY = """
import resource, sys
import numpy as np
from lrn.classifiers import Classifiers
from lrn.data import Images

def peak(train, test):
    x = np.random.default_rng(0).random((train + test, 1, 28, 28), np.float32)
    images = Images("noise", x, np.arange(len(x)) % 10, tuple("0123456789"))
    Classifiers(depth=8, channels=(1, 1, 1), images=images, train=train, test=test, epochs=0).sample(range(1), "native")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

few = peak(100, 20)
print(peak(3000, 1000) - few)
"""


@needs_native
@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in other units")
def test_memory_does_not_grow_with_the_number_of_images():
    """3,000 images in one pass would take 2,000 MB; their pixels and copies of them take 60."""
    result = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert float(result.stdout) < 150


# ---- Other images ----


def test_mnist_trains_from_its_files(tmp_path):
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (40, 28, 28), np.uint8), np.arange(40, dtype=np.uint8) % 10
    write_mnist(tmp_path, packed=True, pixels=pixels, labels=labels)
    columns = change(images=mnist(tmp_path), channels=(2, 2, 2)).sample(range(2))
    assert np.isfinite(columns["loss"]).all()


def test_a_folder_of_leaves_trains_and_is_learnt(tmp_path):
    """Leaves that are bright in one colour: a network that sees colours tells them apart."""
    write_folder(tmp_path, each=8, size=(8, 8))
    from PIL import Image

    for channel, name in enumerate(("healthy", "rust", "scab")):
        for path in (tmp_path / name).iterdir():
            pixels = np.array(Image.open(path)) // 2
            pixels[:, :, channel] += 127
            Image.fromarray(pixels).save(path)
    of = change(images=image_folder(tmp_path), train=15, test=9, batch=15, epochs=40)
    assert of.label.startswith("residual CNNs of depth 8 on test_a_folder_of_leaves")
    assert of.sample(range(4))["test_accuracy"].mean() > 0.8


# ---- Bad input ----


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"train": 0}, "train must be a whole number of at least 1; got 0"),
        ({"epochs": -1}, "epochs must be a whole number of at least 0; got -1"),
        ({"test": 1.5}, "test must be a whole number of at least 1; got 1.5"),
        ({"batch": 13}, "batch must be at most train, which is 12; got 13"),
        ({"part": 0}, "part must be a whole number of at least 1; got 0"),
        ({"lr": 0}, "lr must be a number above 0; got 0"),
        ({"scale": math.nan}, "scale must be a number above 0; got nan"),
        ({"dtype": "float16"}, "dtype must be one of float32, float64; got 'float16'"),
        ({"momentum": 1.0}, "momentum must be at least 0 and below 1; got 1.0"),
    ],
)
def test_bad_options_are_refused_before_training(options, says):
    with pytest.raises(ValueError, match=says):
        change(**options)


def test_more_images_than_there_are_is_refused():
    with pytest.raises(ValueError, match="digits has 1797 images to train and test on"):
        change(train=1796, batch=4, test=9).sample(range(1))

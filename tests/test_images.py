"""Images: the digits, MNIST's files and folders of images, and the messages about unsound ones."""

from __future__ import annotations

import builtins
import gzip
import json
import struct

import numpy as np
import pytest

from lrn.data import Images, digits, load_images, mnist, mnist_digits

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("sklearn")

RNG = np.random.default_rng(5)
PIXELS = RNG.integers(0, 256, (6, 5, 4), np.uint8)
LABELS = np.array([3, 1, 0, 1, 2, 9], np.uint8)


def idx(array):
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_mnist(folder, part="train", dot="-", packed=False, pixels=PIXELS, labels=LABELS):
    folder.mkdir(exist_ok=True)
    for name, array in ((f"{part}-images{dot}idx3-ubyte", pixels), (f"{part}-labels{dot}idx1-ubyte", labels)):
        content = idx(array)
        (folder / f"{name}{'.gz' * packed}").write_bytes(gzip.compress(content) if packed else content)
    return folder


def write_folder(folder, classes=("healthy", "rust", "scab"), each=2, size=(6, 5), suffix=".png"):
    """A folder of images as PlantVillage's; returns the pixels by file (height, width, 3)."""
    pixels = {}
    for name in classes:
        (folder / name).mkdir(parents=True)
        for i in range(each):
            path = folder / name / f"leaf {i}{suffix}"
            pixels[path] = RNG.integers(0, 256, (*size, 3), np.uint8)
            Image.fromarray(pixels[path]).save(path)
    return pixels


# ---- The digits ----


def test_digits_are_scikit_learns():
    images = digits()
    assert images.x.shape == (1797, 1, 8, 8)
    assert images.x.dtype == np.float32
    assert (images.x.min(), images.x.max()) == (0, 1)
    assert np.bincount(images.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    # The first image of the collection is a 0; its first row in sixteenths.
    assert (images.x[0, 0, 0] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert images.y[0] == 0


def test_without_scikit_learn_the_digits_say_what_to_install(monkeypatch):
    hide(monkeypatch, "sklearn")
    with pytest.raises(ImportError, match=r"pip install 'lrn-claims\[images\]'"):
        digits.__wrapped__()


def hide(monkeypatch, package):
    real = builtins.__import__

    def importing(name, *args, **kwargs):
        if name.split(".")[0] == package:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", importing)


# ---- Images ----


def test_a_split_has_no_image_twice_and_is_the_same_each_time():
    images = Images("numbers", np.arange(40, dtype=np.float32).reshape(40, 1, 1, 1), np.arange(40) % 2, ("a", "b"))
    train, test = images.split(30, 10)
    assert sorted([*train.x.ravel(), *test.x.ravel()]) == list(range(40))
    assert not np.array_equal(train.x.ravel(), np.arange(30))
    assert np.array_equal(train.y, train.x.ravel() % 2)
    again = images.split(30, 10)
    assert (again[0].digest, again[1].digest) == (train.digest, test.digest)


@pytest.mark.parametrize("numbers", [(0, 5), (5, 0), (36, 5), (-1, 5)])
def test_a_split_of_images_that_are_not_there_is_refused(numbers):
    images = Images("numbers", np.zeros((40, 1, 1, 1), np.float32), np.arange(40) % 2, ("a", "b"))
    with pytest.raises(ValueError, match="numbers has 40 images to train and test on"):
        images.split(*numbers)


def test_images_that_are_for_tests_are_not_trained_on():
    x = np.arange(40, dtype=np.float32).reshape(40, 1, 1, 1)
    images = Images("numbers", x, np.arange(40) % 2, ("a", "b"), training=30)
    train, test = images.split(30, 10)
    assert sorted(train.x.ravel()) == list(range(30))
    assert sorted(test.x.ravel()) == list(range(30, 40))
    some, others = images.split(5, 3)
    assert np.array_equal(some.x, train.x[:5])
    assert np.array_equal(others.x, test.x[:3])
    assert not np.array_equal(train.x.ravel(), np.arange(30))
    for numbers in ((31, 5), (5, 11)):
        with pytest.raises(ValueError, match="numbers has 30 images to train on and 10 to test on"):
            images.split(*numbers)
    for training in (0, 40):
        with pytest.raises(ValueError, match=f"training must be from 1 to 39; got {training}"):
            Images("numbers", x, np.arange(40) % 2, ("a", "b"), training)


def test_a_digest_stands_for_every_pixel_and_label():
    x, y = np.zeros((4, 1, 2, 2), np.float32), np.array([0, 1, 0, 1])
    digests = {Images("a", x, y, ("a", "b")).digest}
    for index in range(x.size):
        other = x.copy()
        other.flat[index] = 1
        digests.add(Images("a", other, y, ("a", "b")).digest)
    digests.add(Images("a", x, y[::-1].copy(), ("a", "b")).digest)
    digests.add(Images("a", x.reshape(4, 2, 2, 1), y, ("a", "b")).digest)
    assert len(digests) == x.size + 3
    assert Images("other", x.copy(), y.copy(), ("a", "b")).digest in digests


@pytest.mark.parametrize(
    ("x", "y", "classes", "says"),
    [
        (np.zeros((4, 2, 2)), np.zeros(4), ("a", "b"), r"images \(4, 2, 2\) and classes \(4,\) do not fit"),
        (np.zeros((4, 1, 2, 2)), np.zeros(3), ("a", "b"), "do not fit together"),
        (np.zeros((4, 1, 2, 2)), np.zeros(4), ("a",), "at least two classes; got a"),
        (np.zeros((4, 1, 2, 2)), np.full(4, 2), ("a", "b"), "classes must be 0 to 1; got 2 to 2"),
        (np.zeros((4, 1, 2, 2)), np.array([0, -1, 0, 0]), ("a", "b"), "classes must be 0 to 1; got -1 to 0"),
    ],
)
def test_images_that_do_not_fit_their_labels_are_refused(x, y, classes, says):
    with pytest.raises(ValueError, match=f"made up: .*{says}"):
        Images("made up", x.astype(np.float32), y.astype(np.int64), classes)


# ---- MNIST ----


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dot", ["-", "."])
@pytest.mark.parametrize(("part", "file"), [("train", "train"), ("test", "t10k")])
def test_mnist_is_read_from_its_files(tmp_path, part, file, dot, packed):
    images = mnist(write_mnist(tmp_path, file, dot, packed), part)
    assert np.array_equal(images.x, (PIXELS[:, None] / 255).astype(np.float32))
    assert np.array_equal(images.y, LABELS)
    assert len(images.classes) == 10


def broken(folder, name, change):
    path = folder / name
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("train-images-idx3-ubyte", lambda b: b[:-1], r"must hold 120 bytes for \(6, 5, 4\); got 119"),
        ("train-images-idx3-ubyte", lambda b: b + b"x", "must hold 120 bytes .* got 121"),
        ("train-images-idx3-ubyte", lambda b: b[:10], "not an IDX file of bytes with 3 axes: it begins with 00000803"),
        ("train-images-idx3-ubyte", lambda b: b"", "not an IDX file .* begins with nothing"),
        ("train-labels-idx1-ubyte", lambda b: b"GIF8" + b[4:], "not an IDX file of bytes with 1 axes: .* 47494638"),
        ("train-labels-idx1-ubyte", lambda b: idx(LABELS[:5]), " 5 labels"),
        ("train-labels-idx1-ubyte", lambda b: idx(LABELS * 0 + 7), "at least two classes; got 7 alone"),
    ],
)
def test_a_broken_file_of_mnist_is_named(tmp_path, name, change, says):
    broken(write_mnist(tmp_path), name, change)
    with pytest.raises(ValueError, match=f"{name}.*{says}"):
        mnist(tmp_path)


@pytest.mark.parametrize("keep", [slice(0, 40), slice(5, None)])
def test_a_torn_gzip_file_is_named(tmp_path, keep):
    broken(write_mnist(tmp_path, packed=True), "train-images-idx3-ubyte.gz", lambda b: b[keep])
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz cannot be read"):
        mnist(tmp_path)


def test_mnist_without_images_is_refused(tmp_path):
    write_mnist(tmp_path, pixels=PIXELS[:0], labels=LABELS[:0])
    with pytest.raises(ValueError, match="train-images-idx3-ubyte holds no image"):
        mnist(tmp_path)


def test_missing_files_of_mnist_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"folder .*nowhere, which is not there"):
        mnist(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(FileNotFoundError, match="which is a file"):
        mnist(tmp_path / "file")
    write_mnist(tmp_path)
    with pytest.raises(FileNotFoundError, match="holds no t10k-images-idx3-ubyte, compressed or not"):
        mnist(tmp_path, "test")
    with pytest.raises(ValueError, match="part must be one of train, test, all; got 'validation'"):
        mnist(tmp_path, "validation")


def test_both_parts_of_mnist_are_to_train_and_to_test_on(tmp_path):
    write_mnist(tmp_path / "fashion-mnist", packed=True)
    write_mnist(tmp_path / "fashion-mnist", "t10k", packed=True, pixels=PIXELS[:2], labels=LABELS[:2])
    images = load_images(tmp_path / "fashion-mnist")
    assert (images.name, len(images), images.training) == ("Fashion-MNIST", 8, 6)
    train, test = images.split(6, 2)
    assert sorted(train.y) == sorted(LABELS)
    assert sorted(test.y) == sorted(LABELS[:2])
    write_mnist(tmp_path / "fashion-mnist", "t10k", packed=True, pixels=PIXELS[:2, :3], labels=LABELS[:2])
    with pytest.raises(ValueError, match="must hold images of one size"):
        load_images(tmp_path / "fashion-mnist")


# ---- MNIST's digits as the npm package has them ----


def write_digits(folder, each=2):
    """Digits as the package `mnist` writes them; returns their pixels (10, each, 28, 28)."""
    folder.mkdir(parents=True)
    pixels = RNG.integers(0, 256, (10, each, 28, 28), np.uint8)
    for digit in range(10):
        data = np.round(pixels[digit].ravel() / 255, 3)
        (folder / f"{digit}.json").write_text(json.dumps({"data": data.tolist()}))
    return pixels


def test_digits_of_the_npm_package_are_mnists(tmp_path):
    pixels = write_digits(tmp_path / "mnist" / "src" / "digits")
    for folder in (tmp_path / "mnist", tmp_path / "mnist" / "src" / "digits"):
        images = load_images(folder)
        assert images.name == "MNIST"
        assert np.array_equal(images.x, (pixels.reshape(-1, 1, 28, 28) / 255).astype(np.float32))
        assert images.y.tolist() == np.repeat(np.arange(10), 2).tolist()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[1, 2]", "must hold a list of numbers called data"),
        ('{"data": ["a"]}', "must hold a list of numbers called data"),
        ('{"data": [true]}', "must hold a list of numbers called data"),
        ('{"data": []}', "must hold 784 numbers for each image; got 0 numbers"),
        ('{"data": [0, 1]}', "must hold 784 numbers for each image; got 2 numbers"),
        (json.dumps({"data": [0.5] * 783 + [2]}), "must hold numbers from 0 to 1; got 0.5 to 2.0"),
        (json.dumps({"data": [0.5] * 783 + [float("nan")]}), "must hold numbers from 0 to 1; got nan to nan"),
    ],
)
def test_broken_digits_of_the_npm_package_are_named(tmp_path, content, says):
    write_digits(tmp_path / "mnist")
    (tmp_path / "mnist" / "3.json").write_text(content)
    with pytest.raises(ValueError, match=f"3.json {says}"):
        mnist_digits(tmp_path / "mnist")


def test_missing_digits_of_the_npm_package_are_named(tmp_path):
    write_digits(tmp_path / "mnist")
    (tmp_path / "mnist" / "7.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"holds no 7\.json"):
        load_images(tmp_path / "mnist")

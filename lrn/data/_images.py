"""Images with labels: scikit-learn's digits, MNIST's files, and folders with one folder of images a class.

The digits come with scikit-learn, the others are read from the user's disk; nothing is downloaded. Everything that is
wrong with a file is said with the file's name, before anything is trained.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import math
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Images", "digits", "image_folder", "load_images", "mnist"]

_SUFFIXES = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"))

_MNIST = {"train": "train", "test": "t10k"}


@dataclass(frozen=True, eq=False)
class Images:
    """Images and what they show.

    Attributes:
        name: what they are, for people.
        x: the images, shape (N, C, H, W), float32, from 0 (black) to 1.
        y: the class of each, shape (N,), int64, from 0 to `len(classes) - 1`.
        classes: the names of the classes.

    Raises:
        TypeError: `x` or `y` is no array, or `classes` no tuple.
        ValueError: the shapes do not agree, a class is out of range, or there are fewer than two classes.
    """

    name: str
    x: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: tuple[str, ...]

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

    def part(self, which: slice | NDArray[np.intp]) -> Images:
        """Some of the images."""
        return Images(self.name, self.x[which], self.y[which], self.classes)

    def split(self, train: int, test: int) -> tuple[Images, Images]:
        """`train` images to train on and `test` others, drawn without replacement, the same ones each time.

        Raises:
            ValueError: a number is below 1, or there are not that many images.
        """
        whole = isinstance(train, int) and isinstance(test, int)
        if not whole or train < 1 or test < 1 or train + test > len(self):
            has = f"{self.name} has {len(self)} images to train and test on"
            raise ValueError(f"{has}, at least 1 of each; got {train!r} and {test!r}")
        order = np.random.Generator(np.random.Philox(42)).permutation(len(self))
        return self.part(order[:train]), self.part(order[train : train + test])


@functools.cache
def digits() -> Images:
    """The 1,797 handwritten digits of 8x8 pixels that come with scikit-learn (needs scikit-learn)."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("the digits come with scikit-learn: pip install 'lrn-claims[images]'") from error
    found = load_digits()
    x = (found.images[:, None] / 16).astype(np.float32)
    return Images("digits", x, found.target.astype(np.int64), tuple("0123456789"))


def load_images(
    source: str | os.PathLike[str] = "digits",
    size: tuple[int, int] | None = None,
    cache: str | os.PathLike[str] | None = None,
) -> Images:
    """The images that `source` names.

    Args:
        source: "digits", or a folder: with MNIST's training files in it, or with a folder for each class.
        size: as in `image_folder`.
        cache: as in `image_folder`.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: it does not hold what it should; see `mnist` and `image_folder`.
    """
    if source == "digits":
        return digits()
    place = _folder(source)
    if any(path.is_file() and "-idx" in path.name.replace(".", "-") for path in place.iterdir()):
        return mnist(place)
    return image_folder(place, size, cache=cache)


def mnist(folder: str | os.PathLike[str], part: str = "train") -> Images:
    """MNIST, or anything else in files of its format (IDX), compressed by gzip or not.

    Args:
        folder: holds `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, and `t10k-…` for the test part, each
            perhaps with `.gz` (or with a dot in place of the hyphen before `idx`).
        part: "train" or "test".

    Raises:
        ValueError: `part` is neither, or a file is not what its name says.
        FileNotFoundError: the folder or a file is not there.
    """
    if not isinstance(part, str) or part not in _MNIST:
        raise ValueError(f"part must be one of {', '.join(_MNIST)}; got {part!r}")
    place = _folder(folder)
    images, x = _idx(place, f"{_MNIST[part]}-images", 3)
    labels, y = _idx(place, f"{_MNIST[part]}-labels", 1)
    if len(x) != len(y):
        raise ValueError(f"{images} holds {len(x)} images, but {labels} {len(y)} labels")
    if not len(x):
        raise ValueError(f"{images} holds no image")
    if y.min() == y.max():
        raise ValueError(f"{labels} must hold at least two classes; got {y.max()} alone")
    classes = tuple(str(c) for c in range(max(10, int(y.max()) + 1)))
    return Images("MNIST", (x[:, None] / np.float32(255)).astype(np.float32), y.astype(np.int64), classes)


def image_folder(
    folder: str | os.PathLike[str],
    size: tuple[int, int] | None = None,
    *,
    grey: bool = False,
    cache: str | os.PathLike[str] | None = None,
) -> Images:
    """The images of a folder that has one folder for each class, as PlantVillage's has (needs Pillow).

    Images are taken in order of their names. Files whose name starts with a dot or does not end like an image's are
    left out, folders within a class's folder too.

    Args:
        folder: the folder of the classes' folders.
        size: (height, width) to bring every image to; None if all have one size already.
        grey: whether to make one channel of grey of them, instead of three of colour.
        cache: folder in which to keep the pixels, since decoding takes long; it is read again as long as no image
            appears, goes or changes.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: there are fewer than two classes, a class has no image, an image cannot be read, or it has another
            size than the ones before it and `size` is None.
    """
    place = _folder(folder)
    pair = isinstance(size, tuple | list) and len(size) == 2
    if size is not None and not (pair and all(isinstance(n, int) and n >= 1 for n in size)):
        raise ValueError(f"size must be (height, width), at least 1 each; got {size!r}")
    classes = sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith("."))
    if len(classes) < 2:
        found = classes[0].name if classes else "none"
        raise ValueError(f"{place} must hold a folder for each of at least two classes; got {found}")
    files = [(path, label) for label, inside in enumerate(classes) for path in _images_of(inside)]
    y = np.array([label for _, label in files], np.int64)
    names = tuple(path.name for path in classes)
    read = functools.partial(_pixels, [path for path, _ in files], size, grey)
    x = read() if cache is None else _cached(Path(cache), _state(place, files, size, grey), read)
    return Images(place.name, x, y, names)


def _folder(folder: str | os.PathLike[str]) -> Path:
    place = Path(folder)
    if not place.is_dir():
        raise FileNotFoundError(f"images are looked for in the folder {place}, which {_is_not(place)}")
    return place


def _is_not(place: Path) -> str:
    return "is a file" if place.exists() else "is not there"


def _idx(folder: Path, name: str, axes: int) -> tuple[Path, NDArray[np.uint8]]:
    """The file of that name and its array of bytes, which has so many axes (Y. LeCun, C. Cortes: the IDX format)."""
    spellings = [f"{name}{dot}idx{axes}-ubyte{end}" for end in ("", ".gz") for dot in ("-", ".")]
    path = next((folder / spelling for spelling in spellings if (folder / spelling).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"{folder} holds no {spellings[0]}, compressed or not")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    head = 4 + 4 * axes
    if len(content) < head or content[:4] != bytes((0, 0, 8, axes)):
        raise ValueError(
            f"{path} is no IDX file of bytes with {axes} axes: it begins with {content[:4].hex() or 'nothing'}"
        )
    shape = tuple(int(n) for n in np.frombuffer(content[4:head], ">u4"))
    if len(content) != head + math.prod(shape):
        raise ValueError(f"{path} must hold {math.prod(shape)} bytes for {shape}; got {len(content) - head}")
    return path, np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def _images_of(folder: Path) -> Iterator[Path]:
    """The images in a class's folder, by name."""
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES and not p.name.startswith("."))
    if not found:
        raise ValueError(f"{folder} holds no image: each class needs at least one ({', '.join(sorted(_SUFFIXES))})")
    yield from found


def _pixels(files: list[Path], size: tuple[int, int] | None, grey: bool) -> NDArray[np.float32]:
    """The images (N, C, H, W), decoded."""
    first, images = None, []
    for path in files:
        image = _decoded(path, size, grey)
        first = first or (path, image.shape)
        if image.shape != first[1]:
            (h, w), (height, width) = image.shape[1:], first[1][1:]
            raise ValueError(
                f"{path} has {h}x{w} pixels, but {first[0]} has {height}x{width}: give a size to bring all images to"
            )
        images.append(image)
    return np.stack(images).astype(np.float32) / np.float32(255)


def _decoded(path: Path, size: tuple[int, int] | None, grey: bool) -> NDArray[np.uint8]:
    """One image (C, H, W)."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("images are read with Pillow: pip install 'lrn-claims[images]'") from error
    try:
        with Image.open(path) as file:
            image = file.convert("L" if grey else "RGB")
            if size is not None:
                image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} cannot be read as an image: {error}") from error
    pixels = np.asarray(image, np.uint8)
    return pixels[None] if grey else pixels.transpose(2, 0, 1)


def _state(place: Path, files: list[tuple[Path, int]], size: tuple[int, int] | None, grey: bool) -> str:
    """What tells a folder's images from what they were before and from others."""
    digest = hashlib.sha256(repr((size, grey)).encode())
    for path, label in files:
        stat = path.stat()
        digest.update(repr((str(path.relative_to(place)), label, stat.st_size, stat.st_mtime_ns)).encode())
    return f"{place.name}-{digest.hexdigest()[:16]}"


def _cached(folder: Path, name: str, read: Any) -> NDArray[np.float32]:
    """The array kept under that name, or else read and kept; a file appears whole or not at all."""
    path = folder / f"{name}.npz"  # zip archives have checksums
    if path.exists():
        try:
            with path.open("rb") as held, np.load(held, allow_pickle=False) as archive:
                kept: NDArray[np.float32] = archive["x"]
                return kept
        except Exception:  # zipfile raises many kinds
            path.unlink(missing_ok=True)  # damaged: decoded again
    x: NDArray[np.float32] = read()
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{name}.{os.getpid()}.part"
    try:
        with part.open("wb") as file:
            np.savez(file, x=x)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return x

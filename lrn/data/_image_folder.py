"""Folders with a folder of images for each class, and a cache of their pixels."""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrn.data._images import Images
from lrn.files import check_regular

__all__ = ["existing_folder", "image_folder"]

_SUFFIXES = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"))
_LONGEST_IMAGE, _LONGEST_CACHE = 1 << 30, 1 << 40  # bytes


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
            size than the ones before it and no `size` was given.
    """
    root = existing_folder(folder)
    pair = isinstance(size, tuple | list) and len(size) == 2
    if size is not None and not (pair and all(isinstance(n, int) and n >= 1 for n in size)):
        raise ValueError(f"size must be (height, width), at least 1 each; got {size!r}")
    classes = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    if len(classes) < 2:
        only = classes[0].name if classes else "none"
        raise ValueError(f"{root} must hold a folder for each of at least two classes; got {only}")
    paths: list[Path] = []
    labels: list[int] = []
    for label, inside in enumerate(classes):
        images = _images_of(inside)
        paths += images
        labels += [label] * len(images)
    read = functools.partial(_pixels, paths, size, grey)
    x = read() if cache is None else _cached(Path(cache), _state(root, paths, labels, size, grey), read)
    return Images(root.name, x, np.array(labels, np.int64), tuple(map(attrgetter("name"), classes)))


def existing_folder(folder: str | os.PathLike[str]) -> Path:
    """The folder, which must be there."""
    path = Path(folder)
    if not path.is_dir():
        raise FileNotFoundError(f"images are looked for in the folder {path}, which {_is_not(path)}")
    return path


def _is_not(path: Path) -> str:
    return "is a file" if path.exists() else "is not there"


def _images_of(folder: Path) -> list[Path]:
    """The images in a class's folder, by name."""
    images = sorted(p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES and not p.name.startswith("."))
    if not images:
        raise ValueError(f"{folder} holds no image: each class needs at least one ({', '.join(sorted(_SUFFIXES))})")
    return images


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
        check_regular(path, _LONGEST_IMAGE)
        with Image.open(path) as file:
            image = file.convert("L" if grey else "RGB")
            if size is not None:
                image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} cannot be read as an image: {error}") from error
    pixels = np.asarray(image, np.uint8)
    return pixels[None] if grey else pixels.transpose(2, 0, 1)


def _state(root: Path, paths: list[Path], labels: list[int], size: tuple[int, int] | None, grey: bool) -> str:
    """A name for a folder's images, which differs from that of its earlier images and of other folders' images."""
    digest = hashlib.sha256(repr((size, grey)).encode())
    for path, label in zip(paths, labels, strict=True):
        stat = path.stat()
        digest.update(repr((str(path.relative_to(root)), label, stat.st_size, stat.st_mtime_ns)).encode())
    return f"{root.name}-{digest.hexdigest()[:16]}"


def _cached(folder: Path, name: str, read: Any) -> NDArray[np.float32]:
    """The array kept under that name, or else read and kept; a file appears whole or not at all."""
    path = folder / f"{name}.npz"  # zip archives have checksums
    if path.exists():
        try:
            check_regular(path, _LONGEST_CACHE)
            with path.open("rb") as held, np.load(held, allow_pickle=False) as archive:
                pixels: NDArray[np.float32] = archive["x"]
                return pixels
        except Exception:  # zipfile raises many kinds
            path.unlink(missing_ok=True)  # damaged: decoded again
    x: NDArray[np.float32] = read()
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{name}.{secrets.token_hex(8)}.part"
    try:
        with part.open("xb") as file:
            np.savez(file, x=x)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return x

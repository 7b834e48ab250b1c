"""Data for a model from the files that people have."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import filterfalse
from pathlib import Path
from typing import Any

import numpy as np

from lrn.files import check_regular

__all__ = ["load_data", "shape_of"]

FORMS = "an array (.npy, .npz), tensors (.pt, .safetensors), a table (.csv) or a folder of images"
IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
_LONGEST_IMAGE = 1 << 30  # bytes


def load_data(path: str, batch_size: int) -> Any:
    """Returns the data of a file or folder, in a form that `dead_units` takes.

    Args:
        path: .npy or .npz, .pt or .pth, .safetensors, .csv or .tsv, or a folder of images of one size. Several arrays
            in one file are inputs by name.
        batch_size: how many images to read at a time.

    Raises:
        ValueError: it holds something else.
        ImportError: images or safetensors need a package that is not installed.
    """
    source = Path(path)
    if source.is_dir():
        return _images(source, batch_size)
    match source.suffix.lower():
        case ".csv" | ".tsv":
            return _table(path)
        case ".pt" | ".pth" | ".safetensors":
            return _tensors(path)
    return _arrays(path)


def shape_of(data: Any) -> str:
    """The shape and type of data, for errors."""
    if hasattr(data, "shape"):
        return f"shape {tuple(data.shape)} and type {data.dtype}"
    return f"type {type(data).__name__}"


def _arrays(path: str) -> Any:
    try:
        data = _loaded(path)
    except MemoryError:
        raise
    except Exception:  # numpy, zipfile and zlib raise many kinds for a damaged file
        data = None
    arrays = list(data.values()) if isinstance(data, dict) else [data]
    if not arrays or not all(map(_has_samples, arrays)):
        raise ValueError(
            f"{path} must hold one array of numbers with the samples first, as numpy.save writes it; or be {FORMS}"
        )
    return data


def _loaded(path: str) -> Any:
    """The array in a file that numpy reads, or arrays by name if there are several."""
    with open(path, "rb") as file:  # numpy leaves damaged archives open
        if file.read(2) == b"PK":
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                named = dict(archive)
            return next(iter(named.values())) if len(named) == 1 else named
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _has_samples(array: Any) -> bool:
    """Whether it is an array of numbers that has a first axis."""
    return isinstance(array, np.ndarray) and array.dtype.kind in "biuf" and array.ndim > 0


def _table(path: str) -> Any:
    with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
        first = file.readline()
        comma = max(",;\t", key=first.count)
        file.seek(0)
        try:
            rows = list(filter(None, csv.reader(file, delimiter=comma)))
        except csv.Error as error:
            raise ValueError(f"{path} must be a table of numbers, but: {error}") from None
    columns = len(rows[0]) if rows else 0
    if rows and not all(map(_is_number, rows[0])):
        rows = rows[1:]  # names of the columns
    for number, row in enumerate(rows, start=1):
        wrong = list(filterfalse(_is_number, row))
        if wrong or len(row) != columns:
            reason = f"has {wrong[0]!r}" if wrong else f"has {len(row)} columns, the first line {columns}"
            raise ValueError(f"{path} must be a table of numbers; row {number} {reason}")
    if not rows:
        raise ValueError(f"{path} must be a table of numbers; it has no row of them")
    return np.array([list(map(float, row)) for row in rows])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _tensors(path: str) -> Any:
    import torch

    from lrn.cli._loading import HOW, load_tensors

    def has_samples(value: Any) -> bool:
        return isinstance(value, torch.Tensor) and value.ndim > 0

    try:
        data = load_tensors(path)
    except ValueError as error:
        reason = str(error).removesuffix(f"; {HOW}")  # how a model is saved, which this is not to be
        raise ValueError(f"{path} must hold tensors with the samples first, but: {reason}") from error
    values = list(data.values()) if isinstance(data, dict) else data if isinstance(data, list | tuple) else [data]
    if not values or not any(map(has_samples, values)):
        raise ValueError(f"{path} must hold tensors with the samples first; it holds a {type(data).__name__}")
    return next(iter(values)) if isinstance(data, dict) and len(values) == 1 else data


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in IMAGES


def _images(folder: Path, batch_size: int) -> Iterator[Any]:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(f"{folder} is a folder of images; pip install 'lrn-claims[images]' to read them") from None
    files = sorted(filter(_is_image, folder.rglob("*")))
    if not files:
        raise ValueError(f"{folder} must hold images ({', '.join(sorted(IMAGES))}); it has none")

    def read() -> Iterator[Any]:
        size = None
        for start in range(0, len(files), batch_size):
            batch = []
            for file in files[start : start + batch_size]:
                try:
                    check_regular(file, _LONGEST_IMAGE)
                    with Image.open(file) as image:
                        batch.append(np.asarray(image.convert("RGB"), np.float32).transpose(2, 0, 1) / 255)
                except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
                    raise ValueError(f"{file} is not an image, or is damaged: {error}") from error
                size = size or batch[-1].shape
                if batch[-1].shape != size:
                    raise ValueError(
                        f"images must have one size; {file} has {batch[-1].shape[:0:-1]}, others {size[:0:-1]}"
                    )
            yield np.stack(batch)

    return read()

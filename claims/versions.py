"""The code and libraries that observations rest on: while they stay the same, nothing need be observed again."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

import lrn.arithmetic

LIBRARIES = ("numpy", "scipy", "torch")


@cache
def code(*sources: Path) -> str:
    """Names these files and those of these folders: enough for what `lrn.arithmetic` makes the same everywhere."""
    files: list[Path] = []
    for source in sources:
        files += sorted(source.glob("*.py")) or [source]
    files.append(Path(lrn.arithmetic.__file__))
    return hashlib.sha256(b"".join(map(Path.read_bytes, files))).hexdigest()[:12]


@cache
def code_and_arithmetic(*sources: Path) -> str:
    """Names these files, those of these folders, the engine that trains, and the libraries that calculate."""
    from lrn import Ledger  # takes as long as all claims of a module, and is needed only where something is observed

    return "-".join([Ledger(".").folder.name, code(*sources), *map(version, LIBRARIES)])

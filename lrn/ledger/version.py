"""The code and arithmetic that a ledger's blocks depend on: the code and the arithmetic that trains."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrn.engines import Engine

__all__ = ["version"]

SOURCES = (
    "arithmetic.py",
    "data/_points.py",
    "experiment/_experiment.py",
    "ledger/files.py",
    "ledger/blocks.py",
    "ledger/shelf.py",
    "ledger/_ledger.py",
)
"""Modules that every engine's blocks go through."""


def version(engine: Engine) -> str:
    """A name: where it is the same, training gives the same bits."""
    return _version(engine.name, engine.arithmetic, __file__)


@cache
def _version(engine: str, arithmetic: str, engine_file: str) -> str:
    """The name, from the present content of the sources: a later edit does not change the code of this process."""
    package = Path(engine_file).parents[1]
    sources = list(map(package.joinpath, SOURCES))
    digest = hashlib.sha256(arithmetic.encode())
    if engine == "reference":
        sources.append(package / "engines" / "reference.py")
    elif engine == "cuda":
        from lrn.engines import cuda, native

        digest.update(cuda.source_hash().encode())
        if native.available():  # it trains small fleets of wide networks
            digest.update(native.source_hash().encode())
    else:
        from lrn.engines import native

        digest.update(native.source_hash().encode())
        sources.append(package / "engines" / "native" / "__init__.py")
    for source in sources:
        digest.update(source.read_bytes())
    return f"{engine}-{digest.hexdigest()[:12]}"

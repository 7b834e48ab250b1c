"""What a ledger's blocks depend on: the code and the arithmetic that trains."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrn.engines import Engine

__all__ = ["version"]

SOURCES = ("experiment.py", "ledger/files.py", "ledger/blocks.py", "ledger/_ledger.py")
"""Modules that every engine's blocks go through."""


def version(engine: Engine) -> str:
    """A name: where it is the same, training gives the same bits."""
    here = Path(__file__).parents[1]
    sources = [here / "data" / "_points.py", *(here / name for name in SOURCES)]
    digest = hashlib.sha256(engine.arithmetic.encode())
    if engine.name == "reference":
        sources.append(here / "engines" / "reference.py")
    elif engine.name == "cuda":
        from lrn.engines import cuda

        digest.update(cuda.source_hash().encode())
    else:
        from lrn.engines import native

        digest.update(native.source_hash().encode())
        sources.append(here / "engines" / "native" / "__init__.py")
    for source in sources:
        digest.update(source.read_bytes())
    return f"{engine.name}-{digest.hexdigest()[:12]}"

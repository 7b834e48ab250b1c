"""Which verdicts of the last run stand as they are, untested.

A verdict follows from its sources and options, which `lrn.plugin._earlier` compares, and from observations. Those of an
`Experiment` are blocks in the ledger. Where they are still the files that the last run left, by name, size and time, a
test would compute the same numbers from the same bytes. Other populations are observed again, as they alone can tell
whether they have changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lrn.plugin._options import Settings

__all__ = ["blocks_of", "standing"]


def standing(run: Mapping[str, Any], settings: Settings) -> dict[str, list[str]]:
    """The claims whose experiments nobody has trained further or touched since a run: for each test their keys.

    Args:
        run: that run's record of itself.
        settings: of this run.

    Raises:
        KeyError, TypeError, AttributeError: it is not such a record.
    """
    experiments: dict[str, list[str]] = run["experiments"]
    blocks = run["blocks"]
    if not blocks:
        return {}
    now = blocks_of(settings, blocks)
    untouched = {key for key in blocks if blocks[key] == now.get(key)}
    return {test: keys for test, keys in experiments.items() if keys and untouched.issuperset(keys)}


def blocks_of(settings: Settings, keys: Iterable[str]) -> dict[str, str]:
    """Names the blocks of experiments in the ledger; none where they are not on this machine's disk.

    Without experiments no engine is chosen, which takes torch or the kernel.

    Args:
        settings: of this run.
        keys: of the experiments.
    """
    ordered = sorted(keys)
    if not ordered or not isinstance(settings.ledger, Path) or settings.device != "cpu":
        return {}
    from lrn.ledger import Ledger

    folder = Ledger(settings.ledger, engine=settings.engine).folder
    return {key: _blocks(folder / key) for key in ordered}


def _blocks(folder: Path) -> str:
    """Names the files of one experiment by their names, sizes and times; the engine's name is part of the folder's."""
    from lrn.ledger.covering import block_files

    digest = hashlib.sha256(folder.parent.name.encode())
    for trace in (False, True):
        for block in block_files(folder, trace):
            status = block.path.stat()
            digest.update(f"{block.path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]

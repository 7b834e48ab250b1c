"""A session's record of itself: everything that may differ between two runs of the same suite."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Mapping
from typing import Any

from lrn.plugin._options import Settings

__all__ = ["about_run"]

_PACKAGES = ("lrn-claims", "numpy", "pytest", "pytest-xdist", "scipy", "torch")


def about_run(
    settings: Settings,
    workers: int,
    seconds: float,
    claims: Mapping[str, float],
    per_seed: Mapping[str, float],
) -> dict[str, Any]:
    """Returns the record that is written beside the verdicts.

    Args:
        settings: the session's options.
        workers: how many processes ran tests.
        seconds: how long all took.
        claims: seconds of each claim, by test.
        per_seed: seconds that a seed took to train, by the population's label.
    """
    return {
        "environment": {
            "python": platform.python_version(),
            "platform": platform.platform(),
            "machine": platform.machine(),
            "processors": os.cpu_count(),
            "packages": {name: _version(name) for name in _PACKAGES},
        },
        "engine": settings.engine,
        "device": settings.device,
        "workers": workers,
        "seconds": round(seconds, 3),
        "claims": {test: round(claims[test], 6) for test in sorted(claims)},
        "seconds_per_seed": {label: round(per_seed[label], 6) for label in sorted(per_seed)},
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None

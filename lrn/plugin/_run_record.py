"""A session's record of itself: everything that may differ between two runs of the same suite."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any

from lrn.plugin._options import Settings
from lrn.plugin._surroundings import version_of

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
            "packages": dict(zip(_PACKAGES, map(version_of, _PACKAGES), strict=True)),
        },
        "engine": settings.engine,
        "device": settings.device,
        "workers": workers,
        "seconds": round(seconds, 3),
        "claims": _rounded(claims),
        "seconds_per_seed": _rounded(per_seed),
    }


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    """Seconds by name, in the order of the names, as a record needs them."""
    return {name: round(value, 6) for name, value in sorted(seconds.items())}

"""Where figures were measured, and how much of the machine others used meanwhile."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from operator import sub
from pathlib import Path
from typing import Any

__all__ = ["CORES", "Others", "describe", "use_cores"]

CORES = 2
"""Processors that every peer may use."""


def use_cores() -> None:
    """Limits this process to the first `CORES` processors, so that whoever takes all there are takes as many as lrn."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def describe() -> dict[str, Any]:
    """Processor, system and versions."""
    from lrn.engines.native import NativeEngine

    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "lrn": _version("lrn-claims"),
        "numpy": _version("numpy"),
        "torch": _version("torch"),
        "jax": _version("jax"),
        "variant": NativeEngine().variant.name,
        "date": time.strftime("%Y-%m-%d"),
    }


class Others:
    """The share of the machine's processor time that other processes used since this was made; None if unknown."""

    def __init__(self) -> None:
        self.start = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float] | None:
        try:
            fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        except OSError:
            return None
        user, nice, system, idle, waiting, irq, softirq, steal = (int(f) / os.sysconf("SC_CLK_TCK") for f in fields)
        busy = user + nice + system + irq + softirq + steal
        return busy, busy + idle + waiting, sum(os.times()[:4])

    def share(self) -> float | None:
        """From 0 to 1."""
        now = self._now()
        if self.start is None or now is None:
            return None
        busy, total, own = map(sub, now, self.start)
        return max(0.0, busy - own) / max(total, 1e-9)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    for line in lines:
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

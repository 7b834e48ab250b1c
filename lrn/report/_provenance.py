"""How a report was made: the version, the commit and its date, the machine, and how long it took."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrn import __version__
from lrn.report._text import number_text

__all__ = ["Provenance", "provenance"]

_PATIENCE = 10.0
"""Seconds that git may take."""


@dataclass(frozen=True)
class Provenance:
    """How the verdicts were made; every text may be ""."""

    version: str
    commit: str
    date: str
    seconds: str
    workers: str
    machine: str
    packages: str


def provenance(root: Path, record: Mapping[str, Any]) -> Provenance:
    """The version and commit of the folder, and the machine and time from a session's record.

    Args:
        root: the folder that the tests' paths start from.
        record: the session's record of itself; may lack anything.
    """
    commit, _, date = _git(root, "log", "-1", "--format=%h %cs").partition(" ")
    changed = bool(commit) and bool(_git(root, "status", "--porcelain", "--untracked-files=no", "--", "*.py", "*.toml"))
    return Provenance(
        version=__version__,
        commit=f"{commit}, with changes" if changed else commit,
        date=date,
        seconds=_duration(float(record["seconds"])) if "seconds" in record else "",
        workers=_workers(record),
        machine=_machine(record.get("environment")),
        packages=_packages(record.get("environment")),
    )


def _git(root: Path, *words: str) -> str:
    """The answer of git about the folder; "" where it is not the top of a working copy, or there is no git."""
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout.strip()


def _duration(seconds: float) -> str:
    return f"{number_text(seconds)} s" if seconds < 120 else f"{number_text(seconds / 60)} minutes"


def _workers(record: Mapping[str, Any]) -> str:
    workers = record.get("workers")
    if workers is None:
        return ""
    parts = [f"{workers} process" + ("" if workers == 1 else "es")]
    if "engine" in record:
        parts += [f"engine {record['engine']}", f"device {record['device']}"]
    return ", ".join(parts)


def _machine(environment: Mapping[str, Any] | None) -> str:
    if not environment:
        return ""
    return f"{environment['platform']}, {environment['processors']} processors; Python {environment['python']}"


def _packages(environment: Mapping[str, Any] | None) -> str:
    versions = []
    for name, version in dict((environment or {}).get("packages", {})).items():
        if version:
            versions.append(f"{name} {version}")
    return ", ".join(versions)

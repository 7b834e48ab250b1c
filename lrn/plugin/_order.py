"""The order of a suite: what took longest in the last run begins first, on every worker."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lrn.files import read_text

__all__ = ["longest_first", "seconds_of", "workers"]

_LONG = 5.0
"""Seconds from which on a claim is worth starting early."""


def seconds_of(path: Path) -> dict[str, float]:
    """Returns how long each claim took in the run that a file records; nothing where there is no such record."""
    try:
        claims = json.loads(read_text(path))["claims"]
        return {str(test): float(seconds) for test, seconds in claims.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}


def longest_first(items: Sequence[pytest.Item], seconds: Mapping[str, float], workers: int) -> list[pytest.Item]:
    """Returns the tests so that each worker, which is given an equal part of the list, begins with its long ones.

    Args:
        items: the tests.
        seconds: how long each took; tests that are not there count as quick.
        workers: how many processes share the list.
    """
    long: list[pytest.Item] = []
    short: list[pytest.Item] = []
    for item in items:
        (long if seconds.get(item.nodeid, 0.0) >= _LONG else short).append(item)
    long.sort(key=lambda item: -seconds[item.nodeid])
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        mine = long[worker::workers]
        part = (len(items) - len(ordered)) // (workers - worker)
        room = max(part - len(mine), 0)
        ordered += mine + short[:room]
        short = short[room:]
    return ordered + short


def workers() -> int:
    """Returns how many processes share the tests."""
    return int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))

"""Limits memory while a file is read, since a file may ask for any amount."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["MemoryRefused", "memory_for"]

SPARE = 2**30
"""What reading may need beside the file: torch's own code, tables, the pickle."""


class MemoryRefused(Exception):
    """More memory was asked for than a file of this size needs."""


@contextmanager
def memory_for(path: str) -> Iterator[None]:
    """Lets the process grow by four times the size of the file and `SPARE`, where the system can limit that.

    Raises:
        MemoryRefused: it asked for more.
    """
    try:
        with _limit(4 * os.path.getsize(path) + SPARE):
            yield
    except MemoryError as error:
        raise MemoryRefused from error
    except RuntimeError as error:
        if "allocate memory" not in str(error):
            raise
        raise MemoryRefused from error


@contextmanager
def _limit(more: int) -> Iterator[None]:
    try:
        import resource

        with open("/proc/self/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        before = resource.getrlimit(resource.RLIMIT_AS)
        allowed = now + more if before[0] == resource.RLIM_INFINITY else min(before[0], now + more)
        resource.setrlimit(resource.RLIMIT_AS, (allowed, before[1]))
    except (ImportError, OSError, ValueError):  # no such limits here
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, before)

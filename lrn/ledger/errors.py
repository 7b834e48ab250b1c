"""Errors and warnings of the ledger: each is one sentence that names a file and its fault."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["LedgerWarning", "first_line", "writing"]


class LedgerWarning(UserWarning):
    """A file of the ledger could not be used and was set aside."""


def first_line(error: Exception) -> str:
    """The first line of an error's message."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Says in one sentence that the ledger cannot be written to."""
    from filelock import Timeout

    try:
        yield
    except Timeout:
        raise
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else first_line(error)
        raise OSError(error.errno, f"the ledger cannot be written to ({why})", str(folder)) from error

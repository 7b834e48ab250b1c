"""Reads the text of an option; refuses it in one sentence."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from lrn.files import read_regular
from lrn.verdicts.text import plain_text, shortened

__all__ = ["RUN_RECORD", "blocked", "count", "fail_or_skip", "fraction", "offset", "verdicts_file"]

RUN_RECORD = "run.json"
"""Name of the file, beside the verdicts, for facts that differ from one run to the next."""

_MOST_OFFSET = 2**63
_LONGEST_NAME = 255  # of a file, in every file system in use


def fraction(option: str, text: str) -> float:
    """Reads a number strictly between 0 and 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise pytest.UsageError(f"{option} must be a number strictly between 0 and 1; got {text!r}")
    return value


def count(option: str, text: str) -> int:
    """Reads a whole number of at least 1."""
    value = _whole(text)
    if not value:
        raise pytest.UsageError(f"{option} must be a whole number, at least 1; got {text!r}")
    return value


def offset(option: str, text: str) -> int:
    """Reads the first seed."""
    value = _whole(text)
    if value is None or value > _MOST_OFFSET:
        raise pytest.UsageError(f"{option} must be a whole number from 0 to 2**63; got {text!r}")
    return value


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,20}", text) else None


def fail_or_skip(option: str, text: str) -> str:
    """Reads how undecided claims end."""
    if text not in ("fail", "skip"):
        raise pytest.UsageError(f"{option} must be fail or skip; got {text!r}")
    return text


def verdicts_file(option: str, text: str, folder: Path) -> Path:
    """The path of a file to write verdicts to."""
    path = folder / text
    if blocked(option, path) or path.is_dir() or path.name == RUN_RECORD:
        raise pytest.UsageError(f"{option} must be a file not called {RUN_RECORD}; got {text!r}")
    if _holds_something_else(path):
        raise pytest.UsageError(f"{option} must be a new file or one of verdicts; {text!r} holds something else")
    return path


def _holds_something_else(path: Path) -> bool:
    """Whether a file is of another kind, such as a source that a slip would overwrite; JSON may be damaged verdicts."""
    if path.suffix == ".json":
        return False
    try:
        content = read_regular(path)
    except OSError:  # it does not exist, or is a device
        return False
    return bool(content.strip()) and not re.match(rb'\s*\{\s*"format"', content)


def blocked(option: str, path: Path) -> bool:
    """Whether no such file can be written, as a folder on its way is a file.

    Raises:
        pytest.UsageError: it cannot be read: a folder may not be entered, or a name is too long.
    """
    try:
        if max(map(len, map(os.fsencode, path.parts)), default=0) > _LONGEST_NAME:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return any(parent.exists() and not parent.is_dir() for parent in path.parents)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise pytest.UsageError(f"{option}: {plain_text(shortened(str(path), 200))} cannot be used ({why})") from None
    return False

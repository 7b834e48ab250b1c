"""Locks that processes take in turns, so that no network is trained twice at the same time.

A lock saves work and nothing else: a block is the same whoever trains it, and appears whole or not at all. Where a lock
cannot be had (a file system that refuses locks, a holder that was stopped), going on without it is therefore right, and
waiting in silence is not.
"""

from __future__ import annotations

import errno
import os
import time
import warnings
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from lrn.ledger.errors import LedgerWarning, writing

__all__ = ["lock"]

LOOK_SECONDS = 5.0
"""How long a lock may be held before it is looked at who holds it."""
TELL_SECONDS = 60.0
"""How long it may be waited for in silence."""


def lock(folder: Path, name: str, timeout: float = -1) -> AbstractContextManager[Any]:
    """Acquires a lock file in a folder and creates the folder if necessary.

    An object store has no locks, and a lock that cannot be acquired is skipped; see the module.

    Args:
        folder: where.
        name: the lock's file.
        timeout: seconds to wait for it; -1 for as long as someone works under it.

    Raises:
        OSError: the folder cannot be written to.
        filelock.Timeout: another process still holds it.
    """
    from filelock import FileLock, Timeout

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not isinstance(folder, Path):
            return nullcontext()
        held = FileLock(folder / name)
        if timeout >= 0:
            return held.acquire(timeout=timeout)
        started, warned = time.monotonic(), False
        while True:
            try:
                return held.acquire(timeout=LOOK_SECONDS)
            except Timeout:
                why = _out_of_reach(folder / name)
                waited = time.monotonic() - started
            if why is not None:
                _warn(f"{folder / name} is not waited for: {why}; what is trained meanwhile may be trained twice")
                return nullcontext()
            if waited >= TELL_SECONDS and not warned:
                warned = True
                _warn(f"has waited {waited:.0f} s for {folder / name}, which {_holder(folder / name)} holds")


def _out_of_reach(path: Path) -> str | None:
    """Why waiting for a lock is in vain; None where somebody works under it."""
    refused = _refused(path)
    if refused is not None:
        return f"the file system refuses locks ({refused})"
    pid = _pid(path)
    return f"process {pid} holds it and was stopped" if pid is not None and _stopped(pid) else None


def _refused(path: Path) -> str | None:
    """The system's error for a lock, other than that it is held; None if it has none."""
    try:
        import fcntl
    except ImportError:
        return None
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return None if error.errno in (errno.EAGAIN, errno.EWOULDBLOCK) else error.strerror or str(error)
    finally:
        os.close(descriptor)
    return None


def _pid(path: Path) -> int | None:
    """The process on this machine that holds a lock, where Linux tells; None if it cannot be said."""
    try:
        inode = path.stat().st_ino
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        fields = line.split()  # 1: FLOCK ADVISORY WRITE 708 103:02:1234 0 EOF
        if "->" not in fields and len(fields) > 5 and fields[5].rpartition(":")[2] == str(inode):
            return int(fields[4]) if int(fields[4]) > 0 else None
    return None


def _stopped(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state in ("T", "t")


def _holder(path: Path) -> str:
    pid = _pid(path)
    return "another process" if pid is None else f"process {pid}"


def _warn(message: str) -> None:
    warnings.warn(message, LedgerWarning, stacklevel=3)

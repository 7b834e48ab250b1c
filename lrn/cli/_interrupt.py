"""Keeps a Ctrl-C that arrives where Python cannot raise it, such as while an object is destroyed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["check_interrupt", "watched"]

_pending = threading.Event()


@contextmanager
def watched() -> Iterator[None]:
    """Notes every Ctrl-C, and raises KeyboardInterrupt as Python does."""

    def interrupt(*_: Any) -> None:
        _pending.set()
        raise KeyboardInterrupt

    _pending.clear()
    main = threading.current_thread() is threading.main_thread()
    # Where Ctrl-C is ignored, as in the background of a shell, it stays so.
    before = signal.getsignal(signal.SIGINT) if main else None
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def check_interrupt() -> None:
    """Raises KeyboardInterrupt if there was a Ctrl-C that something has swallowed."""
    if _pending.is_set():
        _pending.clear()
        raise KeyboardInterrupt

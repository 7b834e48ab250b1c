"""Shows how far a session is: one line below pytest's own on a terminal, a line now and then in a log.

Pytest captures what tests print, so a copy of the output's file descriptor is written to. On a terminal the line stands
below the cursor, which returns to where pytest left it; before pytest goes on to another line, it is taken away.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from lrn.verdicts.text import plain_text, shortened

__all__ = ["LOG_SECONDS", "Screen", "speak"]

LOG_SECONDS = 30.0
"""Seconds between two lines in a log."""

_TICK = 0.25
# Makes room for one line below the cursor, remembers where it is, and goes to the beginning of that line.
_BELOW = "\x1bD\x1b[A\x1b7\x1b[B\r"
_BACK = "\x1b[K\x1b8"
_CLEAR_BELOW = "\x1b7\x1b[B\r\x1b[J\x1b8"


class Screen:
    """Draws a line again and again, in a thread of its own.

    Args:
        reporter: pytest's.
        line: gives the line; "" for none.
        live: whether a line may come and go on a terminal; else there are lines as in a log.
        captured: whether tests run in this process, where pytest's own writing is captured while they do.
    """

    def __init__(
        self, reporter: pytest.TerminalReporter, line: Callable[[], str], *, live: bool, captured: bool
    ) -> None:
        self._reporter, self._line = reporter, line
        self._writer: Any = reporter.config.get_terminal_writer()
        self._out = _copied(self._writer)
        self._live = live and self._out is not None and bool(reporter.isatty) and os.environ.get("TERM") != "dumb"
        self._captured = captured
        self._lock = threading.RLock()
        self._shown = ""
        self._next = time.monotonic() + LOG_SECONDS
        self._paused, self._ended = False, threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to draw; once it has begun, it does nothing."""
        if self._thread is not None or self._out is None or self._ended.is_set():
            return
        if self._live:
            self._write_through, self._writer.write = self._writer.write, self._write
        self._thread = threading.Thread(target=self._run, name="lrn-status", daemon=True)
        self._thread.start()

    def say(self, message: str) -> None:
        """Shows a message at once, on a line of its own that stays."""
        message = plain_text(message)
        if self._out is None:
            speak(self._reporter.config, message)
            return
        with self._lock:
            self._erase()
            if not self._captured:
                begun = "\n" if self._writer.width_of_current_line else ""
                self._writer.write(f"{begun}{message}\n", flush=True)
                return
            if self._reporter.verbosity > 0:
                # Pytest then begins a line of its own, with the test's name once more.
                self._put(f"\n{message}")
                self._reporter.currentfspath = None
            else:
                self._put(f"\n{message}\n")

    def pause(self, paused: bool = True) -> None:
        """Stops drawing while somebody else uses the terminal, such as a debugger; or goes on."""
        with self._lock:
            self._erase()
            self._paused = paused

    def close(self) -> None:
        """Takes the line away."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            if self._live:
                self._erase()
                self._writer.write = self._write_through
        if self._out is not None:
            os.close(self._out)
            self._out = None

    def _run(self) -> None:
        while not self._ended.wait(_TICK):
            line = self._line()
            with self._lock:
                if line and not self._paused:
                    self._show(line)

    def _show(self, line: str) -> None:
        if self._live:
            assert self._out is not None
            columns, rows = os.get_terminal_size(self._out)
            text = shortened(line, max(columns - 1, 10))
            if text != self._shown and rows > 1:
                self._put(f"{_BELOW}{text}{_BACK}")
                self._shown = text
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + LOG_SECONDS
            self.say(line)

    def _write(self, text: str, **more: Any) -> None:
        """Pytest's own writing, which must not run into the line below."""
        with self._lock:
            if "\n" in text or "\r" in text:
                self._erase()
            self._write_through(text, **more)

    def _erase(self) -> None:
        if self._shown:
            self._put(_CLEAR_BELOW)
            self._shown = ""

    def _put(self, text: str) -> None:
        encoding = getattr(self._writer._file, "encoding", None) or "utf-8"
        data = text.encode(encoding, "backslashreplace")
        try:
            while data and self._out is not None:
                data = data[os.write(self._out, data) :]
        except OSError:  # nobody listens any more
            self._ended.set()


def _copied(writer: Any) -> int | None:
    """A copy of the file descriptor that pytest writes to; None where it writes to none."""
    try:
        writer.flush()
        return os.dup(writer._file.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def speak(config: pytest.Config, message: str) -> None:
    """Shows a message at once on standard error, although pytest captures what tests print."""
    capture = config.pluginmanager.getplugin("capturemanager")
    with nullcontext() if capture is None else capture.global_and_fixture_disabled():
        sys.stderr.write(f"\n{message}\n")
        sys.stderr.flush()

"""A command that runs other people's code, in a process of its own: that code may end the process it runs in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from argparse import Namespace
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["apart", "perform"]

_CODE = "import sys; sys.path[:] = {path!r}; from lrn.cli._apart import perform; perform({number})"

_GRACE = 2.0
"""Seconds that a command has to end by itself after a Ctrl-C."""


def apart(command: Callable[[Namespace], int], options: Namespace) -> int | str:
    """Runs a command in another process.

    Args:
        command: a function of a module. Before it runs code of others, it calls `options.note(text)`, which says whose.
        options: what the command takes.

    Returns:
        The command's exit code; or how its process ended, one sentence, if that ended before the command did.

    Raises:
        KeyboardInterrupt: it was interrupted, and the command did not end by itself.
    """
    connection, other_end = Pipe()
    process = _started(other_end)
    other_end.close()
    messages: list[Any] = ["lrn"]
    try:
        connection.send((command, options))
        _listen(connection, process, messages)
    except KeyboardInterrupt:  # a terminal interrupts both
        _stop(process)
        _listen(connection, process, messages)
        if not isinstance(messages[-1], int):
            raise
    except ConnectionError:
        process.wait()
    return messages[-1] if isinstance(messages[-1], int) else _death(messages[-1], process.returncode)


def perform(number: int) -> None:
    """In the other process: runs the command, and sends its exit code.

    Args:
        number: the descriptor of this end of the connection.
    """
    connection = Connection(number)
    command, options = connection.recv()
    threading.Thread(target=_end_with, args=(connection,), name="end with lrn", daemon=True).start()
    options.note = connection.send
    connection.send(command(options))


def _started(other_end: Connection) -> subprocess.Popen[bytes]:
    warnings = [f"-W{option}" for option in sys.warnoptions]
    code = _CODE.format(path=sys.path, number=other_end.fileno())
    return subprocess.Popen([sys.executable, *warnings, "-c", code], pass_fds=[other_end.fileno()])


def _listen(connection: Connection, process: subprocess.Popen[bytes], messages: list[Any]) -> None:
    """Adds the messages of a process until it ends. Its own children may hold the other end for longer."""
    has_ended = False
    while not has_ended:
        has_ended = process.poll() is not None
        try:
            while connection.poll(0 if has_ended else 0.1):
                messages.append(connection.recv())
        except (EOFError, ConnectionError):
            break
    process.wait()


def _stop(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.terminate()


def _end_with(connection: Connection) -> None:
    """Ends this process when nobody is left at the other end."""
    try:
        connection.recv()
    except (EOFError, OSError):
        os._exit(1)


def _death(at: str, code: int) -> str:
    names = {int(number): number.name for number in signal.Signals}
    how = f"exit code {code}" if code >= 0 else names.get(-code, f"signal {-code}")
    return f"{at} ended the process that ran it ({how}); its code must return or raise"

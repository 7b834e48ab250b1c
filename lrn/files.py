"""Files that are read only where they are ordinary ones, and written whole or not at all.

Whoever can write to a folder can put a named pipe there, a link to a device, or a file of many gigabytes that holds
nothing. Reading any of them as if it were a file waits for ever or fills the memory. Writing through a link that
someone else has put there overwrites its target.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

__all__ = ["NotRegularError", "check_regular", "read_regular", "read_text", "replace_file", "write_json"]

MOST_BYTES = 1 << 28
"""The longest text that is read: 256 MB, a hundred times what a suite's verdicts take."""

# Without waiting for the other end of a pipe, without becoming a terminal's session, and not inherited by children.
_FLAGS = os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) if os.name == "posix" else 0
_BINARY = getattr(os, "O_BINARY", 0)


class NotRegularError(OSError):
    """What stands in a file's place is a pipe, a device, a socket, or far too long."""


def read_regular(path: str | os.PathLike[str], most: int = MOST_BYTES) -> bytes:
    """Reads a file that must be an ordinary one.

    Args:
        path: of this machine.
        most: bytes that it may hold.

    Returns:
        All of it.

    Raises:
        NotRegularError: it is a folder, a pipe, a device or a socket, or holds more than that.
        OSError: it cannot be read.

    Example:
        >>> import os, tempfile
        >>> folder = tempfile.mkdtemp()
        >>> os.mkfifo(f"{folder}/pipe")
        >>> read_regular(f"{folder}/pipe")
        Traceback (most recent call last):
        ...
        lrn.files.NotRegularError: it is not a file but a named pipe
    """
    _check_regular(os.stat(path), most)  # before it is opened: opening some devices does something
    descriptor = os.open(path, os.O_RDONLY | _FLAGS | _BINARY)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        _check_regular(status, most)
        data = file.read(status.st_size + 1)  # Python takes as much memory as is asked for
        if len(data) > status.st_size:  # it grows, or states no size, as in /proc
            data += file.read(most + 1 - len(data))
    if len(data) > most:
        raise NotRegularError(f"it is longer than {most:,} bytes")
    return data


def read_text(path: str | os.PathLike[str], most: int = MOST_BYTES) -> str:
    """Reads a text file in UTF-8; raises UnicodeDecodeError for another one, and what `read_regular` does."""
    return read_regular(path, most).decode("utf-8").replace("\r\n", "\n")


def replace_file(path: str | os.PathLike[str], content: str | bytes, *, durable: bool = False) -> None:
    """Writes a file, whole or not at all; folders are made where needed.

    A link stays one, and the file that it points to is replaced. The file keeps its permissions. A device or a pipe is
    written to as it is.

    Args:
        path: of this machine.
        content: text is written in UTF-8, half a surrogate pair as JSON's escape for it.
        durable: wait until it is on the disk, so that it outlives a power cut.

    Raises:
        PermissionError: the file may not be written to.
        OSError: it cannot be written, for lack of room for example; the message names it.

    Example:
        >>> import tempfile
        >>> path = f"{tempfile.mkdtemp()}/notes/today.txt"
        >>> replace_file(path, "sunny")
        >>> read_text(path)
        'sunny'
    """
    data = content.encode("utf-8", errors="backslashreplace") if isinstance(content, str) else content
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        before = target.stat()
    except FileNotFoundError:
        before = None
    if before is None or stat.S_ISREG(before.st_mode):
        _replace(target, data, before, durable)
    else:
        _write_directly(Path(path), data)


def write_json(path: str | os.PathLike[str], data: Any) -> bytes:
    """Writes data as readable JSON, whole or not at all; folders are made where needed. Returns the written bytes."""
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    written = text.encode("utf-8", errors="backslashreplace")
    replace_file(path, written)
    return written


def _replace(target: Path, data: bytes, before: os.stat_result | None, durable: bool) -> None:
    if before is not None and not os.access(target, os.W_OK):
        raise PermissionError(13, "it may not be written to", str(target))
    # A name that nobody can guess, and that must be new: a link that lies in wait there is not followed.
    part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | _FLAGS | _BINARY
    descriptor = os.open(part, flags, 0o666)
    try:
        with open(descriptor, "wb") as file:
            if before is not None and hasattr(os, "fchmod"):
                _like(descriptor, before)
            file.write(data)
            if durable:
                file.flush()
                os.fsync(descriptor)
        os.replace(part, target)
    except OSError as error:
        raise type(error)(error.errno, error.strerror or str(error), str(target)) from error
    finally:
        part.unlink(missing_ok=True)


def _like(descriptor: int, before: os.stat_result) -> None:
    """Gives a new file the permissions and, where that is allowed, the owner of the one that it replaces."""
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, before.st_uid, before.st_gid)
    with contextlib.suppress(PermissionError):
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def _write_directly(path: Path, data: bytes) -> None:
    """Writes to a device, or to a pipe that someone reads."""
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder", str(path))
    descriptor = os.open(path, os.O_WRONLY | _FLAGS)  # a pipe that nobody reads is an error, not a wait
    os.set_blocking(descriptor, True)
    with open(descriptor, "wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) or 0 :]


def check_regular(path: str | os.PathLike[str], most: int = MOST_BYTES) -> None:
    """Raises NotRegularError for what `read_regular` would refuse to read."""
    _check_regular(os.stat(path), most)


def _check_regular(status: os.stat_result, most: int) -> None:
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "named pipe", stat.S_IFSOCK: "socket"}
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        raise NotRegularError(f"it is not a file but a {kinds.get(kind, 'device')}")
    if status.st_size > most:
        raise NotRegularError(f"it holds {status.st_size:,} bytes, which is more than {most:,}")

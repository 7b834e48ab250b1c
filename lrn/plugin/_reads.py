"""The files and folders that the tests of this process read: a verdict that stands untested rests on them, too.

Python tells its audit hooks of each file that it opens and each folder that it lists. Which ones belong to which claim
is not asked: a file read at import, by a fixture or into a cache counts for all claims. Answers of other programs
and of the network cannot be compared later, so they are noted as `outside`.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

__all__ = ["READS", "Reads", "state_of_path"]

_LISTING = {"os.listdir", "os.scandir"}
_OUTSIDE = {
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "sqlite3.connect",
    "subprocess.Popen",
    "urllib.Request",
}
_EVENTS = {"open", *_LISTING, *_OUTSIDE}
_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep
_OWN = tuple(f"{_PACKAGE}{part}{os.sep}" for part in ("ledger", "plugin"))
_STANDARD = tuple(str(Path(sysconfig.get_path(name)).resolve()) + os.sep for name in ("stdlib", "platstdlib"))
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_TOOLS = tuple(f"{folder}{name}{os.sep}" for folder in _INSTALLED for name in ("_pytest", "pluggy", "xdist"))
_CHANGING = (f"{os.sep}proc{os.sep}", f"{os.sep}sys{os.sep}")
_AT_MOST = 10_000  # files; where there are more, nothing stands


class Reads:
    """Notes files and folders that are read from now on, until it is closed.

    Args:
        root: files below it are named from there, so that a copy of the folder is the same suite.
        compared: folders whose content is compared otherwise.

    Attributes:
        files: file or folder -> its state when it was first read.
        outside: the first event that no file tells of; "" for none.
    """

    def __init__(self, root: Path, compared: tuple[Path, ...]) -> None:
        self.files: dict[str, str] = {}
        self.outside = ""
        self._root = root
        self._compared = tuple(f"{folder}{os.sep}" for folder in compared)
        self._written: set[str] = set()
        _watch(self)

    def close(self) -> None:
        """Notes nothing more."""
        if self in _watching:
            _watching.remove(self)

    def adopt(self, files: dict[str, str]) -> None:
        """Takes over the files of an earlier run whose verdicts stand: they are as they were then."""
        self.files = {**files, **self.files}

    def note(self, event: str, arguments: tuple[Any, ...], frame: FrameType | None) -> None:
        """Notes one event; an exception would end what raised it, so there is none."""
        try:
            if event in _OUTSIDE:
                if not _is_within(frame, "platform"):  # it asks another program for the processor's name
                    self.outside = self.outside or event
            elif not isinstance(arguments[0], int):  # a file that is open already
                path = os.path.abspath(os.fsdecode("." if arguments[0] is None else arguments[0]))
                self._note_path(event, path, arguments, frame)
        except Exception as error:
            self.outside = self.outside or f"{event}: {type(error).__name__}"

    def _note_path(self, event: str, path: str, arguments: tuple[Any, ...], frame: FrameType | None) -> None:
        if path.startswith((_PACKAGE, *_STANDARD, f"{os.sep}dev{os.sep}")) or _is_installed(path):
            return
        caller = _caller(frame)
        if self._is_compared(path) or caller.startswith(_OWN) or _is_tool(caller):
            return
        if event == "open" and self._is_write(path, arguments[2]):
            return
        if event in _LISTING and _is_within(frame, "importlib.metadata"):  # which packages are installed is compared
            return
        if path.startswith(_CHANGING):
            if not _is_installed(caller):
                self.outside = self.outside or path
            return
        name = self._named(path)
        state = state_of_path(path)
        if self.files.setdefault(name, state) != state:
            self.files[name] = ""  # it changed meanwhile
        if len(self.files) > _AT_MOST:
            self.outside = self.outside or "too many files"

    def _is_compared(self, path: str) -> bool:
        """Whether a file lies in one of the folders whose content is compared otherwise; their hidden files are not."""
        for folder in self._compared:
            if path.startswith(folder):
                return f"{os.sep}." not in path[len(folder) - 1 :]
        return False

    def _is_write(self, path: str, flags: Any) -> bool:
        """Whether a file is written, or was written by this process before, so that it tells nothing new."""
        if not isinstance(flags, int):
            return False
        if flags & (os.O_WRONLY | os.O_RDWR) and not (flags & os.O_RDWR and not flags & (os.O_CREAT | os.O_TRUNC)):
            self._written.add(path)
        return path in self._written

    def _named(self, path: str) -> str:
        root = f"{self._root}{os.sep}"
        return path[len(root) :].replace(os.sep, "/") if path.startswith(root) else path


READS = pytest.StashKey[Reads]()

_watching: list[Reads] = []
_is_hooked = False


def state_of_path(path: str | Path) -> str:
    """Names the state of a file by its size and time, and that of a folder by those of its files; "" for a pipe."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            return f"holds {hashlib.sha256(repr(sorted(_entries(path))).encode(errors='replace')).hexdigest()}"
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"not to be read: {error.strerror}"
    return f"{status.st_size} {status.st_mtime_ns}" if stat.S_ISREG(status.st_mode) else ""


def _entries(folder: str | Path) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of all that a folder holds, but for caches and hidden files, which come and go."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.name != "__pycache__":
                status = entry.stat()
                is_file = stat.S_ISREG(status.st_mode)
                yield entry.name, status.st_size if is_file else -1, status.st_mtime_ns if is_file else 0


def _watch(reads: Reads) -> None:
    global _is_hooked
    _watching.append(reads)
    if not _is_hooked:  # a hook cannot be taken away again
        _is_hooked = True
        sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _EVENTS and _watching:
        frame = sys._getframe(1)
        if not frame.f_code.co_filename.startswith("<frozen importlib"):  # modules are compared as modules
            for reads in tuple(_watching):
                reads.note(event, arguments, frame)


def _caller(frame: FrameType | None) -> str:
    """The file of the code that asked Python's own modules, such as `pathlib`, or this package to read."""
    while frame is not None and _only_reads(frame.f_code.co_filename):
        frame = frame.f_back
    return "" if frame is None else frame.f_code.co_filename


def _is_within(frame: FrameType | None, module: str) -> bool:
    """Whether a module of Python is among the innermost callers."""
    for _ in range(8):
        if frame is None:
            return False
        if frame.f_globals.get("__name__") == module:
            return True
        frame = frame.f_back
    return False


@cache
def _only_reads(file: str) -> bool:
    """Whether a file's code reads what others ask for: that of Python and of this package, but for the plugin's own."""
    if file.startswith(_PACKAGE):
        return not file.startswith(_OWN)
    return file.startswith(("<frozen", *_STANDARD)) and not _is_installed(file)


def _is_installed(path: str) -> bool:
    return any(map(path.__contains__, _INSTALLED)) or f"{os.sep}__pycache__{os.sep}" in path


def _is_tool(file: str) -> bool:
    return any(map(file.__contains__, _TOOLS))

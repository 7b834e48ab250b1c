"""Which assertions of a test were reached: a claim must not pass by never coming to one."""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Reached", "reached"]

_INSTALLED = tuple(str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib"))
_FOREIGN = (*_INSTALLED, str(Path(__file__).resolve().parents[1]))
_Place = tuple[str, int]
_Lines = tuple[int, int]


class Reached:
    """The lines that ran, of files that are neither installed nor of this package.

    Attributes:
        lines: (file, line).
    """

    def __init__(self) -> None:
        self.lines: set[_Place] = set()

    def assertion(self, traceback: TracebackType | None) -> bool:
        """Whether an exception came out of an assertion that was reached."""
        return any(
            start <= line <= stop and any((file, reached_line) in self.lines for reached_line in range(start, stop + 1))
            for file, line in _frames(traceback)
            for start, stop in _assertions(file)
        )


def reached(body: Callable[[], object]) -> Reached:
    """Runs a function to its end, or to its exception, and returns the lines that it reached."""
    found = Reached()

    def line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            found.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return line

    def call(frame: FrameType, _: str, __: Any) -> Any:
        return None if _is_foreign(frame.f_code.co_filename) else line

    before = sys.gettrace()
    sys.settrace(call)
    try:
        body()
    except BaseException:  # it came as far as it came
        return found
    finally:
        sys.settrace(before)
    return found


def _frames(traceback: TracebackType | None) -> Iterator[_Place]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next


@cache
def _is_foreign(file: str) -> bool:
    return file.startswith("<") or str(Path(file).resolve()).startswith(_FOREIGN)


@cache
def _assertions(file: str) -> tuple[_Lines, ...]:
    """The first and last line of each assertion of a file; none where it cannot be read."""
    if _is_foreign(file):
        return ()
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ()
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Assert))
    return tuple((node.lineno, node.end_lineno or node.lineno) for node in nodes)

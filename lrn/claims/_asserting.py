"""Which assertions of a test were reached, and which failed: a claim must not pass by never coming to one.

An assertion is an `assert`, a call of something whose name begins with "assert" (numpy's, pandas's, unittest's), or an
`if` that raises. Assertions of installed code count where the call that led to them was reached.
"""

from __future__ import annotations

import ast
import itertools
import linecache
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import itemgetter
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NamedTuple

__all__ = ["Reached", "reached"]

_INSTALLED = tuple(str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib"))
_FOREIGN = (*_INSTALLED, str(Path(__file__).resolve().parents[1]))
_Line = tuple[str, int]


class _Assertion(NamedTuple):
    """An assertion of a file: its lines, and the line up to which it must be reached."""

    first: int
    last: int
    reached: int


class Reached:
    """The lines that ran, of files that are neither installed nor of this package.

    Attributes:
        lines: (file, line).
        failed: assertions that failed, each as (file, line).
    """

    def __init__(self) -> None:
        self.lines: set[_Line] = set()
        self.failed: list[_Line] = []

    @property
    def asserted(self) -> bool:
        """Whether any assertion was reached."""
        return next(self._reached_of_all(_assertions), None) is not None

    @property
    def forgotten(self) -> list[_Line]:
        """The comparisons that were reached, but whose truth is not asked for: a line `a > b`, `assert [a > b]`."""
        return [(file, comparison.first) for file, comparison in self._reached_of_all(_bare_comparisons)]

    def assertions(self, error: BaseException | None) -> list[tuple[str, _Assertion]]:
        """Returns the assertions that were reached among those that an exception came out of."""
        frames = list(_frames(None if error is None else error.__traceback__))
        own = [frame for frame in frames if not _is_foreign(frame[0])]
        failed = []
        for file, line in own:
            for assertion in _assertions(file):
                if assertion.first <= line <= assertion.last and self._reached(file, assertion):
                    failed.append((file, assertion))
        if isinstance(error, AssertionError) and own and own[-1] != frames[-1] and own[-1] in self.lines:
            file, line = own[-1]  # an installed function asserted
            failed.append((file, _Assertion(line, line, line)))
        return failed

    def reaches(self, assertions: list[tuple[str, _Assertion]]) -> bool:
        """Whether any of some assertions was reached."""
        return any(itertools.starmap(self._reached, assertions))

    def _reached_of_all(self, of_file: Callable[[str], Iterable[_Assertion]]) -> Iterator[tuple[str, _Assertion]]:
        """Those of the files' assertions, or of their comparisons, that were reached, each with its file."""
        for file in set(map(itemgetter(0), self.lines)):
            for assertion in of_file(file):
                if self._reached(file, assertion):
                    yield file, assertion

    def _reached(self, file: str, assertion: _Assertion) -> bool:
        return any((file, line) in self.lines for line in range(assertion.first, assertion.reached + 1))


def reached(body: Callable[[], object]) -> Reached:
    """Runs a function to its end, or to its exception, and returns the lines that it reached."""
    lines_reached = Reached()
    raised: set[int] = set()
    exceptions: list[BaseException] = []  # so that no other exception comes to have its id

    def note(frame: FrameType, event: str, argument: Any) -> Any:
        position = frame.f_code.co_filename, frame.f_lineno
        if event == "line":
            lines_reached.lines.add(position)
        elif event == "exception" and isinstance(argument[1], AssertionError) and id(argument[1]) not in raised:
            raised.add(id(argument[1]))
            exceptions.append(argument[1])
            lines_reached.failed.append(position)
        return note

    def call(frame: FrameType, _: str, __: Any) -> Any:
        return None if _is_foreign(frame.f_code.co_filename) else note

    before, before_in_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(call)
    threading.settrace(call)  # of those that it starts
    try:
        body()
    finally:
        sys.settrace(before)
        threading.settrace(before_in_threads)
    return lines_reached


def _frames(traceback: TracebackType | None) -> Iterator[_Line]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next


@cache
def _is_foreign(file: str) -> bool:
    return file.startswith("<") or str(Path(file).resolve()).startswith(_FOREIGN)


@cache
def _assertions(file: str) -> tuple[_Assertion, ...]:
    """The assertions of a file; none where it cannot be read."""
    return tuple(itertools.chain.from_iterable(map(_assertion, _nodes(file))))


@cache
def _bare_comparisons(file: str) -> tuple[_Assertion, ...]:
    """The statements of a file that compare and do nothing with the answer."""
    comparisons = []
    for node in _nodes(file):
        if (isinstance(node, ast.Expr) and _compares(node.value)) or (
            isinstance(node, ast.Assert) and _ignores_comparison(node.test)
        ):
            last = node.end_lineno or node.lineno
            comparisons.append(_Assertion(node.lineno, last, last))
    return tuple(comparisons)


def _ignores_comparison(test: ast.expr) -> bool:
    """Whether an assertion holds regardless of a comparison in it, because it tests a list of it, or its identity."""
    if isinstance(test, (ast.List, ast.Tuple, ast.Set)):
        return any(map(_compares, test.elts))
    if isinstance(test, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
        return _compares(test.elt)
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], (ast.Is, ast.IsNot)):
        return False
    return any(map(_compares, [test.left, *test.comparators]))


def _compares(value: ast.expr) -> bool:
    if isinstance(value, ast.UnaryOp):
        return _compares(value.operand)
    if isinstance(value, ast.BinOp):
        return _compares(value.left) and _compares(value.right)
    return isinstance(value, ast.Compare) or (isinstance(value, ast.BoolOp) and all(map(_compares, value.values)))


def _nodes(file: str) -> list[ast.AST]:
    """All of a file's syntax; none where it is foreign or cannot be read."""
    if _is_foreign(file):
        return []
    try:
        return list(ast.walk(ast.parse("".join(linecache.getlines(file)))))  # a notebook's cells are not on disk
    except (SyntaxError, ValueError):
        return []


def _assertion(node: ast.AST) -> Iterator[_Assertion]:
    if isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and _name(node.func).startswith("assert")):
        last = node.end_lineno or node.lineno
        yield _Assertion(node.lineno, last, last)
    elif isinstance(node, ast.If) and any(map(_always_fails, [*node.body, *node.orelse])):
        yield _Assertion(node.lineno, node.end_lineno or node.lineno, node.test.end_lineno or node.lineno)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _always_fails(node: ast.stmt) -> bool:
    return isinstance(node, ast.Raise) or (
        isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and not node.test.value
    )

"""Whether code depends on its sources and on files alone, as far as its syntax shows.

A verdict may stand untested where all that it rests on is known to be as it was. The sources, the packages, the
environment and the files that were opened can be compared with those of the last run. The time, random numbers without
a seed, whether a file exists and what other programs answer cannot: code that names any of them is not plain. Nor is
code that imports a library that is not known to open files as Python does. Doubtful code is not plain.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from lrn.claims._code import defined, definition_of, reachable, tree_of
from lrn.claims._modules import absolute, source_of
from lrn.claims._version import file_of

__all__ = ["is_plain"]

_LIBRARIES = {"lrn", "numpy", "pytest", "scipy", "torch"}
"""Packages, besides Python's own, whose results follow from their arguments and from files that Python opens."""

_MODULES = """
    _thread asyncio concurrent ctypes datetime dbm fcntl ftplib gc getpass http imaplib importlib inspect mmap
    multiprocessing poplib pty random resource secrets select selectors shelve signal smtplib socket socketserver
    sqlite3 ssl subprocess sysconfig tempfile threading time tracemalloc urllib uuid weakref webbrowser xmlrpc
"""
_IMPURE = frozenset(_MODULES.split())
"""Modules of Python that tell of the time, of chance, of the network, or of other programs."""

_NAMES = """
    Popen SystemRandom access cuda device_count exists fromfile fstat getatime getctime getloadavg getmtime getpid
    getppid getrandom getsize import_module is_available is_dir is_file is_symlink isdir isfile islink lexists load
    lstat memmap now open_memmap owner popen read_parquet readlink recorded samefile stat system today urandom
    utcnow
"""
_DOUBTFUL = frozenset(_NAMES.split())
"""Names, of functions or methods, whose results may differ where sources and opened files do not."""

_BUILT_IN = {"__import__", "eval", "exec", "globals", "hash"}

_SEEDED = {"seed", "default_rng", "RandomState", "SeedSequence", "Philox", "PCG64", "PCG64DXSM", "MT19937", "SFC64"}
_GENERATORS = _SEEDED | {"Generator", "BitGenerator"}
_LEDGER, _DYNAMIC = "Ledger", "a function that runs other code, or differs between processes"


def is_plain(functions: Iterable[Callable[..., Any]], measures: bool) -> bool:
    """Whether functions, with all code of their project that they use, depend on sources and files alone.

    Args:
        functions: a test, and the fixtures that it uses.
        measures: whether the ledger's files are compared otherwise, so that the functions may name it.
    """
    return all(_is_plain(inspect.unwrap(function), measures) for function in functions)


@cache
def _is_plain(function: Callable[..., Any], measures: bool) -> bool:
    file = file_of(function)
    tree = None if file is None else _tree(file)
    definition = definition_of(function, tree)
    if tree is None or definition is None:
        return False
    waiting: list[tuple[str, ast.AST]] = [(function.__module__, statement) for statement in reachable(definition, tree)]
    visited: set[tuple[str, str]] = set()
    while waiting:
        module, code = waiting.pop()
        if not _names_nothing_doubtful(code, measures):
            return False
        for used, name in _imported(code, module):
            source = source_of(used)
            if _is_library(used, source):
                if not _is_known(used):
                    return False
            elif source is not None and (used, name) not in visited:
                visited.add((used, name))
                waiting += [(_importer(used, source), statement) for statement in _statements(source, name)]
    return True


@cache  # the statements of a module are reached from many tests
def _imported(code: ast.AST, module: str) -> tuple[tuple[str, str], ...]:
    return tuple(_imports(code, module))


def _imports(code: ast.AST, module: str) -> Iterator[tuple[str, str]]:
    """What some code imports: the full name of a module, and the name in it; "" for all of the module."""
    for node in ast.walk(code):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            base = absolute("." * node.level + (node.module or ""), module)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                is_module = source_of(base) is not None and source_of(inner) is not None
                yield (inner, "") if is_module else (base, alias.name)


def _importer(module: str, source: Path) -> str:
    """The name that relative imports of a module start from."""
    return f"{module}.x" if source.name == "__init__.py" else module


@cache
def _statements(source: Path, name: str) -> tuple[ast.AST, ...]:
    """The statements of a module that a name in it depends on; all of them where it is not plain which ones."""
    tree = _tree(source)
    defining = [statement for statement in tree.body if name in defined(statement)] if name else []
    if not defining:
        return (tree,)
    return tuple(itertools.chain.from_iterable(reachable(statement, tree) for statement in defining))


def _is_library(name: str, source: Path | None) -> bool:
    """Whether a module is not one of the project: it is Python's, was installed, or has no source of its own."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top in _LIBRARIES:
        return True
    if source is None:  # a name in a module of the project, or a module that is not written in Python
        return source_of(top) is None
    return not {"site-packages", "dist-packages"}.isdisjoint(source.parts)


def _is_known(name: str) -> bool:
    if name == "importlib.metadata" or name.startswith("importlib.metadata."):
        return True  # which versions are installed is compared
    top = name.partition(".")[0]
    return top in _LIBRARIES or (top in sys.stdlib_module_names and top not in _IMPURE)


@cache
def _names_nothing_doubtful(code: ast.AST, measures: bool) -> bool:
    doubtful = _DOUBTFUL | {_DYNAMIC} if measures else _DOUBTFUL | {_DYNAMIC, _LEDGER}
    if not doubtful.isdisjoint(_names(code)):
        return False
    return not any(map(_draws_by_chance, ast.walk(code)))


def _names(code: ast.AST) -> Iterator[str]:
    for node in ast.walk(code):
        if isinstance(node, ast.Name):
            yield node.id
            if node.id in _BUILT_IN:
                yield _DYNAMIC
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.name


def _draws_by_chance(node: ast.AST) -> bool:
    """Whether it is a generator without a seed, or something of `numpy.random` or `torch.random` that has none."""
    if isinstance(node, ast.Call) and not (node.args or node.keywords):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in _SEEDED
    if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".random"):
        return any(alias.name not in _GENERATORS for alias in node.names)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "random":
        return node.attr not in _GENERATORS
    return False


@cache
def _tree(file: Path) -> ast.Module:
    return tree_of(file)

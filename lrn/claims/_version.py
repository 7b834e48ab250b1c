"""The version of a population's code: everything that its observations depend on, part by part.

A part is a function's own code, with everything of its module that it names; a module of the same project that this
imports, and the modules that those import; a declared file; the version of a declared package. Comments, docstrings
and layout do not count.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.metadata
import importlib.util
import inspect
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any, TypeAlias

from lrn.claims._code import definition_of, imports, normal, reachable, short_hash, tree_of
from lrn.claims._modules import Modules
from lrn.claims._state import enclosed, state_of

__all__ = ["Parts", "changes", "digest_of", "file_of", "flat", "parts_of", "text_of"]

Parts: TypeAlias = "dict[str, str]"
"""What the part is, such as "module models" -> its digest."""

_ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", "pytest.ini", "tox.ini")


def text_of(function: Callable[..., Any]) -> bytes | None:
    """The text of the file that defines a function, as it is now; None if there is not one."""
    file = file_of(function)
    return file.read_bytes() if file else None


def parts_of(
    function: FunctionType, depends: Iterable[str] = (), used: Iterable[Any] = (), text: bytes | None = None
) -> Parts:
    """The parts of a function's version.

    Args:
        function: an ordinary function.
        depends: files and folders (from the function's folder, or from the project's root), and installed packages.
        used: further functions and classes that it is given.
        text: of the function's file when the function was defined; None for the file as it is now. The file may have
            been edited since, but the code of then runs.

    Raises:
        ValueError: `depends` names something that is neither.
    """
    file = file_of(function)
    root = _root(file) if file else Path.cwd()
    modules = Modules(root)
    parts: Parts = {}
    for value in _with_enclosed((function, *used)):
        source = file_of(value)
        if text is not None and source == file:
            tree: ast.Module | None = ast.parse(text)
        else:
            tree = tree_of(source) if source else None
        digest, imported = _own(value, tree)
        if value is function or (source is not None and modules.holds(source)):
            name = f"{'class' if isinstance(value, type) else 'function'} {value.__qualname__}"
            parts[name] = short_hash(parts[name] + digest) if name in parts else digest  # two modules can have one name
            for module in imported:
                modules.add(module, value.__module__)
    for module, digest in sorted(modules.digests.items()):
        if module != function.__module__:
            parts[f"module {module}"] = digest
    for entry in depends:
        name, digest = _depended(str(entry), file.parent if file else root, root)
        parts[name] = digest
    return parts


def digest_of(parts: Parts) -> str:
    """One short text for all parts."""
    return short_hash("\n".join(map(" ".join, sorted(parts.items()))))


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The difference between two versions: "function digits and module models have changed"."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if not names:
        return "nothing has changed"
    shown = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
    return f"{shown} {'has' if len(names) == 1 else 'have'} changed"


def file_of(value: Callable[..., Any]) -> Path | None:
    """The file that defines a function or a class; None if there is not one."""
    try:
        file = inspect.getsourcefile(value)
    except TypeError:
        return None
    return Path(file).resolve() if file and Path(file).is_file() else None


def _root(file: Path) -> Path:
    """The project's folder: the nearest one with a mark of a project, else the file's own."""
    for folder in file.parents:
        if any((folder / mark).exists() for mark in _ROOT_MARKS):
            return folder
    return file.parent


def _own(value: Any, tree: ast.Module | None) -> tuple[str, set[str]]:
    """The digest of a function's or a class's own code, and the modules that it imports."""
    closure = state_of(enclosed(value)) if isinstance(value, FunctionType) else {}
    definition = definition_of(value, tree)
    if definition is None:  # typed into a console, or not of Python
        return short_hash(repr((sorted(state_of(value).items()), closure))), set()
    statements = reachable(definition, tree) if tree is not None else [definition]
    text = "\n".join(map(normal, statements))
    certain = [item for item in sorted(closure.items()) if not item[1].startswith(("object ", "path "))]
    return short_hash(text + repr(certain)), set(itertools.chain.from_iterable(map(imports, statements)))


def _with_enclosed(values: Iterable[Any]) -> Iterator[Any]:
    """Functions and classes, and those that the functions have in their closures, each once."""
    waiting, visited = deque(values), set()
    while waiting:
        value = waiting.popleft()
        if id(value) in visited:
            continue
        visited.add(id(value))
        yield value
        for content in enclosed(value).values() if isinstance(value, FunctionType) else ():
            for part in flat(content):
                if isinstance(part, (FunctionType, type)):
                    waiting.append(part)


def flat(value: Any) -> Iterator[Any]:
    """The parts of nested lists and tuples; a value that is neither is the only part of itself."""
    if isinstance(value, (list, tuple)):
        yield from itertools.chain.from_iterable(map(flat, value))
    else:
        yield value


def _depended(text: str, folder: Path, root: Path) -> tuple[str, str]:
    """The part that an entry of `depends` stands for."""
    for base in (folder, root):
        path = base / text
        if path.is_file():
            return f"file {text}", short_hash(path.read_bytes())
        if path.is_dir():
            return f"folder {text}", _hash_of_folder(path)
    try:
        return f"package {text}", importlib.metadata.version(text)
    except importlib.metadata.PackageNotFoundError:
        raise ValueError(f"depends must name files (from {folder}) or installed packages; got {text!r}") from None


def _hash_of_folder(folder: Path) -> str:
    """A digest of all files below a folder, by their names and their content."""
    files = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            files.append((str(path.relative_to(folder)), short_hash(path.read_bytes())))
    return short_hash(repr(files))

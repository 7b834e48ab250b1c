"""The version of a population's code: everything that its observations depend on, part by part.

A part is a function's own code, with everything of its module that it names; a module of the same project that this
imports, and the modules that those import; a declared file; the version of a declared package. Comments, docstrings
and layout do not count.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import importlib.machinery
import importlib.metadata
import importlib.util
import inspect
import itertools
import re
import sys
import textwrap
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType
from typing import Any, TypeAlias

from lrn.claims._state import state_of

__all__ = ["Parts", "changes", "digest_of", "flat", "parts_of", "text_of"]

Parts: TypeAlias = "dict[str, str]"
"""What the part is, such as "module models" -> its digest."""

_JUDGES = re.compile(r"lrn(\.(claims|intervals|ledger|plugin|verdicts)\b.*)?$")  # they observe nothing
_ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", "pytest.ini", "tox.ini")


def text_of(function: Callable[..., Any]) -> bytes | None:
    """The text of the file that defines a function, as it is now; None if there is not one."""
    file = _file_of(function)
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
    file = _file_of(function)
    root = _root(file) if file else Path.cwd()
    modules = _Modules(root)
    parts: Parts = {}
    for value in _with_enclosed((function, *used)):
        source = _file_of(value)
        if text is not None and source == file:
            tree: ast.Module | None = ast.parse(text)
        else:
            tree = _tree(source) if source else None
        digest, imported = _own(value, tree)
        if value is function or (source is not None and modules.holds(source)):
            name = f"{'class' if isinstance(value, type) else 'function'} {value.__qualname__}"
            parts[name] = _digest(parts[name] + digest) if name in parts else digest  # two modules can have one name
            for name in imported:
                modules.add(name, value.__module__)
    for name, digest in sorted(modules.digests.items()):
        if name != function.__module__:
            parts[f"module {name}"] = digest
    return parts | dict(_depended(str(entry), file.parent if file else root, root) for entry in depends)


def digest_of(parts: Parts) -> str:
    """One short text for all parts."""
    return _digest("\n".join(f"{name} {digest}" for name, digest in sorted(parts.items())))


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """The difference between two versions: "function digits and module models have changed"."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if not names:
        return "nothing has changed"
    shown = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
    return f"{shown} {'has' if len(names) == 1 else 'have'} changed"


def _file_of(value: Callable[..., Any]) -> Path | None:
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


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes())


def _own(value: Any, tree: ast.Module | None) -> tuple[str, set[str]]:
    """The digest of a function's or a class's own code, and the modules that it imports."""
    enclosed: dict[str, str] = {}
    if isinstance(value, FunctionType):
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        enclosed = state_of({name: _content(cell) for name, cell in cells})
    definition = _definition(value, tree)
    if definition is None:  # typed into a console, or not of Python
        return _digest(repr((sorted(state_of(value).items()), enclosed))), set()
    statements = _reachable(definition, tree) if tree is not None else [definition]
    text = "\n".join(_normal(statement) for statement in statements)
    certain = sorted((where, leaf) for where, leaf in enclosed.items() if not leaf.startswith(("object ", "path ")))
    return _digest(text + repr(certain)), set(itertools.chain.from_iterable(map(_imports, statements)))


def _with_enclosed(values: Iterable[Any]) -> Iterator[Any]:
    """Functions and classes, and those that the functions have in their closures, each once."""
    waiting, visited = deque(values), set()
    while waiting:
        value = waiting.popleft()
        if id(value) in visited:
            continue
        visited.add(id(value))
        yield value
        for cell in getattr(value, "__closure__", None) or ():
            content = _content(cell)
            waiting += [part for part in flat(content) if isinstance(part, (FunctionType, type))]


def flat(value: Any) -> Iterator[Any]:
    """The parts of nested lists and tuples; a value that is neither is the only part of itself."""
    if isinstance(value, (list, tuple)):
        yield from itertools.chain.from_iterable(map(flat, value))
    else:
        yield value


def _definition(value: Any, tree: ast.Module | None) -> ast.stmt | None:
    """The statement that defines a function or a class, without the decorator `population`."""
    definition = _in_tree(value, tree) if tree is not None else None
    try:
        if definition is None:
            (definition,) = ast.parse(textwrap.dedent(inspect.getsource(value))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    if isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        definition.decorator_list = [part for part in definition.decorator_list if not _is_population(part)]
    return definition


def _in_tree(value: Any, tree: ast.Module) -> ast.stmt | None:
    """A copy of the statement of a module that defines a function, by its line; None if there is not one."""
    if not isinstance(value, FunctionType):
        return None
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == value.__code__.co_name:
            lines = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
            if min(lines) == value.__code__.co_firstlineno:
                return copy.deepcopy(node)
    return None


def _is_population(decorator: ast.expr) -> bool:
    """Whether a decorator is `population`, however it was imported and whatever its options are."""
    name = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return name.rpartition(".")[2] == "population"


def _reachable(definition: ast.stmt, tree: ast.Module) -> list[ast.stmt]:
    """The definition, and the statements of its module that it depends on: by name, or as they do something."""
    by_name: dict[str, list[ast.stmt]] = {}
    acting = []
    for statement in tree.body:
        for name in _defined(statement):
            by_name.setdefault(name, []).append(statement)
        if _acts(statement):
            acting.append(statement)
    own = getattr(definition, "name", "")
    reached, waiting = [definition], [definition, *acting]
    visited = {id(statement) for statement in by_name.get(own, [])}
    while waiting:
        statement = waiting.pop()
        if statement is not definition and id(statement) not in visited:
            reached.append(statement)
            visited.add(id(statement))
        for name in _named(statement):
            waiting += [other for other in by_name.get(name, []) if id(other) not in visited and other not in waiting]
    return [definition, *(statement for statement in tree.body if any(statement is other for other in reached))]


def _acts(statement: ast.AST) -> bool:
    """Whether a statement of a module does something that no name tells of: a call, `settings["lr"] = 0.1`, `import *`.

    What stands under `if __name__ == "__main__"` is not run.
    """
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return False
    if isinstance(statement, ast.If) and "__name__" in _named(statement.test):
        return False
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.ImportFrom):
        return any(alias.name == "*" for alias in statement.names)
    if isinstance(statement, (ast.Attribute, ast.Subscript)) and not isinstance(statement.ctx, ast.Load):
        return True
    return any(map(_acts, ast.iter_child_nodes(statement)))


def _defined(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module gives a meaning."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def _named(statement: ast.AST) -> set[str]:
    """The names that a statement uses."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _imports(tree: ast.AST) -> Iterator[str]:
    """The modules that some code imports; a leading dot for each level of a relative import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            yield from (f"{base}{'' if base.endswith('.') else '.'}{alias.name}" for alias in node.names)


class _Modules:
    """The modules of one project that were reached, with their digests."""

    def __init__(self, root: Path) -> None:
        self.digests: dict[str, str] = {}
        self._root = root

    def add(self, name: str, importer: str) -> None:
        """Adds a module, if it is one and of this project, and its imports."""
        name = _absolute(name, importer)
        if name in self.digests or not name or _JUDGES.match(name):
            return
        file = _source_of(name)
        if file is None or not self.holds(file):
            return
        tree = _tree(file)
        self.digests[name] = _digest(_normal(tree))
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        for other in {*_imports(tree), package}:
            self.add(other, f"{package}.x" if package else name)

    def holds(self, file: Path) -> bool:
        """Whether a file is one of the project's own."""
        inside = file.is_relative_to(self._root)
        return inside and not {"site-packages", "dist-packages"} & set(file.relative_to(self._root).parts)


def _absolute(name: str, importer: str) -> str:
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    package = importer.split(".")[:-level] if importer else []
    return ".".join([*package, *filter(None, [name.lstrip(".")])])


def _source_of(name: str) -> Path | None:
    """The file of a module, whether or not it is loaded yet, so that a version is the same before and after."""
    if importlib.machinery.PathFinder.find_spec(name.partition(".")[0]) is not None:
        file = _on_path(name)
    else:  # another finder's, such as that of an editable installation
        try:
            spec = importlib.util.find_spec(name)
            file = spec.origin if spec else None
        except (ImportError, ValueError, AttributeError):
            file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).resolve() if file and file.endswith(".py") and Path(file).is_file() else None


def _on_path(name: str) -> str | None:
    """The file of a module as found on the path, without importing the packages that it lies in."""
    path, file = None, None
    parts = name.split(".")
    for k in range(len(parts)):
        spec = importlib.machinery.PathFinder.find_spec(".".join(parts[: k + 1]), path)
        if spec is None:
            return None
        file, locations = spec.origin, spec.submodule_search_locations
        if locations is None and k < len(parts) - 1:
            return None
        path = list(locations or [])
    return file


def _depended(text: str, folder: Path, root: Path) -> tuple[str, str]:
    """The part that an entry of `depends` stands for."""
    for base in (folder, root):
        path = base / text
        if path.is_file():
            return f"file {text}", _digest(path.read_bytes())
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
            return f"folder {text}", _digest(repr([(str(p.relative_to(path)), _digest(p.read_bytes())) for p in files]))
    try:
        return f"package {text}", importlib.metadata.version(text)
    except importlib.metadata.PackageNotFoundError:
        raise ValueError(f"depends must name files (from {folder}) or installed packages; got {text!r}") from None


def _normal(tree: ast.AST) -> str:
    """Code as text without comments, docstrings and layout."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _digest(data: str | bytes) -> str:
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()[:12]

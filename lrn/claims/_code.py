"""Code as syntax: the statements of a module that a function depends on, and the modules that they import."""

from __future__ import annotations

import ast
import copy
import hashlib
import inspect
import textwrap
from collections.abc import Iterator
from itertools import filterfalse
from operator import attrgetter
from pathlib import Path
from types import FunctionType
from typing import Any

__all__ = ["defined", "definition_of", "imports", "normal", "reachable", "short_hash", "tree_of"]


def definition_of(value: Any, tree: ast.Module | None) -> ast.stmt | None:
    """The statement that defines a function or a class, without the decorator `population`."""
    definition = _in_tree(value, tree) if tree is not None else None
    try:
        if definition is None:
            (definition,) = ast.parse(textwrap.dedent(inspect.getsource(value))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    if isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        definition.decorator_list = list(filterfalse(_is_population, definition.decorator_list))
    return definition


def _in_tree(value: Any, tree: ast.Module) -> ast.stmt | None:
    """A copy of the statement of a module that defines a function, by its line; None if there is not one."""
    if not isinstance(value, FunctionType):
        return None
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == value.__code__.co_name:
            first_line = min(map(attrgetter("lineno"), [node, *node.decorator_list]))
            if first_line == value.__code__.co_firstlineno:
                return copy.deepcopy(node)
    return None


def _is_population(decorator: ast.expr) -> bool:
    """Whether a decorator is `population`, however it was imported and whatever its options are."""
    name = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return name.rpartition(".")[2] == "population"


def reachable(definition: ast.stmt, tree: ast.Module) -> list[ast.stmt]:
    """The definition, and the statements of its module that it depends on: by name, or as they do something."""
    by_name: dict[str, list[ast.stmt]] = {}
    acting = []
    for statement in tree.body:
        for name in defined(statement):
            by_name.setdefault(name, []).append(statement)
        if _acts(statement):
            acting.append(statement)
    own = frozenset(map(id, [definition, *by_name.get(getattr(definition, "name", ""), [])]))
    visited = set(own)
    waiting = [definition, *acting]
    while waiting:
        statement = waiting.pop()
        visited.add(id(statement))
        for name in _named(statement):
            for other in by_name.get(name, []):
                if id(other) not in visited and other not in waiting:
                    waiting.append(other)
    reached = visited - own
    return [definition, *(statement for statement in tree.body if id(statement) in reached)]


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
        return statement.names[0].name == "*"
    if isinstance(statement, (ast.Attribute, ast.Subscript)) and not isinstance(statement.ctx, ast.Load):
        return True
    return any(map(_acts, ast.iter_child_nodes(statement)))


def defined(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module gives a meaning."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield (alias.asname or alias.name).split(".")[0]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name


def _named(statement: ast.AST) -> set[str]:
    """The names that a statement uses."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules that some code imports; a leading dot for each level of a relative import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from map(attrgetter("name"), node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            for alias in node.names:
                yield f"{base}{'' if base.endswith('.') else '.'}{alias.name}"


def normal(tree: ast.AST) -> str:
    """Code as text without comments, docstrings and layout."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def tree_of(file: Path) -> ast.Module:
    """The syntax of a file."""
    return ast.parse(file.read_bytes())


def short_hash(data: str | bytes) -> str:
    """A digest of a text or of bytes, with 12 characters."""
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()[:12]

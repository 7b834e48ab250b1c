"""The parts of an object as text, so that two objects of one label can be told apart.

A state is a flat mapping from the path of a value (`settings['lr']`) to its text (`0.001`). Equal states mean equal
settings: numbers and text by their value, arrays by their bytes, functions by their code and closure. Objects that a
state cannot show (an open file, a lock) are told apart by identity.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import os
import re
import types
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any, TypeAlias

import numpy as np

__all__ = ["State", "difference", "enclosed", "settings_of", "state_of"]

State: TypeAlias = "dict[str, str]"
"""Where a value lies -> what it is."""

_LONG = 256  # items of a container, and characters of a text, that are shown one by one
_BYTES = 1 << 16  # of an array, beyond which only some of it is read
_LEAVES = 2000
_PRIVATE = re.compile(r"(^|\.)_")
_OF_ABC = ("_abc_impl", "_is_protocol")  # attributes that abstract classes and protocols have
_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic)


def state_of(value: Any) -> State:
    """The state of an object, its attributes at the top.

    Large arrays and containers are summarised by some of their items, so it takes milliseconds whatever they hold.
    """
    return dict(itertools.islice(_walk("", value, {}), _LEAVES))


def settings_of(value: Any) -> State:
    """The part of a state that is the same in every process: no paths, no modules, no code, and nothing private."""
    settings = {}
    for where, leaf in state_of(value).items():
        if leaf.startswith(("path ", "code ", "object ")) or _PRIVATE.search(where):
            continue
        settings[where] = leaf.rpartition(".")[2] if where.endswith("type") else leaf
    return settings


def difference(state: State, other: State, first: str = "in one", second: str = "in the other") -> str | None:
    """Where two states differ first, such as "p is 0.9 in one and 0.1 in the other"; None where they are equal."""
    for where in dict.fromkeys([*state, *other]):
        left, right = state.get(where, "missing"), other.get(where, "missing")
        if left != right:
            if left.startswith(("code ", "object ")):
                return f"{where} is other code, or another object that cannot be compared"
            return f"{where or 'its value'} is {left} {first} and {right} {second}"
    return None


def _walk(where: str, value: Any, visited: dict[int, Any]) -> Iterator[tuple[str, str]]:
    """The leaves below a value. `visited` keeps the objects alive, so that ids stay unique."""
    plain = _plain(value)
    if plain is not None:
        yield where, plain
        return
    if id(value) in visited:
        yield where, f"again {list(visited).index(id(value))}"
        return
    visited[id(value)] = value
    children = _children(value)
    if children is None:
        yield where, f"object {type(value).__qualname__} at {id(value):#x}"
        return
    kind, parts = children
    yield f"{where}.type" if where else "type", kind
    for name, part in parts:
        yield from _walk(f"{where}{name}" if where else name.removeprefix("."), part, visited)


def _plain(value: Any) -> str | None:
    """A value without parts, as text."""
    if isinstance(value, Enum):
        return f"{type(value).__qualname__}.{value.name}"
    if isinstance(value, _PLAIN):
        text = repr(value)
        return text if len(text) <= _LONG else f"{text[:40]}… {_digest(text.encode(errors='surrogatepass'))}"
    if isinstance(value, os.PathLike):
        return f"path {os.fspath(value)!r}"
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, type) and "<locals>" not in value.__qualname__:
        return f"class {value.__module__}.{value.__qualname__}"
    if isinstance(value, types.BuiltinFunctionType) and not hasattr(value.__self__, "__dict__"):
        return f"function {value.__qualname__}"
    if isinstance(value, types.CodeType):
        return f"code {_digest(repr(_code(value)).encode())}"
    array = _array(value)
    return None if array is None else f"array {array.dtype}{list(array.shape)} {_digest(_some_bytes(array))}"


def _array(value: Any) -> np.ndarray[Any, Any] | None:
    """The value as an array, if it is an array of numbers (of numpy, torch, JAX, pandas)."""
    if not (hasattr(value, "__array__") and hasattr(value, "dtype") and hasattr(value, "shape")):
        return None
    if isinstance(value, type):
        return None
    try:
        array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    except Exception:
        return None
    return None if array.dtype.hasobject else array


def _some_bytes(array: np.ndarray[Any, Any]) -> bytes:
    if array.nbytes <= _BYTES:
        return array.tobytes()
    flat = array.ravel()
    return flat[:: -(-len(flat) * array.itemsize // _BYTES)].tobytes() + flat[-1:].tobytes()


def _children(value: Any) -> tuple[str, list[tuple[str, Any]]] | None:
    """A name for the kind of a value, and its parts; None if it cannot be taken apart."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, Mapping):
        return kind, _named("[{!r}]", _sampled_items(list(value.items())))
    if isinstance(value, (list, tuple, deque)):
        return f"{kind} of {len(value)}", _named("[{}]", _sampled_items(list(enumerate(value))))
    if isinstance(value, AbstractSet):
        return f"{kind} of {len(value)}", _named("[{}]", enumerate(sorted(map(repr, value))))
    if isinstance(value, types.FunctionType):
        cells = _named(".{}", enclosed(value).items())
        defaults = [(".defaults", value.__defaults__), (".kwdefaults", value.__kwdefaults__)]
        return f"function {value.__qualname__}", [(".code", value.__code__), *cells, *defaults]
    if isinstance(value, (types.MethodType, types.BuiltinFunctionType)):
        return kind, [(".function", getattr(value, "__func__", value.__name__)), (".self", value.__self__)]
    if isinstance(value, functools.partial):
        return kind, [(".func", value.func), (".args", value.args), (".keywords", value.keywords)]
    if isinstance(value, type):
        return f"class {value.__qualname__}", _class_attributes(value, functions=True)
    return _attributes(value, kind)


def _attributes(value: Any, kind: str) -> tuple[str, list[tuple[str, Any]]] | None:
    """The parts of an ordinary object: its class's settings, and its own attributes without cached ones."""
    shared = _class_attributes(type(value), functions="<locals>" in type(value).__qualname__)
    if dataclasses.is_dataclass(value):
        return kind, [*shared, *_named(".{}", _fields(value))]
    slots = list(itertools.chain.from_iterable(map(_slots, type(value).__mro__)))
    if hasattr(value, "__dict__") or slots:
        return kind, [*shared, *_named(".{}", _uncached(value, slots))]
    try:
        return kind, _named(".reduced[{}]", enumerate(value.__reduce_ex__(4)[1:]))
    except Exception:
        return None


def _named(form: str, parts: Iterable[tuple[object, Any]]) -> list[tuple[str, Any]]:
    """Parts, each with its name or number as a path has it."""
    return [(form.format(name), part) for name, part in parts]


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a dataclass that count when two objects are compared."""
    for field in dataclasses.fields(value):
        if field.compare:
            yield field.name, getattr(value, field.name, None)


def _uncached(value: Any, slots: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The attributes of an object, in slots and in its dictionary, without cached ones."""
    attributes = {}
    for name in slots:
        if hasattr(value, name):
            attributes[name] = getattr(value, name)
    attributes |= getattr(value, "__dict__", {})
    for name, part in attributes.items():
        if not _cached(type(value), name):
            yield name, part


def _class_attributes(cls: type, functions: bool) -> list[tuple[str, Any]]:
    """The attributes that instances of a class share: numbers, texts and arrays, and functions if `functions`."""
    attributes: dict[str, Any] = {}
    for base in cls.__mro__:
        if base.__module__ in ("builtins", "typing", "abc"):
            continue
        for name, part in vars(base).items():
            if name.startswith("__") or name in attributes or name in _OF_ABC:
                continue
            if isinstance(part, (*_PLAIN, Enum, np.ndarray, list, tuple, dict, set)) or (functions and callable(part)):
                attributes[name] = part
    return _named(".{}", attributes.items())


def _slots(cls: type) -> list[str]:
    slots = vars(cls).get("__slots__", ())
    return [slots] if isinstance(slots, str) else [name for name in slots if name not in ("__dict__", "__weakref__")]


def _cached(cls: type, name: str) -> bool:
    return any(isinstance(vars(base).get(name), functools.cached_property) for base in cls.__mro__)


def _sampled_items(items: list[Any]) -> list[Any]:
    return items if len(items) <= _LONG else [*items[:: -(-len(items) // _LONG)], items[-1]]


def enclosed(function: types.FunctionType) -> dict[str, Any]:
    """The values that a function has in its closure, by name."""
    contents = map(_content, function.__closure__ or ())
    return dict(zip(function.__code__.co_freevars, contents, strict=True))


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _code(code: types.CodeType) -> tuple[Any, ...]:
    constants = list(map(_constant, code.co_consts))
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars


def _constant(value: object) -> object:
    return _code(value) if isinstance(value, types.CodeType) else repr(value)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]

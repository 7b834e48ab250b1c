"""The state_dict in what training scripts save, and its names as a model has them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import filterfalse
from typing import Any

from torch import Tensor, nn

__all__ = ["NO_STATE", "all_are", "fitted", "state_of"]

State = dict[str, Tensor]
NO_STATE: State = {}

WRAPPERS = ("_orig_mod.", "module.")  # torch.compile; DataParallel and DistributedDataParallel


def state_of(path: str, loaded: Any, factory: str) -> State:
    """The state_dict in a file: the whole of it, or the one entry of a checkpoint that is one.

    Args:
        path: of the file, for errors.
        loaded: the file's contents.
        factory: the model that needs the state_dict; "" to get NO_STATE, and no error, where the file has none.

    Raises:
        ValueError: there is none, or there are several.
    """
    if isinstance(loaded, nn.Module):
        return loaded.state_dict()
    if is_state(loaded):
        return loaded
    entries = loaded if isinstance(loaded, dict) else {}
    states = {}
    for key, value in entries.items():
        if isinstance(value, nn.Module):
            states[key] = value.state_dict()
        elif is_state(value) and value:
            states[key] = value
    if len(states) == 1:
        return next(iter(states.values()))
    if not factory:
        return next(iter(states.values()), NO_STATE)
    if states:
        raise ValueError(f"{path} holds several state_dicts; say which with --key: {', '.join(map(str, states))}")
    kind = type(loaded).__name__
    keys = f" with the keys {', '.join(map(str, entries))}" if entries else ""
    raise ValueError(f"{path} must hold a state_dict for {factory}; it holds a {kind}{keys}")


def is_state(loaded: Any) -> bool:
    """Whether something is a dictionary of tensors."""
    return isinstance(loaded, dict) and all_are(Tensor, loaded.values())


def all_are(kind: type | tuple[type, ...], values: Iterable[Any]) -> bool:
    """Whether all values are of a kind."""
    return all(isinstance(value, kind) for value in values)


def fitted(path: str, state: State, model: nn.Module, factory: str, strip: str | None) -> State:
    """A state_dict with the names that a model has.

    Raises:
        ValueError: no prefix makes the names fit, or a tensor has another shape.
    """
    own = model.state_dict()
    state = _renamed(state, own) if strip is None else _below(strip, state)
    reasons = "; ".join(_misfits(state, own))
    if reasons:
        raise ValueError(f"{path} does not fit {factory}: {reasons} (--strip PREFIX shortens names)")
    return state


def _misfits(state: State, own: State) -> Iterator[str]:
    """Why a state_dict does not fit a model's own."""
    missing = list(filterfalse(state.__contains__, own))
    if missing:
        yield f"it lacks {_some(missing)}"
    unknown = list(filterfalse(own.__contains__, state))
    if unknown:
        yield f"the model has no {_some(unknown)}"
    shared = list(filter(state.__contains__, own))
    for name in shared:
        if state[name].shape != own[name].shape:
            yield f"{name} is {tuple(state[name].shape)}, not {tuple(own[name].shape)}"
            break
    empty = [name for name in shared if state[name].is_meta]
    if empty:
        yield f"{_some(empty)} is on the meta device, without numbers"


def _below(prefix: str, state: State) -> State:
    """The entries whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _renamed(state: State, own: State) -> State:
    """A state_dict without the names of wrappers, and without a prefix that all of the model's names have in it."""
    if own.keys() <= state.keys():
        return state
    for wrapper in WRAPPERS:
        plain = {name.replace(wrapper, ""): value for name, value in state.items()}
        if len(plain) == len(state) and wrapper not in "\n".join(own):
            state = plain
    if own.keys() <= state.keys() or not own:
        return state
    first = next(iter(own))
    fitting = []
    for candidate in state:
        prefix = candidate.removesuffix(first)
        if candidate.endswith(f".{first}") and all(prefix + name in state for name in own):
            fitting.append(prefix)
    if len(fitting) != 1:
        return state
    others = [name for name in state if not name.startswith(fitting[0])]
    if others:
        sys.stderr.write(f"lrn: {_some(others)} belong to something other than {fitting[0]!r} and are left out\n")
    return _below(fitting[0], state)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

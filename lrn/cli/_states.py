"""The state_dict in what training scripts save, and its names as a model has them."""

from __future__ import annotations

import sys
from typing import Any

from torch import Tensor, nn

__all__ = ["NO_STATE", "fitted", "state_of"]

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
    states = {key: value.state_dict() if isinstance(value, nn.Module) else value for key, value in entries.items()
              if isinstance(value, nn.Module) or (is_state(value) and value)}  # fmt: skip
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
    return isinstance(loaded, dict) and all(isinstance(value, Tensor) for value in loaded.values())


def fitted(path: str, state: State, model: nn.Module, factory: str, strip: str | None) -> State:
    """A state_dict with the names that a model has.

    Raises:
        ValueError: no prefix makes the names fit, or a tensor has another shape.
    """
    own = model.state_dict()
    if strip is not None:
        state = {name.removeprefix(strip): value for name, value in state.items() if name.startswith(strip)}
    else:
        state = _renamed(state, own)
    missing, unknown = [name for name in own if name not in state], [name for name in state if name not in own]
    wrong = [name for name in own if name in state and state[name].shape != own[name].shape]
    reasons = [f"it lacks {_some(missing)}"] if missing else []
    reasons += [f"the model has no {_some(unknown)}"] if unknown else []
    reasons += [f"{name} is {tuple(state[name].shape)}, not {tuple(own[name].shape)}" for name in wrong[:1]]
    empty = [name for name in own if name in state and state[name].is_meta]
    reasons += [f"{_some(empty)} is on the meta device, without numbers"] if empty else []
    if reasons:
        raise ValueError(f"{path} does not fit {factory}: {'; '.join(reasons)} (--strip PREFIX shortens names)")
    return state


def _renamed(state: State, own: State) -> State:
    """Without the names of wrappers, and without the prefix that makes all of the model's names appear."""
    if own.keys() <= state.keys():
        return state
    for wrapper in WRAPPERS:
        plain = {name.replace(wrapper, ""): value for name, value in state.items()}
        if len(plain) == len(state) and not any(wrapper in name for name in own):
            state = plain
    if own.keys() <= state.keys() or not own:
        return state
    first = next(iter(own))
    prefixes = [name.removesuffix(first) for name in state if name.endswith(f".{first}")]
    fitting = [prefix for prefix in prefixes if all(prefix + name in state for name in own)]
    if len(fitting) != 1:
        return state
    others = [name for name in state if not name.startswith(fitting[0])]
    if others:
        sys.stderr.write(f"lrn: {_some(others)} belong to something other than {fitting[0]!r} and are left out\n")
    return {name.removeprefix(fitting[0]): value for name, value in state.items() if name.startswith(fitting[0])}


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

"""Models from files that may come from anywhere: torch's own layers and tensors, and nothing that runs.

torch's weights_only loading calls the classes it allows, and a layer's constructor can be asked for any amount of
memory. So the classes allowed here are stand-ins that run no constructor, and the process may not grow by much more
than the file while it is read.
"""

from __future__ import annotations

import importlib
import os
import pickle
import secrets
import sys
import warnings
import zipfile
from collections.abc import Iterator
from itertools import filterfalse, repeat
from types import NoneType
from typing import Any

from lrn.nets._torch import torch

from torch import Tensor, nn

from lrn.cli._memory import MemoryRefused, memory_for
from lrn.cli._states import NO_STATE, all_are, fitted, state_of
from lrn.nets import HiddenStack

__all__ = ["load_model", "load_tensors"]

_EXPORTED = {"archive_format", "models/model.json", "serialized_exported_program.json"}
"""Files by which archives of torch.export are known."""

HOW = (
    "save a model of torch.nn's layers with torch.save(model, ...), or torch.save(model.state_dict(), ...) and give "
    "--class MODULE:NAME"
)


def load_model(path: str, factory: str | None, key: str | None = None, strip: str | None = None) -> nn.Module:
    """The model in a file, on the CPU.

    Args:
        path: what `torch.save` or safetensors wrote.
        factory: "module:name" of what makes a model whose state_dict the file holds; None for a file with a whole
            model.
        key: where in the file the model or state_dict is; None where it can be in one place only.
        strip: what to leave out at the beginning of the names of parameters; None to find it out.

    Raises:
        ValueError: the file holds something else, or code that would have to run; or the factory cannot be used.
    """
    made = None if factory is None else _make(factory)
    loaded = load_tensors(path) if path.endswith(".safetensors") else _load(path, weights=made is not None)
    if key is not None:
        loaded = _entry(path, loaded, key)
    if made is None:
        return _whole(path, loaded)
    state = state_of(path, loaded, str(factory))
    made.load_state_dict(fitted(path, state, made, str(factory), strip))
    return made


def load_tensors(path: str) -> Any:
    """Tensors in a file, by name: safetensors, or what `torch.save` wrote.

    Raises:
        ValueError: it holds something else.
        ImportError: it is a safetensors file, and safetensors is not installed.
    """
    if not path.endswith(".safetensors"):
        return _load(path)
    try:
        from safetensors.torch import load_file
    except ImportError:
        raise ImportError(f"{path} needs the package safetensors: pip install 'lrn-claims[safetensors]'") from None
    try:
        return load_file(path)
    except Exception as error:  # whatever a damaged file leads to
        raise ValueError(f"{path} is not a safetensors file, or is damaged: {error}") from error


def _entry(path: str, loaded: Any, key: str) -> Any:
    for part in key.split("."):
        if not isinstance(loaded, dict) or part not in loaded:
            keys = ", ".join(map(str, loaded)) if isinstance(loaded, dict) else "none"
            raise ValueError(f"--key must be one of {path}'s keys; got {key!r}, there are {keys}")
        loaded = loaded[part]
    return loaded


def _whole(path: str, loaded: Any) -> nn.Module:
    """A model that is saved whole, by itself or as the one module of a dictionary."""
    modules = [value for value in loaded.values() if isinstance(value, nn.Module)] if isinstance(loaded, dict) else []
    if len(modules) == 1:
        loaded = modules[0]
    if isinstance(loaded, nn.Module):
        return loaded
    if isinstance(loaded, dict) and state_of(path, loaded, "") is not NO_STATE:
        raise ValueError(f"{path} holds a state_dict, which needs --class MODULE:NAME; {HOW}")
    raise ValueError(f"{path} holds a {type(loaded).__name__}; {HOW}")


def _load(path: str, *, weights: bool = False) -> Any:
    """What `torch.save` wrote; where only weights are needed, other objects beside them are left empty."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [name.split("/", 1)[-1] for name in archive.namelist()]
        if any(name.startswith("code/") for name in names):
            raise ValueError(f"{path} is TorchScript, a program that would have to be run; {HOW}")
        if not _EXPORTED.isdisjoint(names):
            raise ValueError(f"{path} is a torch.export archive, which torch reads by running pickled code; {HOW}")
    try:
        loaded = _read(path, _allowed())
    except MemoryRefused as error:
        raise ValueError(f"{path} asks for far more memory than it has numbers; it is not read") from error
    except pickle.UnpicklingError as error:
        unknown = _unknown(path)
        state = _beside(path, unknown) if weights and unknown else None
        if state is not None:
            return state
        if unknown:
            raise ValueError(
                f"{path} needs code that is not torch's to be read ({', '.join(unknown)}); {HOW}"
            ) from error
        if "Only persistent_load of storage" in str(error):
            raise ValueError(
                f"{path} is a whole model in torch's older file format, which holds source code to be run; {HOW}"
            ) from error
        raise ValueError(f"{path} is nothing that torch.save wrote; {HOW}") from error
    except Exception as error:  # whatever the bytes of a damaged file lead torch to
        raise ValueError(f"{path} is nothing that torch.save wrote, or is damaged; {HOW}") from error
    _check(path, loaded)
    return loaded


def _read(path: str, allowed: list[Any]) -> Any:
    with warnings.catch_warnings(), torch.serialization.safe_globals(allowed), memory_for(path):
        warnings.simplefilter("ignore")  # of formats that are then refused
        return torch.load(path, map_location="cpu", weights_only=True)


class _Empty:
    """Stands for an object of any class that is not read: it takes anything, and does nothing with it."""

    def __new__(cls, *_: Any, **__: Any) -> _Empty:
        return object.__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass


def _beside(path: str, unknown: list[str]) -> Any:
    """A checkpoint whose settings, random states and the like are left empty; None where weights are among those."""
    try:
        loaded = _read(path, [*_allowed(), *zip(repeat(_Empty), unknown)])
    except Exception:  # as before
        return None
    if not isinstance(loaded, dict) or _Empty in map(type, loaded):
        return None
    _check(path, loaded)
    others = {key: value for key, value in loaded.items() if not isinstance(value, _Empty)}
    return others if state_of(path, others, "") is not NO_STATE else None


def _allowed() -> list[Any]:
    """The globals that a file may name: a stand-in per layer, and the layer itself under a name that no file can know.

    torch calls the globals that a file names, but fills only instances of allowed classes with the file's contents.
    """
    secret = secrets.token_hex(16)
    allowed = []
    for kind in _layers():
        allowed.append((_stand_in(kind) if isinstance(kind, type) else kind, _name(kind)))
        allowed.append((kind, f"{secret}.{_name(kind)}"))
    return allowed


def _stand_in(kind: type) -> type:
    """A class that makes empty layers and never runs the layer's constructor."""
    return type(kind.__name__, (), {"__new__": lambda cls, *args, **kwargs: object.__new__(kind)})


def _name(kind: Any) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _check(path: str, loaded: Any) -> None:
    """Raise ValueError where a layer is not built as layers are, or a tensor is larger than its numbers."""
    for value in _everything(loaded, set()):
        if isinstance(value, Tensor):
            _check_size(path, value)
        if isinstance(value, nn.Module):
            _check_parts(path, value)


def _everything(value: Any, visited: set[int]) -> Iterator[Any]:
    left = [value]
    while left:
        value = left.pop()
        if id(value) in visited:
            continue
        visited.add(id(value))
        yield value
        if isinstance(value, nn.Module):
            left += vars(value).values()
        elif isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list | tuple | set):
            left += value


def _check_size(path: str, tensor: Tensor) -> None:
    dense = tensor.layout == torch.strided and not tensor.is_meta and not tensor.is_quantized
    if dense and tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise ValueError(f"{path} has a tensor of shape {tuple(tensor.shape)} that is larger than what is stored of it")


def _check_parts(path: str, module: nn.Module) -> None:
    own, kind = vars(module), type(module).__name__
    for name, allowed in (("_parameters", Tensor), ("_buffers", Tensor), ("_modules", nn.Module)):
        parts = own.get(name)
        if not (isinstance(parts, dict) and all_are(str, parts) and all_are((allowed, NoneType), parts.values())):
            raise ValueError(f"{path} has a {kind} whose {name.strip('_')} are not what a layer has")
    if not isinstance(own.get("training"), bool):
        raise ValueError(f"{path} has a {kind} without a training flag")
    for name, value in own.items():
        if name.endswith(("_hooks", "_hooks_with_kwargs")) and value:
            raise ValueError(f"{path} has a {kind} with hooks, which would have to be run; {HOW}")


def _unknown(path: str) -> list[str]:
    """The imports that the file needs, beyond those known to be harmless."""
    known = set(map(_name, _layers()))
    try:
        return list(filterfalse(known.__contains__, torch.serialization.get_unsafe_globals_in_checkpoint(path)))
    except Exception:  # only a checkpoint has such a list
        return []


def _layers() -> list[Any]:
    """The layers of torch.nn and lrn.nets, and the activation functions that some of them keep."""
    kinds: set[type] = set()
    left: list[type] = [nn.Module, HiddenStack]
    while left:
        kind = left.pop()
        if kind not in kinds:
            kinds.add(kind)
            left += kind.__subclasses__()
    own = [kind for kind in kinds if f"{kind.__module__}.".startswith(("torch.nn.modules.", "lrn.nets."))]
    return [*own, nn.functional.relu, nn.functional.gelu]


def _make(factory: str) -> nn.Module:
    module, _, name = factory.partition(":")
    if not module or not name.isidentifier():
        raise ValueError(f"--class must be MODULE:NAME, such as mine.models:Net; got {factory!r}")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        made = getattr(importlib.import_module(module), name)()
    except (Exception, SystemExit) as error:
        raise ValueError(f"--class {factory} makes no model: {type(error).__name__}: {error}") from error
    if not isinstance(made, nn.Module):
        raise ValueError(f"--class {factory} must make a torch.nn.Module; it made {type(made).__name__}")
    return made

"""Models from files that may come from anywhere: torch's own layers and tensors, and nothing that runs."""

from __future__ import annotations

import importlib
import os
import pickle
import sys
import warnings
import zipfile
from typing import Any

from lrn._torch import torch

from torch import nn

from lrn.nets import HiddenStack

__all__ = ["load_model"]

HOW = (
    "save a model of torch.nn's layers with torch.save(model, ...), or torch.save(model.state_dict(), ...) and give "
    "--class MODULE:NAME"
)


def load_model(path: str, factory: str | None) -> nn.Module:
    """The model in a file, on the CPU.

    Args:
        path: what `torch.save` wrote.
        factory: "module:name" of what makes a model whose state_dict the file holds; None for a file with a whole
            model.

    Raises:
        ValueError: the file holds something else, or what would have to be run to be read; or the factory is no good.
    """
    made = None if factory is None else _make(factory)
    found = _load(path)
    if made is None:
        if isinstance(found, nn.Module):
            return found
        kind = "a state_dict, which needs --class MODULE:NAME" if _is_state(found) else f"a {type(found).__name__}"
        raise ValueError(f"{path} holds {kind}; {HOW}")
    state = found.state_dict() if isinstance(found, nn.Module) else found
    if not _is_state(state):
        raise ValueError(f"{path} must hold a state_dict for {factory}; it holds a {type(found).__name__}")
    try:
        made.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} does not fit {factory}: {reason[:300]}") from error
    return made


def _load(path: str) -> Any:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [name.split("/", 1)[-1] for name in archive.namelist()]
        if any(name.startswith("code/") for name in names):
            raise ValueError(f"{path} is TorchScript, whose calls cannot be seen; {HOW}")
        if any(name in ("archive_format", "models/model.json", "serialized_exported_program.json") for name in names):
            raise ValueError(f"{path} is a torch.export archive, which torch reads by running pickled code; {HOW}")
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_layers()):
            warnings.simplefilter("ignore")  # of formats that are then refused
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        unknown = _unknown(path)
        if unknown:
            raise ValueError(
                f"{path} needs code that is not torch's to be read ({', '.join(unknown)}); {HOW}"
            ) from error
        raise ValueError(f"{path} is nothing that torch.save wrote; {HOW}") from error
    except Exception as error:  # whatever the bytes of a damaged file lead torch to
        raise ValueError(f"{path} is nothing that torch.save wrote, or is damaged; {HOW}") from error


def _unknown(path: str) -> list[str]:
    """What the file would have to import, beyond what is known to be harmless."""
    known = {f"{kind.__module__}.{kind.__qualname__}" for kind in _layers()}
    try:
        return [name for name in torch.serialization.get_unsafe_globals_in_checkpoint(path) if name not in known]
    except Exception:  # what is no checkpoint has no such list
        return []


def _layers() -> list[Any]:
    """The layers of torch.nn and lrn.nets, and the activation functions that some of them keep."""
    found: set[type] = set()
    left: list[type] = [nn.Module, HiddenStack]
    while left:
        kind = left.pop()
        if kind not in found:
            found.add(kind)
            left += kind.__subclasses__()
    own = [kind for kind in found if f"{kind.__module__}.".startswith(("torch.nn.modules.", "lrn.nets."))]
    return [*own, nn.functional.relu, nn.functional.gelu]


def _is_state(found: Any) -> bool:
    return isinstance(found, dict) and all(isinstance(value, torch.Tensor) for value in found.values())


def _make(factory: str) -> nn.Module:
    module, _, name = factory.partition(":")
    if not module or not name.isidentifier():
        raise ValueError(f"--class must be MODULE:NAME, such as mine.models:Net; got {factory!r}")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        made = getattr(importlib.import_module(module), name)()
    except Exception as error:
        raise ValueError(f"--class {factory} makes no model: {type(error).__name__}: {error}") from error
    if not isinstance(made, nn.Module):
        raise ValueError(f"--class {factory} must make a torch.nn.Module; it made {type(made).__name__}")
    return made

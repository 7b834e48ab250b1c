"""Layers without some of their units: rows of the layer, columns of the one that reads it, groups in step."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

__all__ = ["CONVOLUTIONS", "balanced", "cut_columns", "keep", "takes_constants"]

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def balanced(dead: Tensor, groups: int) -> Tensor:
    """As many of the dead units in each group of a grouped convolution: the first ones."""
    blocks = dead.reshape(groups, -1)
    rank = blocks.cumsum(1)
    return (blocks & (rank <= blocks.sum(1).min())).flatten()


def takes_constants(reader: nn.Module) -> bool:
    """Whether a layer can take a constant input into its bias: not at a border of zeros."""
    padded = type(reader) in CONVOLUTIONS and reader.padding_mode == "zeros" and reader.padding != "valid"
    none = padded and isinstance(reader.padding, tuple) and not any(reader.padding)
    return reader.bias is not None and (not padded or none)


def cut_columns(reader: nn.Module, dead: Tensor, constant: Tensor, *, inner: bool) -> None:
    """Removes the reader's columns for dead units; their constant goes into its bias."""
    weight: Tensor = reader.weight  # type: ignore[assignment]
    groups = getattr(reader, "groups", 1)
    times = weight.shape[1] * groups // len(dead)
    columns = dead.repeat(times) if inner else dead.repeat_interleave(times)
    values = constant.repeat(times) if inner else constant.repeat_interleave(times)
    added, remaining = [], []
    for rows, cut, value in zip(weight.chunk(groups), columns.chunk(groups), values.chunk(groups), strict=True):
        taps = rows[:, cut].flatten(2).sum(2) if weight.ndim > 2 else rows[:, cut]
        added.append(taps @ value[cut])
        remaining.append(rows[:, ~cut])
    change = torch.cat(added)
    if reader.bias is not None and change.any():
        _set(reader, "bias", cast(Tensor, reader.bias) + change)
    _set(reader, "weight", torch.cat(remaining))
    name = "in_features" if isinstance(reader, nn.Linear) else "in_channels"
    setattr(reader, name, int((~columns).sum()))


def keep(module: nn.Module, living: Tensor) -> None:
    """Leaves out the other units of a module that has numbers for each."""
    for name, tensor in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)):
        if tensor.ndim and len(tensor) == len(living):
            _set(module, name, tensor[living])
    depthwise = getattr(module, "groups", 1) == getattr(module, "in_channels", 0) == len(living)
    for name in ("out_features", "out_channels", "num_features", "num_parameters"):
        if getattr(module, name, None) == len(living):
            setattr(module, name, int(living.sum()))
    if depthwise:
        module.groups = module.in_channels = int(living.sum())  # type: ignore[assignment]


def _set(module: nn.Module, name: str, value: Tensor) -> None:
    old = getattr(module, name)
    if isinstance(old, nn.Parameter):
        setattr(module, name, nn.Parameter(value.detach().clone(), requires_grad=old.requires_grad))
    else:
        setattr(module, name, value.detach().clone())

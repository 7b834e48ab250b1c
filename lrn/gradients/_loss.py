"""The loss of a model on a batch, checked; and looking at a model without leaving a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from lrn.dead import Batch, Signature, home, is_array, looking, read

__all__ = ["Loss", "check_model", "check_one_number", "check_whole", "loss_of", "split", "trainable", "untouched"]

Loss = Callable[..., Tensor]
"""(output) -> a number, or (output, target) -> a number."""


@contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Gradients are on, and each part is in the mode it is in; buffers and random states are put back afterwards."""
    with looking(model, training=None), torch.enable_grad():
        yield


def check_model(model: object) -> None:
    """Raise TypeError for anything but a module."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module; got {type(model).__name__}")


def check_whole(name: str, value: object, least: int, most: int | None = None) -> None:
    """Raise ValueError for anything but a whole number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        allowed = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be a whole number {allowed}; got {value!r}")


def trainable(model: nn.Module) -> dict[str, Tensor]:
    """The parameters that have gradients, by name. Raises TypeError for no module and ValueError if there are none."""
    check_model(model)
    parameters = dict(model.named_parameters())
    trainable: dict[str, Tensor] = {name: p for name, p in parameters.items() if p.requires_grad}
    if not trainable:
        lack = f"all {len(parameters)} have requires_grad=False" if parameters else "it has no parameters at all"
        raise ValueError(f"{type(model).__name__} has no parameter to train: {lack}")
    return trainable


def split(model: nn.Module, batch: Any) -> tuple[tuple[Any, ...], dict[str, Any], tuple[Any, ...]]:
    """A batch as (positional inputs, named inputs, the loss's arguments after the output), by the rule of `lrn.dead`.

    Raises:
        TypeError: it is not a batch.
        ValueError: the model would not get all of it, or a tensor is empty, or not finite.
    """
    if not isinstance(batch, tuple | list | Mapping) and not is_array(batch):
        raise TypeError(f"the inputs of a batch must be a tensor, a tuple of them or a mapping; got {batch!r}")
    parts = read(batch, Signature(model))
    device, dtypes = home(model)
    moved, target = parts.to(device, dtypes), Batch(parts.target).to(device, dtypes).args
    for value in (*moved.args, *moved.kwargs.values(), *target):
        _check_tensor(value)
    return moved.args, moved.kwargs, target


def loss_of(model: nn.Module, batch: Any, loss: Loss, forward: Callable[..., Any] | None = None) -> Tensor:
    """The loss of a model's forward pass on a batch, shape (); of another forward pass of the model where one is given.

    Raises:
        TypeError: `loss` cannot be called, or gives no tensor; or the batch is not a batch.
        ValueError: the loss is not one number, or has no gradient.
    """
    if not callable(loss):
        raise TypeError(f"loss must be a function of the output, or of (output, target); got {loss!r}")
    positional, named, rest = split(model, batch)
    return check_one_number(loss((forward or model)(*positional, **named), *rest))


def check_one_number(value: Any) -> Tensor:
    """The loss as shape (). Raises TypeError or ValueError unless it is one number with a gradient."""
    if not isinstance(value, Tensor):
        raise TypeError(f"the loss must be a tensor; got {value!r}")
    if value.numel() != 1:
        raise ValueError(f"the loss must be one number; got shape {tuple(value.shape)}: take its mean or its sum")
    if not value.requires_grad:
        raise ValueError("the loss does not depend on any parameter to train, or was detached from them")
    return value.reshape(())


def _check_tensor(value: Any) -> None:
    if not isinstance(value, Tensor):
        return
    if value.numel() == 0:
        raise ValueError(f"the batch is empty: it holds a tensor of shape {tuple(value.shape)}")
    if value.is_floating_point() and not torch.isfinite(value).all():
        wrong = int((~torch.isfinite(value)).sum())
        raise ValueError(f"the batch must be finite; {wrong} of the {value.numel()} numbers of a tensor are NaN or inf")

"""Running data through a module only to look at it: batches from data of any form, and no trace left."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, IterableDataset

__all__ = ["batches", "looking"]

ALLOWED = "a tensor, a numpy array, an (input, target) tuple of those, or an iterable of batches of them"


def batches(module: nn.Module, data: Any, batch_size: int | None = None) -> Iterator[Tensor]:
    """The input batches in `data`, one at a time, on the device of `module`; empty batches are left out.

    A tensor, an array or a tuple is one batch; every other iterable gives batches, or iterables of batches.
    In a tuple, or in a list inside an iterable (as a `DataLoader` gives), the first element is the input.

    Args:
        module: where the batches will go; NumPy's floating arrays take the dtype of its first floating
            parameter.
        data: dimension 0 of every batch is the samples.
        batch_size: largest number of samples of a batch; larger batches are cut, an array before it is
            copied.

    Raises:
        TypeError: `data`, or something inside it, is none of these.
        ValueError: a batch has no sample dimension, `batch_size` is below 1, or there was no sample at all.
    """
    whole = isinstance(batch_size, int) and not isinstance(batch_size, bool)
    if batch_size is not None and not (whole and batch_size >= 1):
        raise ValueError(f"batch_size must be at least 1, or None for one pass per batch; got {batch_size!r}")
    device, dtype = _home(module)
    empty = True
    for batch in _flatten(data):
        if batch.ndim == 0:
            raise ValueError("a batch must have the samples in dimension 0, but one is a single number")
        size = batch_size or max(len(batch), 1)
        for start in range(0, len(batch), size):
            empty = False
            yield _tensor(batch[start : start + size], device, dtype)
    if empty:
        raise ValueError("data has no samples; at least one is needed to say that a unit never fires")


@contextmanager
def looking(module: nn.Module) -> Iterator[None]:
    """Evaluation mode, without gradients and without compiled graphs; afterwards all is as it was.

    The training flag of every submodule and the global random states (torch on the CPU and on the module's
    CUDA device, NumPy, Python) are put back, also after an error.
    """
    flags = [(child, child.training) for child in module.modules()]
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(_random_states_kept(module))
        stack.enter_context(_eager())
        try:
            for child, _ in flags:
                child.training = False
            yield
        finally:
            for child, training in flags:
                child.training = training


def _flatten(data: Any) -> Iterator[Tensor | np.ndarray[Any, Any]]:
    if isinstance(data, Tensor | np.ndarray):
        yield data
    elif isinstance(data, tuple):
        yield _first(data)
    elif isinstance(data, Dataset) and not isinstance(data, IterableDataset):
        raise TypeError(f"{type(data).__name__} gives single samples; put it in a torch.utils.data.DataLoader")
    elif isinstance(data, str | bytes | Mapping | nn.Module) or not isinstance(data, Iterable):
        raise TypeError(f"data must be {ALLOWED}; got {type(data).__name__}")
    else:
        for item in data:
            if isinstance(item, list):
                yield _first(item)
            else:
                yield from _flatten(item)


def _first(batch: Any) -> Tensor | np.ndarray[Any, Any]:
    given = type(batch).__name__
    while isinstance(batch, tuple | list) and len(batch):
        batch = batch[0]
    if not isinstance(batch, Tensor | np.ndarray):
        raise TypeError(f"the first element of a batch must be a tensor or a numpy array; in a {given} it is {batch!r}")
    return batch


def _tensor(batch: Tensor | np.ndarray[Any, Any], device: torch.device | None, dtype: torch.dtype | None) -> Tensor:
    if isinstance(batch, Tensor):
        return batch.to(device) if device is not None else batch
    if batch.dtype.kind not in "biufc":
        raise TypeError(f"a batch must hold numbers; got an array of {batch.dtype}")
    # A copy, because torch warns of arrays it may not write to, such as a read-only memory map.
    tensor = torch.from_numpy(np.array(batch))
    return tensor.to(device, dtype if tensor.is_floating_point() else None)


def _home(module: nn.Module) -> tuple[torch.device | None, torch.dtype | None]:
    tensors = list(chain(module.parameters(), module.buffers()))
    floating = (tensor.dtype for tensor in tensors if tensor.is_floating_point())
    return (tensors[0].device if tensors else None), next(floating, None)


@contextmanager
def _random_states_kept(module: nn.Module) -> Iterator[None]:
    device = _home(module)[0]
    cuda = [device] if device is not None and device.type == "cuda" else []
    python = random.getstate()
    numpy = np.random.get_state()  # noqa: NPY002 - a data set may draw from the global state
    try:
        with torch.random.fork_rng(cuda):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


def _eager() -> AbstractContextManager[Any]:
    # Nothing can be compiled unless this module is loaded, and loading it takes seconds.
    if "torch._dynamo" not in sys.modules:
        return nullcontext()
    stance: AbstractContextManager[Any] = torch.compiler.set_stance("force_eager")
    return stance

"""Running data through a module only to look at it, without leaving a trace."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import nn

__all__ = ["looking", "unchanged"]


@contextmanager
def looking(module: nn.Module, *, training: bool | None = False) -> Iterator[None]:
    """Evaluation mode, without gradients and without compiled or fused code; afterwards all is as it was.

    The training flag of every submodule and the global random states (torch on the CPU and on the module's
    CUDA device, NumPy, Python) are put back, also after an error.

    Args:
        module: what will be run.
        training: the mode to run it in; None leaves every submodule in its own.
    """
    # Frozen scripted modules have no flag.
    flags = {child: child.training for child in module.modules() if hasattr(child, "training")}
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(_random_states_kept(module))
        stack.enter_context(unchanged())
        buffers = [] if training is False else [(buffer, buffer.clone()) for buffer in module.buffers()]
        try:
            if training is not None:
                _set(dict.fromkeys(flags, bool(training)))
            yield
        finally:
            _set(flags)
            for buffer, value in buffers:  # running statistics, which training mode changes
                buffer.copy_(value)


def _set(flags: Mapping[nn.Module, bool]) -> None:
    for child, flag in flags.items():
        if child.training is not flag:  # a module's __setattr__ is slow
            child.training = flag


@contextmanager
def unchanged() -> Iterator[None]:
    """Code runs operation by operation, as it is written: nothing compiled, scripted code and layers not fused."""
    with _eager(), _unfused():
        yield


@contextmanager
def _random_states_kept(module: nn.Module) -> Iterator[None]:
    tensor = next(chain(module.parameters(), module.buffers()), None)
    device = None if tensor is None else tensor.device
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


@contextmanager
def _unfused() -> Iterator[None]:
    """Transformer layers and scripted code run operation by operation, so that each can be seen."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)

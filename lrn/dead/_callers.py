"""In whose code an operation stands: the running submodules of each thread, by torch's hooks."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import torch
from torch import nn

__all__ = ["Callers"]


class Callers:
    """Which submodules are running in each thread; and the watching of threads that the model starts by itself.

    Args:
        module: the network.
        paths: path of each submodule, by its id.
        mode: watches a thread while it is entered there.
    """

    def __init__(self, module: nn.Module, paths: Mapping[int, str], mode: AbstractContextManager[Any]) -> None:
        self._module, self._paths, self._mode = module, paths, mode
        self._local = threading.local()
        self._main: int | None = None

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Knows the running submodules inside this context."""
        with ExitStack() as stack:
            for child in self._module.modules():
                # A hook for every module at once would make torch.compile warn.
                if not isinstance(child, torch.jit.ScriptModule):  # takes no hooks; its calls are its owner's
                    stack.callback(child.register_forward_pre_hook(self._enter).remove)
                    stack.callback(child.register_forward_hook(self._leave, always_call=True).remove)
            yield

    @contextmanager
    def watching(self) -> Iterator[None]:
        """A forward pass in this thread."""
        self._main, self._local.active = threading.get_ident(), True
        try:
            yield
        finally:
            self._main, self._local.active = None, False

    @contextmanager
    def in_thread(self) -> Iterator[None]:
        """Watches another thread, if a forward pass is going on and it is not watched yet."""
        if getattr(self._local, "active", False) or self._main is None:
            yield
            return
        self._local.active = True
        try:
            with self._mode:
                yield
        finally:
            self._local.active = False

    def path(self) -> str:
        """The path of the submodule that is running in this thread, "" for the network itself."""
        return self._paths.get(id(self._running[-1]), "") if self._running else ""

    def label(self, operation: str) -> str:
        """What to call an operation: by its activation module, or by the module whose code makes the call."""
        path = self.path()
        if self._is_activation_module():
            return path or type(self._running[-1]).__name__
        return f"{path}.{operation}" if path else operation

    def kind(self, operation: str) -> str:
        """The class of the activation module that makes the call, or the operation."""
        return type(self._running[-1]).__name__ if self._is_activation_module() else operation

    @property
    def _running(self) -> list[nn.Module]:
        if not hasattr(self._local, "running"):
            self._local.running = []
        running: list[nn.Module] = self._local.running
        return running

    def _enter(self, module: nn.Module, args: Any) -> None:
        self._running.append(module)
        another = self._main is not None and threading.get_ident() != self._main
        if another and not getattr(self._local, "active", False):
            self._local.active, self._local.depth = True, len(self._running)
            self._mode.__enter__()

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        if not self._running:  # the observer put its hooks up while the module ran
            return
        if getattr(self._local, "depth", 0) == len(self._running):
            self._local.active, self._local.depth = False, 0
            self._mode.__exit__(None, None, None)
        self._running.pop()

    def _is_activation_module(self) -> bool:
        return bool(self._running) and type(self._running[-1]).__module__ == "torch.nn.modules.activation"

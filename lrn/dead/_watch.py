"""Watching a forward pass: which units of each ReLU-like call fired.

A `TorchFunctionMode` sees every torch function that Python code calls, whether a module or a functional
form calls it, and sees it once: `torch.nn.ReLU` calls `torch.nn.functional.relu`, and what that calls in
turn is not shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

__all__ = ["RELU_LIKE", "Call", "Watch"]

RELU_LIKE = (
    "relu, relu6, clamp with min=0, hardtanh with min_val=0, threshold with value=0, "
    "leaky_relu with slope 0, hardswish, hardsigmoid, hardshrink, softshrink, and the ReLU of an RNNCell"
)

# Where the units of a layer's output are. Counted from the end for convolutions, so that a missing batch
# dimension does no harm.
UNIT_DIMS = {
    "linear": -1,
    "bilinear": -1,
    "layer_norm": -1,
    "rms_norm": -1,
    "conv1d": -2,
    "conv2d": -3,
    "conv3d": -4,
    "conv_transpose1d": -2,
    "conv_transpose2d": -3,
    "conv_transpose3d": -4,
    "batch_norm": 1,
    "group_norm": 1,
    "instance_norm": 1,
}


@dataclass
class Call:
    """One ReLU-like call of the forward pass, and which of its units (W,) have fired so far."""

    kind: str
    fired: Tensor


class Watch(TorchFunctionMode):
    """Collects, over any number of forward passes, the units that fired in each ReLU-like call.

    Args:
        module: what will be called; hooks stand on its submodules during `attached()`, only to know their
            names.
        unit_dims: for a call, by name, the dimension of its output that holds the units.

    Attributes:
        calls: name of the call -> `Call`, in the order of their first appearance.
    """

    def __init__(self, module: nn.Module, unit_dims: Mapping[str, int]) -> None:
        super().__init__()
        self.calls: dict[str, Call] = {}
        self._module = module
        self._unit_dims = unit_dims
        self._running: list[tuple[str, nn.Module]] = []
        self._times: Counter[str] = Counter()
        self._layouts: dict[torch.Size | int, int] = {}

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Knows the names of the running submodules inside this context; the hooks are gone after it."""
        handles = []
        try:
            for path, child in self._module.named_modules():
                enter = partial(self._enter, path.replace("_orig_mod.", "").removesuffix("_orig_mod"))
                handles.append(child.register_forward_pre_hook(enter))
                handles.append(child.register_forward_hook(self._leave, always_call=True))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def forward(self, batch: Tensor) -> None:
        """Run one batch through the module."""
        self._times.clear()
        self._layouts.clear()
        with self:
            self._module(batch)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        # relu, relu_, relu.default and _threshold: the same operation by other names.
        operation = getattr(func, "__name__", "").split(".")[0].strip("_")
        if operation in UNIT_DIMS:
            # The next ReLU of this shape, or else of this number of dimensions, has its units in the same
            # place.
            self._layouts[result.shape] = self._layouts[result.ndim] = UNIT_DIMS[operation]
        elif operation == "rnn_relu":
            raise ValueError(f"{self._label(operation)}: cannot look inside torch.nn.RNN; use torch.nn.RNNCell")
        elif _is_relu_like(operation, args, kwargs):
            self._record(operation, result)
        return result

    def _enter(self, path: str, module: nn.Module, args: Any) -> None:
        self._running.append((path, module))

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        self._running.pop()

    def _record(self, operation: str, output: Tensor) -> None:
        name = self._label(operation)
        self._times[name] += 1
        if self._times[name] > 1:
            name = f"{name}#{self._times[name]}"
        unit_dim = self._unit_dim(name, output)
        if unit_dim is not None and not -output.ndim <= unit_dim < output.ndim:
            raise ValueError(f"the output of {name} has {output.ndim} dimensions; there is no dimension {unit_dim}")
        fired = _fired(output, unit_dim)
        call = self.calls.setdefault(name, Call(self._kind(operation), torch.zeros_like(fired)))
        if call.fired.shape != fired.shape:
            raise ValueError(
                f"{name} gave {len(call.fired)} units on one batch and {len(fired)} on another; "
                f"say which dimension holds its units, as in unit_dims={{{name!r}: 1}}"
            )
        call.fired |= fired

    def _label(self, operation: str) -> str:
        path = self._running[-1][0] if self._running else ""
        if self._is_activation_module():
            return path or self._kind(operation)
        return f"{path}.{operation}()" if path else f"{operation}()"

    def _kind(self, operation: str) -> str:
        return type(self._running[-1][1]).__name__ if self._is_activation_module() else operation

    def _is_activation_module(self) -> bool:
        return bool(self._running) and type(self._running[-1][1]).__module__ == "torch.nn.modules.activation"

    def _unit_dim(self, name: str, output: Tensor) -> int | None:
        if name in self._unit_dims:
            return self._unit_dims[name]
        default = None if output.ndim < 2 else 1 if output.ndim > 3 else -1
        return self._layouts.get(output.shape, self._layouts.get(output.ndim, default))


def _fired(output: Tensor, unit_dim: int | None) -> Tensor:
    fired = output != 0
    if unit_dim is None:
        return fired.any().reshape(1)
    unit_dim = range(output.ndim)[unit_dim]
    others = [dim for dim in range(output.ndim) if dim != unit_dim]
    return fired.any(dim=others) if others else fired


def _is_relu_like(operation: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    match operation:
        case "relu" | "relu6" | "hardswish" | "hardsigmoid" | "hardshrink" | "softshrink" | "rnn_relu_cell":
            return True
        case "clamp" | "clip" | "clamp_min":
            return _is_zero(_argument(1, "min", None, args, kwargs))
        case "hardtanh":
            return _is_zero(_argument(1, "min_val", -1.0, args, kwargs))
        case "threshold":
            return _is_zero(_argument(2, "value", None, args, kwargs))
        case "leaky_relu":
            return _is_zero(_argument(1, "negative_slope", 0.01, args, kwargs))
    return False


def _argument(position: int, name: str, default: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    return args[position] if position < len(args) else kwargs.get(name, default)


def _is_zero(bound: Any) -> bool:
    return bound is not None and bool((bound == 0).all() if isinstance(bound, Tensor) else bound == 0)

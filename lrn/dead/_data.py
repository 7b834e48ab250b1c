"""Batches from data of any form, by one rule for `lrn.dead` and `lrn.gradients`.

A batch is the input of the model's forward: a tensor, an array, a table, a sparse matrix; a mapping by argument name;
or a pair (inputs, target), where inputs are any of these or a tuple of several. Data that could be read in two ways
are refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lrn.dead._forms import as_tensor, is_array

__all__ = ["Batch", "Signature", "home", "length", "read"]


@dataclass(frozen=True)
class Batch:
    """One call of a model.

    Attributes:
        args: the inputs by position.
        kwargs: the inputs by name.
        target: what came with them, as a tuple of length 0 or 1; the model does not get it.
        by_position: whether only its position makes it the target.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    target: tuple[Any, ...] = ()
    by_position: bool = False

    @property
    def tensors(self) -> list[Any]:
        """The inputs that are tensors or arrays, those by position first."""
        return list(filter(is_array, (*self.args, *self.kwargs.values())))

    @property
    def main(self) -> Any:
        """The first input that is not a mask; None where there is none."""
        named = [value for name, value in self.kwargs.items() if "mask" not in name]
        return next(filter(is_array, (*self.args, *named, *self.tensors)), None)

    def __len__(self) -> int:
        """The number of samples: the length of the first input."""
        return length(self.tensors[0]) or 0

    def cut(self, start: int, stop: int) -> Batch:
        """Some of the samples."""
        return self._changed(partial(_part, start=start, stop=stop))

    def to(self, device: torch.device | None, dtypes: Sequence[torch.dtype]) -> Batch:
        """The same as tensors on a device; floating ones in a dtype that the model has."""
        return self._changed(partial(_moved, device=device, dtypes=dtypes))

    def _changed(self, change: Callable[[Any], Any]) -> Batch:
        """The batch with each input changed by a function."""
        kwargs = {name: change(value) for name, value in self.kwargs.items()}
        return Batch(tuple(map(change, self.args)), kwargs, self.target)


def _moved(value: Any, device: torch.device | None, dtypes: Sequence[torch.dtype]) -> Any:
    return as_tensor(value, device, dtypes) if is_array(value) else value


def _part(value: Any, start: int, stop: int) -> Any:
    if isinstance(value, Tensor) and value.is_nested:
        rows = list(value.unbind())[start:stop]
        return torch.nested.as_nested_tensor(rows, layout=value.layout)
    return value[start:stop] if is_array(value) and len(value.shape) else value


def length(value: Any) -> int | None:
    """The number of samples of one input; None for a single number."""
    if isinstance(value, Tensor):
        return int(value.size(0)) if value.dim() else None
    return int(value.shape[0]) if len(value.shape) else None


class Signature:
    """The inputs that the forward of a model takes.

    Attributes:
        least, most: how many inputs it takes by position; None as `most` stands for any number.
        names: of its arguments; None where any name goes.
    """

    def __init__(self, module: nn.Module) -> None:
        self.least, self.most, self.names = 0, None, None  # type: tuple[int, int | None, list[str] | None]
        inner: Any = module
        while isinstance(inner, nn.DataParallel | nn.parallel.DistributedDataParallel) or hasattr(inner, "_orig_mod"):
            inner = getattr(inner, "_orig_mod", None) or inner.module
        try:
            parameters = list(inspect.signature(inner.forward).parameters.values())
        except (TypeError, ValueError):
            return
        kinds = set(map(attrgetter("kind"), parameters))
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self.least = sum(p.default is p.empty for p in positional)
        self.most = None if inspect.Parameter.VAR_POSITIONAL in kinds else len(positional)
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            self.names = [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]

    def takes(self, number: int) -> bool:
        """Whether it takes this many inputs by position."""
        return self.least <= number and (self.most is None or number <= self.most)

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those of the names that it has no argument for."""
        return [name for name in names if self.names is not None and name not in self.names]

    def __str__(self) -> str:
        if self.most is None:
            return "any number of inputs"
        return f"{self.most} inputs" if self.least == self.most else f"{self.least} to {self.most} inputs"


def read(item: Any, signature: Signature) -> Batch:
    """One batch: the inputs, or a tuple or list of the inputs and the target.

    Raises:
        TypeError: there is no tensor or array in it.
        ValueError: the forward would not get all of the inputs, or there are two ways to read it.
    """
    if is_array(item):
        return Batch((item,))
    if isinstance(item, PackedSequence):
        raise TypeError("a PackedSequence has no dimension of samples; give padded tensors and a mask")
    if isinstance(item, Mapping):
        return _by_name(item, signature)
    if not isinstance(item, tuple | list) or not item:
        raise TypeError(_no_array(item, item))
    if isinstance(item[0], tuple | list | Mapping) and len(item) <= 2:
        return _with_target(item[0], tuple(item[1:]), signature)
    by_name = len(item) == 2 and isinstance(item[1], Mapping) and item[1] and is_array(item[0])
    if by_name and signature.names is not None and not signature.unknown(item[1]):
        return Batch((item[0],), dict(item[1]))
    if not is_array(item[0]):
        raise TypeError(_no_array(item, item[0]))
    return _by_position(item, signature)


def _by_position(item: Sequence[Any], signature: Signature) -> Batch:
    """All values are inputs, or all but the last, whichever the forward can take."""
    number = len(item)
    if number == 1:
        return Batch(tuple(item))
    without, whole = signature.takes(number - 1), signature.takes(number) and all(map(is_array, item))
    if without and (number == 2 or not whole):
        return Batch(tuple(item[:-1]), target=(item[-1],), by_position=whole)
    if whole and not without:
        return Batch(tuple(item))
    if whole:
        raise ValueError(
            f"a batch of {number} can be {number} inputs, or {number - 1} and a target; "
            "give ((inputs), target), or a mapping by argument name"
        )
    raise ValueError(
        f"a batch is the inputs, or a pair (inputs, target); got {number} things for a forward that takes {signature}"
    )


def _with_target(inputs: Any, target: tuple[Any, ...], signature: Signature) -> Batch:
    if isinstance(inputs, Mapping):
        batch = _by_name(inputs, signature)
        return Batch(batch.args, batch.kwargs, target)
    if not any(map(is_array, inputs)):
        raise TypeError(_no_array(inputs, inputs[0] if inputs else inputs))
    if not signature.takes(len(inputs)):
        raise ValueError(f"a batch has {len(inputs)} inputs, but the forward takes {signature}")
    return Batch(tuple(inputs), target=target)


def _by_name(item: Mapping[str, Any], signature: Signature) -> Batch:
    if not any(map(is_array, item.values())):
        raise TypeError(_no_array(item, item))
    unknown = signature.unknown(item)
    if unknown:
        raise ValueError(
            f"a batch has {', '.join(map(repr, unknown))}, which the forward does not take; "
            f"it takes {', '.join(signature.names or ())}"
        )
    return Batch((), dict(item))


def _no_array(item: Any, first: Any) -> str:
    kind = type(item).__name__
    return f"the first element of a batch must be a tensor or a numpy array; in a {kind} it is {first!r:.200}"


def home(module: nn.Module) -> tuple[torch.device | None, list[torch.dtype]]:
    """Where a module's parameters are, and the floating dtypes that they have, that of the first one first."""
    tensors = list(chain(module.parameters(), module.buffers()))
    floating = filter(Tensor.is_floating_point, tensors)
    dtypes = list(dict.fromkeys(map(attrgetter("dtype"), floating)))
    return (tensors[0].device if tensors else None), dtypes

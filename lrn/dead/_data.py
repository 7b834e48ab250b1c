"""Batches from data of any form, by one rule for `lrn.dead` and `lrn.gradients`.

A batch is what the model's forward takes: a tensor, an array, a table, a sparse matrix; a mapping by argument name; or
a pair (inputs, target), where inputs are any of these or a tuple of several. What could be read in two ways is
refused.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.data import DataLoader, Dataset, IterableDataset

from lrn.dead._forms import as_tensor, is_array

__all__ = ["Batch", "Signature", "batches", "home", "read"]

ALLOWED = (
    "a tensor, a numpy array, an (input, target) tuple of those, a mapping by argument name, "
    "or an iterable of batches of them"
)
SAMPLES = 256  # in one pass, of data that must first be made into a tensor


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
        return [value for value in (*self.args, *self.kwargs.values()) if is_array(value)]

    @property
    def main(self) -> Any:
        """The first input that is not a mask; None where there is none."""
        named = [self.kwargs[name] for name in self.kwargs if is_array(self.kwargs[name]) and "mask" not in name]
        first = [value for value in self.args if is_array(value)]
        return next(iter((*first, *named, *self.tensors)), None)

    def __len__(self) -> int:
        """The number of samples: the length of the first input."""
        return _length(self.tensors[0]) or 0

    def cut(self, start: int, stop: int) -> Batch:
        """Some of the samples."""

        named = {name: _part(value, start, stop) for name, value in self.kwargs.items()}
        return Batch(tuple(_part(value, start, stop) for value in self.args), named, self.target)

    def to(self, device: torch.device | None, dtypes: Sequence[torch.dtype]) -> Batch:
        """The same as tensors on a device; floating ones in a dtype that the model has."""

        def moved(value: Any) -> Any:
            return as_tensor(value, device, dtypes) if is_array(value) else value

        return Batch(tuple(map(moved, self.args)), {name: moved(v) for name, v in self.kwargs.items()}, self.target)


def _part(value: Any, start: int, stop: int) -> Any:
    if isinstance(value, Tensor) and value.is_nested:
        rows = list(value.unbind())[start:stop]
        return torch.nested.as_nested_tensor(rows, layout=value.layout)
    return value[start:stop] if is_array(value) and len(value.shape) else value


def _length(value: Any) -> int | None:
    """The number of samples of one input; None for a single number."""
    if isinstance(value, Tensor):
        return int(value.size(0)) if value.dim() else None
    return int(value.shape[0]) if len(value.shape) else None


class Signature:
    """What the forward of a model takes.

    Attributes:
        least, most: how many inputs by position; `most` is None where any number goes.
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
        kinds = {parameter.kind for parameter in parameters}
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


def batches(module: nn.Module, data: Any, batch_size: int | None = None) -> Iterator[Batch]:
    """The batches in `data`, one at a time, on the device of `module`; empty ones are left out.

    A tensor, an array, a table, a mapping or a tuple is one batch; a data set of single samples is put into batches;
    every other iterable gives batches, or iterables of batches. In an iterable a tuple or list is one batch.

    Args:
        module: where the batches will go; floating inputs take the dtype of its first floating parameter where it has
            no parameter of theirs (arrays always do).
        data: dimension 0 of every input is the samples.
        batch_size: largest number of samples of a batch; larger batches are cut.

    Raises:
        TypeError: `data`, or something inside it, is none of these.
        ValueError: a batch has no sample dimension or inputs that the forward would not get, `data` can be read in
            two ways, `batch_size` is below 1, or there was no sample at all.
    """
    whole = isinstance(batch_size, int) and not isinstance(batch_size, bool)
    if batch_size is not None and not (whole and batch_size >= 1):
        raise ValueError(f"batch_size must be at least 1, or None for one pass per batch; got {batch_size!r}")
    device, dtypes = home(module)
    empty = True
    for batch in _every(data, module, Signature(module), batch_size):
        if empty and batch.by_position and len(batch):
            _check_target(module, batch)
        for part in _cut(batch, batch_size):
            empty = False
            yield part.to(device, dtypes)
    if empty:
        raise ValueError("data has no samples; at least one is needed to say that a unit never fires")


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
    """Either all are inputs, or all but the last: which of them the forward can take."""
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
    if not inputs or not any(is_array(value) for value in inputs):
        raise TypeError(_no_array(inputs, inputs[0] if inputs else inputs))
    if not signature.takes(len(inputs)):
        raise ValueError(f"a batch has {len(inputs)} inputs, but the forward takes {signature}")
    return Batch(tuple(inputs), target=target)


def _by_name(item: Mapping[str, Any], signature: Signature) -> Batch:
    if not any(is_array(value) for value in item.values()):
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


def _check_target(module: nn.Module, batch: Batch) -> None:
    """Raise ValueError where the forward could take the second of two as well, and the output is not like it."""
    if not _fits(module, batch, batch.target[0]):
        raise ValueError(
            "a batch of two can be two inputs of this forward, or an input and a target, and the output is not like "
            "the second; give ((inputs), target), or a mapping by argument name"
        )


def _every(data: Any, module: nn.Module, signature: Signature, batch_size: int | None) -> Iterator[Batch]:
    if is_array(data) or isinstance(data, Mapping | PackedSequence):
        yield read(data, signature)
    elif isinstance(data, tuple):
        yield from _tuple(data, module, signature)
    elif isinstance(data, Dataset) and not isinstance(data, IterableDataset):
        for item in DataLoader(data, batch_size=batch_size or SAMPLES):
            yield read(item, signature)
    elif isinstance(data, str | bytes | nn.Module) or not isinstance(data, Iterable):
        raise TypeError(f"data must be {ALLOWED}; got {type(data).__name__}")
    elif isinstance(data, list) and len(data) > 1 and all(map(is_array, data)):
        yield from (_two if len(data) == 2 else _several)(data, module, signature)
    else:
        for item in data:
            inside = not isinstance(item, list | tuple | Mapping) and not is_array(item)
            yield from _every(item, module, signature, batch_size) if inside else (read(item, signature),)


def _tuple(data: tuple[Any, ...], module: nn.Module, signature: Signature) -> Iterator[Batch]:
    """A batch; or, if it is what `Tensor.split` or `numpy.array_split` gives, several."""
    alike = len(data) > 1 and all(is_array(part) and len(part.shape) for part in data if not _is_nested(part))
    alike = alike and not any(map(_is_nested, data)) and all(_like(data[0], part) for part in data)
    if alike and signature.least < 2:
        one_batch = signature.takes(len(data)) or signature.takes(len(data) - 1)
        if _neighbours(data) or not one_batch:
            yield from (Batch((part,)) for part in data)
            return
        if len(data) == 2 and not _fits(module, Batch(data[:1]), data[1]):
            raise ValueError(
                "a tuple of two like tensors can be an input and its target, or two batches, and the output is not "
                "like the second; give ((input,), target), or an iterator of batches"
            )
    yield read(data, signature)


def _like(one: Any, other: Any) -> bool:
    """Whether two arrays can be batches of the same data: they differ in the number of samples at most."""
    return one.dtype == other.dtype and len(other.shape) > 0 and tuple(one.shape[1:]) == tuple(other.shape[1:])


def _is_nested(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_nested


def _neighbours(parts: Sequence[Any]) -> bool:
    """Whether arrays lie one behind the other in one array, as its chunks do."""
    spans = [_span(part) for part in parts]
    whole = [span for span in spans if span is not None]
    if len(whole) < len(spans) or len({owner for owner, _, _ in whole}) > 1:
        return False
    return all(start == stop for (_, start, _), (_, _, stop) in zip(whole[1:], whole, strict=False))


def _span(part: Any) -> tuple[int, int, int] | None:
    """Whose memory a view has, and where it begins and ends; None for what is not a view."""
    if isinstance(part, np.ndarray):
        if part.base is None:
            return None
        return id(part.base), part.ctypes.data, part.ctypes.data + part.shape[0] * part.strides[0]
    if not isinstance(part, Tensor) or part.layout != torch.strided or part._base is None:
        return None
    start = part.storage_offset()
    return id(part._base), start, start + part.shape[0] * part.stride(0)


def _several(data: Sequence[Any], module: nn.Module, signature: Signature) -> Iterator[Batch]:
    """A list of three or more: batches, if they are alike; one batch, if the forward needs several inputs."""
    if signature.least > 1:
        yield read(data, signature)
        return
    one_batch = signature.takes(len(data)) or signature.takes(len(data) - 1)
    equal = len({_length(part) for part in data}) == 1
    if not all(_batches_alike(data[0], part) for part in data) or (one_batch and equal):
        raise ValueError(
            f"a list of {len(data)} tensors can be batches, or the inputs of one batch and its target; give "
            "((inputs), target), or an iterator of batches"
        )
    yield from (Batch((part,)) for part in data)


def _batches_alike(one: Any, other: Any) -> bool:
    # Sequences may have other lengths in another batch; features may not.
    rank = one.dim() if isinstance(one, Tensor) else len(one.shape)
    same_rank = rank == (other.dim() if isinstance(other, Tensor) else len(other.shape))
    if _is_nested(one) or not same_rank:
        return same_rank
    lengths = tuple(one.shape[1:]) == tuple(other.shape[1:]) or rank > 2 or _is_whole(one)
    return one.dtype == other.dtype and lengths


def _two(data: Sequence[Any], module: nn.Module, signature: Signature) -> Iterator[Batch]:
    """A list of two: two batches, or the input and target that a DataLoader gives as a list.

    The second can be a batch if it is like the first, and a target if the model's output is like it.
    """
    first, second = data
    if signature.least > 1:
        yield read(data, signature)
        return
    is_batch = _batches_alike(first, second)
    one_each = _length(first) is not None and _length(first) == _length(second)
    is_target = one_each and bool(_length(first)) and _fits(module, Batch((first,)), second)
    if is_batch and not is_target:
        yield from (Batch((part,)) for part in data)
        return
    if not is_target:
        raise ValueError(
            "a list of two unlike tensors can be two batches, or an input and its target; "
            "give a tuple (input, target), or an iterator of batches"
        )
    if is_batch:
        warnings.warn(
            "a list of two tensors, of which the second is like the model's output, is read as an input and its "
            "target, as a DataLoader gives them; if they are two batches, give iter([a, b])",
            stacklevel=2,
        )
    yield Batch((first,), target=(second,))


def _fits(module: nn.Module, batch: Batch, target: Any) -> bool:
    """Whether an output of the module on a batch is like a target: of its shape, or one score for each class."""
    if _is_nested(target) or _is_nested(batch.tensors[0]):
        return False
    output = module(*batch.to(*home(module)).args)
    shapes = [tuple(each.shape) for each in _outputs(output) if not each.is_nested]
    shape = tuple(target.shape)
    classes = [(s[:1] + s[2:], s[:-1]) for s in shapes if len(s) > 1]
    without_ones = [s[:1] + tuple(n for n in s[1:] if n != 1) for s in (shape, *shapes)]
    return without_ones[0] in without_ones[1:] or (_is_whole(target) and any(shape in pair for pair in classes))


def _outputs(output: Any) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
        return
    parts = output.values() if isinstance(output, Mapping) else output if isinstance(output, tuple | list) else ()
    for part in parts:
        yield from _outputs(part)


def _is_whole(value: Any) -> bool:
    return str(value.dtype).split(".")[-1].startswith(("int", "uint", "bool"))


def _cut(batch: Batch, batch_size: int | None) -> Iterator[Batch]:
    tensors = batch.tensors
    if any(_is_sparse(value) for value in tensors):  # torch cannot cut these
        batch = batch.to(None, ())
        tensors = batch.tensors
    if _length(tensors[0]) is None:
        raise ValueError("a batch must have the samples in dimension 0, but one is a single number")
    size = batch_size or (SAMPLES if not isinstance(tensors[0], Tensor | np.ndarray) else None)
    if size is None or len(batch) <= size:
        if len(batch):
            yield batch
        return
    lengths = {length for tensor in tensors if (length := _length(tensor)) is not None}
    if len(lengths) > 1:
        raise ValueError(
            f"inputs of {', '.join(map(str, sorted(lengths)))} samples cannot be cut; give batch_size=None"
        )
    for start in range(0, len(batch), size):
        yield batch.cut(start, start + size)


def _is_sparse(value: Any) -> bool:
    return isinstance(value, Tensor) and value.layout not in (torch.strided, torch.jagged)


def home(module: nn.Module) -> tuple[torch.device | None, list[torch.dtype]]:
    """Where a module's parameters are, and the floating dtypes that they have, that of the first one first."""
    tensors = list(chain(module.parameters(), module.buffers()))
    floating = dict.fromkeys(tensor.dtype for tensor in tensors if tensor.is_floating_point())
    return (tensors[0].device if tensors else None), list(floating)

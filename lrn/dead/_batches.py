"""The batches in data of any form: one at a time, cut and moved to where the model is."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.data import DataLoader, Dataset, IterableDataset

from lrn.dead._data import Batch, Signature, home, length, read
from lrn.dead._forms import is_array

__all__ = ["batches"]

ALLOWED = (
    "a tensor, a numpy array, an (input, target) tuple of those, a mapping by argument name, "
    "or an iterable of batches of them"
)
SAMPLES = 256  # in one pass, of data that must first be made into a tensor


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
        TypeError: `data`, or something inside it, has another type.
        ValueError: a batch has no sample dimension or inputs that the forward would not get, `data` can be read in
            two ways, `batch_size` is below 1, or there was no sample at all.
    """
    whole = isinstance(batch_size, int) and not isinstance(batch_size, bool)
    if batch_size is not None and not (whole and batch_size >= 1):
        raise ValueError(f"batch_size must be at least 1, or None for one pass per batch; got {batch_size!r}")
    device, dtypes = home(module)
    empty = True
    for batch in _read_any(data, module, Signature(module), batch_size):
        if empty and batch.by_position and len(batch):
            _check_target(module, batch)
        for part in _cut(batch, batch_size):
            empty = False
            yield part.to(device, dtypes)
    if empty:
        raise ValueError("data has no samples; at least one is needed to say that a unit never fires")


def _check_target(module: nn.Module, batch: Batch) -> None:
    """Raise ValueError where the forward could take the second of two as well, and the output is not like it."""
    if not _fits(module, batch, batch.target[0]):
        raise ValueError(
            "a batch of two can be two inputs of this forward, or an input and a target, and the output is not like "
            "the second; give ((inputs), target), or a mapping by argument name"
        )


def _read_any(data: Any, module: nn.Module, signature: Signature, batch_size: int | None) -> Iterator[Batch]:
    if is_array(data) or isinstance(data, Mapping | PackedSequence):
        yield read(data, signature)
    elif isinstance(data, tuple):
        yield from _read_tuple(data, module, signature)
    elif isinstance(data, Dataset) and not isinstance(data, IterableDataset):
        for item in DataLoader(data, batch_size=batch_size or SAMPLES):
            yield read(item, signature)
    elif isinstance(data, str | bytes | nn.Module) or not isinstance(data, Iterable):
        raise TypeError(f"data must be {ALLOWED}; got {type(data).__name__}")
    elif isinstance(data, list) and len(data) > 1 and all(map(is_array, data)):
        yield from (_read_list_of_two if len(data) == 2 else _read_longer_list)(data, module, signature)
    else:
        for item in data:
            inside = not isinstance(item, list | tuple | Mapping) and not is_array(item)
            yield from _read_any(item, module, signature, batch_size) if inside else (read(item, signature),)


def _read_tuple(data: tuple[Any, ...], module: nn.Module, signature: Signature) -> Iterator[Batch]:
    """A batch; or, if it is what `Tensor.split` or `numpy.array_split` gives, several."""
    arrays = len(data) > 1 and all(map(_is_plain_array, data))
    if arrays and all(map(partial(_like, data[0]), data)) and signature.least < 2:
        one_batch = signature.takes(len(data)) or signature.takes(len(data) - 1)
        if _neighbours(data) or not one_batch:
            yield from _one_each(data)
            return
        if len(data) == 2 and not _fits(module, Batch(data[:1]), data[1]):
            raise ValueError(
                "a tuple of two like tensors can be an input and its target, or two batches, and the output is not "
                "like the second; give ((input,), target), or an iterator of batches"
            )
    yield read(data, signature)


def _one_each(parts: Iterable[Any]) -> Iterator[Batch]:
    """A batch of each array."""
    for part in parts:
        yield Batch((part,))


def _is_plain_array(value: Any) -> bool:
    """Whether a value is an array that has dimensions and is not nested."""
    return is_array(value) and not _is_nested(value) and len(value.shape) > 0


def _like(one: Any, other: Any) -> bool:
    """Whether two arrays can be batches of the same data: they differ in the number of samples at most."""
    return _dtypes(one) == _dtypes(other) and len(other.shape) > 0 and tuple(one.shape[1:]) == tuple(other.shape[1:])


def _dtypes(value: Any) -> list[Any]:
    """The type of an array's numbers; of a table's columns."""
    return list(value.dtypes) if hasattr(value, "columns") else [value.dtype]


def _is_nested(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_nested


def _neighbours(parts: Sequence[Any]) -> bool:
    """Whether arrays lie one behind the other in one array, as its chunks do."""
    for before, behind in pairwise(map(_span, parts)):
        if before is None or behind is None:
            return False
        owner, _, stop = before
        if behind[:2] != (owner, stop):
            return False
    return True


def _span(part: Any) -> tuple[int, int, int] | None:
    """The owner of a view's memory, and where the view begins and ends; None for anything but a view."""
    if isinstance(part, np.ndarray):
        if part.base is None:
            return None
        return id(part.base), part.ctypes.data, part.ctypes.data + part.shape[0] * part.strides[0]
    if not isinstance(part, Tensor) or part.layout != torch.strided or part._base is None:
        return None
    start = part.storage_offset()
    return id(part._base), int(start), int(start + part.shape[0] * part.stride(0))


def _read_longer_list(data: Sequence[Any], module: nn.Module, signature: Signature) -> Iterator[Batch]:
    """A list of three or more: batches, if they are alike; one batch, if the forward needs several inputs."""
    if signature.least > 1:
        yield read(data, signature)
        return
    one_batch = signature.takes(len(data)) or signature.takes(len(data) - 1)
    equal = len(set(map(length, data))) == 1
    if not all(map(partial(_batches_alike, data[0]), data)) or (one_batch and equal):
        raise ValueError(
            f"a list of {len(data)} tensors can be batches, or the inputs of one batch and its target; give "
            "((inputs), target), or an iterator of batches"
        )
    yield from _one_each(data)


def _batches_alike(one: Any, other: Any) -> bool:
    # Sequences may have other lengths in another batch; features may not.
    rank = one.dim() if isinstance(one, Tensor) else len(one.shape)
    same_rank = rank == (other.dim() if isinstance(other, Tensor) else len(other.shape))
    if _is_nested(one) or not same_rank:
        return same_rank
    lengths = tuple(one.shape[1:]) == tuple(other.shape[1:]) or rank > 2 or _is_whole(one)
    return _dtypes(one) == _dtypes(other) and lengths


def _read_list_of_two(data: Sequence[Any], module: nn.Module, signature: Signature) -> Iterator[Batch]:
    """A list of two: two batches, or the input and target that a DataLoader gives as a list.

    The second can be a batch if it is like the first, and a target if the model's output is like it.
    """
    first, second = data
    if signature.least > 1:
        yield read(data, signature)
        return
    is_batch = _batches_alike(first, second)
    one_each = length(first) is not None and length(first) == length(second)
    is_target = one_each and bool(length(first)) and _fits(module, Batch((first,)), second)
    if is_batch and not is_target:
        yield from _one_each(data)
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
    shape = tuple(target.shape)
    for output in _outputs(module(*batch.to(*home(module)).args)):
        if output.is_nested:
            continue
        scores = tuple(output.shape)
        if _without_ones(scores) == _without_ones(shape):
            return True
        without_classes = (scores[:1] + scores[2:], scores[:-1])
        if len(scores) > 1 and shape in without_classes and _is_whole(target):
            return True
    return False


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without the dimensions of size 1 behind the samples."""
    return shape[:1] + tuple(size for size in shape[1:] if size != 1)


def _outputs(output: Any) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
        return
    parts = output.values() if isinstance(output, Mapping) else output if isinstance(output, tuple | list) else ()
    for part in parts:
        yield from _outputs(part)


def _is_whole(value: Any) -> bool:
    return all(map(_is_whole_dtype, _dtypes(value)))


def _is_whole_dtype(dtype: Any) -> bool:
    return str(dtype).split(".")[-1].lower().startswith(("int", "uint", "bool"))


def _cut(batch: Batch, batch_size: int | None) -> Iterator[Batch]:
    tensors = batch.tensors
    if any(map(_is_sparse, tensors)):  # torch cannot cut these
        batch = batch.to(None, ())
        tensors = batch.tensors
    if length(tensors[0]) is None:
        raise ValueError("a batch must have the samples in dimension 0, but one is a single number")
    size = batch_size or (SAMPLES if not isinstance(tensors[0], Tensor | np.ndarray) else None)
    if size is None or len(batch) <= size:
        if len(batch):
            yield batch
        return
    lengths = {number for number in map(length, tensors) if number is not None}
    if len(lengths) > 1:
        raise ValueError(
            f"inputs of {', '.join(map(str, sorted(lengths)))} samples cannot be cut; give batch_size=None"
        )
    for start in range(0, len(batch), size):
        yield batch.cut(start, start + size)


def _is_sparse(value: Any) -> bool:
    return isinstance(value, Tensor) and value.layout not in (torch.strided, torch.jagged)

"""The facts known of every tensor of a forward pass, for as long as it lives."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils.weak import WeakTensorKeyDictionary

from lrn.dead._data import Batch
from lrn.dead._factors import Dim, Dims, has_units, input_dims, of_kind, size_of
from lrn.dead._forms import is_floating
from lrn.dead._operation import Info

__all__ = ["Tracks", "paths_of"]

NOT_LAYERS = ("num_batches_tracked",)


def paths_of(module: nn.Module) -> dict[int, str]:
    """The path of each submodule by its id, as it would be without `torch.compile`."""
    paths: dict[int, str] = {}
    for path, child in module.named_modules():
        paths[id(child)] = path.replace("_orig_mod.", "").removesuffix("_orig_mod").rstrip(".")
    return paths


class Tracks:
    """The `Info` of tensors: of parameters by name, of inputs by their dimensions, and of tensors made of them.

    Attributes:
        paths: path of each submodule, by its id.
        features: numbers of the input dimensions over which weights were summed.
        image_sizes: heights and widths of the data before the first layer.
        strangers: whether a tensor came in that was computed where nothing watched, as in frozen code.
        thread: which thread started.
        single: whether an input has one sample only, so that dimension 0 may be the samples without a label.
    """

    def __init__(self, module: nn.Module) -> None:
        self.paths = paths_of(module)
        self.features: set[str] = set()
        self.image_sizes: set[int] = set()
        self.strangers = False
        self.started = self.single = False
        self.thread = 0
        self._module = module
        self._known: dict[int, tuple[weakref.ref[Tensor], Info]] = {}
        self._strangers: Any = WeakTensorKeyDictionary()
        self._addresses: dict[int, tuple[tuple[int, ...], Info]] = {}
        self._weights: dict[int, tuple[Tensor, Info]] = {}

    def start(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Begin a forward pass with these inputs."""
        main = Batch(args, dict(kwargs)).main if args or kwargs else None
        self._known.clear()
        self._addresses.clear()
        self.features.clear()
        self.image_sizes.clear()
        self._read_weights()
        self.single = False
        inputs = list(_inside((args, kwargs)))
        inputs.sort(key=lambda tensor: tensor is not main)
        for number, tensor in enumerate(inputs):
            self.single = self.single or (not tensor.is_nested and tensor.shape[:1] == (1,))
            dims = None if tensor.is_nested else input_dims(tensor.shape, number)
            self._note(tensor, Info(dims, data=True, measured=is_floating(tensor)))
        self.started, self.thread = True, threading.get_ident()

    def _has_new_weights(self) -> bool:
        """Whether the model has built a part of itself since the pass began."""
        return not self._weights.keys() >= set(map(id, self._module.parameters()))

    def _read_weights(self) -> None:
        self.paths.update(paths_of(self._module))
        weights: dict[int, tuple[Tensor, Info]] = {}
        for tensor, info in self._layers():
            weights[id(tensor)] = tensor, info
        self._weights = weights

    def stop(self) -> None:
        """Forget the tensors of this pass."""
        self._known.clear()
        self._addresses.clear()
        self.started = False

    def info(self, tensor: Tensor) -> Info:
        """The facts known of a tensor; one that was never seen is a constant."""
        weight = self._weights.get(id(tensor))
        if weight is None and type(tensor) is nn.Parameter and self._has_new_weights():
            self._read_weights()
            weight = self._weights.get(id(tensor))
        if weight is not None:
            return weight[1]
        info = self._noted(tensor)
        if info is None:
            unseen = tensor.grad_fn is not None or tensor.is_mkldnn
            info = self._alias(tensor) or (self._made_unseen(tensor) if unseen else self._stranger(tensor))
            self._know(tensor, info)
        return info

    def _noted(self, tensor: Tensor) -> Info | None:
        reference, info = self._known.get(id(tensor), (None, None))
        return info if reference is not None and reference() is tensor else None  # another may have had its id

    def _know(self, tensor: Tensor, info: Info) -> None:
        # An own dictionary: that of torch for weak keys runs Python code for each look-up, which is most of the cost.
        self._known[id(tensor)] = weakref.ref(tensor), info

    def foreign(self, tensor: Tensor) -> None:
        """Note that the numbers of a tensor come from outside torch."""
        if self._noted(tensor) is None:
            foreign = tensor.numel() > 1 and is_floating(tensor)
            self._know(tensor, replace(self._stranger(tensor), foreign=foreign))

    def _note(self, tensor: Tensor, info: Info) -> None:
        self._know(tensor, info)
        if info.measured and not info.layered and tensor.ndim > 2 and not tensor.is_nested:
            self.image_sizes.update(tensor.shape[-2:])
        if info.data and type(tensor) is Tensor:
            address = _address(tensor)
            if address:
                self._addresses[address] = tuple(tensor.shape), info

    def _alias(self, tensor: Tensor) -> Info | None:
        """The facts of the tensor that this one is another name of: torch wraps tensors of own classes unseen."""
        shape, info = self._addresses.get(_address(tensor), ((), None))
        return info if shape == tuple(tensor.shape) else None

    def _made_unseen(self, tensor: Tensor) -> Info:
        """A tensor that was made unseen: in a thread, where `no_grad` does not hold, or in frozen code."""
        self.strangers = True
        return Info(None if tensor.is_nested else of_kind("unknown", tensor.shape), data=True, measured=True)

    def _stranger(self, tensor: Tensor) -> Info:
        """A tensor that is not a parameter and was not made in this pass: weights without a name, or a constant."""
        if not tensor.is_floating_point() or tensor.is_nested:
            return Info(None if tensor.is_nested else of_kind("any", tensor.shape))
        number = self._strangers.setdefault(tensor, len(self._strangers) + 1)
        name = f"(unnamed {number})"
        return Info(of_kind("weight", tensor.shape, f"{name}."), feeds=(name,) if tensor.ndim else ())

    def set(self, tensor: Tensor, info: Info, mutated: bool) -> None:
        """Note the facts known of a tensor, and, if it was changed in place, of its base if it is a view."""
        if id(tensor) in self._weights:
            return
        self._note(tensor, info)
        base = tensor._base if mutated else None
        if base is not None and info.data and id(base) not in self._weights:
            before = self.info(base)
            same = base.shape == tensor.shape
            dims = info.dims if same else _of_base(before.dims, info.dims, tuple(base.shape))
            self._know(base, replace(info, dims=dims, sources=info.sources | before.sources))

    def _layers(self) -> Iterator[tuple[Tensor, Info]]:
        children = dict(self._module.named_modules(remove_duplicate=False))
        parameters = self._module.named_parameters(remove_duplicate=False)
        for whole, tensor in chain(parameters, self._module.named_buffers(remove_duplicate=False)):
            path, _, name = whole.rpartition(".")
            if not is_lazy(tensor):
                yield tensor, self._weight(path, children[path], name, tensor)

    def _weight(self, path: str, child: nn.Module, name: str, tensor: Tensor) -> Info:
        path = self.paths[id(child)]
        own = type(child).__module__.startswith(("torch.nn", "torch.ao")) or name in ("weight", "bias")
        feed = (path or type(child).__name__) if own else f"{path}.{name}".lstrip(".")
        if re.search(r"_l\d+(_reverse)?$", name) and isinstance(child, nn.RNNBase):
            feed = f"{feed}.l{name.partition('_l')[2]}"  # each layer of a recurrent module by itself
        parametrised, _, rest = feed.partition(".parametrizations.")
        feed = parametrised if rest else feed
        if name in NOT_LAYERS or not (tensor.is_floating_point() or tensor.dtype.is_complex):
            return Info(of_kind("any", tensor.shape))
        dims = None if tensor.is_nested else of_kind("weight", tensor.shape, f"{feed}.{name}.")
        return Info(dims, feeds=(feed,), learned=isinstance(tensor, nn.Parameter))


def _address(tensor: Tensor) -> int:
    """Where a tensor's numbers lie; 0 where it has none of its own."""
    return tensor.data_ptr() if tensor.layout == torch.strided and not tensor.is_nested and not tensor.is_meta else 0


def _of_base(base: Dims | None, part: Dims | None, shape: tuple[int, ...]) -> Dims | None:
    """The labels of a tensor after one of its views was written to: those of the view, where sizes agree."""
    if base is None or part is None:
        return base
    if len(part) == len(shape):
        return tuple(map(_written, part, shape)) or base
    made, left = list(of_kind("place", shape)), list(part)
    for d in reversed(range(len(shape))):  # matched from the last dimension on
        if left and size_of(left[-1]) == shape[d]:
            made[d] = left.pop()
    return tuple(made) if not left else of_kind("unknown", shape)


def _written(dim: Dim, size: int) -> Dim:
    """The label of a dimension of this size after a part of it, labelled `dim`, was written to."""
    if size_of(dim) == size:
        return dim
    kind, base = ("unit", "written") if has_units((dim,)) else ("place", "")
    return of_kind(kind, [size], base)[0]


def _inside(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _inside(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _inside(part)

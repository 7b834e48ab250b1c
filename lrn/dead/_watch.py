"""Watching a forward pass: which units of each ReLU-like call fired.

A `TorchDispatchMode` sees every operation, whoever calls it: modules, functions, scripted code, code under `vmap`,
checkpoints and custom autograd functions. Hooks that torch calls for every module say in whose code the call stands;
in a thread of the model's own they start the watching there too.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from lrn.dead._activations import activation
from lrn.dead._axes import Uncountable
from lrn.dead._callers import Callers
from lrn.dead._factors import factors_of, of_kind, units_of
from lrn.dead._facts import Facts, is_quantised
from lrn.dead._forms import is_floating
from lrn.dead._operation import CONTRACTIONS, Info, Operation, described
from lrn.dead._rules import labels
from lrn.dead._tally import Counting, OtherUnits, Tally
from lrn.dead._threads import threads_inside
from lrn.dead._tracks import Tracks

__all__ = ["Watch"]

HIDES_NAN = {"where", "fmax", "topk", "index_put", "scatter"}  # they can make a zero of NaN
ELSEWHERE = "(elsewhere)"
FOREIGN = "its input was made out of torch's sight, as by NumPy or from a list, so the data cannot be followed to it"


class Watch(TorchDispatchMode):
    """Collects, over any number of forward passes, the units that fired in each ReLU-like call.

    Args:
        module: what will be called.
        counting: what counts as firing.
        unit_dims: for a call, by name, the dimensions of its output that hold the units.
        merged: whether calls of one activation behind one layer are counted together.

    Attributes:
        tallies: name of the activation -> counts, in the order of their first appearance.
        left_out: name -> why it could not be counted.
        single_sample: whether weights were summed over dimension 0 of the data: it was one sample.
        exposed: layers whose outputs are among the module's outputs.
        nan_output: whether the module gave NaN.
    """

    supports_higher_order_operators = True

    def __init__(
        self,
        module: nn.Module,
        counting: Counting | None = None,
        unit_dims: Mapping[str, Sequence[int]] | None = None,
        merged: bool = True,
    ) -> None:
        super().__init__()
        self.tallies: dict[str, Tally] = {}
        self.left_out: dict[str, str] = {}
        self.single_sample = False
        self.exposed: set[str] = set()
        self.nan_output = False
        self._module, self.counting = module, counting or Counting()
        self._unit_dims, self._merged = unit_dims or {}, merged
        self._names: dict[tuple[Any, ...], str] = {}
        self._bases: Counter[str] = Counter()
        self._turns: Counter[tuple[Any, ...]] = Counter()
        self._tracks = Tracks(module)
        self._mask: Tensor | None = None
        self._lenient = False
        self._facts, self._callers = Facts(), Callers(module, self._tracks.paths, self)
        self._error: ValueError | None = None
        self._lock = threading.RLock()

    def attached(self) -> AbstractContextManager[None]:
        """Knows the names of the running submodules inside this context."""
        return self._callers.attached()

    def forward(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any], mask: Tensor | None = None, lenient: bool = False
    ) -> Any:
        """Run one batch through the module."""
        with self.watching(args, kwargs, mask, lenient):
            output = self._module(*args, **kwargs)
            self.outputs(output)
        return output

    @contextmanager
    def watching(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any], mask: Tensor | None = None, lenient: bool = False
    ) -> Iterator[None]:
        """Counts the activations of the module on these inputs inside this context.

        Args:
            args: the inputs by position.
            kwargs: the inputs by name.
            mask: which positions count, bool (N, ...); None for all.
            lenient: whether activations to which the mask cannot be followed are counted without it.
        """
        self._turns.clear()
        self._error = None
        self._tracks.start(args, kwargs)
        self._mask, self._lenient = mask, lenient
        with self._callers.watching(), threads_inside(self._callers.in_thread), self:
            yield
        if self._error is not None:
            raise self._error
        self._finish()

    def empty(self) -> dict[str, str]:
        """A reason for each activation that was called, but never with a value."""
        return {name: "no value ever reached it" for name, tally in self.tallies.items() if tally.fired is None}

    def reset(self) -> None:
        """Forget all counts; names stay."""
        self.tallies.clear()
        self.left_out.clear()
        self._facts.reset()

    def outputs(self, output: Any) -> None:
        """Note the module's output: an activation that only enters a single number is not a layer."""
        for tensor in _tensors(output):
            if tensor.is_floating_point() and not tensor.is_nested:
                self.nan_output = self.nan_output or bool(tensor.sum().isnan() and tensor.isnan().any())
            if tensor.numel() > 1 or tensor.ndim > 0:
                info = self._tracks.info(tensor)
                self._facts.used |= info.sources
                self.exposed.update(map(attrgetter("base"), units_of(factors_of(info.dims or ()))))

    def _finish(self) -> None:
        for tally in list(self.tallies.values()):
            try:
                tally.resolve(self._tracks.features)
            except Uncountable as error:
                self._leave_out(tally.name, tally.shape, str(error))
        self.single_sample = self.single_sample or "0" in self._tracks.features
        for name in self._facts.summed - self._facts.used:
            if name in self.tallies:
                self._leave_out(name, self.tallies[name].shape, "it only enters a single number, as a loss does")
        if self._tracks.strangers:
            self._leave_out(ELSEWHERE, (), "tensors were computed from weights in a thread outside every submodule, or "
                                           "before the pass; activations there are not seen")  # fmt: skip
        self._tracks.stop()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: else torch imports its compiler at the first operation, for models that are not compiled, too.

        That takes a second. `__torch_dispatch__` keeps the compiler away itself, where it has been imported.
        """
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        see = Watch._see if "torch._dynamo" not in sys.modules else _SEE_UNCOMPILED
        return see(self, func, args, kwargs or {})

    def _see(self, func: Any, args: Any, kwargs: Any) -> Any:
        if not self._tracks.started:  # a thread that lives longer than the pass
            return func(*args, **kwargs)
        if torch.is_inference_mode_enabled() and isinstance(func, torch._ops.OpOverload):
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        result = func(*args, **kwargs)
        with self._lock:
            try:
                self._follow(func, args, kwargs, result)
            except ValueError as error:
                self._error = self._error or error  # scripted code would wrap it in an error of its own
        return result

    def _follow(self, func: Any, args: Any, kwargs: Any, result: Any) -> None:
        name, arguments, mutates, seen_through = described(func)
        op = Operation(
            name, arguments, args, kwargs, result, self._tracks.info, self._caller,
            self._tracks.features, self._tracks.image_sizes,
        )  # fmt: skip
        if op.name == "lift_fresh":  # what torch.tensor and from_numpy give
            self._tracks.foreign(args[0])
        info = self._facts.of(op)
        kind = activation(op) if info.data and info.measured and self._records(op) else None
        if info.data and not seen_through:
            self._leave_out(self._callers.label(str(func)), (), "the inside of a custom operation is not seen")
        made = labels(op)
        for output, dims in zip(op.outputs, made, strict=True):
            own = info if len(made) == 1 else replace(info)
            own.dims = dims
            self._tracks.set(output, own, mutates)
        if kind is not None:
            self._record(kind, op, info, made[0])
        elif info.foreign and self._records(op) and activation(op) is not None:
            base = self._callers.label(f"{activation(op)}()")
            self._leave_out(self._name(base, info.feeds, info.serial), _shape(op.outputs[0]), FOREIGN)

    def _records(self, op: Operation) -> bool:
        return bool(op.outputs) and is_floating(op.outputs[0]) and torch._C._current_graph_task_id() == -1

    def _caller(self) -> str:
        return self._callers.path() or type(self._module).__name__

    def _record(self, kind: str, op: Operation, info: Info, dims: Any) -> None:
        base = self._callers.label(f"{kind}()")
        feeds, serial = self._fed_by(op, info)
        name = self._name(base, feeds, serial)
        output = op.outputs[0]
        try:
            try:
                tally = self._tally(name, kind, feeds)
                self._count(tally, output, dims, raw=not info.layered)
            except OtherUnits as other:  # such as another width of a network whose width varies
                name = self._numbered((name, other.sizes), base)
                tally = self._tally(name, kind, feeds)
                self._count(tally, output, dims, raw=not info.layered)
            tally.has_nan = tally.has_nan or (kind in HIDES_NAN and self._reads_nan(op))
        except Uncountable as error:
            self._leave_out(name, _shape(output), str(error))
        self._facts.serial += 1
        source = frozenset() if info.direct else frozenset({name})
        made = replace(self._tracks.info(output), feeds=(name,), serial=self._facts.serial, sources=source, direct=True)
        self._tracks.set(output, made, False)

    def _tally(self, name: str, kind: str, feeds: tuple[str, ...]) -> Tally:
        if name not in self.tallies:
            self.tallies[name] = Tally(name, self._callers.kind(kind), feeds, self.counting)
        return self.tallies[name]

    def _reads_nan(self, op: Operation) -> bool:
        for tensor in filter(Tensor.is_floating_point, op.tensors):
            if self._tracks.info(tensor).data and tensor.isnan().any():
                return True
        return False

    def _count(self, tally: Tally, output: Tensor, dims: Any, raw: bool) -> None:
        if output.numel() == 0:  # an expert without samples, a detector that found nothing
            return
        unit_dims = self._unit_dims.get(tally.name)
        if dims is None:  # a nested tensor: rows of any number, and the last dimension
            for part in output.unbind():
                if part.ndim < 2:
                    raise Uncountable("its rows have no dimension of their own for units")
                labels = (*of_kind("place", part.shape[:-1]), *of_kind("unit", part.shape[-1:], "nested"))
                tally.add(part, labels, False, None, None, self._tracks.single)
            return
        tally.add(output, dims, raw, unit_dims, self._mask, self._tracks.single, self._lenient)

    def _fed_by(self, op: Operation, info: Info) -> tuple[tuple[str, ...], int]:
        fused = is_quantised(op) or op.name.startswith(CONTRACTIONS)
        return (info.feeds, info.serial) if not fused else ((op.layer,), info.serial)

    def _name(self, base: str, feeds: tuple[str, ...], serial: int) -> str:
        """The name of a call: the first of its kind has its base's, others a number.

        Two calls are one activation when they stand in one place and the same layers feed them, except where both read
        the output of one call of these layers (`relu(x)` and `relu(-x)`), or where they have other numbers of units.
        """
        key: tuple[Any, ...] = (base, feeds, serial) if self._merged else (base,)
        turn = self._turns[key]
        self._turns[key] += 1
        return self._numbered((base, feeds, turn) if self._merged else (base, turn), base)

    def _numbered(self, known: tuple[Any, ...], base: str) -> str:
        """The name of an activation that is known by something: the base's, with a number where that is taken."""
        if known not in self._names:
            self._bases[base] += 1
            times = self._bases[base]
            self._names[known] = base if times == 1 else f"{base}#{times}"
        return self._names[known]

    def _leave_out(self, name: str, shape: Sequence[int | str], reason: str) -> None:
        self.tallies.pop(name, None)
        size = f" of shape {tuple(shape)}" if shape else ""
        self.left_out.setdefault(name, f"{reason}{size}")


_SEE_UNCOMPILED = torch._disable_dynamo(Watch._see, recursive=True)  # type: ignore[attr-defined]


def _shape(tensor: Tensor) -> tuple[int, ...]:
    """The shape of a tensor; () for a nested one, which has none."""
    return () if tensor.is_nested else tuple(tensor.shape)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
        return
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple | set) else ()
    if not parts and hasattr(value, "__dict__"):
        parts = vars(value).values()
    for part in parts:
        yield from _tensors(part)

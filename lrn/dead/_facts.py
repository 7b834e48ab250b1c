"""The facts that an operation's outputs inherit: whether they depend on the data, and which layers they come from."""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from lrn.dead._activations import COMPARISONS
from lrn.dead._forms import is_floating
from lrn.dead._operation import CONTRACTIONS, NORMS, Info, Operation, feeds_of

__all__ = ["Facts", "is_quantised"]

ARITHMETIC = {"mul", "sub", "rsub", "neg", "div", "reciprocal", "pow", "abs"}
GATE_STAYS = {"clone", "_to_copy", "view", "_unsafe_view", "logical_not", "bitwise_not", "expand", "unsqueeze"}
PLAIN = {Tensor, nn.Parameter, int, float, bool, list, tuple, str, type(None)}
WITHOUT_DATA = ("_like", "new_zeros", "new_empty", "new_full", "new_ones", "new_empty_strided")


_SERIAL, _SOURCES = attrgetter("serial"), attrgetter("sources")


class Facts:
    """Makes the `Info` of each operation's outputs, without their labels.

    Attributes:
        serial: number of the latest layer or activation.
        used: activations that a layer, or the network's output, has read.
        summed: activations that entered a single number.
    """

    def __init__(self) -> None:
        self.serial = 0
        self.used: frozenset[str] = frozenset()
        self.summed: frozenset[str] = frozenset()

    def reset(self) -> None:
        """Forgets who read which activation."""
        self.used = self.summed = frozenset()

    def of(self, op: Operation) -> Info:
        """The facts of an operation's outputs."""
        data, constant = list(map(op.info, op.data_tensors)), list(map(op.info, op.constants))
        made = Info(None, bool(data) and not op.name.endswith(WITHOUT_DATA))
        made.feeds = feeds_of((*data, *constant))
        made.serial = max(map(_SERIAL, (*data, *constant)), default=0)
        if not data:
            made.learned = any(map(attrgetter("learned"), constant))
            made.foreign = op.name == "set" or any(map(attrgetter("foreign"), constant))
            return made
        made.sources = frozenset().union(*map(_SOURCES, data))
        _inherit(made, op, data)
        quantised = is_quantised(op)
        if quantised or (constant and (_is_contraction(op.name) or _is_norm(op.name))):
            self._behind_weights(made, op, constant, _is_contraction(op.name) or quantised)
        elif _gives_one_number(op):
            self.summed |= made.sources
        return made

    def _behind_weights(self, made: Info, op: Operation, constant: list[Info], layer: bool) -> None:
        """A layer's output, or a normalisation's."""
        self.serial += 1
        self.used |= made.sources
        made.measured = made.measured or layer
        made.layered = made.layered or layer
        if layer or len(constant) > 1:
            made.feeds, made.serial = feeds_of(constant) or (op.layer,), self.serial
        made.sources, made.direct = frozenset(), True


def _inherit(made: Info, op: Operation, data: list[Info]) -> None:
    """Facts that an operation hands on from the data that it reads."""
    gate = data[0].gate if op.name in GATE_STAYS else made.gate
    made.gate = gate or (op.name in COMPARISONS and _compares_floats(op))
    made.layered = any(map(attrgetter("layered"), data))
    floating = bool(op.outputs) and is_floating(op.outputs[0])
    made.measured = floating and op.name not in COMPARISONS and any(map(attrgetter("measured"), data))
    made.ranked = data[0].dims if op.name == "topk" else next(filter(None, map(attrgetter("ranked"), data)), None)
    made.direct = len(data) == 1 and data[0].direct and op.name not in ARITHMETIC and not _adds_number(op)


def _gives_one_number(op: Operation) -> bool:
    """Whether an operation makes a single number of tensors that have dimensions."""
    return 0 in map(Tensor.dim, op.outputs) and any(map(Tensor.dim, op.tensors))


def is_quantised(op: Operation) -> bool:
    """Whether an operation is a layer with packed weights."""
    return any(map(_is_packed, op.args))


def _is_packed(arg: Any) -> bool:
    if type(arg) in PLAIN or isinstance(arg, Tensor):
        return False
    return "PackedParams" in str(type(arg)) + _script_name(arg)


@cache
def _is_contraction(name: str) -> bool:
    return name.startswith(CONTRACTIONS) or "conv" in name or "linear" in name


@cache
def _is_norm(name: str) -> bool:
    return any(norm in name for norm in NORMS)


def _script_name(arg: Any) -> str:
    return arg._type().qualified_name() if isinstance(arg, torch.ScriptObject) else ""


def _compares_floats(op: Operation) -> bool:
    # Either may come first: Python turns `x > parameter` round.
    floating = filter(Tensor.is_floating_point, op.tensors)
    return op.outputs[0].shape in map(attrgetter("shape"), floating)


def _adds_number(op: Operation) -> bool:
    return op.name == "add" and not all(isinstance(arg, Tensor) for arg in op.args[:2])

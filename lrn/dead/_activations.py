"""Which operations are ReLU-like: exactly zero on a whole interval of inputs.

There a unit can be zero for all data and get no gradient. Functions that are zero at single points at most (leaky ReLU,
ELU, GELU, SiLU, tanh) are not ReLU-like.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from lrn.dead._operation import Operation

__all__ = ["COMPARISONS", "RELU_LIKE", "activation", "nonzero"]

RELU_LIKE = (
    "relu, relu6, clamp with min=0, hardtanh with min_val=0, threshold with value=0, "
    "leaky_relu with slope 0, hardswish, hardsigmoid, hardshrink, softshrink, the ReLU of recurrent layers, "
    "and gates such as x * (x > 0), torch.where(x > a, x, 0), x[x < a] = 0, torch.maximum(x, 0) and the scatter of a "
    "top-k"
)

COMPARISONS = {"gt", "ge", "lt", "le", "greater", "greater_equal", "less", "less_equal", "heaviside"}

_ALWAYS = {"relu", "relu6", "hardswish", "hardsigmoid", "hardshrink", "softshrink", "rnn_relu", "rnn_relu_cell"}


def activation(op: Operation) -> str | None:
    """The name of a ReLU-like call ("relu"), or None for every other call."""
    name = op.name
    if name in _ALWAYS:
        return name
    if name in _BOUNDED:
        if _bounds_positions(op):
            return None
        argument, default = _BOUNDED[name]
        six = name == "hardtanh" and op.get("max_val", 1) == 6
        shown = "relu6" if six else name.replace("clamp_min", "clamp").replace("clip", "clamp")
        return shown if _is_zero(op.get(argument, default)) else None
    if name.removesuffix("_dynamic").endswith(("_relu", "_relu6")):  # fused: quantised layers, cuDNN
        return "relu"
    if name == "_addmm_activation":
        return None if op.get("use_gelu") else "relu"
    return _GATES[name](op) if name in _GATES else None


# What must be zero for a ReLU: the argument, and its default.
_BOUNDED: dict[str, tuple[str, Any]] = {
    "clamp": ("min", None),
    "clip": ("min", None),
    "clamp_min": ("min", None),
    "hardtanh": ("min_val", -1.0),
    "threshold": ("value", None),
    "leaky_relu": ("negative_slope", 0.01),
}


def _bounds_positions(op: Operation) -> bool:
    """`boxes.clamp(0, width)`: positions in an image, by arithmetic with a layer's output, are not activations."""
    largest = op.get("max")
    return isinstance(largest, int | float) and largest in op.image_sizes and not op.info(op.tensors[0]).direct


def _is_zero(bound: Any) -> bool:
    if isinstance(bound, Tensor):
        return bound.device.type != "meta" and bool((bound == 0).all())
    return bound is not None and bound == 0


def _product(op: Operation) -> str | None:
    """`x * (x > a)`: one factor is a comparison of data, as numbers or truth values, the other has its shape."""
    if len(op.tensors) != 2 or op.tensors[0].shape != op.tensors[1].shape:
        return None
    one, other = map(op.info, op.tensors)
    return "gate" if one.gate != other.gate and one.data and other.data else None


def _choice(op: Operation) -> str | None:
    """`torch.where(x > a, x, 0)`, in either order."""
    if len(op.args) < 3 or not op.info(op.args[0]).gate:
        return None
    constants = [branch for branch in op.args[1:3] if not isinstance(branch, Tensor) or not op.info(branch).data]
    return "where" if len(constants) == 1 and _is_zero(constants[0]) else None


def _filled(op: Operation) -> str | None:
    """`x.masked_fill(x < a, 0)`."""
    return "masked_fill" if op.info(op.args[1]).gate and _is_zero(op.get("value")) else None


def _assigned(op: Operation) -> str | None:
    """`x[x < a] = 0`."""
    indices, values = op.get("indices", []), op.get("values")
    gate = len(indices) == 1 and isinstance(indices[0], Tensor) and op.info(indices[0]).gate
    return "index_put" if gate and _is_zero(values) else None


def _maximum(op: Operation) -> str | None:
    """`torch.maximum(x, zero)`."""
    return op.name if len(op.constants) == len(op.data_tensors) == 1 and _is_zero(op.constants[0]) else None


def _scattered(op: Operation) -> str | None:
    """The values of a top-k put back among zeros."""
    source = op.get("src")
    if not isinstance(source, Tensor) or op.info(source).ranked is None or op.info(op.args[0]).data:
        return None
    return "topk"


_GATES = {
    "mul": _product,
    "where": _choice,
    "masked_fill": _filled,
    "index_put": _assigned,
    "_index_put_impl": _assigned,
    "maximum": _maximum,
    "fmax": _maximum,
    "max": _maximum,
    "scatter": _scattered,
    "scatter_add": _scattered,
    "scatter_reduce": _scattered,
}


def nonzero(tensor: Tensor, threshold: float = 0.0) -> Tensor:
    """Where a tensor is not zero, or above a threshold in size."""
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    return tensor != 0 if threshold == 0 else ~(tensor.abs() <= threshold)

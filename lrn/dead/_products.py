"""How products with weights hand on the labels: what comes out of a layer are its units."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from lrn.dead._factors import (
    Dim,
    Dims,
    Factor,
    factors_of,
    fresh_units,
    has_units,
    kinds_of,
    of_kind,
    relabelled,
    samples_of,
    size_of,
)
from lrn.dead._layout import broadcast, resized
from lrn.dead._operation import Operation, contracted, not_units

__all__ = [
    "attention",
    "convolution",
    "distances",
    "embedding",
    "embedding_bag",
    "last_dimension",
    "matmul",
    "normalised",
    "trilinear",
]


def matmul(op: Operation) -> list[Dims]:
    """Products of matrices, of which each can be data or weights."""
    left, right = op.tensors[-2:]
    a, b = op.dims(left), op.dims(right)
    data = op.info(left).data, op.info(right).data
    columns = b[-1:] if len(b) > 1 else ()
    rows = a[-2:-1]
    batch: Dims = ()
    if len(a) > 2:
        first, second = (a[:-2], b[:-2]) if data[0] else (b[:-2], a[:-2])
        batch = broadcast([first, second], op.outputs[0].shape[:-2])
    if data == (True, False):
        columns, rows = _by_weights(op, a[-1], columns, rows, right)
    if data == (False, True):
        rows, columns = _by_weights(op, b[-2 if len(b) > 1 else -1], rows, columns, left)
    made: Dims = (*batch, *rows, *columns)
    return [relabelled(made, partial(_weight_as_unit, op) if any(data) else _unit_as_weight)]


def _unit_as_weight(factor: Factor) -> Factor:
    return Factor("weight", factor.size, factor.base, factor.path) if factor.kind == "unit" else factor


def _weight_as_unit(op: Operation, factor: Factor) -> Factor:
    return _of_layer(op, "unit", factor) if factor.kind == "weight" else factor


def _of_layer(op: Operation, kind: str, factor: Factor) -> Factor:
    return Factor(kind, factor.size, f"{op.layer}.{factor.base}", factor.path)


def _by_weights(op: Operation, summed: Dim, weights: Dims, others: Dims, matrix: Tensor) -> tuple[Dims, Dims]:
    """The labels of the weights' own dimension and of the data's other one, after a product of the two.

    A layer's weights make new units, and the old ones are positions for it. A matrix that mixes samples, or is not a
    parameter and mixes positions (the neighbours in a graph, an average), leaves the existing units.
    """
    contracted(op, summed)
    kinds = kinds_of(summed)
    positions = bool(kinds) and kinds <= {"input", "place"}
    if has_units(others) and (samples_of(summed) or (positions and not op.info(matrix).learned)):
        return tuple(map(not_units, weights)), others
    if op.info(matrix).learned:
        return weights, tuple(map(not_units, others))
    # A matrix that was made in the pass, such as an identity, has no labels.
    kinds |= kinds_of(factors_of(others))
    kind = "unit" if has_units((summed,)) or not kinds & {"unit", "unknown"} else "unknown"
    if kind == "unknown" and "unknown" not in kinds:
        return weights, others
    return relabelled(weights, partial(_any_as, op, kind)), others


def _any_as(op: Operation, kind: str, factor: Factor) -> Factor:
    return _of_layer(op, kind, factor) if factor.kind == "any" else factor


def convolution(op: Operation) -> list[Dims]:
    """Convolutions: dimension 1 is the layer's units."""
    output, source = op.outputs[0], op.dims(op.tensors[0])
    if output.ndim != len(source):
        return [of_kind("unknown", output.shape)]
    channel = 1 if output.ndim > 2 else 0
    contracted(op, source[channel])
    sizes = list(output.shape)
    sizes[channel] = size_of(source[channel])
    made = list(map(not_units, resized(source, sizes, "conv")))
    made[channel] = fresh_units(op.layer, output.shape[channel])
    return [tuple(made)]


def normalised(op: Operation) -> list[Dims]:
    """Normalisation: the labels stay, and its weights show which dimension of raw data is features."""
    source = op.dims(op.tensors[0])
    shape = op.get("normalized_shape", [0])
    d = 1 if "layer_norm" not in op.name and "rms_norm" not in op.name else len(source) - 1
    if not has_units(source) and len(shape) == 1 and d < len(source) and len(op.tensors) > 1:
        contracted(op, source[d])
    return [source]


def attention(op: Operation) -> list[Dims]:
    """Scaled dot-product attention: positions of the query, features of the value."""
    query, _, value = map(op.dims, op.tensors[:3])
    return [(*query[:-1], *value[-1:])]


def last_dimension(op: Operation) -> list[Dims]:
    """Linear layers and recurrent ones that are one operation: the last dimension of the output is units."""
    source, made = op.dims(op.tensors[0]), []
    contracted(op, source[-1] if source else ())
    for output in op.outputs:
        others = tuple(map(not_units, source[:-1]))
        if output.ndim != len(source):
            others = of_kind("unknown", output.shape[:-1])
        made.append((*others, *((fresh_units(op.layer, output.shape[-1]),) if output.ndim else ())))
    return made


def distances(op: Operation) -> list[Dims]:
    """Distances of data from rows of weights, which are units then."""
    rows, centres = op.dims(op.tensors[0])[:-1], op.dims(op.tensors[1])[-2]
    if not op.info(op.tensors[1]).data:
        contracted(op, op.dims(op.tensors[0])[-1])
        centres = fresh_units(op.layer, op.outputs[0].shape[-1])
    return [(*map(not_units, rows), centres)]


def embedding(op: Operation) -> list[Dims]:
    """A table that ids choose from: its columns are units."""
    indices, output = op.get("indices"), op.outputs[0]
    rest = op.dims(indices)[: output.ndim - 1]
    return [(*rest, fresh_units(op.layer, output.shape[-1]))]


def embedding_bag(op: Operation) -> list[Dims]:
    """Sums of rows of a table, one for each sample."""
    output, indices = op.outputs[0], op.get("indices")
    samples = samples_of(factors_of(op.dims(indices)))
    rows = tuple(samples) if samples and samples[0].size == len(output) else of_kind("place", output.shape[:1])[0]
    return [(rows, fresh_units(op.layer, output.shape[-1]))]


def trilinear(op: Operation) -> list[Dims]:
    """Bilinear layers."""
    output = op.outputs[0]
    return [(op.dims(op.tensors[0])[0], fresh_units(op.layer, output.shape[-1]))]

"""Counts of what fired, unit by unit, over any number of batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod

import torch
from torch import Tensor

from lrn.dead._activations import nonzero
from lrn.dead._layout import Dims, Factor, dimension, factors_of, has_units

__all__ = ["Counting", "Tally", "Uncountable", "unit_factors"]


EXACT = 2**24  # whole numbers up to here are float32 numbers
CACHED = 2**17  # float32 numbers, half a MiB
LONG = 32  # shorter rows are not worth summing one by one


class Uncountable(Exception):
    """Which dimensions hold the units cannot be known; the message says why."""


@dataclass(frozen=True)
class Counting:
    """What counts as firing.

    Attributes:
        threshold: a value fires when it is larger than this in size.
        sizes: whether the mean size of each unit is wanted too.
    """

    threshold: float = 0.0
    sizes: bool = False


@dataclass
class Tally:
    """The counts of one activation so far.

    Attributes:
        name, kind, feeds, shape: see `lrn.dead.LayerUnits`.
        counting: what counts as firing.
        factors: the axes of the counts: units, or dimensions of the data of which it is not known yet.
        fired: how often each fired, (*factor sizes) int64; None before the first call.
        total: values looked at for each of them.
        sums: sum of the sizes of the values, as `fired`, float64; None where not wanted.
        has_nan: whether a value was NaN.
        unresolved, settled: whether it is not known yet, or was found out, which of the data's dimensions are units.
        positions: indices of the kept factors that turned out to be positions.
        unmasked: whether every position counts, for the padding could not be followed to it.
    """

    name: str
    kind: str
    feeds: tuple[str, ...]
    counting: Counting
    shape: tuple[int | str, ...] = ()
    factors: tuple[Factor, ...] = ()
    fired: Tensor | None = None
    total: int = 0
    sums: Tensor | None = None
    has_nan: bool = False
    unresolved: bool = False
    settled: bool = False
    positions: tuple[int, ...] = ()
    unmasked: bool = False

    def add(
        self,
        output: Tensor,
        dims: Dims,
        raw: bool,
        unit_dims: Sequence[int] | None,
        mask: Tensor | None,
        single: bool,
        lenient: bool = False,
    ) -> None:
        """Count one call's output.

        Args:
            output: the activation.
            dims: its labels.
            raw: whether no layer came before.
            unit_dims: the dimensions that the user says hold the units.
            mask: which positions of the data count, bool (N, ...); None for all.
            single: whether the batch has one sample.
            lenient: whether every position counts where the mask cannot be followed.

        Raises:
            Uncountable: it cannot be known which dimensions hold the units, or where the mask lies.
            ValueError: the number of units changed, or `unit_dims` has a dimension that there is not.
        """
        flat = factors_of(dims)
        unit_indices = _chosen(self.name, dims, unit_dims) if unit_dims is not None else unit_factors(dims, raw)
        sizes = tuple(flat[i].size for i in unit_indices)
        left = tuple(size for i, size in enumerate(sizes) if i not in self.positions)
        if self.fired is not None and tuple(self.fired.shape) != left:
            raise ValueError(
                f"{self.name} gave {self.fired.numel()} units on one batch and {prod(left)} on another; "
                f"say which dimension holds its units, as in unit_dims={{{self.name!r}: 1}}"
            )
        values = (output.dequantize() if output.is_quantized else output).reshape([factor.size for factor in flat])
        counted = None if mask is None else self._followed(mask, flat, lenient)
        fired, total, has_nan = _fired(values, unit_indices, self.counting.threshold, counted)
        if self.positions:  # known from an earlier batch
            fired, total = fired.sum(self.positions), total * prod(sizes[i] for i in self.positions)
        self.fired = fired if self.fired is None else self.fired + fired.to(self.fired.device)
        self.total += total
        if self.counting.sizes:
            size = _sums(values, unit_indices, counted)
            size = size.sum(self.positions) if self.positions else size
            self.sums = size if self.sums is None else self.sums + size.to(self.sums.device)
        self.has_nan = self.has_nan or has_nan
        self.shape = tuple(_shown(dim, size) for dim, size in zip(dims, output.shape, strict=True))
        if single and self.shape[:1] == (1,):
            self.shape = ("N", *self.shape[1:])
        self.factors = tuple(flat[i] for n, i in enumerate(unit_indices) if n not in self.positions)
        self.unresolved = (
            unit_dims is None and not self.settled and any(factor.kind == "input" for factor in self.factors)
        )

    def _followed(self, mask: Tensor, flat: Sequence[Factor], lenient: bool) -> Tensor | None:
        try:
            return _laid_out(mask, flat)
        except Uncountable:
            if not lenient:
                raise
            self.unmasked = True
            return None

    def resolve(self, features: set[str]) -> None:
        """Of the dimensions of the data that are kept, those over which weights were summed are the units."""
        if not self.unresolved or self.fired is None:
            return
        positions = [i for i, factor in enumerate(self.factors) if dimension(factor) not in features]
        if len(positions) == len(self.factors):
            if len(self.factors) == 1 and len(self.shape) == 2:
                self.unresolved, self.settled = False, True
                return
            raise Uncountable("nothing says which dimension holds the units")
        if positions:
            self.fired = self.fired.sum(positions)
            self.sums = None if self.sums is None else self.sums.sum(positions)
            self.total *= prod(self.factors[i].size for i in positions)
        self.factors = tuple(f for i, f in enumerate(self.factors) if i not in positions)
        self.positions, self.unresolved, self.settled = tuple(positions), False, True


def _shown(dim: tuple[Factor, ...], size: int) -> int | str:
    """The size of a dimension, with N for the samples."""
    samples = [factor for factor in dim if factor.kind == "input" and factor.base == "0"]
    rest = size // prod(factor.size for factor in samples)
    return size if not samples else "N" if rest == 1 else f"N*{rest}"


def unit_factors(dims: Dims, raw: bool) -> list[int]:
    """Which of the factors, counted through all dimensions, are units, in the order of the layer's outputs.

    Args:
        dims: the labels of the activation.
        raw: whether no layer came before, so that the data's own dimensions may be features.

    Raises:
        Uncountable: it cannot be known.
    """
    flat = factors_of(dims)
    if has_units(dims):
        first = {factor.base: i for i, factor in reversed(list(enumerate(flat)))}
        units = [i for i, factor in enumerate(flat) if factor.kind == "unit"]
        if any(factor.kind in ("unknown", "slot") for factor in flat) and any(flat[i].path for i in units):
            raise Uncountable("its units lie in several dimensions, one of which cannot be followed")
        return sorted(units, key=lambda i: (first[flat[i].base], flat[i].path))
    kinds = {factor.kind for factor in flat}
    if "slot" in kinds:
        raise Uncountable("its values are ranked, so that no place belongs to one unit")
    if "unknown" in kinds:
        raise Uncountable("it cannot be known which dimension holds the units")
    return [i for i, factor in enumerate(flat) if factor.kind == "input" and factor.base != "0"] if raw else []


def _chosen(name: str, dims: Dims, unit_dims: Sequence[int]) -> list[int]:
    for d in unit_dims:
        if not -len(dims) <= d < len(dims):
            raise ValueError(f"the output of {name} has {len(dims)} dimensions; there is no dimension {d}")
    chosen = {d % len(dims) for d in unit_dims}
    owners = chain.from_iterable([d] * len(dim) for d, dim in enumerate(dims))
    return [i for i, owner in enumerate(owners) if owner in chosen]


def _fired(
    values: Tensor, unit_indices: list[int], threshold: float, counted: Tensor | None
) -> tuple[Tensor, int, bool]:
    """How often each kept factor fired, the number of values of each, and whether one of them is NaN."""
    others = [i for i in range(values.ndim) if i not in unit_indices]
    total = prod(values.shape[i] for i in others)
    if threshold == 0 and counted is None and total // max(len(values) if values.ndim else 1, 1) < EXACT:
        fired, has_nan = _nonzeros(values, others)
    else:
        hits = nonzero(values, threshold)
        hits = hits if counted is None else hits & counted
        fired = hits.sum(others) if others else hits.long()
        total = total if counted is None else int(counted.sum()) * total // prod(counted.shape[i] for i in others)
        has_nan = _has_nan(values)
    return _ordered(fired, unit_indices), total, has_nan


def _nonzeros(values: Tensor, others: list[int]) -> tuple[Tensor, bool]:
    """`torch.count_nonzero`, and whether there is NaN.

    This is three times as fast: pieces stay in the processor's cache, and ones are added up as floating numbers, which
    is exact for fewer than 2^24 of them.
    """
    leading = _dims_before_rows(values, others)
    if LONG <= prod(values.shape[leading:]) < EXACT:
        counts, has_nan = _nonzeros_of_rows(values.view(prod(values.shape[:leading]), -1))
        outer = [d for d in others if d < leading]
        counts = counts.view(values.shape[:leading])
        return counts.sum(outer) if outer else counts, has_nan
    cut = 0 in others and values.device.type == "cpu"
    rows = max(CACHED // max(values[0].numel(), 1), 1) if cut else 1
    pieces = values.split(rows) if cut else (values,)
    ones = torch.empty(pieces[0].shape, dtype=torch.float32, device=values.device)
    fired, sums = torch.zeros((), dtype=torch.long, device=values.device), []
    for piece in pieces:
        part = torch.ne(piece, 0, out=ones[: len(piece)] if piece.ndim else ones)
        fired = fired + (part.sum(others) if others else part).long()
        sums.append(piece.sum())
    return fired, any(bool(total.isnan()) for total in sums) and bool(values.isnan().any())


def _dims_before_rows(values: Tensor, others: list[int]) -> int:
    """The dimension from which on all are summed over and lie in one row of memory; all of them where none do."""
    leading = values.ndim
    if values.device.type == "cpu" and values.is_contiguous():
        while leading and leading - 1 in others:
            leading -= 1
    return leading


def _nonzeros_of_rows(rows: Tensor) -> tuple[Tensor, bool]:
    """How many numbers of each row are not zero, (R,) int64, and whether there is NaN; channels of images are rows."""
    several = max(CACHED // rows.shape[1], 1)
    ones = torch.empty((min(several, len(rows)), rows.shape[1]), dtype=torch.float32)
    counts, sums = torch.empty(len(rows), dtype=torch.float32), torch.zeros((), dtype=rows.dtype)
    for start in range(0, len(rows), several):
        piece = rows[start : start + several]
        torch.sum(torch.ne(piece, 0, out=ones[: len(piece)]), 1, out=counts[start : start + several])
        sums += piece.sum()
    return counts.long(), bool(sums.isnan()) and bool(rows.isnan().any())


def _sums(values: Tensor, unit_indices: list[int], counted: Tensor | None) -> Tensor:
    others = [i for i in range(values.ndim) if i not in unit_indices]
    sizes = values.abs() if counted is None else values.abs() * counted
    return _ordered(sizes.double().sum(others) if others else sizes.double(), unit_indices)


def _ordered(counts: Tensor, unit_indices: list[int]) -> Tensor:
    """The result of a sum over all other dimensions, with the kept ones in their own order."""
    rank = sorted(unit_indices)
    return counts.permute([rank.index(i) for i in unit_indices])


def _has_nan(values: Tensor) -> bool:
    total = values.sum()
    return bool(total.isnan()) and bool(values.isnan().any())


def _laid_out(mask: Tensor, flat: Sequence[Factor]) -> Tensor:
    """A mask over dimensions of the data, (N, T), as it lies over the factors of an activation."""
    mask = _reduced(mask, flat)
    shape = [1] * len(flat)
    order = []
    for d, size in enumerate(mask.shape):
        at = [i for i, factor in enumerate(flat) if _is_dimension(factor, d) and not factor.path]
        if size == 1:
            continue
        if len(at) != 1 or flat[at[0]].size != size:
            raise Uncountable(f"dimension {d} of the mask cannot be followed to it")
        shape[at[0]] = size
        order.append(at[0])
    wide = mask.reshape([size for size in mask.shape if size != 1])
    return wide.permute([order.index(i) for i in sorted(order)]).reshape(shape)


def _reduced(mask: Tensor, flat: Sequence[Factor]) -> Tensor:
    """The mask without its positions where an activation has none left, as behind pooling over them."""
    if any(factor.kind != "unit" and not _is_dimension(factor, 0) for factor in flat):
        return mask
    return mask.flatten(1).any(1) if mask.ndim > 1 else mask


def _is_dimension(factor: Factor, number: int) -> bool:
    return factor.kind == "input" and factor.base == str(number)

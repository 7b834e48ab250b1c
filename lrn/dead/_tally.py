"""Counts of what fired, unit by unit, over any number of batches."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeVar

import torch
from torch import Tensor

from lrn.dead._activations import nonzero
from lrn.dead._axes import Uncountable, chosen_factors, laid_out, unit_factors
from lrn.dead._factors import Dim, Dims, Factor, dimension, factors_of, kinds_of, samples_of, size_of, sizes_of

__all__ = ["Counting", "OtherUnits", "Tally"]


EXACT = 2**24  # whole numbers up to here are float32 numbers
CACHED = 2**17  # float32 numbers, half a MiB
LONG = 32  # shorter rows are not worth summing one by one

Item = TypeVar("Item")


class OtherUnits(Exception):
    """A call gave another number of a layer's outputs than before: parts of different sizes, which are not one.

    Attributes:
        sizes: of the axes of its units.
    """

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.sizes = sizes


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
            OtherUnits: the number of units changed, and a layer made them.
            ValueError: the number of units changed, or `unit_dims` has a dimension that there is not.
        """
        flat = factors_of(dims)
        unit_indices = chosen_factors(self.name, dims, unit_dims) if unit_dims is not None else unit_factors(dims, raw)
        counted_factors = list(map(flat.__getitem__, unit_indices))
        factors = tuple(_without(counted_factors, self.positions))
        self._check_units(factors, is_certain=unit_dims is None and kinds_of(factors) == {"unit"})
        self.factors = factors
        values = _plain(output).reshape(sizes_of(flat))
        counted = None if mask is None else self._followed(mask, flat, lenient)
        fired, total, has_nan = _fired(values, unit_indices, self.counting.threshold, counted)
        self.fired = self._added(self.fired, fired)
        # Positions are known from an earlier batch.
        self.total += total * _values_along(sizes_of(counted_factors), self.positions)
        if self.counting.sizes:
            self.sums = self._added(self.sums, _sums(values, unit_indices, counted))
        self.has_nan = self.has_nan or has_nan
        self.shape = tuple(map(_shown, dims, output.shape))
        if single and self.shape[:1] == (1,):
            self.shape = ("N", *self.shape[1:])
        self.unresolved = unit_dims is None and not self.settled and "input" in kinds_of(self.factors)

    def _check_units(self, factors: Sequence[Factor], is_certain: bool) -> None:
        """Raises OtherUnits or ValueError where the number of units is not that of the calls so far."""
        sizes = sizes_of(factors)
        if self.fired is not None and list(self.fired.shape) != sizes:
            if is_certain:
                raise OtherUnits(tuple(sizes))
            raise ValueError(
                f"{self.name} gave {self.fired.numel()} units on one batch and {prod(sizes)} on another; "
                f"say which dimension holds its units, as in unit_dims={{{self.name!r}: 1}}"
            )

    def _added(self, sums: Tensor | None, counts: Tensor) -> Tensor:
        """The sums of the batches so far and of another one, over the dimensions that turned out to be positions."""
        counts = counts.sum(self.positions) if self.positions else counts
        return counts if sums is None else sums + counts.to(sums.device)

    def _followed(self, mask: Tensor, flat: Sequence[Factor], lenient: bool) -> Tensor | None:
        try:
            return laid_out(mask, flat)
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
            self.total *= _values_along(sizes_of(self.factors), positions)
        self.factors = tuple(_without(self.factors, positions))
        self.positions, self.unresolved, self.settled = tuple(positions), False, True


def _plain(output: Tensor) -> Tensor:
    """The numbers of a quantised or sparse tensor, as a dense one of floating numbers."""
    dense = output if output.layout == torch.strided else output.to_dense()
    return dense.dequantize() if dense.is_quantized else dense


def _without(values: Sequence[Item], indices: Container[int]) -> list[Item]:
    """The values that don't stand at one of the indices."""
    return [value for index, value in enumerate(values) if index not in indices]


def _values_along(sizes: Sequence[int], indices: Iterable[int]) -> int:
    """The number of values along some of the dimensions that have these sizes."""
    return prod(map(sizes.__getitem__, indices))


def _shown(dim: Dim, size: int) -> int | str:
    """The size of a dimension, with N for the samples."""
    samples = samples_of(dim)
    rest = size // size_of(samples)
    return size if not samples else "N" if rest == 1 else f"N*{rest}"


def _fired(
    values: Tensor, unit_indices: list[int], threshold: float, counted: Tensor | None
) -> tuple[Tensor, int, bool]:
    """How often each kept factor fired, the number of values of each, and whether one of them is NaN."""
    others = _other_dims(values, unit_indices)
    total = _values_along(values.shape, others)
    if threshold == 0 and counted is None and total // max(len(values) if values.ndim else 1, 1) < EXACT:
        fired, has_nan = _nonzeros(values, others)
    else:
        hits = nonzero(values, threshold)
        hits = hits if counted is None else hits & counted
        fired = hits.sum(others) if others else hits.long()
        total = total if counted is None else int(counted.sum()) * total // _values_along(counted.shape, others)
        has_nan = _has_nan(values)
    return _ordered(fired, unit_indices), total, has_nan


def _other_dims(values: Tensor, unit_indices: Iterable[int]) -> list[int]:
    return sorted(set(range(values.ndim)).difference(unit_indices))


def _nonzeros(values: Tensor, others: list[int]) -> tuple[Tensor, bool]:
    """`torch.count_nonzero`, and whether there is NaN.

    This is three times as fast: pieces stay in the processor's cache, and ones are added up as floating numbers, which
    is exact for fewer than 2^24 of them.
    """
    leading = _dims_before_rows(values, others)
    if LONG <= prod(values.shape[leading:]) < EXACT:
        counts, has_nan = _nonzeros_of_rows(values.view(prod(values.shape[:leading]), -1))
        outer = sorted(set(others) & set(range(leading)))
        counts = counts.view(values.shape[:leading])
        return counts.sum(outer) if outer else counts, has_nan
    cut = 0 in others and values.device.type == "cpu"
    rows = max(CACHED // max(values[0].numel(), 1), 1) if cut else 1
    pieces = values.split(rows) if cut else (values,)
    ones = torch.empty(pieces[0].shape, dtype=torch.float32, device=values.device)
    fired, has_nan = torch.zeros((), dtype=torch.long, device=values.device), False
    for piece in pieces:
        part = torch.ne(piece, 0, out=ones[: len(piece)] if piece.ndim else ones)
        fired = fired + (part.sum(others) if others else part).long()
        has_nan = has_nan or _has_nan(piece)
    return fired, has_nan


def _dims_before_rows(values: Tensor, others: list[int]) -> int:
    """The dimension from which on all are summed over and lie in one row of memory; all of them where none do."""
    leading = values.ndim
    if values.device.type == "cpu" and values.is_contiguous():
        while leading and leading - 1 in others:
            leading -= 1
    return leading


def _nonzeros_of_rows(rows: Tensor) -> tuple[Tensor, bool]:
    """How many numbers of each row are not zero, (R,) int64, and whether there is NaN; channels of images are rows."""
    rows_at_once = max(CACHED // rows.shape[1], 1)
    ones = torch.empty((min(rows_at_once, len(rows)), rows.shape[1]), dtype=torch.float32)
    counts, sums = torch.empty(len(rows), dtype=torch.float32), torch.zeros((), dtype=rows.dtype)
    for start in range(0, len(rows), rows_at_once):
        piece = rows[start : start + rows_at_once]
        torch.sum(torch.ne(piece, 0, out=ones[: len(piece)]), 1, out=counts[start : start + rows_at_once])
        sums += piece.sum()
    return counts.long(), bool(sums.isnan()) and bool(rows.isnan().any())


def _sums(values: Tensor, unit_indices: list[int], counted: Tensor | None) -> Tensor:
    others = _other_dims(values, unit_indices)
    sizes = values.abs() if counted is None else values.abs() * counted
    return _ordered(sizes.double().sum(others) if others else sizes.double(), unit_indices)


def _ordered(counts: Tensor, unit_indices: list[int]) -> Tensor:
    """The result of a sum over all other dimensions, with the kept ones in their own order."""
    rank = sorted(unit_indices)
    return counts.permute(list(map(rank.index, unit_indices)))


def _has_nan(values: Tensor) -> bool:
    total = values.sum()
    return bool(total.isnan()) and bool(values.isnan().any())

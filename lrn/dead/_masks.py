"""Which positions of a batch count: those of a mask, or those that are not padding."""

from __future__ import annotations

import warnings
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from lrn.dead._data import Batch
from lrn.dead._forms import as_tensor, is_array, is_floating

__all__ = ["Masks"]

KEEPS = ("attention_mask",)
PADS = ("src_key_padding_mask", "key_padding_mask", "padding_mask")


class Masks:
    """The mask of each batch.

    Args:
        module: the network that the batches go into.
        mask: a tensor or array for all of the data, the name of an input, or a function of the inputs; None for the
            padding that the batch or the module declares, and False for every position.

    Attributes:
        declared: whether the mask is the padding that was declared, and not one that the user asked for.
        remarks: which positions were left out as padding, one sentence for each reason.

    Raises:
        TypeError: `mask` is of another kind.
    """

    def __init__(self, module: nn.Module, mask: Any) -> None:
        if not (mask is None or mask is False or isinstance(mask, str) or callable(mask) or is_array(mask)):
            raise TypeError(
                f"mask must be a tensor, the name of an input, a function of the inputs, or False; got {mask!r}"
            )
        self.declared = mask is None
        self._mask, self._start = mask, 0
        self._embeds, self._padding_id = _embeddings(module)
        self._left_out: dict[str, int] = {}
        self._positions = 0

    @property
    def remarks(self) -> list[str]:
        """One sentence for each reason to leave positions out."""
        sentences = []
        for reason, count in self._left_out.items():
            share = f"{count} of {self._positions} positions"
            sentences.append(f"{share} are left out as padding: {reason} (mask=False counts them)")
        return sentences

    def of(self, batch: Batch) -> Tensor | None:
        """The mask of one batch (N, ...), bool, on its device; None where every position counts.

        Raises:
            ValueError: the mask does not have an entry for each sample.
        """
        if self._mask is False:
            return None
        if self._mask is None:
            return self._of_padding(batch)
        mask = self._take(batch)
        if not isinstance(mask, Tensor) or mask.ndim == 0 or len(mask) != len(batch):
            shape = tuple(mask.shape) if isinstance(mask, Tensor) else type(mask).__name__
            raise ValueError(f"mask must have an entry for each of the {len(batch)} samples of a batch; got {shape}")
        return mask.to(batch.tensors[0].device) != 0

    def check_used_up(self) -> None:
        """Raise ValueError where a mask has more samples than the data."""
        if is_array(self._mask) and self._start != self._mask.shape[0]:
            raise ValueError(f"mask has {self._mask.shape[0]} samples, but the data has {self._start}")

    def _take(self, batch: Batch) -> Any:
        if isinstance(self._mask, str):
            if self._mask not in batch.kwargs:
                inputs = ", ".join(batch.kwargs) or "none by name"
                raise ValueError(f"mask must be the name of an input; got {self._mask!r}, the inputs are {inputs}")
            return batch.kwargs[self._mask]
        if is_array(self._mask):
            start, self._start = self._start, self._start + len(batch)
            return as_tensor(self._mask[start : self._start], None, ())
        return self._mask(*batch.args, **batch.kwargs)

    def _of_padding(self, batch: Batch) -> Tensor | None:
        main = batch.main
        if main.is_nested or main.ndim < 2:
            return None
        mask, reason = _by_name(batch, main)
        if mask is None and main.ndim == 2 and self._embeds and not is_floating(main):
            mask, reason = self._by_id(main)
        if mask is None or bool(mask.all()) or not bool(mask.any()):
            self._positions += main.shape[0] * main.shape[1] if self._embeds else 0
            return None
        self._positions += mask.numel()
        self._left_out[reason] = self._left_out.get(reason, 0) + int((~mask).sum())
        return mask

    def _by_id(self, ids: Tensor) -> tuple[Tensor | None, str]:
        """Padding by its id: that of the embedding, or zeros that only stand at one end of the rows."""
        if self._padding_id is not None:
            return ids != self._padding_id, f"the embedding's padding_idx is {self._padding_id}"
        if not _ends_in_zeros(ids):
            return None, ""
        reason = "the id 0 stands at one end of the rows and nowhere else"
        if reason not in self._left_out:
            warnings.warn(
                f"{reason}, so it is taken for padding and its positions are not counted; give a mask, or mask=False "
                "to count every position",
                stacklevel=5,
            )
        return ids != 0, reason


def _embeddings(module: nn.Module) -> tuple[bool, int | None]:
    """Whether a module has embeddings, and the one padding id that they agree on."""
    tables = [child for child in module.modules() if isinstance(child, nn.Embedding | nn.EmbeddingBag)]
    ids = set(map(attrgetter("padding_idx"), tables)) - {None}
    return bool(tables), ids.pop() if len(ids) == 1 else None


def _by_name(batch: Batch, main: Tensor) -> tuple[Tensor | None, str]:
    """The mask (N, T) among the inputs that goes by a name that says so."""
    for name, value in batch.kwargs.items():
        if name not in (*KEEPS, *PADS) or not isinstance(value, Tensor) or value.shape != main.shape[:2]:
            continue
        if name in KEEPS and not value.is_floating_point():
            return value != 0, f"{name!r} is 0 there"
        if name in PADS and value.dtype == torch.bool:
            return ~value, f"{name!r} is true there"
    return None, ""


def _ends_in_zeros(ids: Tensor) -> bool:
    """Whether rows of ids end (or all begin) in runs of zeros, one of at least two, with no zero elsewhere."""
    zero = ids == 0
    lengths = zero.sum(1)
    behind = zero.flip(1).long().cumprod(1).sum(1)
    before = zero.long().cumprod(1).sum(1)
    at_one_end = bool((behind == lengths).all()) or bool((before == lengths).all())
    many_ids = len(ids[~zero].unique()) > 2  # a table of ones and zeros is not a text
    return at_one_end and many_ids and int(lengths.max()) > 1 and int(lengths.max()) < ids.shape[1]

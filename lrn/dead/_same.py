"""Whether two networks give the same outputs on data."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from lrn.dead._data import Batch

__all__ = ["check_same"]

ROUNDINGS = 4096
"""Outputs may differ by this many roundings of their largest size: sums of some thousand terms in another order."""


def check_same(whole: nn.Module, small: nn.Module, data: Iterable[Batch]) -> None:
    """Raise ValueError where `small` fails on a batch, or gives another output than `whole` beyond rounding."""
    for batch in data:
        expected = whole(*batch.args, **batch.kwargs)
        try:
            output = small(*batch.args, **batch.kwargs)
        except Exception as error:
            reason = (str(error).splitlines() or [""])[0]
            raise ValueError(f"{_blame(whole)} it fails with {type(error).__name__}: {reason}") from error
        for one, other in zip(_tensors(output), _tensors(expected), strict=True):
            if not _close(one, other):
                apart = "has another shape" if one.shape != other.shape else f"differs by {_apart(one, other):.3g}"
                raise ValueError(f"{_blame(whole)} the output {apart}")


def _blame(whole: nn.Module) -> str:
    return f"prune does not understand the forward of {type(whole).__name__}: without its dead neurons"


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one.double() - other.double()).abs().max())


def _close(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    if not other.is_floating_point() or not other.numel():
        return torch.equal(one, other)
    rounding = min(ROUNDINGS * torch.finfo(other.dtype).eps, 0.05)
    return _apart(one, other) <= rounding * max(float(other.abs().max()), 1.0)


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    parts = value.values() if hasattr(value, "values") else value if isinstance(value, list | tuple) else ()
    return list(chain.from_iterable(map(_tensors, parts)))

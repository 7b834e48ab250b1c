"""The forms that numbers come in: tensors, NumPy arrays, pandas tables, sparse matrices."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["as_tensor", "is_array", "is_floating"]


def is_array(value: Any) -> bool:
    """Whether a value holds numbers in a form that can be made a tensor."""
    return isinstance(value, Tensor | np.ndarray) or _is_table(value) or _is_sparse(value)


def is_floating(tensor: Tensor) -> bool:
    """Whether a tensor holds numbers that an activation could give: floating, complex or quantised."""
    return tensor.is_floating_point() or tensor.is_quantized or tensor.dtype.is_complex


def as_tensor(value: Any, device: torch.device | None, dtypes: Sequence[torch.dtype]) -> Tensor:
    """A tensor on `device`.

    Args:
        value: what `is_array` accepts.
        device: None leaves a tensor where it is.
        dtypes: the floating dtypes of the model. An array takes the first; a floating tensor takes it only if its own
            dtype is not among them.

    Raises:
        TypeError: there is something other than numbers in it.
        ValueError: it is on the meta device.
    """
    if isinstance(value, Tensor):
        if value.is_meta:
            raise ValueError("data must have numbers to compute with; got a tensor on the meta device")
        foreign = value.is_floating_point() and dtypes and value.dtype not in dtypes
        dense = value.to_dense() if value.layout != torch.strided and not value.is_nested else value
        return dense.to(device if device is not None else value.device, dtypes[0] if foreign else None)
    array = _dense(value)
    if array.dtype.kind not in "biufc":
        kind = "an array" if type(value).__name__ == "ndarray" else f"a {type(value).__name__}"
        raise TypeError(f"a batch must hold numbers; got {kind} of {array.dtype}")
    # A copy, because torch warns of arrays it may not write to, such as a read-only memory map.
    tensor = torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("=")))
    return tensor.to(device, dtypes[0] if dtypes and tensor.is_floating_point() else None)


def _dense(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ndarray):
        return value
    if _is_sparse(value):
        return np.asarray(value.toarray())
    if hasattr(value, "columns"):
        columns = zip(value.columns, value.dtypes, strict=True)
    else:
        columns = zip([getattr(value, "name", None)], [value.dtype], strict=True)
    wrong = [str(name) for name, dtype in columns if not _is_number(dtype)]
    if wrong:
        raise TypeError(f"a {type(value).__name__} must hold numbers; {', '.join(wrong)} hold something else")
    array = np.asarray(value.to_numpy())
    # Columns of different types, or with missing values, make an array of objects.
    return array if array.dtype != object else np.asarray(value.to_numpy(dtype=np.float64, na_value=np.nan))


def _is_number(dtype: Any) -> bool:
    return getattr(dtype, "kind", "O") in "biuf"


def _is_table(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series)


def _is_sparse(value: Any) -> bool:
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(value))

"""The correlation of evenly spaced values with themselves, further along."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrn.arithmetic import total

__all__ = ["autocorrelation"]


def autocorrelation(values: Any, lags: int | None = None) -> NDArray[np.float64]:
    """Autocorrelation of evenly spaced values (Balduzzi et al., 2017, use it on gradients along a line).

        r_k = Σ_i (v_i - v̄)(v_{i+k} - v̄) / Σ_i (v_i - v̄)²

    White noise has an expectation of about 0 at every lag but 0; a slowly changing series stays near 1.

    Args:
        values: shape (*, N), N at least 2, finite.
        lags: the largest lag, 0 to N - 1; all by default.

    Returns:
        r_0, r_1, ..., shape (*, lags + 1); NaN where all values are equal.

    Raises:
        ValueError: a value is not finite, or the number of values or lags is out of range.

    Example:
        >>> autocorrelation([1.0, -1.0, 1.0, -1.0], lags=1).tolist()
        [1.0, -0.75]
    """
    v = np.asarray(values, np.float64)
    if v.ndim == 0 or v.shape[-1] < 2:
        raise ValueError(f"an autocorrelation needs at least 2 values; got shape {v.shape}")
    if not np.isfinite(v).all():
        raise ValueError(f"values must be finite; {(~np.isfinite(v)).sum()} of {v.size} are NaN or infinite")
    n = v.shape[-1]
    most = n - 1 if lags is None else lags
    if isinstance(most, bool) or not isinstance(most, int | np.integer) or not 0 <= most < n:
        raise ValueError(f"lags must be a whole number from 0 to {n - 1} for {n} values; got {lags!r}")
    # Scaled first, so that squares neither overflow nor underflow; equal values are told by comparison, not by sums.
    scale = np.abs(v).max(axis=-1, keepdims=True)
    v = v / np.where(scale > 0, scale, 1.0)
    centred = v - total(v)[..., None] / n
    squares = total(np.square(centred))
    equal = (v == v[..., :1]).all(axis=-1)
    sums = [total(centred[..., : n - k] * centred[..., k:]) for k in range(most + 1)]
    return np.where(equal[..., None], np.nan, np.stack(sums, axis=-1) / np.where(equal, 1.0, squares)[..., None])

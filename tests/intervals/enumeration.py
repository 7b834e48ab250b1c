"""Outcomes of several draws, enumerated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


def running_counts(draws: Sequence[int], kinds: int) -> Iterator[tuple[int, ...]]:
    """Yields how often each of `kinds` outcomes was drawn, after every draw."""
    drawn = np.eye(kinds, dtype=int)[list(draws)]
    yield from map(tuple, drawn.cumsum(axis=0).tolist())

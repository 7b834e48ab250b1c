"""Intervals of means that the thesis prints, of which only the number of networks is known."""

from __future__ import annotations

import math

from claims.thesis.grid import table

__all__ = ["converged_of", "mean_interval"]


def mean_interval(mean: float, networks: int, most: float, level: float) -> tuple[float, float]:
    """An interval for the mean over all networks, from the mean of a few.

    Hoeffding's inequality bounds the mean of n values between 0 and 1 by sqrt(log(2 / level) / (2 n)).

    Args:
        mean: the printed mean.
        networks: how many it is of.
        most: the largest value that a network can have; the least is 0.
        level: the interval misses at most this often.

    Returns:
        Its ends, from 0 to `most`.

    Example:
        >>> mean_interval(6.0, 3, 10.0, 0.05)
        (0.0, 10.0)
    """
    width = most * math.sqrt(math.log(2 / level) / (2 * networks))
    return max(mean - width, 0.0), min(mean + width, most)


def converged_of(figure: str, **columns: str) -> int:
    """How many networks converged in the one row of a table with these values.

    Args:
        figure: the table's figure.
        columns: the row's values by their columns.
    """
    (row,) = (row for row in table(figure) if columns.items() <= row.items())
    return int(row["converged"])

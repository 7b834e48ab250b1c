"""What several tests compare: columns of many networks."""

from __future__ import annotations

import numpy as np


def assert_same_columns(columns, expected):
    """Checks that the columns have the same names, and the same values to the bit."""
    assert columns.keys() == expected.keys()
    for name, values in expected.items():
        assert np.array_equal(columns[name], values), name

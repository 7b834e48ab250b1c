"""Figures 4.3, 4.6, 4.9, 4.12, 4.15, 4.18: are the 168 published counts compatible with the measured rates?"""

import pytest

from claims.documents import THESIS
from claims.thesis.grid import case_name, experiment_of, published
from lrn.claims import claim
from lrn.intervals import binomial_compatibility

CELLS = list(published())
HOLM = 0.05 / len(CELLS)  # no cell is rejected by Holm's procedure exactly if the smallest p-value exceeds this


@claim(
    "The published number of convergences in ten runs is compatible with the measured rate",
    id="C0",
    **THESIS("red-totals"),
    reading="exact binomial test of k in 10, Holm at 5 % over the 168 cells",
)
@pytest.mark.parametrize("row", CELLS, ids=case_name)
def test_published_count_is_compatible(measure, row):
    rate = measure.rate(experiment_of(row), "converged")
    assert binomial_compatibility(int(row["converged"]), int(row["runs"]), rate) > HOLM

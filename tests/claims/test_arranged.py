"""The thesis's samples in other orders: the same samples, and the same networks where nothing is changed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from claims.thesis.arranged import ORDERS, Arranged, switches
from claims.thesis.grid import pair
from lrn import train
from lrn.data import absolute_value
from lrn.experiment import CONVERGED_RMSE

PLAIN, LATE = pair(3, "adam", 0.01, "iterative")


@pytest.mark.parametrize("order", ORDERS)
def test_every_sample_comes_once(order):
    x = absolute_value().x[:, 0]
    at = ORDERS[order](x)
    assert sorted(at) == list(range(20))
    if order == "by target":
        assert (np.diff(np.abs(x[at])) >= 0).all()
    if order == "by input":
        assert (np.diff(x[at]) >= 0).all()
    if order == "negative inputs first":
        negative = x[x < 0]
        assert (x[at][: len(negative)] == negative).all(), "all else as drawn"


def test_switches_are_counted_round_and_round():
    signs = np.sign(absolute_value().x[:, 0])
    assert switches("as drawn") == sum(signs[i] != signs[i - 1] for i in range(20))
    assert switches("by input") == switches("negative inputs first") == 2


def test_as_drawn_is_the_experiment_itself():
    runs = train(LATE, range(16), trace=True)
    seen = Arranged(LATE, "as drawn").sample(range(16))
    spikes = [np.mean([b - a > CONVERGED_RMSE for a, b in pairwise(t[:100])]) for t in runs.trace]
    assert seen["spikes"] == pytest.approx(spikes)
    assert (seen["converged"] == runs.converged).all()


def test_another_order_is_another_training_of_the_same_seeds():
    drawn, sorted_ = (Arranged(PLAIN, order).sample(range(16))["spikes"] for order in ("as drawn", "by target"))
    assert (drawn != sorted_).any()
    assert Arranged(PLAIN, "by target").sample(range(8, 16))["spikes"] == pytest.approx(sorted_[8:])


def test_labels_differ():
    labels = {Arranged(e, order).label for e in (PLAIN, LATE) for order in ORDERS}
    assert len(labels) == 2 * len(ORDERS)

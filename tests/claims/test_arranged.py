"""The thesis's samples in other orders or with other signs, and the same networks where nothing is changed."""

from __future__ import annotations

from itertools import product, starmap
from operator import attrgetter

import numpy as np
import pytest

from claims.thesis.arranged import ORDERS, Arranged, _Ordered, switches
from claims.thesis.grid import pair
from lrn import train
from lrn.data import absolute_value
from lrn.experiment import CONVERGED_RMSE

PLAIN, LATE = pair(3, "adam", 0.01, "iterative")


DRAWN = absolute_value().x[:, 0]
SIGNS = {"with the first signs negative", "with signs alternating"}


@pytest.mark.parametrize("order", sorted(set(ORDERS) - SIGNS))
def test_every_sample_comes_once(order):
    x = ORDERS[order](DRAWN)
    assert sorted(x) == sorted(DRAWN)
    if order == "by target":
        assert (np.diff(np.abs(x)) >= 0).all()
    if order == "by input":
        assert (np.diff(x) >= 0).all()


@pytest.mark.parametrize("order", sorted(SIGNS))
def test_other_signs_leave_every_target_in_its_place(order):
    x = ORDERS[order](DRAWN)
    assert (np.abs(x) == np.abs(DRAWN)).all()
    assert (x != DRAWN).any()


def test_as_many_signs_are_negative_when_they_come_first():
    assert ((ORDERS["with the first signs negative"](DRAWN) < 0).nonzero()[0] == np.arange((DRAWN < 0).sum())).all()


def test_what_is_trained_has_the_size_of_the_input_as_its_target():
    data = _Ordered(depth=3, order="with signs alternating").data
    assert (data.x[:, 0] == ORDERS["with signs alternating"](DRAWN)).all()
    assert (data.t == np.abs(data.x)).all()


def test_switches_are_counted_round_and_round():
    signs = np.sign(absolute_value().x[:, 0])
    assert switches("as drawn") == (signs != np.roll(signs, 1)).sum()
    assert switches("by input") == switches("with the first signs negative") == 2
    assert switches("with signs alternating") == 20


def test_as_drawn_is_the_experiment_itself():
    runs = train(LATE, range(16), trace=True)
    observed = Arranged(LATE, "as drawn").sample(range(16))
    rises = np.diff(runs.trace[:, :100], axis=1) > CONVERGED_RMSE
    assert observed["spikes"] == pytest.approx(rises.mean(axis=1))
    assert (observed["converged"] == runs.converged).all()


def test_another_order_is_another_training_of_the_same_seeds():
    drawn = Arranged(PLAIN, "as drawn").sample(range(16))["spikes"]
    sorted_ = Arranged(PLAIN, "by target").sample(range(16))["spikes"]
    assert (drawn != sorted_).any()
    assert Arranged(PLAIN, "by target").sample(range(8, 16))["spikes"] == pytest.approx(sorted_[8:])


def test_labels_differ():
    arranged = starmap(Arranged, product((PLAIN, LATE), ORDERS))
    assert len(set(map(attrgetter("label"), arranged))) == 2 * len(ORDERS)

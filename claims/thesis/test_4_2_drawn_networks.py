"""Figures 4.4 to 4.20 that plot the loss of one network: do most networks of its setting have a loss like it?

A drawn network is typical of its setting if more than half of the networks have a loss like it. Losses of every epoch
are large to keep, so no claim here may look at more than 32,768 networks of a setting.
"""

import numpy as np
import pytest

from claims.documents import THESIS
from claims.quantities import Among
from claims.thesis.drawn import DRAWN
from lrn.claims import claim
from lrn.experiment import CONVERGED_RMSE
from lrn.experiment.metrics import Metric

MOST = 32768


def unit(_):
    return 0.0, 1.0


def changes(runs):
    return np.diff(runs.trace.astype(np.float64), axis=1)


spikes_early = Metric(
    "a spike in the first 100 epochs", lambda r: (changes(r)[:, :99] > CONVERGED_RMSE).any(axis=1), unit, trace=True
)
never_changes = Metric("loss never changes", lambda r: (r.trace == r.trace[:, :1]).all(axis=1), unit, trace=True)
hardly_changes = Metric(
    "loss stays within 0.07 of its start",
    lambda r: (np.abs(r.trace - r.trace[:, :1]) < CONVERGED_RMSE).all(axis=1),
    unit,
    trace=True,
)
still_decreases = Metric("loss decreases in the last epoch", lambda r: changes(r)[:, -1] < 0, unit, trace=True)
never_minimal = Metric(
    "loss above 0.07 in every epoch", lambda r: ~(r.trace <= CONVERGED_RMSE).any(axis=1), unit, trace=True
)
gradual = Metric("loss without a spike", lambda r: ~(changes(r) > CONVERGED_RMSE).any(axis=1), unit, trace=True)


def figure(*figures):
    return pytest.mark.parametrize("figure", figures)


@claim(
    "The trained-on loss of most networks spikes within the first 100 epochs of iterative training",
    id="C5-spikes",
    **THESIS("spiking"),
    reading="a spike is a rise from one epoch to the next by more than the convergence threshold, 0.07",
    max_seeds=MOST,
)
@figure("4.4", "4.5")
def test_iterative_loss_spikes_early(measure, figure):
    assert measure.rate(DRAWN[figure].experiment, spikes_early) > 0.5


@claim(
    "SGD, 0.01, batch, depth 10: the loss of most plain networks never changes",
    id="C6-unchanged-literal",
    **THESIS("loss-never-changed"),
    reading="literal: it is the same number in all 3,000 epochs",
    refuted="in none of 256 networks: a dead network still learns the mean of the targets",
    max_seeds=MOST,
)
def test_loss_of_most_plain_networks_never_changes(measure):
    assert measure.rate(DRAWN["4.7"].experiment, never_changes) > 0.5


@claim(
    "SGD, 0.01, batch, depth 10: the loss of most plain networks hardly changes",
    id="C6-unchanged-practical",
    **THESIS("loss-never-changed"),
    reading="practical: in all epochs it stays within the convergence threshold, 0.07, of where it began",
    max_seeds=MOST,
)
def test_loss_of_most_plain_networks_hardly_changes(measure):
    assert measure.rate(DRAWN["4.7"].experiment, hardly_changes) > 0.5


@claim(
    "Batch training: most plain networks of the settings drawn are at no epoch as good as a converged one",
    id="C10-drawn-plain",
    **THESIS("loss-not-minimizing", "cannot-minimize-4.13", "constant-at-0.1", "previous-plain-networks"),
    reading="not minimizing: the loss is above the convergence threshold, 0.07, in every epoch",
    max_seeds=MOST,
)
@figure("4.10", "4.13", "4.16", "4.19")
def test_loss_of_plain_networks_is_never_minimal(measure, figure):
    assert measure.rate(DRAWN[figure].experiment, never_minimal) > 0.5


@claim(
    "Batch training: the loss of most late networks that converge comes down without a spike",
    id="C8-drawn-late",
    **THESIS("after-roughly-1000", "textbook-adam"),
    reading="no rise from one epoch to the next exceeds the convergence threshold, 0.07",
    max_seeds=MOST,
)
@figure("4.8", "4.11")
def test_loss_of_converging_late_networks_comes_down_without_a_spike(measure, figure):
    assert Among(measure, "converged").rate(DRAWN[figure].experiment, gradual) > 0.5


@claim(
    "Batch training at 0.1: the loss of some late networks that converge comes down without a spike",
    id="C17-drawn",
    **THESIS("lack-of-oscillation"),
    reading="the networks drawn: there are such networks",
    max_seeds=MOST,
)
@figure("4.17", "4.20")
def test_loss_of_some_late_networks_comes_down_without_a_spike(measure, figure):
    assert Among(measure, "converged").rate(DRAWN[figure].experiment, gradual) > 0


@claim(
    "Batch training at 0.1: the loss of most late networks that converge comes down without a spike",
    id="C17-typical",
    source="ours",
    reading="whether the networks of Figures 4.17 and 4.20 are typical: no rise from one epoch to the next exceeds the convergence threshold, 0.07, in more than half of the networks",
    max_seeds=MOST,
)
@figure(
    pytest.param("4.17", marks=pytest.mark.refuted("about 12 % come down without one, at Adam's learning rate of 0.1")),
    pytest.param("4.20", marks=pytest.mark.refuted("about 44 % come down without one, at SGD's learning rate of 0.1")),
)
def test_loss_of_most_late_networks_comes_down_without_a_spike(measure, figure):
    assert Among(measure, "converged").rate(DRAWN[figure].experiment, gradual) > 0.5


@claim(
    "SGD, 0.001, batch, depth 2: the loss of some late networks still decreases in the last epoch",
    id="C13-decreasing",
    **THESIS("given-more-time"),
    reading="the network drawn: there are such networks",
    max_seeds=MOST,
)
def test_loss_of_some_late_networks_still_decreases(measure):
    assert measure.rate(DRAWN["4.14"].experiment, still_decreases) > 0


@claim(
    "SGD, 0.001, batch, depth 2: the loss of most late networks still decreases in the last epoch",
    id="C13-decreasing-most",
    **THESIS("given-more-time"),
    reading="in more than half of the networks",
    max_seeds=MOST,
)
def test_loss_of_most_late_networks_still_decreases(measure):
    assert measure.rate(DRAWN["4.14"].experiment, still_decreases) > 0.5

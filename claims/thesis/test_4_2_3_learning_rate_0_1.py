"""§4.2.3: learning rate 0.1."""

import pytest

from claims.thesis.grid import DEPTHS, STYLES, at_least_once_in_ten, pair
from lrn.claims import claim, every

style = pytest.mark.parametrize("style", STYLES)
depth = pytest.mark.parametrize("depth", DEPTHS)

ALL_FAIL = (
    "all networks, regardless of non-residual or late residual connections, fail to converge for iterative training"
)


@claim(
    "Adam, 0.1, iterative: no network converges",
    id="C14-literal",
    source="thesis §4.2.3, Figure 4.15",
    quote=ALL_FAIL,
    reading="literal: the rate is 0 in each of the 14 cells",
    refuted="a few in 1000 networks do converge, such as about 8 in 1000 late networks of depth 2",
)
def test_no_network_converges(measure):
    cells = [e for d in DEPTHS for e in pair(d, "adam", 0.1, "iterative")]
    assert every(measure.rate(e, "converged") == 0 for e in cells)


@claim(
    "Adam, 0.1, iterative: fewer than 5 % of networks converge",
    id="C14-practical",
    source="thesis §4.2.3, Figure 4.15",
    quote=ALL_FAIL,
    reading="practical: the rate is below 5 %",
)
@depth
@pytest.mark.parametrize("connection", ["plain", "late"])
def test_networks_hardly_converge(measure, depth, connection):
    plain, late = pair(depth, "adam", 0.1, "iterative")
    assert measure.rate(late if connection == "late" else plain, "converged") < 0.05


@claim(
    "Adam, 0.1, batch: ten runs of late networks are likely to hold a convergence, at every depth",
    id="C15-converge",
    source="thesis §4.2.3, Figure 4.15",
    quote="Even with a very high learning rate, the late residual connection neural network was able to converge",
    reading="the chance of at least one in ten exceeds 1/2",
)
@depth
def test_late_networks_converge_at_a_high_rate(measure, depth):
    _, late = pair(depth, "adam", 0.1, "batch")
    assert at_least_once_in_ten(measure.rate(late, "converged")) > 0.5


@claim(
    "Adam, 0.1, batch, depth 25: late networks that converge do so after roughly 100 epochs",
    id="C15-epochs",
    source="thesis §4.2.3, Figure 4.17",
    quote="it was able to converge quickly after roughly 100 epochs",
    reading="the median is within a factor of two of 100",
    refuted="they are faster: the median is about 37 epochs",
)
def test_late_networks_converge_after_roughly_100_epochs(measure):
    _, late = pair(25, "adam", 0.1, "batch")
    epochs = measure.median(late, "converged_at", given="converged")
    assert (epochs > 50) & (epochs < 200)


@claim(
    "Adam, batch, depth 25: late networks that converge do so sooner at 0.1 than at 0.01",
    id="C15-speed",
    source="thesis §4.2.3, Figure 4.17",
    quote="The speed at which this network converged could be explained by the increased learning rate",
    reading="median epochs to converge",
)
def test_a_higher_rate_is_faster(measure):
    high, low = (pair(25, "adam", lr, "batch")[1] for lr in (0.1, 0.01))
    epochs = measure.median(high, "converged_at", given="converged")
    assert epochs < measure.median(low, "converged_at", given="converged")


@claim(
    "SGD, 0.1: ten runs of late networks are likely to hold a convergence, at every depth and style",
    id="C16",
    source="thesis §4.2.3, Figure 4.18",
    quote="they can converge at least once at all depths of the network",
    reading="the chance of at least one in ten exceeds 1/2",
)
@style
@depth
def test_late_networks_converge_at_least_once(measure, depth, style):
    _, late = pair(depth, "sgd", 0.1, style)
    assert at_least_once_in_ten(measure.rate(late, "converged")) > 0.5


@claim(
    "Batch, depth 25: once converged, the loss oscillates no more at 0.1 than at 0.01",
    id="C17",
    source="thesis §4.2.3, Figures 4.17 and 4.20",
    quote="The lack of oscillation in the loss also supports this claim",
    reading="median over converged late networks of the mean absolute change of the loss from epoch to epoch",
    refuted="it oscillates two to three times as much: about 8e-4 against 3e-4 with Adam, 7e-5 against 3e-5 with SGD",
)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_high_rate_does_not_oscillate(measure, optimizer):
    high, low = (pair(25, optimizer, lr, "batch")[1] for lr in (0.1, 0.01))
    oscillation = measure.median(high, "oscillation", given="converged")
    assert oscillation <= measure.median(low, "oscillation", given="converged")


@claim(
    "SGD: late networks converge more often at 0.1 than at 0.001",
    id="C18",
    source="thesis §4.2.3, Figures 4.12 and 4.18",
    quote="This higher learning rate could be the reason behind why the networks break out of the potential local optimum",
)
@style
@depth
def test_a_higher_rate_helps_sgd(measure, depth, style):
    high, low = (pair(depth, "sgd", lr, style)[1] for lr in (0.1, 0.001))
    assert measure.rate(high, "converged") > measure.rate(low, "converged")

"""§4.2.2: learning rate 0.001."""

from itertools import product

import pytest

from claims.documents import THESIS
from claims.quantities import Among, none_converges, sum_of_rates
from claims.thesis.grid import DEPTHS, OPTIMIZERS, STYLES, at_least_once_in_ten, cell, column, pair
from lrn.claims import claim, every

style = pytest.mark.parametrize("style", STYLES)
depth = pytest.mark.parametrize("depth", DEPTHS)
refuted = pytest.mark.refuted


@claim(
    "Adam, 0.001: no plain network converges",
    id="C9-plain-literal",
    source="ours",
    reading="never at all: the rate is 0 at every depth",
    refuted="about 31 % converge at depth 2 with batch training, and about 4 in 1000 at depth 5 with iterative training",
)
@style
def test_plain_networks_never_converge(measure, style):
    plain, _ = zip(*column("adam", 0.001, style), strict=True)
    assert none_converges(measure, plain)


@claim(
    "Adam, 0.001: fewer than 5 % of plain networks converge",
    id="C9-plain-practical",
    **THESIS("none-of-the-plain"),
    reading="practical: the rate is below 5 %",
)
@pytest.mark.parametrize(
    ("style", "depth"),
    [
        *product(["iterative"], DEPTHS),
        pytest.param("batch", 2, marks=refuted("about 31 % converge; Figure 4.9 itself reports three of ten")),
        pytest.param("batch", 5, marks=refuted("about 11 % converge; Figure 4.9 itself reports one of ten")),
        *product(["batch"], DEPTHS[2:]),
    ],
)
def test_plain_networks_hardly_converge(measure, depth, style):
    plain, _ = pair(depth, "adam", 0.001, style)
    assert measure.rate(plain, "converged") < 0.05


@claim(
    "Adam, 0.001: late networks can converge at every depth, in both styles",
    id="C9-late",
    **THESIS("none-of-the-plain"),
    reading="the rate is above 0 everywhere",
)
@style
@depth
def test_late_networks_can_converge(measure, depth, style):
    _, late = pair(depth, "adam", 0.001, style)
    assert measure.rate(late, "converged") > 0


@claim(
    "Adam, 0.001: ten runs of late networks are likely to hold a convergence, at every depth",
    id="C9-late-practical",
    **THESIS("none-of-the-plain"),
    reading="practical: the chance of at least one in ten exceeds 1/2",
)
@pytest.mark.parametrize(
    ("style", "depth"),
    [
        pytest.param("iterative", 2, marks=refuted("the rate is about 5 %, so the chance is about 0.42")),
        *product(["iterative"], DEPTHS[1:]),
        *product(["batch"], DEPTHS),
    ],
)
def test_ten_late_runs_hold_a_convergence(measure, depth, style):
    _, late = pair(depth, "adam", 0.001, style)
    assert at_least_once_in_ten(measure.rate(late, "converged")) > 0.5


@claim(
    "Adam, 0.001: late networks converge less often in iterative than in batch training",
    id="C9-iterative",
    **THESIS("flipping-gradients"),
    reading="3,000 steps of either, at each depth",
)
@depth
def test_iterative_training_converges_less_often(measure, depth):
    iterative, batch = cell("late", depth, "adam", 0.001, "iterative"), cell("late", depth, "adam", 0.001, "batch")
    assert measure.rate(iterative, "converged") < measure.rate(batch, "converged")


@claim(
    "Adam, 0.001, depth 10: late networks converge less often in 60,000 steps of iterative than in 3,000 of batch training, "
    "by at least 10 points",
    id="C9-steps",
    source="ours",
    reading="as many samples seen in either, and twenty times the steps; after 3,000 steps of either it is by about 35 points",
    refuted="no less often, in about 64 % against 59 % of runs",
)
def test_iterative_training_of_as_many_samples_converges_less_often(measure):
    iterative, batch = cell("late", 10, "adam", 0.001, "iterative"), cell("late", 10, "adam", 0.001, "batch")
    assert measure.rate(iterative.replace(epochs=60_000), "converged") < measure.rate(batch, "converged") - 0.1


@claim(
    "Adam, 0.001, batch, depth 30: plain networks lose less of their loss than late ones",
    id="C10-barely",
    **THESIS("barely-minimizes"),
    reading="median share of the initial loss that is left, plain against late",
)
def test_plain_loss_barely_falls(measure):
    plain, late = pair(30, "adam", 0.001, "batch")
    assert measure.median(plain, "loss_left") > measure.median(late, "loss_left")


@claim(
    "Adam, 0.001, batch, depth 30: plain networks become constant functions",
    id="C10-constant",
    **THESIS("barely-minimizes"),
    reading="most trained plain networks give one and the same output on all samples",
)
def test_plain_networks_become_constant(measure):
    plain, _ = pair(30, "adam", 0.001, "batch")
    assert measure.rate(plain, "constant") > 0.5


@claim(
    "Adam, 0.001, batch, depth 30: late networks that converge do so in the first half of the training",
    id="C10-quickly",
    **THESIS("minimize-quickly"),
    reading="quickly: the median is below 1500 of the 3000 epochs",
)
def test_late_networks_minimise_quickly(measure):
    _, late = pair(30, "adam", 0.001, "batch")
    assert Among(measure, "converged").median(late, "converged_at") < 1500


@claim(
    "Late connections, Adam, batch, 0.001: networks converge in most runs",
    id="C11-likely",
    **THESIS("more-than-likely"),
    reading="the mean rate over the seven depths exceeds 1/2",
)
def test_late_adam_batch_is_likely_to_converge(measure):
    _, late = zip(*column("adam", 0.001, "batch"), strict=True)
    assert sum_of_rates(measure, late) / len(late) > 0.5


@claim(
    "At 0.001, late connections, Adam and batch training converge more often than any other combination",
    id="C11-best",
    **THESIS("more-than-likely"),
    reading="largest rate of the eight combinations at this learning rate, at each depth",
)
@depth
def test_late_adam_batch_is_the_best_combination(measure, depth):
    best = cell("late", depth, "adam", 0.001, "batch")
    others = []
    for optimizer, style in product(OPTIMIZERS, STYLES):
        others += pair(depth, optimizer, 0.001, style)
    others.remove(best)
    rate = measure.rate(best, "converged")
    assert every(rate > measure.rate(e, "converged") for e in others)


@claim(
    "SGD, 0.001: no network converges",
    id="C12-literal",
    source="ours",
    reading="never at all: the rate is 0 in each of the 28 cells",
    refuted="late networks do converge, such as about 4 in 1000 of depth 5 with iterative training",
)
def test_no_network_converges_with_sgd(measure):
    networks = []
    for depth, style in product(DEPTHS, STYLES):
        networks += pair(depth, "sgd", 0.001, style)
    assert none_converges(measure, networks)


@claim(
    "SGD, 0.001: fewer than 5 % of networks converge",
    id="C12-practical",
    **THESIS("none-at-sgd-0.001"),
    reading="practical: the rate is below 5 %",
)
@style
@depth
@pytest.mark.parametrize("connection", ["plain", "late"])
def test_networks_hardly_converge_with_sgd(measure, depth, style, connection):
    plain, late = pair(depth, "sgd", 0.001, style)
    assert measure.rate(late if connection == "late" else plain, "converged") < 0.05


@claim(
    "SGD, 0.001, batch, depth 2: late networks converge more often when given ten times the epochs",
    id="C13-time",
    **THESIS("given-more-time"),
    reading="the rate at 30,000 epochs exceeds the rate at 3,000",
)
def test_more_time_helps(measure):
    _, late = pair(2, "sgd", 0.001, "batch")
    assert measure.rate(late.replace(epochs=30_000), "converged") > measure.rate(late, "converged")


@claim(
    "SGD, 0.001, batch, depth 2: late networks end with a smaller loss than plain ones of the same seed",
    id="C13-better",
    **THESIS("better-than-plain"),
    reading="in more than half of the seeds, hidden weights starting equal",
)
def test_late_loss_is_smaller(measure):
    plain, late = pair(2, "sgd", 0.001, "batch")
    assert measure.paired_rate(plain, late, "loss") > 0.5


@claim(
    "SGD, 0.001, batch, depth 2: plain networks can become constant functions",
    id="C13-constant",
    **THESIS("cannot-minimize-4.13"),
    reading="the network drawn: there are plain networks that give one and the same output on all samples",
)
def test_plain_networks_can_become_constant(measure):
    plain, _ = pair(2, "sgd", 0.001, "batch")
    assert measure.rate(plain, "constant") > 0


@claim(
    "SGD, 0.001, batch, depth 2: most plain networks become constant functions",
    id="C13-constant-typical",
    source="ours",
    reading="whether the network of Figure 4.13 is typical",
    refuted="about 21 % do",
)
def test_most_plain_networks_become_constant(measure):
    plain, _ = pair(2, "sgd", 0.001, "batch")
    assert measure.rate(plain, "constant") > 0.5


@claim(
    "At 0.001, Adam converges where SGD does not",
    id="C19",
    **THESIS("only-adam-helped"),
    reading="late networks converge more often with Adam, at each depth and style",
)
@style
@depth
def test_adam_converges_more_often_than_sgd(measure, depth, style):
    adam, sgd = cell("late", depth, "adam", 0.001, style), cell("late", depth, "sgd", 0.001, style)
    assert measure.rate(adam, "converged") > measure.rate(sgd, "converged")

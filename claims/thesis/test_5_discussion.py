"""Chapter 5 and the sum of §4.2: the whole grid of 84 pairs of cells at once."""

from claims.thesis.grid import DEPTHS, STYLES, pair
from lrn.claims import claim

PAIRS = [
    pair(depth, optimizer, lr, style)
    for depth in DEPTHS
    for optimizer in ("adam", "sgd")
    for lr in (0.01, 0.001, 0.1)
    for style in STYLES
]


@claim(
    "Over the whole grid, late networks converge more often than plain ones",
    id="D5-converge",
    source="thesis §5.1",
    quote="These added connections showed an improvement in convergence in a neural network using the ReLU activation function",
    reading="the sum of the rates over the 84 cells of each connection",
)
def test_late_networks_converge_more_often(measure):
    late = sum(measure.rate(late, "converged") for _, late in PAIRS)
    assert late > sum(measure.rate(plain, "converged") for plain, _ in PAIRS)


@claim(
    "Over the whole grid, late networks have a smaller share of dead neurons than plain ones",
    id="D5-dead",
    source="thesis §4.2.3 and §5.1",
    quote="improved convergence and potential reduced dead neurons",
    reading="the sum of the mean dead fractions over the 84 cells of each connection, converged or not",
    refuted="they have a larger share: 44.7 against 39.2, each added over 84 cells",
)
def test_late_networks_have_fewer_dead_neurons(measure):
    late = sum(measure.mean(late, "dead_fraction") for _, late in PAIRS)
    assert late < sum(measure.mean(plain, "dead_fraction") for plain, _ in PAIRS)

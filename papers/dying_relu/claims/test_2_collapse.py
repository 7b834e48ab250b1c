"""§1, §5: what becomes of such networks in training. Adam, 3,000 steps on all points."""

import pytest
from networks import AT_THE_MEAN, BORN_ALIVE, BORN_DEAD, CONSTANT, Network

from lrn.claims import claim, every, some

TARGETS = ["|x|", "x sin 5x", "step"]


def collapsed(measure, **options):
    """How often networks with these options collapse."""
    return measure.rate(Network(**options), CONSTANT)


def collapsed_among(condition, measure, **options):
    """How often networks with these options collapse, of those that meet a condition."""
    return measure.rate(Network(**options), CONSTANT, condition)


@claim("Most deep and narrow networks collapse on |x|", id="C1-most", source="§1", reading="at either learning rate")
@pytest.mark.parametrize("lr", [0.001, 0.01])
def test_most_collapse(measure, lr):
    assert measure.rate(Network(lr=lr), CONSTANT) > 0.5


@claim("More than 90 % collapse on |x|", id="C1-ninety", source="§1", reading="at one of the learning rates")
def test_nine_of_ten_collapse(measure):
    assert some(measure.rate(Network(lr=lr), CONSTANT) > 0.9 for lr in (0.001, 0.01))


@claim("Most collapse whatever the function", id="C2", source="§5")
@pytest.mark.parametrize("target", TARGETS)
def test_most_collapse_on_other_functions(measure, target):
    assert measure.rate(Network(target=target), CONSTANT) > 0.8


@claim("A network that is born dead stays a constant", id="C3-dead", source="§3", reading="99 % of those born dead")
@pytest.mark.parametrize("target", TARGETS)
def test_born_dead_ones_stay_constant(measure, target):
    assert collapsed_among(BORN_DEAD, measure, target=target) > 0.99


@claim(
    "A collapsed network gives the mean", id="C3-mean", source="Lu, Su & Karniadakis (2018), abstract", reading="99 %"
)
@pytest.mark.parametrize("target", TARGETS)
def test_the_constant_is_the_mean(measure, target):
    assert measure.rate(Network(target=target), AT_THE_MEAN, given=CONSTANT) > 0.99


@claim("Others collapse in training", id="O1", source="ours", reading="of those born alive, more than one in twenty")
@pytest.mark.parametrize("initial", ["he", "rai"])
def test_some_die_in_training(measure, initial):
    assert collapsed_among(BORN_ALIVE, measure, initial=initial) > 0.05


@claim(
    "RAI does not keep the living alive",
    id="O2",
    source="ours",
    reading="it loses more of them in training than He's",
    max_seeds=2000,
    inconclusive="a quarter to a third of either die in training",
)
def test_rai_loses_more_of_the_living(measure):
    rai, he = collapsed_among(BORN_ALIVE, measure, initial="rai"), collapsed_among(BORN_ALIVE, measure, initial="he")
    assert rai > he


NEAR_HALF = pytest.mark.inconclusive("with RAI half as many collapse, to a hundredth")


@claim("RAI halves the collapses", id="R2-half", source="§5", reading="fewer than half as many", max_seeds=6000)
@pytest.mark.parametrize(
    "target", [pytest.param("|x|", marks=NEAR_HALF), pytest.param("x sin 5x", marks=NEAR_HALF), "step"]
)
def test_rai_halves_the_collapses(measure, target):
    he, rai = collapsed(measure, target=target, initial="he"), collapsed(measure, target=target, initial="rai")
    assert rai < 0.5 * he


@claim("Fewer networks collapse with RAI", id="R2-fewer", source="§5", reading="on every function")
def test_fewer_collapse_with_rai(measure):
    sizes = [{"target": target} for target in TARGETS]
    sizes.append({"target": "|x1+x2|, |x1-x2|", "width": 4, "depth": 20})
    fewer = []
    for size in sizes:
        fewer.append(collapsed(measure, **size, initial="rai") < collapsed(measure, **size, initial="he"))
    assert every(fewer)


@claim(
    "RAI leaves 60 points fewer collapsed",
    id="O3",
    source="ours",
    reading="as in the paper's own runs of §5, 91.9 % and 29.2 %, whose training differs",
    refuted="about 44 points: with He's start 92 % collapse, as in the paper, but with RAI 48 %, 28 % at birth",
)
def test_by_sixty_points(measure):
    he, rai = collapsed(measure, target="x sin 5x", initial="he"), collapsed(measure, target="x sin 5x", initial="rai")
    assert he > rai + 0.6


@claim("Shallow networks are as good with He's start", id="R3", source="§5", reading="2 layers of width 32, |x|")
def test_no_difference_for_shallow_wide_networks(measure):
    he = measure.rate(Network(width=32, depth=2, epochs=1000, initial="he"), "converged")
    rai = measure.rate(Network(width=32, depth=2, epochs=1000, initial="rai"), "converged")
    assert abs(he - rai) < 0.05

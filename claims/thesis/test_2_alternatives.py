"""Chapter 2: other remedies for dead ReLUs, and for targets of little variance; Adam, batch, width 2."""

import pytest

from claims.thesis.alternatives import CHANGES, DEPTHS, RATES, alternative
from claims.thesis.grid import CONNECTIONS, pair
from lrn.claims import claim

refuted = pytest.mark.refuted
depth = pytest.mark.parametrize("depth", DEPTHS)
lr = pytest.mark.parametrize("lr", RATES)
INCONSISTENT = "the results when using these activation functions can be inconsistent"
VARIANCE = "ReLUs die when the target variance approaches zero"


def rate(measure, name, depth, lr):
    return measure.rate(alternative(name, depth, lr), "converged")


@claim(
    "Plain networks converge more often with leaky ReLU than with ReLU",
    id="A7-leaky",
    source="thesis §2.2",
    quote="The LeakyReLU method has been shown to help",
)
@depth
@lr
def test_leaky_relu_helps(measure, depth, lr):
    assert rate(measure, "leaky ReLU", depth, lr) > rate(measure, "plain", depth, lr)


@claim(
    "Plain networks converge more often with PReLU than with ReLU",
    id="A7-prelu",
    source="thesis §2.2",
    quote="small twists to the LeakyReLU have been used, such as the PReLU",
)
@depth
@lr
def test_prelu_helps(measure, depth, lr):
    assert rate(measure, "PReLU", depth, lr) > rate(measure, "plain", depth, lr)


@claim(
    "Plain networks converge more often with ELU than with leaky ReLU",
    id="A7-elu",
    source="thesis §2.2, after Clevert et al. (2016)",
    quote="improved learning characteristics compared to activation functions like LeakyReLU",
)
@depth
@lr
def test_elu_helps_more_than_leaky_relu(measure, depth, lr):
    assert rate(measure, "ELU", depth, lr) > rate(measure, "leaky ReLU", depth, lr)


@claim(
    "With leaky ReLU, PReLU or ELU some plain networks converge and some do not",
    id="A7-inconsistent",
    source="thesis §2.2, after He et al. (2015b)",
    quote=INCONSISTENT,
    reading="of networks that differ in their seeds alone, between 5 % and 95 % converge",
)
@depth
@pytest.mark.parametrize("name", ["leaky ReLU", "PReLU", "ELU"])
def test_other_activations_are_inconsistent(measure, name, depth):
    converged = rate(measure, name, depth, 0.01)
    assert (converged > 0.05) & (converged < 0.95)


@claim(
    "Networks with ResNet's additions converge more often than plain ones",
    id="A7-residual",
    source="thesis §2.3, after He et al. (2015a)",
    quote="These paths improved recognition results of known complex datasets and improved convergence of neural networks better than previous methods",
)
@depth
@lr
def test_resnet_additions_help(measure, depth, lr):
    assert rate(measure, "residual", depth, lr) > rate(measure, "plain", depth, lr)


@claim(
    "Late connections make plain networks converge more often than any other single remedy does",
    id="A7-rate",
    source="thesis §2.2",
    quote="This thesis explores a solution that does not invalidate the ReLUs advantages while maintaining simplicity",
    reading="the rate of late networks against that of each alternative; the thesis does not compare them",
)
@depth
@lr
@pytest.mark.parametrize("name", [name for name in CHANGES if name != "late"])
def test_late_connections_help_most(measure, name, depth, lr):
    assert rate(measure, "late", depth, lr) > rate(measure, name, depth, lr)


def scaled(connection, scale):
    plain, late = (e.replace(target_scale=scale) for e in pair(10, "adam", 0.01, "batch"))
    return late if connection == "late" else plain


@claim(
    "Without standardisation, targets of a thousandth of the size leave more neurons dead",
    id="A8-dead",
    source="thesis §2.2, after Arnekvist et al. (2020)",
    quote=VARIANCE,
    reading="of the seeds where the number differs, more have more dead neurons with targets |x| / 1000 than with |x|",
)
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_small_targets_kill_neurons(measure, connection):
    small, full = scaled(connection, 0.001), scaled(connection, 1.0)
    more = measure.paired_rate(small, full, "dead_neurons")
    assert more > measure.paired_rate(full, small, "dead_neurons")


@claim(
    "Without standardisation, late networks converge the less often the smaller the targets",
    id="A8-converge",
    source="thesis §2.2, after Arnekvist et al. (2020)",
    quote=VARIANCE,
    reading="relative to the size of the targets; |x| / 1000 against |x|",
)
def test_small_targets_are_learned_less_often(measure):
    small, full = (measure.rate(scaled("late", scale), "converged") for scale in (0.001, 1.0))
    assert small < full

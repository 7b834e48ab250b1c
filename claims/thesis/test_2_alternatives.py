"""Chapter 2: other remedies for dead ReLUs, and targets of little variance; Adam, batch, width 2.

The thesis does not try them. What "inconsistent" is read as was chosen after looking at seeds from 5,000,000 on.
"""

from itertools import product

import pytest

from claims.cases import marked
from claims.documents import THESIS
from claims.thesis.alternatives import DEPTHS, RATES, SINGLE, alternative
from claims.thesis.grid import CONNECTIONS, cell
from claims.thesis.start import Start
from lrn.claims import claim

refuted = pytest.mark.refuted
lr = pytest.mark.parametrize("lr", RATES)


def rate(measure, name, depth, lr):
    return measure.rate(alternative(name, depth, lr), "converged")


@claim(
    "Depth 10: plain networks converge more often with leaky ReLU than with ReLU",
    id="A7-leaky",
    **THESIS("leaky-helps"),
)
@lr
def test_leaky_relu_helps(measure, lr):
    assert rate(measure, "leaky ReLU", 10, lr) > rate(measure, "plain", 10, lr)


@claim(
    "Depth 10: plain networks converge more often with PReLU than with ReLU",
    id="A7-prelu",
    **THESIS("leaky-helps"),
)
@lr
def test_prelu_helps(measure, lr):
    assert rate(measure, "PReLU", 10, lr) > rate(measure, "plain", 10, lr)


@claim(
    "Depth 10: plain networks converge more often with ELU than with leaky ReLU",
    id="A7-elu",
    **THESIS("elu-better"),
)
@lr
def test_elu_helps_more_than_leaky_relu(measure, lr):
    assert rate(measure, "ELU", 10, lr) > rate(measure, "leaky ReLU", 10, lr)


@claim(
    "Whether another activation lets plain networks converge depends on their depth: it does at 10, not at 30",
    id="A7-inconsistent",
    **THESIS("inconsistent"),
    reading="at 0.01 more than 5 % converge at depth 10, fewer than 5 % at depth 30",
)
@pytest.mark.parametrize("name", ["leaky ReLU", "PReLU", "ELU"])
def test_other_activations_are_inconsistent(measure, name):
    assert (rate(measure, name, 10, 0.01) > 0.05) & (rate(measure, name, 30, 0.01) < 0.05)


@claim(
    "Networks with ResNet's additions converge more often than plain ones",
    id="A7-residual",
    **THESIS("resnet-converges"),
)
@lr
@pytest.mark.parametrize("depth", DEPTHS)
def test_resnet_additions_help(measure, depth, lr):
    assert rate(measure, "residual", depth, lr) > rate(measure, "plain", depth, lr)


@claim(
    "Before training, ResNet's additions let more gradient through to the first layer",
    id="A7-residual-gradient",
    **THESIS("resnet-flow"),
    reading="norm of the gradient of the first layer's weights, hidden weights being equal; in more than half of the seeds",
)
@pytest.mark.parametrize("depth", DEPTHS)
def test_resnet_additions_let_more_gradient_through(measure, depth):
    plain, residual = Start(alternative("plain", depth, 0.01)), Start(alternative("residual", depth, 0.01))
    assert measure.paired_rate(residual, plain, "first_layer_gradient") > 0.5


BETTER = {
    ("PReLU", 10, 0.01): refuted("PReLU converges in about 99 % of runs, late in about 56 %"),
    ("PReLU", 10, 0.001): refuted("PReLU converges in about 97 % of runs, late in about 57 %"),
    ("ELU", 10, 0.01): refuted("ELU converges in about 91 % of runs, late in about 56 %"),
    ("ELU", 10, 0.001): refuted("ELU converges in about 86 % of runs, late in about 56 %"),
    ("residual", 10, 0.01): refuted("ResNet's additions converge in about 62 % of runs, late in about 58 %"),
}


@claim(
    "Late connections make networks converge more often than this other remedy does",
    id="A7-rate",
    source="ours",
    reading="the rate of late networks against that of plain ones with one other remedy; the thesis does not compare them",
)
@pytest.mark.parametrize(("name", "depth", "lr"), marked(product(SINGLE, DEPTHS, RATES), BETTER))
def test_late_connections_help_most(measure, name, depth, lr):
    assert rate(measure, "late", depth, lr) > rate(measure, name, depth, lr)


@claim(
    "He's initial weights make late networks converge more often than torch's do",
    id="A7-rate-late-he",
    source="ours",
    reading="late connections and He's weights are remedies that add up",
)
@lr
@pytest.mark.parametrize("depth", DEPTHS)
def test_he_helps_late_networks(measure, depth, lr):
    assert rate(measure, "late, He", depth, lr) > rate(measure, "late", depth, lr)


@claim(
    "Late connections make networks with He's weights, or with batch normalisation, converge more often",
    id="A7-rate-with-late",
    source="ours",
    reading="late connections do what these two do not",
)
@lr
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", ["He", "batch norm"])
def test_late_connections_help_other_remedies(measure, name, depth, lr):
    assert rate(measure, f"late, {name}", depth, lr) > rate(measure, name, depth, lr)


@claim(
    "He's initial weights make networks with ResNet's additions converge more often than torch's do",
    id="A7-rate-residual-he",
    source="ours",
    reading="the remedies add up",
)
@pytest.mark.parametrize(
    ("depth", "lr"),
    [
        pytest.param(10, 0.01, marks=refuted("less often: about 51 % against 62 %")),
        pytest.param(30, 0.01, marks=refuted("less often: about 0 % against 22 %")),
        pytest.param(10, 0.001, marks=refuted("less often: about 27 % against 46 %")),
        pytest.param(30, 0.001, marks=refuted("less often: about 0 % against 6 %")),
    ],
)
def test_he_helps_residual_networks(measure, depth, lr):
    assert rate(measure, "residual, He", depth, lr) > rate(measure, "residual", depth, lr)


def scaled(connection, depth, scale):
    return cell(connection, depth, "adam", 0.01, "batch").replace(target_scale=scale)


@claim(
    "Depth 2, without standardisation: targets of a thousandth of the size leave more neurons dead",
    id="A8-dead",
    **THESIS("aggravated"),
    reading="of the seeds where the number differs, more have more dead neurons with targets |x| / 1000 than with |x|",
)
@pytest.mark.parametrize("connection", CONNECTIONS)
def test_small_targets_kill_neurons(measure, connection):
    small, full = scaled(connection, 2, 0.001), scaled(connection, 2, 1.0)
    more = measure.paired_rate(small, full, "dead_neurons")
    assert more > measure.paired_rate(full, small, "dead_neurons")


@claim(
    "Without standardisation, late networks converge the less often the smaller the targets",
    id="A8-converge",
    **THESIS("aggravated"),
    reading="relative to the size of the targets; from |x| to |x| / 100 to |x| / 1000",
)
@pytest.mark.parametrize("depth", [2, 10])
def test_small_targets_are_learned_less_often(measure, depth):
    full = measure.rate(scaled("late", depth, 1.0), "converged")
    hundredth = measure.rate(scaled("late", depth, 0.01), "converged")
    thousandth = measure.rate(scaled("late", depth, 0.001), "converged")
    assert (full > hundredth) & (hundredth > thousandth)


@claim(
    "Late networks converge more often with standardised targets and inputs than with |x| and x as they are",
    id="A8-normalise",
    **THESIS("target-normalization"),
)
@pytest.mark.parametrize("depth", [2, 10])
def test_normalisation_helps(measure, depth):
    assert measure.rate(scaled("late", depth, None), "converged") > measure.rate(
        scaled("late", depth, 1.0), "converged"
    )

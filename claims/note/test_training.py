"""The note "Residual Connection for Deep Learning" (2024-08-16): its statements about training deep networks."""

from __future__ import annotations

import pytest

from claims.documents import NOTE
from claims.quantities import falling
from lrn import Experiment
from lrn.claims import claim


def at_depth(depth: int, norm: str = "none") -> tuple[Experiment, Experiment]:
    """The thesis's task (width 2, Adam, 0.01, batch), plain and with a residual connection around every layer."""
    plain = Experiment(depth=depth, connection="plain", optimizer="adam", lr=0.01, style="batch", norm=norm)
    return plain, plain.replace(connection="residual")


@claim(
    "At least 5 % of deep networks with residual connections converge, where fewer plain ones do",
    id="G1-converging",
    **NOTE("helps-deep"),
    reading="the thesis's task (width 2, Adam, 0.01, batch), residual connections and nothing else; 5 % as the practical zero",
)
@pytest.mark.parametrize(
    "depth",
    [
        20,
        pytest.param(
            50, marks=pytest.mark.refuted("0.5 % of the residual networks converge: their activations grow with depth")
        ),
        pytest.param(
            100, marks=pytest.mark.refuted("no residual network of 512 converged: their activations grow with depth")
        ),
    ],
)
def test_residual_connections_help_deep_networks_converge(measure, depth):
    plain, residual = at_depth(depth)
    assert (measure.rate(residual, "converged") >= 0.05) & (measure.rate(plain, "converged") < 0.05)


@claim(
    "Deep networks end with a smaller loss with residual connections than a plain network of the same seed",
    id="G1-loss",
    **NOTE("helps-deep"),
    reading="the thesis's task (width 2, Adam, 0.01, batch), residual connections and nothing else; in more than half of the seeds",
)
@pytest.mark.parametrize(
    "depth",
    [
        20,
        pytest.param(
            50,
            marks=pytest.mark.refuted("in 0.24 of the seeds: most residual networks end above the constant function"),
        ),
        pytest.param(
            100,
            marks=pytest.mark.refuted(
                "in 0.03 of the seeds: most residual networks end far above the constant function"
            ),
        ),
    ],
)
def test_residual_connections_help_deep_networks_learn(measure, depth):
    plain, residual = at_depth(depth)
    assert measure.paired_rate(plain, residual, "loss") > 0.5


@claim(
    "With batch normalisation in both, deep networks converge more often with residual connections",
    id="G1-normalised",
    **NOTE("helps-deep"),
    reading="practical: the thesis's task (width 2, Adam, 0.01, batch), batch normalisation before every activation",
)
@pytest.mark.parametrize("depth", [20, 50, 100])
def test_residual_connections_help_normalised_networks_converge(measure, depth):
    plain, residual = at_depth(depth, norm="batch")
    assert measure.rate(residual, "converged") > measure.rate(plain, "converged")


@claim(
    "With batch normalisation plain networks converge the less often the deeper they are",
    id="G1-difficult",
    **NOTE("increasingly-difficult"),
    reading="the thesis's task (width 2, Adam, 0.01, batch), batch normalisation before every activation; depths 2, 5 and 10",
)
def test_normalised_plain_networks_converge_less_often_with_depth(measure):
    rates = [measure.rate(at_depth(depth, norm="batch")[0], "converged") for depth in (2, 5, 10)]
    assert falling(rates)

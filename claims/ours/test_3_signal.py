"""Where hardly any layer is dead, deep plain networks fail for another reason: their signal fades.

Width 16, depth 30, Adam, 0.001, batch. Thresholds of 1/4, 1/2, a millionth and a hundredth were set after looking at seeds
from 5,000,000 on.
"""

import pytest

from claims.ours.starts import Untrained
from claims.quantities import Among
from claims.thesis.grid import pair
from lrn.claims import claim
from lrn.experiment.metrics import Metric

NO_DEAD_LAYER = Metric("no dead layer after training", lambda runs: runs.dead_layers == 0)
PLAIN, LATE = pair(30, "adam", 0.001, "batch", width=16)
HE = PLAIN.replace(initial="he")


@claim(
    "Width 16, depth 30: plain networks do not converge, although most have no dead layer",
    id="O9-plain",
    source="ours",
    reading="fewer than a quarter of those without a dead layer after training converge, and those are more than half",
)
def test_plain_networks_fail_without_dead_layers(measure):
    converged = Among(measure, NO_DEAD_LAYER).rate(PLAIN)
    assert (measure.rate(PLAIN, NO_DEAD_LAYER) > 0.5) & (converged < 0.25)


@claim(
    "Width 16, depth 30: plain networks that start from He's weights converge in most runs, as late ones do from torch's",
    id="O9-he",
    source="ours",
    reading="more than half",
)
@pytest.mark.parametrize("experiment", [HE, LATE], ids=["He", "late"])
def test_the_start_decides(measure, experiment):
    assert measure.rate(experiment, "converged") > 0.5


@claim(
    "Width 16: from torch's weights less than a millionth of the first layer's signal reaches layer 30, from He's a "
    "hundredth and more",
    id="O9-signal",
    source="ours",
    reading="median, before training, of the largest difference between samples in the last layer over that in the first",
)
def test_the_signal_fades_from_torch_weights(measure):
    torch, he = measure.median(Untrained(PLAIN), "signal_left"), measure.median(Untrained(HE), "signal_left")
    assert (torch < 1e-6) & (he > 0.01)


@claim(
    "Width 2, depth 30: He's weights do not help plain networks, whose layers die",
    id="O9-narrow",
    source="ours",
    reading="fewer than 5 % converge, and more than half have a dead layer",
)
def test_he_does_not_rescue_narrow_networks(measure):
    narrow = HE.replace(width=2)
    assert (measure.rate(narrow, "any_dead_layer") > 0.5) & (measure.rate(narrow, "converged") < 0.05)

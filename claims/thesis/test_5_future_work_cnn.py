"""Chapter 5, future work: late residual connections in convolutional networks, which classify 8x8 digits.

The classifier of a late residual CNN reads the average of every stage. Networks have 20 layers, He et al.'s (2015)
initialisation and, like the thesis's, no normalisation.
"""

from claims.documents import THESIS
from lrn.claims import claim
from lrn.classifiers import Classifiers

CNN = (
    "experiments run on more advanced networks that use the ReLU activation function, such as convolutional neural "
    "networks (CNN), could also show the validity of these connections"
)


def networks(**options):
    """Plain, late residual and residual networks."""
    kinds = ({"skip": False}, {"skip": False, "late": True}, {"skip": True})
    return [Classifiers(depth=20, normalise=False, **options, **kind) for kind in kinds]


@claim(
    "Before training, the first layer of a late residual CNN has a larger gradient than that of a plain one of the same seed",
    id="D7-cnn-gradient",
    **THESIS("convolutional"),
    reading="norm of the first convolution's gradient, equal weights in all convolutions; in more than half of the seeds",
)
def test_late_connections_let_more_gradient_through(measure):
    plain, late, _ = networks(epochs=0, train=64, test=64)
    assert measure.paired_rate(late, plain, "first_gradient") > 0.5


@claim(
    "Late residual CNNs end with a smaller training loss than plain ones of the same seed",
    id="D7-cnn-loss",
    **THESIS("convolutional"),
    reading="learning rate 0.01, 12 epochs of 256 digits; in more than half of the seeds",
)
def test_late_networks_end_with_a_smaller_loss(measure):
    plain, late, _ = networks(lr=0.01)
    assert measure.paired_rate(plain, late, "loss") > 0.5


@claim(
    "Late residual CNNs classify test images at least as well as residual ones",
    id="D7-cnn-residual",
    source="ours",
    reading="learning rate 0.01, 12 epochs of 256 digits; same seed; the residual one is better in at most half of the seeds",
    refuted="the residual one is better in about 0.94 of the seeds: at this depth late networks hardly learn",
)
def test_late_networks_are_as_accurate_as_residual_ones(measure):
    _, late, residual = networks(lr=0.01)
    assert measure.paired_rate(residual, late, "test_accuracy") <= 0.5


@claim(
    "Learning rate 0.1: most late residual CNNs keep more than half of their channels alive",
    id="D7-cnn-dead",
    source="ours",
    reading="the median share of channels that are zero at every pixel of every training image after 12 epochs is below 1/2",
)
def test_late_networks_keep_most_channels_alive(measure):
    _, late, _ = networks()
    assert measure.median(late, "dead_fraction") < 0.5

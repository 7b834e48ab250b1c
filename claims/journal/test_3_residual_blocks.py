"""§3: what skip connections do to the gradients."""

from itertools import pairwise

import pytest

from claims.documents import JOURNAL
from claims.journal.networks import AS_TORCH_STARTS, DEEP, DEEPER, SHALLOW, UNNORMALISED
from lrn.claims import claim, every

# torch takes a second to load, and is imported by the tests that need it: a run where their verdicts stand does without.


@claim(
    "Layers as torch starts them: before training, skip connections make the first layer's gradient larger",
    id="F3-start",
    **JOURNAL("meaningful-updates"),
    reading="norm of the first convolution's gradient, same seed and same weights; in more than half of the seeds; no normalisation",
)
@pytest.mark.parametrize("depth", [SHALLOW, DEEP, 32])
def test_skip_connections_let_more_gradient_through(measure, cnns, depth):
    plain, residual = cnns.start(depth, **AS_TORCH_STARTS)
    assert measure.paired_rate(residual, plain, "first_gradient") > 0.5


@claim(
    "Batch normalisation: before training, skip connections make the first layer's gradient larger",
    id="F3-normalised",
    source="ours",
    reading="as F3-start, with batch normalisation and He's initialisation",
    refuted="they let more through in about 3 % of seeds at depth 20 and in 0 % at depth 56: in normalised networks it is the plain one whose gradient explodes",
)
@pytest.mark.parametrize("depth", [DEEP, DEEPER])
def test_skip_connections_let_more_gradient_through_normalised_networks(measure, cnns, depth):
    plain, residual = cnns.start(depth)
    assert measure.paired_rate(residual, plain, "first_gradient") > 0.5


@claim(
    "Batch normalisation: before training, a residual CNN's first layer has a gradient within a factor of ten of the last's",
    id="F3-meaningful",
    **JOURNAL("meaningful-updates", "flow-effectively"),
    reading="median of |log10 of the ratio of the two norms|",
)
@pytest.mark.parametrize("depth", [DEEP, DEEPER])
def test_the_first_layer_gets_a_meaningful_gradient(measure, cnns, depth):
    _, residual = cnns.start(depth)
    assert measure.median(residual, "imbalance") < 1


@claim(
    "Batch normalisation: before training, first and last layer's gradients are closer to each other with skip connections",
    id="F3-balance",
    **JOURNAL("flow-effectively"),
    reading="median of |log10 of the ratio of the two norms|: neither diminishing nor exploding on the way",
)
@pytest.mark.parametrize("depth", [DEEP, DEEPER])
def test_skip_connections_balance_the_gradients(measure, cnns, depth):
    plain, residual = cnns.start(depth)
    assert measure.median(residual, "imbalance") < measure.median(plain, "imbalance")


@claim(
    "Without batch normalisation, the first layer's gradient of a residual CNN does not grow with depth",
    id="F3-explodes",
    source="ours",
    reading="He's initialisation, before training, median norm at depths 8, 20 and 56: skip connections alone keep it from exploding",
    refuted="it explodes, from about 0.2 at depth 8 to about 130 at depth 56",
)
def test_skip_connections_alone_keep_gradients_from_exploding(measure, cnns):
    norms = []
    for depth in (SHALLOW, DEEP, DEEPER):
        _, residual = cnns.start(depth, **UNNORMALISED)
        norms.append(measure.median(residual, "first_gradient"))
    assert every(deep <= shallow for shallow, deep in pairwise(norms))


@claim(
    "During the training of normalised CNNs of depth 56, the first layer's gradient is larger with skip connections",
    id="F3-training",
    **JOURNAL("meaningful-updates"),
    reading="median over the steps of 12 epochs; same seed; in more than half of the seeds",
)
def test_skip_connections_let_more_gradient_through_in_training(measure, cnns):
    plain, residual = cnns.pair(DEEPER)
    assert measure.paired_rate(residual, plain, "training_gradient") > 0.5


@claim(
    "The identity path of a residual block has derivative 1: the block's derivative is that of its convolutions plus the identity",
    id="F9-derivative",
    **JOURNAL("gradient-of-one"),
    reading="exact, for pre-activation blocks, in which nothing follows the sum; float64, 4 blocks of each kind",
    exact=True,
)
@pytest.mark.parametrize("kind", ["BasicBlock", "BottleneckBlock"])
def test_the_identity_path_has_derivative_one(kind):
    import torch

    from lrn import nets

    block_of = {"BasicBlock": nets.BasicBlock, "BottleneckBlock": nets.BottleneckBlock}[kind]
    for seed in range(4):
        torch.manual_seed(seed)
        block = block_of(4, 4 // block_of.expansion, preactivation=True).double()
        x = torch.randn(2, 4, 2, 2, dtype=torch.float64)
        whole = torch.autograd.functional.jacobian(block, x)
        inner = torch.autograd.functional.jacobian(block.body, x)
        identity = torch.eye(x.numel(), dtype=torch.float64)
        assert torch.allclose((whole - inner).reshape(identity.shape), identity, rtol=0, atol=1e-10)

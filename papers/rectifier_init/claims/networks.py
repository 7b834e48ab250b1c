"""The networks of the paper, in small: stacks of rectifier layers, started as the paper says or as "Xavier".

The paper's networks have 14, 22 and 30 layers, up to 27 of them convolutional, and learn ImageNet. These have as many,
all fully connected and 64 wide, and learn scikit-learn's 1,797 digits. Its analysis (§2.2) is the same for either.
"""

import math

import torch
from sklearn.datasets import load_digits
from torch import nn

from lrn.claims import population

TRAINING = 1400  # images; 397 are left for the test
CHANCE = math.log(10)  # the loss of a network that has learned nothing
GAIN = {"he": 2.0, "xavier": 1.0}  # variance of the weights, times fan in


def images(seed):
    """Training and test images of a random split, standardised, and their digits."""
    digits = load_digits()
    x, y = torch.tensor(digits.data, dtype=torch.float32), torch.tensor(digits.target)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    x, y = (x[order] - x.mean()) / x.std(), y[order]
    return (x[:TRAINING], y[:TRAINING]), (x[TRAINING:], y[TRAINING:])


def network(layers, start, seed):
    """A stack of linear layers with rectifiers between; one seed draws the same numbers for either start."""
    generator = torch.Generator().manual_seed(seed)
    stack = []
    for outputs in [64] * (layers - 1) + [10]:
        linear = nn.Linear(64, outputs)
        nn.init.normal_(linear.weight, std=math.sqrt(GAIN[start] / 64), generator=generator)
        nn.init.zeros_(linear.bias)
        stack += [linear, nn.ReLU()]
    return nn.Sequential(*stack[:-1])


def optimizer_of(name, net, lr):
    """The paper's (momentum 0.9, weight decay 0.0005), or Adam at torch's defaults."""
    if name == "adam":
        return torch.optim.Adam(net.parameters())
    return torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, weight_decay=0.0005)


def an_epoch(net, optimizer, x, y, generator):
    """Trains on all images in batches of 128; returns the mean loss."""
    total = 0.0
    for batch in torch.randperm(len(x), generator=generator).split(128):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    return total / len(x)


def first_gradient(net, x, y):
    """Norm of the gradient of the first layer's weights."""
    loss = nn.functional.cross_entropy(net(x), y)
    (gradient,) = torch.autograd.grad(loss, [net[0].weight])
    return gradient.norm().item()


@population(depends=["torch", "scikit-learn"])
def trained(
    seed: int, *, layers: int, start: str, epochs: int = 30, optimizer: str = "sgd", lr: float = 0.003
) -> dict[str, float | bool]:
    """A network that learned for some epochs.

    Observes `gradient` (the first layer's, before training); `begins` (the first epoch whose mean loss is a tenth below
    chance, infinite if none is); `converged` (the last epoch's is less than half of chance); `stalled` (it is within a
    hundredth of chance); and `accuracy` on the test images.
    """
    (x, y), (test_x, test_y) = images(seed)
    net = network(layers, start, seed)
    gradient = first_gradient(net, x, y)
    steps, generator = optimizer_of(optimizer, net, lr), torch.Generator().manual_seed(seed)
    losses = [an_epoch(net, steps, x, y, generator) for _ in range(epochs)]
    with torch.no_grad():
        accuracy = (net(test_x).argmax(dim=1) == test_y).double().mean().item()
    return {
        "gradient": gradient,
        "begins": next((float(epoch) for epoch, loss in enumerate(losses) if loss < 0.9 * CHANCE), math.inf),
        "converged": losses[-1] < 0.5 * CHANCE,
        "stalled": losses[-1] > 0.99 * CHANCE,
        "accuracy": accuracy,
    }

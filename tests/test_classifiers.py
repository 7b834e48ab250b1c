"""Fleets of convolutional networks: each equals the network of an ordinary training loop, in any company."""

from __future__ import annotations

import dataclasses
import math
from itertools import product, starmap

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lrn.arithmetic import gaussian
from lrn.classifiers import Classifiers, _stack
from lrn.classifiers._stack import STACK
from lrn.engines import native
from lrn.gradients import report
from tests.networks import modules_of
from tests.same import assert_same_columns

pytest.importorskip("sklearn")

ENGINES = ["reference", pytest.param("native", marks=pytest.mark.skipif(not native.available(), reason="not built"))]
engines = pytest.mark.parametrize("engine", ENGINES)
needs_native = pytest.mark.skipif(not native.available(), reason="the native engine was not built")
VARIANTS = native.variants() if native.available() else []

SMALL = Classifiers(depth=8, channels=(2, 2, 4), train=12, test=9, epochs=2, batch=4)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def change(**fields):
    return dataclasses.replace(SMALL, **fields)


def measure(net, parts):
    """Gives the norms the mean over all images of their statistics of each part."""
    norms = modules_of(net, nn.BatchNorm2d)
    means, variances = [0] * len(norms), [0] * len(norms)
    for norm in norms:
        norm.momentum = 1
    for part in parts:
        net(part)
        for index, norm in enumerate(norms):
            means[index] += norm.running_mean * len(part)
            variances[index] += norm.running_var * len(part)
    images = sum(map(len, parts))
    for norm, mean, variance in zip(norms, means, variances, strict=True):
        norm.running_mean.copy_(mean / images)
        norm.running_var.copy_(variance / images)


def by_hand(of, seed):
    """One network, trained and looked at by the loop of any tutorial."""
    net = of.network(seed)
    train, test = of.data.split(of.train, of.test)
    pixels = train.x.astype(np.float64)
    mean, std = pixels.mean(), pixels.std(ddof=1)  # of digits, which have one channel
    x, y = torch.as_tensor((pixels - mean) / std), torch.as_tensor(train.y)
    convolutions = [m for n, m in net.named_modules() if isinstance(m, nn.Conv2d) and ".shortcut." not in n]
    first, last = convolutions[0], convolutions[-1]

    parts = np.array_split(np.arange(of.train), math.ceil(of.train / of.part_size))
    for part in parts:
        (F.cross_entropy(net(x[part]), y[part]) * len(part) / of.train).backward()
    values = {"first_gradient": first.weight.grad.norm().item(), "last_gradient": last.weight.grad.norm().item()}
    values |= trained_by_hand(of, seed, net, first, x, y)
    with torch.no_grad():
        measure(net, [x[part] for part in parts])
        net.eval()
        values |= silence(net, x)
        logits = net(torch.as_tensor((test.x.astype(np.float64) - mean) / std))
        values["test_accuracy"] = (logits.argmax(1) == torch.as_tensor(test.y)).double().mean().item()
    return values


def trained_by_hand(of, seed, net, first, x, y):
    """Trains a network; returns how its loss, its accuracy and the gradients of its first convolution ran."""
    optimizer = torch.optim.SGD(net.parameters(), lr=of.lr, momentum=of.momentum)
    losses, accuracies, gradients = [], [], []
    for epoch in range(of.epochs):
        for batch in np.split(of.order(seed, epoch), range(of.batch, of.train, of.batch)):
            optimizer.zero_grad()
            logits = net(x[batch])
            loss = F.cross_entropy(logits, y[batch])
            loss.backward()
            gradients.append(first.weight.grad.norm().item())
            optimizer.step()
            losses.append(loss.item())
            accuracies.append((logits.argmax(1) == y[batch]).double().mean().item())
    sizes = np.diff([*range(0, of.train, of.batch), of.train])
    loss = np.reshape(losses, (of.epochs, -1)) @ sizes / of.train
    accuracy = np.reshape(accuracies, (of.epochs, -1)) @ sizes / of.train
    return {
        "training_gradient": sorted(gradients)[(len(gradients) - 1) // 2],
        "loss": loss[-1],
        "accuracy": accuracy[-1],
        "epochs_to_loss": first_epoch(loss <= of.enough_loss),
        "epochs_to_accuracy": first_epoch(accuracy >= of.enough_accuracy),
        "rises": np.mean(np.diff(loss) > 0),
        "climb": np.maximum(np.diff(loss), 0).sum(),
    }


def first_epoch(enough):
    """The first epoch, counted from 1, at which there was enough; infinite where there never was."""
    return np.argmax(enough) + 1 if np.any(enough) else math.inf


def silence(net, x):
    """The share of channels, and the number of activations, that are 0 for all images."""
    silent = []
    for activation in modules_of(net, nn.ReLU):
        activation.register_forward_hook(lambda _, __, out: silent.append((out.amax(dim=(0, 2, 3)) == 0).numpy()))
    net(x)
    return {"dead_fraction": np.concatenate(silent).mean(), "dead_layers": sum(map(np.all, silent))}


@engines
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"skip": False, "enough_loss": 2.3, "enough_accuracy": 0.2},
        {"normalise": False, "skip": False, "late": True, "scale": 1.5, "lr": 0.05},
        {"initialisation": "torch", "shortcut": "projection", "preactivation": True, "momentum": 0.0},
        {"block": "bottleneck", "depth": 11, "epochs": 3},
        {"preactivation": True, "normalise": False, "channels": (1, 3, 7), "batch": 6},
        {"late": True, "preactivation": True, "channels": (2, 5), "depth": 10, "batch": 12},
        {"late": True, "skip": False, "block": "bottleneck", "depth": 11, "normalise": False, "shortcut": "projection"},
        {"train": 14, "batch": 4, "part": 5},
        {"train": 15, "batch": 15, "part": 2, "test": 40, "late": True, "shortcut": "projection"},
        {"train": 13, "batch": 4, "part": 1, "normalise": False, "test": 33},  # batches and parts of one image
    ],
)
def test_each_network_is_given_what_a_training_loop_gives_it(options, engine, monkeypatch):
    monkeypatch.setattr(_stack, "STACK", 2)
    of = change(dtype="float64", **options)
    columns = of.sample(range(2, 4), engine)
    for index, seed in enumerate(range(2, 4)):
        for name, value in by_hand(of, seed).items():
            # Sums in another order, float64: training turns 1e-16 into less than 1e-6; shares of images are float32.
            assert columns[name][index] == pytest.approx(value, rel=1e-6, abs=1e-9), name
    assert np.array_equal(columns["fades"], columns["first_gradient"] < columns["last_gradient"])
    ratio = columns["first_gradient"] / columns["last_gradient"]
    assert columns["imbalance"] == pytest.approx(np.abs(np.log10(ratio)), abs=1e-6)
    assert not columns["diverged"].any()


@engines
def test_gradients_before_training_are_those_of_lrn_gradients(engine, monkeypatch):
    monkeypatch.setattr(_stack, "STACK", 2)
    of = change(dtype="float64", epochs=0)
    columns = of.sample(range(2), engine)
    train, _ = of.data.split(of.train, of.test)
    pixels = torch.as_tensor(train.x, dtype=torch.float64)
    x, y = (pixels - pixels.mean()) / pixels.std(), torch.as_tensor(train.y)
    for seed in range(2):
        flow = report(of.network(seed), x, lambda logits: F.cross_entropy(logits, y))
        norms = [layer.parameters for layer in flow.layers if layer.kind == "Conv2d"]
        # Sums in another order, float64.
        assert columns["first_gradient"][seed] == pytest.approx(norms[0], rel=1e-9)
        assert columns["last_gradient"][seed] == pytest.approx(norms[-1], rel=1e-9)


@engines
def test_a_network_does_not_depend_on_its_neighbours(engine):
    whole = SMALL.sample(range(2 * STACK), engine)
    for seeds in (range(1), range(5, 7), range(STACK - 1, STACK + 1), range(STACK, 2 * STACK)):
        part = SMALL.sample(seeds, engine)
        assert part.keys() == whole.keys()
        for name, values in whole.items():
            assert np.array_equal(part[name], values[seeds.start : seeds.stop]), name
    assert len(np.unique(whole["loss"])) == 2 * STACK, "each network is one of its own"


@engines
def test_the_number_of_torchs_threads_does_not_show_and_is_left_alone(engine):
    before = torch.get_num_threads()
    try:
        columns = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            columns.append(SMALL.sample(range(3), engine))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert_same_columns(*columns)


@needs_native
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(
    "options",
    [{}, {"channels": (4, 5, 8), "shortcut": "projection"}, {"normalise": False}, {"train": 14, "part": 5}],
)
def test_a_network_has_the_same_bits_whatever_the_processors_vectors(options, fused, monkeypatch):
    of, first = change(**options), None
    for variant in VARIANTS:
        if variant.fused == fused:
            monkeypatch.setenv("LRN_VARIANT", variant.name)
            columns = of.sample(range(19), "native")
            first = first or columns
            assert_same_columns(columns, first)


@needs_native
def test_engines_agree_in_single_precision():
    """Sums in another order, float32: after a few steps it still shows in the last digits alone."""
    of = change(train=32, batch=8, epochs=2, lr=0.01, channels=(4, 8, 16))
    fast, slow = of.sample(range(8), "native"), of.sample(range(8), "reference")
    for name in ("first_gradient", "last_gradient", "training_gradient", "loss"):
        assert fast[name] == pytest.approx(slow[name], rel=1e-3), name
    assert np.array_equal(fast["dead_layers"], slow["dead_layers"])


@needs_native
def test_engines_evaluate_alike_where_few_images_are_trained_on():
    """Of 2 images of 4 pixels, variances with and without bias differ by a seventh."""
    of = change(train=2, batch=2, test=200, epochs=1, dtype="float64")
    fast, slow = of.sample(range(16), "native"), of.sample(range(16), "reference")
    assert np.array_equal(fast["test_accuracy"], slow["test_accuracy"])
    assert len(np.unique(fast["test_accuracy"])) > 8


@needs_native
def test_the_native_engine_is_taken_where_it_is(monkeypatch):
    assert_same_columns(SMALL.sample(range(1)), SMALL.sample(range(1), "native"))
    with_kernel = SMALL.version
    monkeypatch.setattr(native, "available", lambda: False)
    assert_same_columns(SMALL.sample(range(1)), SMALL.sample(range(1), "reference"))
    assert SMALL.version != with_kernel


def test_an_engine_that_is_none_is_refused():
    with pytest.raises(ValueError, match="engine must be one of auto, native, reference; got 'cuda'"):
        SMALL.sample(range(1), "cuda")


def test_sampling_leaves_torchs_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    SMALL.sample(range(2))
    assert torch.equal(torch.rand(2), expected)


def test_networks_with_and_without_skip_connections_start_equal():
    with_skip, without = change(skip=True).network(5).state_dict(), change(skip=False).network(5).state_dict()
    torch.testing.assert_close(without, with_skip, rtol=0, atol=0)
    other = SMALL.network(6).state_dict()
    assert not torch.equal(with_skip["stem.0.weight"], other["stem.0.weight"])


def test_output_weights_are_not_made_of_the_random_numbers_of_convolutions():
    weights = SMALL.network(5).state_dict()
    output, first = weights["output.weight"].double(), weights["stem.0.weight"].double().flatten()
    uniform = ((output * output.shape[1] ** 0.5 + 1) / 2).reshape(-1, 2)
    normal = torch.as_tensor(gaussian(uniform.numpy())).flatten()
    count = min(len(normal), len(first))
    standard = first[:count] / first.std()
    assert abs(torch.corrcoef(torch.stack([normal[:count], standard]))[0, 1]) < 0.5


def test_neighbouring_seeds_differ_however_large_they_are():
    one, other = SMALL.network(2**63).state_dict(), SMALL.network(2**63 + 1).state_dict()
    assert not torch.equal(one["stem.0.weight"], other["stem.0.weight"])
    assert not torch.equal(one["output.weight"], other["output.weight"])
    assert (SMALL.order(2**63, 0) != SMALL.order(2**63 + 1, 0)).any()


def test_networks_of_many_seeds_start_as_each_alone():
    net = SMALL.blank_network()
    together = {id(parameter): values for parameter, values in net.starts(range(4))}
    for seed in range(4):
        net.draw_parameters(seed)
        for parameter in net.parameters():
            assert torch.equal(parameter, torch.as_tensor(together[id(parameter)][seed]).to(parameter.dtype))


def test_scale_is_a_factor_on_the_convolutions_alone():
    one, three = SMALL.network(1).state_dict(), change(scale=3.0).network(1).state_dict()
    for name, value in one.items():
        assert torch.equal(three[name], value * 3 if value.ndim == 4 else value), name


@engines
def test_training_that_diverges_is_infinite_and_not_nan(engine):
    columns = change(normalise=False, scale=30.0, depth=20, lr=10.0).sample(range(3), engine)
    assert columns["diverged"].all()
    assert np.isinf(columns["loss"]).all()
    assert np.isinf(columns["epochs_to_loss"]).all()
    for name, values in columns.items():
        assert not np.isnan(values).any(), name


@engines
def test_without_epochs_networks_are_looked_at_before_training(engine):
    trained, before = SMALL.sample(range(2), engine), change(epochs=0).sample(range(2), engine)
    assert np.array_equal(before["first_gradient"], trained["first_gradient"])
    assert np.isinf(before["loss"]).all()
    assert np.isinf(before["epochs_to_accuracy"]).all()
    assert not before["diverged"].any()


def test_each_epoch_and_seed_has_its_own_order():
    orders = np.array(list(starmap(SMALL.order, product(range(3), range(3)))))
    assert (np.sort(orders, axis=1) == np.arange(12)).all()
    assert len(np.unique(orders, axis=0)) == 9

"""Networks, data, dead units and gradients refuse bad arguments, by name and value."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from refusals import refused, rows
from torch import nn

from lrn import LateResidualNet, PlainNet, ResidualNet, dead_units, prune
from lrn import gradients as G
from lrn.classifiers import Classifiers
from lrn.data import Data, Images, absolute_value, image_folder, load_images, mnist
from lrn.dead import dead_layers, dead_neurons
from lrn.nets import BasicBlock, ConvolutionalNet, EulerNet

NET, X = PlainNet(1, [2, 2], 1), torch.ones(4, 1)
SOME = Images("some", np.zeros((10, 1, 4, 4), np.float32), np.arange(10) % 2, ("a", "b"))
IDENTITY = nn.Identity()


def total(y: torch.Tensor) -> torch.Tensor:
    return y.sum()


@rows(
    (lambda: PlainNet(0, [2], 1), ValueError, "in_features must be at least 1, not 0"),
    (lambda: PlainNet(1, 2, 1), TypeError, "hidden must be a sequence of layer widths such as [2, 2], not 2"),
    (lambda: PlainNet(1, [2.5], 1), TypeError, "hidden[0] must be a whole number of at least 1, not 2.5"),
    (lambda: PlainNet(1, "22", 1), TypeError, "hidden[0] must be a whole number of at least 1, not '2'"),
    (lambda: LateResidualNet(1, [2], True), TypeError, "out_features must be a whole number of at least 1, not True"),
    (
        lambda: PlainNet(1, [2], 1, nn.ReLU()),
        TypeError,
        "activation must be a callable that makes a module (torch.nn.ReLU), not",
    ),
    (
        lambda: PlainNet(1, [2], 1, nn.Linear),
        TypeError,
        "activation must be a callable that makes a module (torch.nn.ReLU): ",
    ),
    (lambda: PlainNet(1, [2], 1, nn.ReLU, lambda w: w), TypeError, "norm must make a torch.nn.Module, but "),
    (lambda: ResidualNet(1, [2, 3], 1), ValueError, "hidden layers of a ResidualNet must have one width; got [2, 3]"),
    (lambda: EulerNet(3, 2), TypeError, "field must be a torch.nn.Module; got int"),
    (lambda: EulerNet(IDENTITY, 0), ValueError, "steps must be at least 1, not 0"),
    (lambda: EulerNet(IDENTITY, True), TypeError, "steps must be a whole number of at least 1, not True"),
    (lambda: EulerNet(IDENTITY, 2, "x"), ValueError, "time must be a finite number, not 'x'"),
    (lambda: EulerNet(IDENTITY, 2, math.nan), ValueError, "time must be a finite number, not nan"),
    (lambda: ConvolutionalNet(9), ValueError, "depth must be 6n + 2 for 3 stages (8, 14, ...); got 9"),
    (lambda: ConvolutionalNet("8"), TypeError, "depth must be a whole number of at least 1, not '8'"),
    (lambda: ConvolutionalNet(8, classes=1), ValueError, "classes must be at least 2, not 1"),
    (lambda: ConvolutionalNet(8, channels=3), TypeError, "channels must be a sequence, such as (16, 32, 64); got 3"),
    (lambda: ConvolutionalNet(8, channels=(4, 0)), ValueError, "channels[1] must be at least 1, not 0"),
    (lambda: ConvolutionalNet(8, shortcut="x"), ValueError, "shortcut must be one of identity, projection; got 'x'"),
    (lambda: ConvolutionalNet(8, block=["basic"]), ValueError, "block must be one of basic, bottleneck; got ['basic']"),
    (lambda: ConvolutionalNet(8)(3), ValueError, "images must have shape (N, 3, H, W); got ()"),
    (lambda: ConvolutionalNet(8)(X), ValueError, "images must have shape (N, 3, H, W); got (4, 1)"),
    (lambda: BasicBlock(0, 2), ValueError, "in_channels must be at least 1, not 0"),
    (lambda: BasicBlock(2, 2.5), TypeError, "channels must be a whole number of at least 1, not 2.5"),
    (lambda: BasicBlock(2, 2, stride=0), ValueError, "stride must be at least 1, not 0"),
    (lambda: BasicBlock(2, 4, shortcut="x"), ValueError, "shortcut must be one of identity, projection; got 'x'"),
)
def test_a_network(call, error, sentence):
    refused(call, error, sentence)


@rows(
    (lambda: absolute_value(0), ValueError, "target_factor must be None or a positive number; got 0"),
    (lambda: absolute_value("x"), ValueError, "target_factor must be None or a positive number; got 'x'"),
    (lambda: Data(np.zeros(3), np.zeros(3)), ValueError, "with as many rows; got (3,) and (3,)"),
    (lambda: Data(np.zeros((3, 1)), np.zeros((2, 1))), ValueError, "with as many rows; got (3, 1) and (2, 1)"),
)
def test_points(call, error, sentence):
    refused(call, error, sentence)


ONE = np.zeros((3, 1, 4, 4), np.float32)


@rows(
    (lambda: Images("a", [1], [2], ("a", "b")), TypeError, "a: images and classes must be arrays"),
    (
        lambda: Images("a", ONE, np.zeros(2, int), ("a", "b")),
        ValueError,
        "a: images (3, 1, 4, 4) and classes (2,) do not fit",
    ),
    (lambda: Images("a", ONE, np.zeros(3, int), ("a",)), ValueError, "a: there must be at least two classes; got a"),
    (lambda: Images("a", ONE, np.full(3, 5), ("a", "b")), ValueError, "a: classes must be 0 to 1; got 5 to 5"),
    (lambda: SOME.split(9, 9), ValueError, "some has 10 images to train and test on, at least 1 of each; got 9 and 9"),
    (lambda: SOME.split("a", 1), ValueError, "at least 1 of each; got 'a' and 1"),
    (lambda: SOME.split(1.5, 1), ValueError, "at least 1 of each; got 1.5 and 1"),
    (
        lambda: load_images("/nowhere"),
        FileNotFoundError,
        "images are looked for in the folder /nowhere, which is not there",
    ),
    (lambda: load_images(__file__), FileNotFoundError, "test_bad_networks.py, which is a file"),
    (lambda: mnist(".", ["train"]), ValueError, "part must be one of train, test, all; got ['train']"),
    (lambda: image_folder(".", size=3), ValueError, "size must be (height, width), at least 1 each; got 3"),
    (lambda: image_folder(".", size=(0, 1)), ValueError, "size must be (height, width), at least 1 each; got (0, 1)"),
    (lambda: Classifiers(train=0), ValueError, "train must be a whole number of at least 1; got 0"),
    (lambda: Classifiers(batch=257), ValueError, "batch must be at most train, which is 256; got 257"),
    (lambda: Classifiers(lr="x"), ValueError, "lr must be a number above 0; got 'x'"),
    (lambda: Classifiers(scale=math.inf), ValueError, "scale must be a number above 0; got inf"),
    (lambda: Classifiers(momentum=None), ValueError, "momentum must be at least 0 and below 1; got None"),
    (lambda: Classifiers(dtype="float16"), ValueError, "dtype must be one of float32, float64; got 'float16'"),
    (lambda: Classifiers(channels=[4, 8]), TypeError, "channels must be a tuple, such as (4, 8, 16); got [4, 8]"),
    (lambda: Classifiers(images=3), TypeError, "images must be lrn.data.Images, or None for digits; got 3"),
    (
        lambda: Classifiers().sample(range(0)),
        ValueError,
        "seeds must be a range of step 1, from 0, that is not empty; got",
    ),
    (lambda: Classifiers().sample(3), ValueError, "seeds must be a range of step 1, from 0, that is not empty; got 3"),
)
def test_images_and_what_classifies_them(call, error, sentence):
    refused(call, error, sentence)


@rows(
    (lambda: dead_units(3, X), TypeError, "module must be a torch.nn.Module, not int"),
    (lambda: dead_units(NET, "x"), TypeError, "or an iterable of batches of them; got str"),
    (lambda: dead_units(NET, []), ValueError, "data has no samples; at least one is needed"),
    (
        lambda: dead_units(NET, X[0, 0]),
        ValueError,
        "a batch must have the samples in dimension 0, but one is a single number",
    ),
    (lambda: dead_units(NET, (3, X)), TypeError, "must be a tensor or a numpy array; in a tuple it is 3"),
    (lambda: dead_units(NET, np.zeros((3, 1), object)), TypeError, "a batch must hold numbers; got an array of object"),
    (lambda: dead_units(NET, np.array(["a"])), TypeError, "a batch must hold numbers; got an array of <U1"),
    (
        lambda: dead_units(NET, X, batch_size=0),
        ValueError,
        "batch_size must be at least 1, or None for one pass per batch; got 0",
    ),
    (
        lambda: dead_units(NET, X, batch_size=1.5),
        ValueError,
        "batch_size must be at least 1, or None for one pass per batch; got 1.5",
    ),
    (lambda: dead_units(NET, X, batch_size="x"), ValueError, "or None for one pass per batch; got 'x'"),
    (
        lambda: dead_units(NET, X, unit_dims=3),
        TypeError,
        "unit_dims must map names of calls to whole numbers, as in {'relu()': 1}; got 3",
    ),
    (lambda: dead_units(NET, X, unit_dims={"a": "b"}), TypeError, "whole numbers, as in {'relu()': 1}; got {'a': 'b'}"),
    (
        lambda: dead_units(NET, X, unit_dims={"a": 1}),
        ValueError,
        "unit_dims names 'a', but the calls are activations.0, ",
    ),
    (
        lambda: dead_units(NET, X, unit_dims={"activations.0": 7}),
        ValueError,
        "activations.0 has 2 dimensions; there is no dimension 7",
    ),
    (lambda: dead_units(nn.Linear(1, 1), X), ValueError, "no ReLU-like activation was called; what counts: relu, "),
    (lambda: dead_units(NET, X)["foo"], KeyError, "no layer 'foo'; there are activations.0, activations.1"),
    (lambda: dead_neurons([1]), TypeError, "outputs must be a numpy array or a torch tensor, not list"),
    (
        lambda: dead_neurons(np.zeros((0, 3))),
        ValueError,
        "outputs must have at least one sample, but their shape is (0, 3)",
    ),
    (lambda: dead_layers(np.zeros((2, 2))), TypeError, "flags must be bool, one for each neuron, not float64"),
    (
        lambda: prune(nn.Linear(1, 1), X),
        TypeError,
        "prune takes a PlainNet, a LateResidualNet or a torch.nn.Sequential",
    ),
    (lambda: prune(NET, X * math.nan), ValueError, "prune needs finite numbers, but data has NaN or infinite ones"),
    (
        lambda: prune(nn.Sequential(nn.ReLU()), X),
        TypeError,
        "prune takes a Sequential with at least one Linear; there is none",
    ),
    (lambda: prune(NET, X, batch_size=-1), ValueError, "or None for one pass per batch; got -1"),
)
def test_dead_units(call, error, sentence):
    refused(call, error, sentence)


@rows(
    (lambda: G.report(3, X, total), TypeError, "model must be a torch.nn.Module; got int"),
    (lambda: G.report(NET, X, 3), TypeError, "loss must be a function of the output, or of (output, target); got 3"),
    (
        lambda: G.report(NET, (X, X, X), total),
        ValueError,
        "a batch is the inputs, or a pair (inputs, target); got 3 things",
    ),
    (lambda: G.report(NET, X[:0], total), ValueError, "the batch is empty: it holds a tensor of shape (0, 1)"),
    (lambda: G.report(NET, X * math.nan, total), ValueError, "the batch must be finite; 4 of the 4 numbers"),
    (lambda: G.report(NET, X, lambda y: y), ValueError, "the loss must be one number; got shape (4, 1)"),
    (lambda: G.report(NET, X, lambda y: 3), TypeError, "the loss must be a tensor; got 3"),
    (lambda: G.report(nn.ReLU(), X, total), ValueError, "ReLU has no parameter to train: it has no parameters at all"),
    (lambda: G.diagnose(["a"]), TypeError, "norms must be numbers, one per layer; got ['a']"),
    (lambda: G.diagnose([-1]), ValueError, "a norm is never negative; got -1"),
    (lambda: G.diagnose([1, 2], names=["a"]), ValueError, "2 norms need 2 names; got 1"),
    (lambda: G.recording(NET, 3).__enter__(), TypeError, "optimizer must be a torch.optim.Optimizer; got int"),
    (lambda: G.gradient_similarity(NET, X, total, scale=0), ValueError, "scale must be a positive number; got 0"),
    (
        lambda: G.gradient_similarity(NET, X, total, repeats=0),
        ValueError,
        "repeats must be a whole number of at least 1; got 0",
    ),
    (
        lambda: G.gradient_similarity(NET, X, total, seed="x"),
        ValueError,
        "seed must be a whole number from 0 to 2**63 - 1; got 'x'",
    ),
    (lambda: G.gradient_similarity(NET, X, total, seed=2**64), ValueError, f"from 0 to 2**63 - 1; got {2**64}"),
    (
        lambda: G.gradient_similarity(NET, X, total, changed=3),
        TypeError,
        "changed must be a function of a parameter's name; got 3",
    ),
    (lambda: G.input_gradient(NET, 1, 1), ValueError, "start and end must differ; they are equal"),
    (
        lambda: G.input_gradient(NET, "a", 1),
        TypeError,
        "start and end must be numbers, or arrays of them; got 'a' and 1",
    ),
    (
        lambda: G.input_gradient(NET, None, 1),
        TypeError,
        "start and end must be numbers, or arrays of them; got None and 1",
    ),
    (lambda: G.input_gradient(NET, points=1), ValueError, "points must be a whole number of at least 2; got 1"),
    (lambda: G.input_gradient(NET, output=1), ValueError, "output must be a whole number from 0 to 0; got 1"),
    (lambda: G.input_gradient(NET, output="x"), ValueError, "output must be a whole number from 0 to 0; got 'x'"),
    (lambda: G.input_gradient(NET, output=0.5), ValueError, "output must be a whole number from 0 to 0; got 0.5"),
    (lambda: G.autocorrelation([math.nan, 1]), ValueError, "values must be finite; 1 of 2 are NaN or infinite"),
    (
        lambda: G.autocorrelation([1, 2], lags=2),
        ValueError,
        "lags must be a whole number from 0 to 1 for 2 values; got 2",
    ),
    (lambda: G.linear_regions(NET, most=-1), ValueError, "most must be a whole number of at least 0; got -1"),
    (lambda: G.linear_regions(NET, most="x"), ValueError, "most must be a whole number of at least 0; got 'x'"),
)
def test_gradients(call, error, sentence):
    refused(call, error, sentence)


@pytest.mark.parametrize("call", [lambda: dead_units(NET, [X, 3]), lambda: G.report(NET, X * math.inf, total)])
def test_a_refusal_leaves_the_model_as_it_was(call):
    NET.train()
    before = nn.utils.parameters_to_vector(NET.parameters()).detach().clone()
    with pytest.raises((TypeError, ValueError)):
        call()
    assert torch.equal(nn.utils.parameters_to_vector(NET.parameters()), before)
    for parameter in NET.parameters():
        assert parameter.grad is None
    for module in NET.modules():
        assert module.training
        assert not module._forward_hooks

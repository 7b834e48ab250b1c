"""What `dead_units` returns, the pure functions beside it, and the answer to bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lrn.dead import DeadReport, LayerUnits, dead_layers, dead_neurons, dead_units

X = torch.linspace(-1, 1, 12).reshape(4, 3)


# ---- The result ----


def example():
    alive = LayerUnits("features.0", "ReLU", np.array([False, True, False]))
    dead = LayerUnits("relu()", "relu", np.array([True, True]))
    return DeadReport((alive, dead), samples=20)


def test_counts_add_up():
    report = example()
    assert report.names == ("features.0", "relu()")
    assert report.counts == (1, 2)
    assert (report.units, report.dead_neurons, report.dead_layers, report.samples) == (5, 3, 1, 20)


def test_str_is_a_table_to_read():
    assert str(example()).splitlines() == [
        "3 of 5 units and 1 of 2 layers are dead on 20 samples",
        "layer       kind  fed by  shape  units  dead    %  zeros",
        "features.0  ReLU  -       -          3     1   33      -",
        "relu()      relu  -       -          2     2  100      -  dead layer",
    ]


def test_to_dict_survives_json():
    record = example().to_dict()
    assert json.loads(json.dumps(record)) == record
    assert record["layers"][1] == {
        "name": "relu()",
        "kind": "relu",
        "units": 2,
        "dead": [0, 1],
        "is_dead": True,
        "shape": [],
        "fed_by": [],
        "zeros": None,
        "has_nan": False,
    }
    names = ["samples", "units", "dead_neurons", "dead_layers", "layers", "not_counted", "criterion", "remarks"]
    assert list(record) == names
    assert list(record.values())[:4] == [20, 5, 3, 1]


def test_the_result_cannot_be_changed():
    report = dead_units(nn.ReLU(), X)
    with pytest.raises(ValueError, match="read-only"):
        report.masks[0][0] = True
    with pytest.raises(AttributeError):
        report.samples = 3  # type: ignore[misc]


def test_an_unknown_layer_is_answered_with_the_known_ones():
    with pytest.raises(KeyError, match=r"no layer 'conv'; there are features\.0, relu\(\)"):
        example()["conv"]


# ---- The pure functions ----


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
def test_a_neuron_is_dead_if_zero_on_all_samples_and_a_layer_if_all_its_neurons_are(kind):
    never, always, some = [0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [0.0, 0.0, 0.1]
    columns = [[never, always], [never, never], [some, always]]
    outputs = kind(np.swapaxes([columns], 2, 3).tolist())  # (S=1, D=3, N=3, W=2)
    flags = dead_neurons(outputs)
    assert flags.tolist() == [[[True, False], [True, True], [False, False]]]
    assert dead_layers(flags).tolist() == [[False, True, False]]
    assert type(flags) is type(dead_layers(flags)) is type(outputs)


def test_only_exact_zeros_are_dead():
    flags = dead_neurons(np.array([[np.nan, -0.0, -1.0, 1e-300], [0.0, 0.0, 0.0, 0.0]]))
    assert flags.tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: dead_neurons([[0.0]]),
            TypeError,
            "outputs must be a numpy array or a torch tensor, not list",
        ),
        (lambda: dead_neurons(np.zeros(3)), ValueError, r"axes \(\.\.\., N, W\), but their shape is \(3,\)"),
        (lambda: dead_neurons(torch.zeros(2, 0, 3)), ValueError, r"at least one sample.*\(2, 0, 3\)"),
        (
            lambda: dead_layers(np.zeros((2, 3))),
            TypeError,
            "flags must be bool, one for each neuron, not float64",
        ),
        (lambda: dead_layers(torch.zeros(3)), TypeError, "not torch.float32"),
        (lambda: dead_layers(np.zeros((2, 0), bool)), ValueError, r"at least one neuron.*\(2, 0\)"),
        (lambda: dead_layers(np.array(True)), ValueError, r"at least one neuron"),
        (lambda: dead_units(F.relu, X), TypeError, "module must be a torch.nn.Module, not "),
        (
            lambda: dead_units(nn.ReLU(), 3.0),
            TypeError,
            r"data must be a tensor, a numpy array,.*; got float",
        ),
        (lambda: dead_units(nn.ReLU(), "data"), TypeError, r"data must be .*; got str"),
        (
            lambda: dead_units(nn.ReLU(), {"x": X}),
            ValueError,
            "a batch has 'x', which the forward does not take; it takes input",
        ),
        (lambda: dead_units(nn.ReLU(), [1.0, 2.0]), TypeError, r"data must be .*; got float"),
        (
            lambda: dead_units(nn.ReLU(), [[1.0], [2.0]]),
            TypeError,
            r"first element of a batch .* list it is 1.0",
        ),
        (lambda: dead_units(nn.ReLU(), ()), TypeError, r"first element of a batch .* tuple it is \(\)"),
        (lambda: dead_units(nn.ReLU(), torch.tensor(1.0)), ValueError, r"samples in dimension 0"),
        (lambda: dead_units(nn.ReLU(), []), ValueError, "data has no samples; at least one is needed"),
        (lambda: dead_units(nn.ReLU(), X[:0]), ValueError, "data has no samples"),
        (lambda: dead_units(nn.ReLU(), X, batch_size=0), ValueError, r"batch_size must be at least 1.*got 0"),
        (
            lambda: dead_units(nn.ReLU(), X, unit_dims={"a": 1}),
            ValueError,
            "names 'a', but the calls are ReLU",
        ),
        (
            lambda: dead_units(nn.ReLU(), iter([torch.ones(2, 3), torch.ones(2, 4)])),
            ValueError,
            r"ReLU gave 3 units on one batch and 4 on another; .*unit_dims=\{'ReLU': 1\}",
        ),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, error, message):
    with pytest.raises(error, match=message):
        call()

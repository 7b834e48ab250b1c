"""Experiments: their fields, their identity, and a clear sentence for everything that is not one."""

from __future__ import annotations

import dataclasses
import pickle
import re
import subprocess
import sys
import warnings
from functools import cached_property
from operator import attrgetter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrn import Experiment, Ledger, network, train
from lrn.data import Data
from lrn.experiment import CHOICES, CONVERGED_RMSE
from tests.networks import count_parameters

experiments = st.builds(
    Experiment,
    width=st.integers(1, 6),
    depth=st.integers(1, 6),
    connection=st.sampled_from(CHOICES["connection"]),
    optimizer=st.sampled_from(CHOICES["optimizer"]),
    lr=st.floats(1e-30, 1e30),
    style=st.just("batch"),
    epochs=st.integers(1, 10_000_000),
    activation=st.sampled_from(CHOICES["activation"]),
    dtype=st.sampled_from(["float32", "float64"]),
    initial=st.sampled_from(CHOICES["initial"]),
    norm=st.sampled_from(CHOICES["norm"]),
    target_scale=st.none() | st.floats(1e-15, 1e15),
) | st.builds(Experiment, style=st.just("iterative"), width=st.integers(1, 6))
deterministic = settings(deadline=None, derandomize=True, database=None)


def test_defaults_are_the_thesiss_late_network():
    e = Experiment()
    assert (e.width, e.depth, e.connection, e.optimizer, e.lr) == (2, 10, "late", "adam", 0.01)
    assert (e.style, e.epochs, e.activation, e.dtype) == ("batch", 3000, "relu", "float32")


def test_a_network_has_converged_at_seven_hundredths():
    assert CONVERGED_RMSE == 0.07


def bad_whole_numbers():
    """(field, bad, error, message) of the fields that must be whole numbers up to a largest one."""
    for field, most in [("width", 65_536), ("depth", 65_536), ("epochs", 10_000_000)]:
        for bad in [2.0, "2", True, None, [2]]:
            message = f"{field} must be a whole number from 1 to {most:,}; got {bad!r}"
            yield field, bad, TypeError, re.escape(message)
        for bad in [0, -3, most + 1, 2**70]:
            yield field, bad, ValueError, f"{field} must be from 1 to {most:,}; got {bad}"


@pytest.mark.parametrize(
    ("field", "bad", "error", "message"),
    [
        *bad_whole_numbers(),
        ("width", np.True_, TypeError, "width must be a whole number"),
        ("width", np.float64(2), TypeError, "width must be a whole number"),
        ("lr", "0.1", TypeError, "lr must be a positive number; got '0.1'"),
        ("lr", None, TypeError, "lr must be a positive number; got None"),
        ("lr", True, TypeError, "lr must be a positive number; got True"),
        ("lr", 1j, TypeError, "lr must be a positive number; got 1j"),
        ("lr", 0, ValueError, r"lr must be positive and at most 1e\+30; got 0"),
        ("lr", -0.1, ValueError, r"lr must be positive and at most 1e\+30; got -0\.1"),
        ("lr", float("nan"), ValueError, "lr must be positive .* got nan"),
        ("lr", float("inf"), ValueError, "lr must be positive .* got inf"),
        ("lr", 1e31, ValueError, r"lr must be positive .* got 1e\+31"),
        ("lr", 10**400, ValueError, "lr must be positive .* got 1000000"),
        ("connection", "dense", ValueError, "connection must be one of plain, late, residual; got 'dense'"),
        ("connection", None, ValueError, "connection must be one of plain, late, residual; got None"),
        ("connection", ["late"], ValueError, r"connection must be one of plain, late, residual; got \['late'\]"),
        (
            "connection",
            np.array(["late", "plain"]),
            ValueError,
            "connection must be one of plain, late, residual; got array",
        ),
        ("optimizer", "Adam", ValueError, "optimizer must be one of adam, sgd, momentum, rmsprop, adamw; got 'Adam'"),
        ("style", "online", ValueError, "style must be one of batch, iterative; got 'online'"),
        ("activation", "gelu", ValueError, "activation must be one of relu, leaky_relu, prelu, elu; got 'gelu'"),
        ("dtype", "float16", ValueError, "dtype must be one of float32, float64; got 'float16'"),
        ("dtype", np.float32, ValueError, "dtype must be one of float32, float64; got <class"),
        ("initial", "zero", ValueError, "initial must be one of torch, he, rai; got 'zero'"),
        ("norm", "layer", ValueError, "norm must be one of none, batch; got 'layer'"),
        ("norm", None, ValueError, "norm must be one of none, batch; got None"),
        ("target_scale", "2", TypeError, r"target_scale must be None or a number from 1e-15 to 1e\+15; got '2'"),
        ("target_scale", True, TypeError, r"target_scale must be None or a number from 1e-15 to 1e\+15; got True"),
        ("target_scale", 0, ValueError, r"target_scale must be None or from 1e-15 to 1e\+15; got 0"),
        ("target_scale", -2.0, ValueError, r"target_scale must be None or from 1e-15 to 1e\+15; got -2\.0"),
        ("target_scale", 1e16, ValueError, r"target_scale must be None or from 1e-15 to 1e\+15; got 1e\+16"),
        ("target_scale", float("nan"), ValueError, r"target_scale must be None or from 1e-15 to 1e\+15; got nan"),
    ],
)
def test_bad_fields_are_refused_in_one_sentence(field, bad, error, message):
    with pytest.raises(error, match=f"^{message}") as caught:
        Experiment(**{field: bad})
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(error, match=message):
        Experiment().replace(**{field: bad})


def test_unknown_fields_and_positions_are_refused():
    with pytest.raises(TypeError, match="layers"):
        Experiment(layers=3)
    with pytest.raises(TypeError, match="layers"):
        Experiment().replace(layers=3)
    with pytest.raises(TypeError, match="positional"):
        Experiment(2, 10)


def test_numpy_numbers_become_pythons():
    e = Experiment(width=np.int64(3), depth=np.uint8(4), lr=np.float64(0.5), epochs=np.int32(7))
    assert list(map(type, (e.width, e.depth, e.lr, e.epochs))) == [int, int, float, int]
    assert e == Experiment(width=3, depth=4, lr=0.5, epochs=7)
    assert e.key == Experiment(width=3, depth=4, lr=0.5, epochs=7).key


def test_whole_learning_rates_are_the_same_as_their_floats():
    assert Experiment(lr=1) == Experiment(lr=1.0)
    assert Experiment(lr=1).key == Experiment(lr=1.0).key
    assert Experiment(lr=1).label == Experiment(lr=1.0).label


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Experiment().width = 3


def test_replace_changes_only_what_it_is_told():
    e = Experiment(depth=7, lr=0.5)
    assert e.replace(connection="plain") == Experiment(depth=7, lr=0.5, connection="plain")
    assert e == Experiment(depth=7, lr=0.5)


@deterministic
@given(a=experiments, b=experiments)
def test_equality_hash_key_and_label_agree(a, b):
    assert (a == b) == (a.key == b.key) == (a.label == b.label)
    if a == b:
        assert hash(a) == hash(b)


def another(field, experiment):
    first, second, *_ = CHOICES[field]
    return second if getattr(experiment, field) == first else first


@deterministic
@given(experiment=experiments)
def test_every_field_is_part_of_the_identity(experiment):
    experiment = experiment.replace(style="batch")
    other = {
        "width": 7,
        "depth": 7,
        "connection": another("connection", experiment),
        "optimizer": another("optimizer", experiment),
        "lr": float(np.nextafter(experiment.lr, 1.0)) if experiment.lr != 1 else 0.5,
        "style": "iterative",
        "epochs": 8 if experiment.epochs != 8 else 9,
        "activation": another("activation", experiment),
        "dtype": another("dtype", experiment),
        "initial": another("initial", experiment),
        "norm": another("norm", experiment),
        "target_scale": 3.0 if experiment.target_scale is None else None,
    }
    assert set(other) == {field.name for field in dataclasses.fields(Experiment)}
    if experiment.norm == "batch":
        del other["style"]
    variants = [experiment]
    for name, value in other.items():
        variants.append(experiment.replace(**{name: value}))
    for identities in (variants, map(attrgetter("key"), variants), map(attrgetter("label"), variants)):
        assert len(set(identities)) == len(variants)


@deterministic
@given(experiment=experiments)
def test_pickles_and_rebuilds_from_its_fields(experiment):
    again = pickle.loads(pickle.dumps(experiment))
    assert (again, again.key) == (experiment, experiment.key)
    assert Experiment(**dataclasses.asdict(experiment)) == experiment


def test_key_is_the_same_in_every_process():
    code = "from lrn import Experiment; print(Experiment(depth=5, lr=0.1).key)"
    for hash_seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert done.stdout == Experiment(depth=5, lr=0.1).key + "\n"
    assert len(Experiment().key) == 16
    int(Experiment().key, 16)


def test_keys_of_what_the_thesis_varies_are_as_they_always_were():
    assert Experiment().key == "c0fdd5d4bef88481"


def test_batch_norm_needs_the_style_batch():
    message = "norm batch needs style batch, where a step sees all samples; got style 'iterative'"
    with pytest.raises(ValueError, match=f"^{message}$"):
        Experiment(norm="batch", style="iterative")
    assert Experiment(norm="batch").norm == "batch"


def test_labels_read_well():
    assert Experiment().label == "late, depth 10, width 2, adam 0.01, batch"
    odd = Experiment(connection="plain", optimizer="sgd", style="iterative", epochs=50, dtype="float64", lr=1e-5)
    assert odd.label == "plain, depth 10, width 2, sgd 1e-05, iterative, 50 epochs, float64"
    assert Experiment(activation="leaky_relu").label.endswith("batch, leaky_relu")
    other = Experiment(initial="he", norm="batch", target_scale=20, connection="residual")
    assert other.label == "residual, depth 10, width 2, adam 0.01, batch, he start, batch norm, targets times 20.0"


@pytest.mark.parametrize("connection", CHOICES["connection"])
@pytest.mark.parametrize("activation", CHOICES["activation"])
@pytest.mark.parametrize("norm", CHOICES["norm"])
@pytest.mark.parametrize(("width", "depth"), [(1, 1), (2, 10), (5, 3)])
def test_shapes_and_counts_are_those_of_the_module(connection, activation, norm, width, depth):
    experiment = Experiment(width=width, depth=depth, connection=connection, activation=activation, norm=norm)
    net = network(experiment, 0, trained=False)
    shapes = tuple(map(np.shape, net.parameters()))
    assert experiment.shapes == tuple(shape for shape in shapes if len(shape) == 2)
    assert experiment.parameter_shapes == shapes
    assert experiment.parameters == count_parameters(net)
    assert experiment.neurons == width * depth


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cosine(Experiment):
    """On other data; `turns` is a field of its own."""

    turns: int = 1
    shift = 0.0

    @cached_property
    def data(self):
        x = np.linspace(-1, 1, 12).reshape(-1, 1)
        return Data(x, np.cos(self.turns * x) + self.shift, self.target_scale)


class Shifted(Cosine):
    """The same fields, other data."""

    shift = 0.5


def test_a_subclass_is_named_by_its_own_fields_and_by_its_data():
    one, two = Cosine(depth=3), Cosine(depth=3, turns=2)
    assert one.label == "late, depth 3, width 2, adam 0.01, batch, turns 1"
    assert len({one.key, two.key, Shifted(depth=3).key, Cosine(depth=3, target_scale=1).key}) == 4
    assert one.key == Cosine(depth=3).key
    assert one.replace(turns=2) == two


def test_a_subclass_trains_and_is_remembered_like_any_experiment(tmp_path):
    experiment, seeds = Cosine(depth=2, epochs=30), range(5)
    runs = Ledger(tmp_path).runs(experiment, seeds)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = Ledger(tmp_path).runs(experiment, seeds)
    assert np.array_equal(runs.rmse, again.rmse)
    assert np.array_equal(runs.rmse, train(experiment, seeds).rmse)
    assert runs.prediction.shape == (5, 12)

"""`train` and `network`: accepted and refused arguments, and that a trained module is the trained network."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import torch

from lrn import Experiment, Runs, network, train
from lrn.engines import native

TINY = Experiment(depth=2, epochs=5)
engines = pytest.mark.parametrize("engine", ["native", "reference"] if native.available() else ["reference"])


# ---- Seeds ----


@engines
@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        (range(3), [0, 1, 2]),
        (range(4, 10, 3), [4, 7]),
        (range(5, -1, -2), [5, 3, 1]),
        ([9, 3, 6], [9, 3, 6]),
        ((2, 1), [2, 1]),
        ({5: "a", 6: "b"}, [5, 6]),
        (np.array([3, 1]), [3, 1]),
        (np.array([3, 1], np.uint8), [3, 1]),
        ([np.int32(4), np.uint64(2**64 - 1)], [4, 2**64 - 1]),
        ([2**63, 2**64 - 1, 0], [2**63, 2**64 - 1, 0]),
        (range(2**64 - 3, 2**64), [2**64 - 3, 2**64 - 2, 2**64 - 1]),
        (range(2**64 - 1, 2**64 - 8, -5), [2**64 - 1, 2**64 - 6]),
        (range(2**53 + 1, 2**53 + 5, 2), [2**53 + 1, 2**53 + 3]),
    ],
    ids=str,
)
def test_seeds_of_every_kind_come_back_in_their_order(engine, seeds, expected):
    runs = train(TINY, seeds, engine=engine, threads=1)
    assert runs.seeds.dtype == np.uint64
    assert runs.seeds.tolist() == expected
    for i, seed in enumerate(expected):
        assert np.allclose(runs.rmse[i], train(TINY, [seed], engine=engine, threads=1).rmse[0], rtol=1e-5)


def test_seeds_of_a_generator_are_taken_once():
    assert train(TINY, iter((8, 1))).seeds.tolist() == [8, 1]


@pytest.mark.parametrize(
    ("seeds", "error", "message"),
    [
        ([-1], ValueError, "seeds must be non-negative whole numbers below 2.*64; got -1"),
        (range(-1, 2), ValueError, "got -1"),
        (range(3, -2, -1), ValueError, "got -1"),
        ([2**64], ValueError, f"got {2**64}"),
        (range(2**64, 2**64 + 1), ValueError, f"got {2**64}"),
        (range(2**64 - 1, 2**64 + 1), ValueError, f"got {2**64}"),
        ([1, 2, 1], ValueError, "seeds must not have duplicates; got 1 more than once"),
        ([1.0], TypeError, r"seeds must be non-negative whole numbers; got 1\.0"),
        (np.array([1.0]), TypeError, "seeds must be non-negative whole numbers"),
        (np.array([[1, 2]]), TypeError, "seeds must be non-negative whole numbers"),
        ([True], TypeError, "got True"),
        ([None], TypeError, "got None"),
        ("12", TypeError, "got '1'"),
        (5, TypeError, r"seeds must be several whole numbers, such as range\(8\); got 5"),
        (None, TypeError, "seeds must be several whole numbers.*; got None"),
    ],
)
def test_bad_seeds_are_refused_before_any_training(seeds, error, message):
    with pytest.raises(error, match=message):
        train(TINY.replace(depth=60_000, width=60_000), seeds)  # would not fit into any memory


@engines
@pytest.mark.parametrize("seeds", [[], (), range(0), range(5, 5), range(9, 3), np.array([], np.uint64)], ids=repr)
def test_no_seeds_give_empty_runs(engine, seeds):
    runs = train(TINY, seeds, engine=engine, threads=1, trace=True, parameters=True)
    assert len(runs) == 0
    assert runs.rmse.shape == (0,)
    assert runs.dead.shape == (0, 2, 2)
    assert runs.prediction.shape == (0, 20)
    assert runs.trace.shape == (0, 5)
    assert runs.parameters.shape == (0, TINY.parameters)
    assert len(runs.converged) == len(runs.dead_neurons) == len(runs.dead_layers) == 0


def test_a_million_seeds_are_checked_quickly():
    # A range is checked by its ends; walking through a trillion seeds would not come back.
    with pytest.raises(ValueError, match="got -1"):
        train(TINY, range(10**12, -2, -1))


# ---- Other arguments ----


@pytest.mark.parametrize("call", [train, lambda e, s: network(e, 0), lambda e, s: network(e, 0, trained=False)])
@pytest.mark.parametrize("wrong", ["late", None, {"depth": 2}, Experiment])
def test_what_is_no_experiment_is_refused(call, wrong):
    with pytest.raises(TypeError, match=f"needs an Experiment; got {type(wrong).__name__}"):
        call(wrong, [1])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"engine": "gpu"}, ValueError, "engine must be one of auto, native, cuda, reference; got 'gpu'"),
        ({"device": "abacus"}, ValueError, "device must be one that torch can use here; got 'abacus'"),
        ({"threads": 0}, ValueError, "threads must be a whole number from 1 to 1,024, or None; got 0"),
        ({"threads": -2}, ValueError, "threads must be .* got -2"),
        ({"threads": "2"}, ValueError, "threads must be .* got '2'"),
        ({"threads": True}, ValueError, "threads must be .* got True"),
        ({"lanes": 3}, TypeError, "lanes"),
    ],
)
def test_bad_options_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        train(TINY, [1], **options)
    with pytest.raises(error, match=message):
        network(TINY, 1, **options)


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("options", [{"lanes": 3}, {"trace": True}, {"parameters": False}])
def test_network_refuses_options_it_does_not_have(trained, options):
    with pytest.raises(TypeError, match=f"network's options are engine, device, threads; got {next(iter(options))}"):
        network(TINY, 1, trained=trained, **options)


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (2**64, ValueError), (1.5, TypeError), ([1], TypeError)])
def test_network_refuses_bad_seeds(trained, seed, error):
    with pytest.raises(error, match="seeds must be non-negative whole numbers"):
        network(TINY, seed, trained=trained)


# ---- What comes back ----


@engines
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_and_dtypes_are_as_documented(engine, dtype):
    experiment = Experiment(depth=3, width=4, epochs=6, dtype=dtype)
    runs = train(experiment, range(5), engine=engine, threads=1, trace=True, parameters=True)
    columns = {}
    for field in dataclasses.fields(Runs)[1:]:
        column = getattr(runs, field.name)
        columns[field.name] = (column.dtype.name, column.shape)
    assert columns == {
        "seeds": ("uint64", (5,)),
        "rmse": (dtype, (5,)),
        "rmse_initial": (dtype, (5,)),
        "converged_at": ("int32", (5,)),
        "dead": ("bool", (5, 3, 4)),
        "prediction": (dtype, (5, 20)),
        "trace": (dtype, (5, 6)),
        "parameters": (dtype, (5, experiment.parameters)),
    }
    bare = train(experiment, range(5), engine=engine, threads=1)
    assert (bare.trace, bare.parameters) == (None, None)


@engines
def test_rmse_is_that_of_the_prediction_in_original_units(engine):
    runs = train(Experiment(depth=3, epochs=200, dtype="float64"), range(20), engine=engine, threads=1)
    targets = runs.experiment.data.t[:, 0]
    assert np.allclose(runs.rmse, np.sqrt(((runs.prediction - targets) ** 2).mean(axis=1)), rtol=1e-12)


@engines
@pytest.mark.parametrize("style", ["batch", "iterative"])
def test_trace_is_the_rmse_of_what_each_epoch_trained_on(engine, style):
    experiment = Experiment(depth=2, epochs=45, style=style, dtype="float64")
    runs = train(experiment, range(6), engine=engine, threads=1, trace=True)
    assert runs.trace.shape == (6, 45)
    targets = experiment.data.t[:, 0]
    for epoch in (1, 2, 19, 20, 21, 44):  # the network before the step of that epoch is the one after `epoch` steps
        before = train(experiment.replace(epochs=epoch), range(6), engine=engine, threads=1)
        on = slice(None) if style == "batch" else slice(epoch % 20, epoch % 20 + 1)
        expected = np.sqrt(((before.prediction[:, on] - targets[on]) ** 2).mean(axis=1))
        assert np.allclose(runs.trace[:, epoch], expected, rtol=1e-10, atol=1e-13)
    if style == "batch":
        assert np.array_equal(runs.trace[:, 0], runs.rmse_initial)


@engines
def test_converged_at_counts_the_epochs_after_which_it_stays_converged(engine):
    experiment = Experiment(depth=2, epochs=250, lr=0.1, dtype="float64")
    runs = train(experiment, range(60), engine=engine, threads=1, trace=True)
    # In batch style the trace holds the RMSE after 0, 1, ..., epochs - 1 steps, and `rmse` that after the last.
    after = np.column_stack([runs.trace, runs.rmse])
    left_again = 0
    for i in range(60):
        above = np.flatnonzero(~(after[i] <= 0.07))
        since = above[-1] + 1 if len(above) else 0
        assert runs.converged_at[i] == (since if since <= 250 else -1)
        left_again += bool((after[i][: max(since, 0)] <= 0.07).any())
    assert left_again, "some network must have been within the threshold and left it again"
    assert np.array_equal(runs.converged_at >= 0, runs.converged)
    assert 0 < runs.converged.sum() < 60


@engines
def test_dead_is_zero_output_on_all_samples_and_a_dead_layer_is_dead_throughout(engine):
    experiment = Experiment(depth=5, width=3, connection="plain", epochs=20)
    runs = train(experiment, range(40), engine=engine, threads=1)
    inputs = torch.tensor(experiment.data.x_standardised, dtype=torch.float32)
    partly = 0
    for i in range(40):
        net = network(experiment, i, engine=engine, threads=1)
        with torch.no_grad():
            outputs = torch.stack(list(net.layer_outputs(inputs)))  # (D, N, W)
        dead = (outputs == 0).all(dim=1).numpy()
        dead_layers = dead.all(axis=1)
        assert np.array_equal(runs.dead[i], dead)
        assert runs.dead_neurons[i] == dead.sum()
        assert runs.dead_layers[i] == dead_layers.sum()
        partly += (dead.any(axis=1) & ~dead_layers).any()
    assert partly, "some layer must be dead in part for this to mean anything"
    assert runs.dead_layers.sum() > 0


def test_leaky_networks_have_no_dead_neurons():
    assert not train(Experiment(depth=8, activation="leaky_relu", epochs=20), range(50)).dead.any()


# ---- Networks as modules ----


@engines
@pytest.mark.parametrize("connection", ["plain", "late"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
@pytest.mark.parametrize(("width", "depth"), [(1, 1), (2, 4), (5, 3)])
def test_network_has_the_weights_and_the_predictions_of_the_runs(engine, connection, activation, width, depth):
    experiment = Experiment(
        width=width, depth=depth, connection=connection, activation=activation, epochs=30, dtype="float64"
    )
    runs = train(experiment, [3, 11], engine=engine, threads=1, parameters=True)
    for i, seed in enumerate([3, 11]):
        net = network(experiment, seed, engine=engine, threads=1)
        assert type(net).__name__ == {"plain": "PlainNet", "late": "LateResidualNet"}[connection]
        assert np.allclose(torch.nn.utils.parameters_to_vector(net.parameters()).detach(), runs.parameters[i])
        with torch.no_grad():
            outputs = net(torch.tensor(experiment.data.x_standardised)).numpy()[:, 0]
        predicted = outputs * experiment.data.target_scale + experiment.data.target_mean
        assert np.allclose(predicted, runs.prediction[i], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_network_has_the_experiments_dtype_and_learns_on(dtype):
    net = network(TINY.replace(dtype=dtype), 4)
    for parameter in net.parameters():
        assert parameter.dtype == getattr(torch, dtype)
        assert parameter.requires_grad
        assert parameter.is_leaf
    net(torch.zeros(3, 1, dtype=getattr(torch, dtype))).sum().backward()
    assert net.output.bias.grad is not None


def test_network_leaves_torchs_random_state_alone():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    network(TINY, 1)
    network(TINY, 1, trained=False)
    assert torch.equal(torch.rand(3), expected)


def test_initial_network_is_the_network_before_training():
    before = train(TINY.replace(optimizer="sgd", lr=1e-30, epochs=1), [5], parameters=True).parameters[0]
    vector = torch.nn.utils.parameters_to_vector(network(TINY, 5, trained=False).parameters())
    assert np.array_equal(vector.detach().numpy(), before)


# ---- Runs ----


def test_select_and_join_are_inverse():
    runs = train(TINY, range(7), trace=True, parameters=True)
    joined = Runs.join([runs.select(slice(0, 3)), runs.select([3, 4]), runs.select(runs.seeds > 4)])
    for f in dataclasses.fields(Runs)[1:]:
        assert np.array_equal(getattr(joined, f.name), getattr(runs, f.name))
    assert joined.experiment == TINY
    bare = train(TINY, range(3))
    assert Runs.join([bare, bare]).trace is None
    assert bare.select([1]).parameters is None


def test_joining_nothing_is_refused():
    with pytest.raises(ValueError, match=r"Runs\.join needs at least one part; got none"):
        Runs.join([])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_converged_is_at_most_seven_hundredths_and_nan_is_not(dtype):
    runs = train(TINY, range(5))
    rmse = np.array([0.07, np.nextafter(dtype(0.07), dtype(1)), np.nan, np.inf, 0.0], dtype)
    assert dataclasses.replace(runs, rmse=rmse).converged.tolist() == [True, False, False, False, True]


# ---- Progress and import ----


@pytest.mark.skipif(not native.available(), reason="the native engine was not built")
def test_progress_goes_to_standard_error_and_is_wiped_away(capsys):
    quiet = train(Experiment(depth=30, epochs=1500), range(4096), threads=1)
    assert capsys.readouterr() == ("", "")
    shown = train(Experiment(depth=30, epochs=1500), range(4096), threads=1, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "of 4,096 networks" in err
    assert err.endswith("\r\x1b[K")
    assert np.array_equal(quiet.rmse, shown.rmse)


IMPORT = """
import sys, time
started = time.process_time()
import lrn
from lrn import Experiment, Ledger, Runs, train
print(time.process_time() - started)
print(sorted({name.split(".")[0] for name in sys.modules} & {"torch", "pandas", "pyarrow", "scipy", "pytest"}))
"""


def test_import_is_quick_and_leaves_torch_alone():
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, timeout=60)
    seconds, heavy = done.stdout.splitlines()
    assert heavy == "[]"
    assert float(seconds) < 1.5  # of the processor, which others may use meanwhile; 0.1 s as a rule


@pytest.mark.skipif(not native.available(), reason="the native engine was not built")
def test_the_native_engine_trains_without_torch():
    code = "import sys; import lrn; lrn.train(lrn.Experiment(epochs=2), [1]); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_the_package_lists_what_it_has():
    import lrn

    assert set(lrn.__all__) <= set(dir(lrn))
    for name in lrn.__all__:
        assert getattr(lrn, name).__name__ == name
    with pytest.raises(AttributeError, match="module 'lrn' has no attribute 'nothing'"):
        _ = lrn.nothing

"""`dead_units`: data of every form, modules of other makes, and nothing left behind."""

from __future__ import annotations

import copy
import random
import weakref
from operator import attrgetter

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from lrn.dead import dead_layers, dead_neurons, dead_units
from lrn.nets import LateResidualNet, PlainNet
from tests.dead.flags import flags

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def silence(layer, *units):
    """Make units of a Linear or convolution fall below zero whatever comes in (of moderate size)."""
    with torch.no_grad():
        layer.bias[list(units)] = -1e4
    return layer


# ---- Forms of data ----


def reference_net():
    torch.manual_seed(3)
    net = PlainNet(3, [8, 8], 1)
    silence(net.hidden[0], 2, 5)
    return net


REFERENCE = torch.linspace(-2, 2, 60).reshape(20, 3)


def loader(*tensors):
    return DataLoader(TensorDataset(*tensors), batch_size=7)


class Stream(IterableDataset):
    def __iter__(self):
        yield from REFERENCE


@pytest.mark.parametrize(
    "data",
    [
        REFERENCE,
        REFERENCE.numpy(),
        REFERENCE.double().numpy(),
        (REFERENCE, torch.zeros(20)),
        (REFERENCE.numpy(), np.zeros(20)),
        [REFERENCE],
        list(REFERENCE.split(6)),
        [(batch, 0) for batch in REFERENCE.split(6)],
        [[batch, 0] for batch in REFERENCE.split(6)],
        [((batch,), 0) for batch in REFERENCE.split(6)],
        TensorDataset(REFERENCE, torch.zeros(20)),
        REFERENCE.split(7),
        loader(REFERENCE),
        loader(REFERENCE, torch.zeros(20)),
        DataLoader(Stream(), batch_size=3),
        [loader(REFERENCE[:9]), loader(REFERENCE[9:], torch.zeros(11))],
        [REFERENCE[:0], REFERENCE],
    ],
    ids=lambda data: type(data).__name__,
)
@pytest.mark.parametrize("batch_size", [None, 1, 6, 100])
def test_the_result_does_not_depend_on_the_form_of_the_data(data, batch_size):
    expected = dead_units(reference_net(), REFERENCE)
    assert 2 <= expected.dead_neurons < 16
    report = dead_units(reference_net(), data, batch_size=batch_size)
    assert report.to_dict() == expected.to_dict()


def test_a_generator_is_read_once_and_batches_are_not_kept():
    made: list[weakref.ref[torch.Tensor]] = []

    def batches():
        for start in range(20):
            # The one just looked at may still be held by the loop that asks for the next.
            assert sum(batch() is not None for batch in made) <= 1
            batch = REFERENCE[start : start + 1].clone()
            made.append(weakref.ref(batch))
            yield batch
            del batch

    assert dead_units(reference_net(), batches()).samples == 20


def test_a_read_only_memory_map_is_read_in_slices(tmp_path):
    np.save(tmp_path / "x.npy", REFERENCE.numpy())
    report = dead_units(reference_net(), np.load(tmp_path / "x.npy", mmap_mode="r"), batch_size=4)
    assert report.to_dict() == dead_units(reference_net(), REFERENCE).to_dict()


def test_relus_of_the_data_pipeline_are_not_the_modules():
    def pipeline():
        for batch in REFERENCE.split(5):
            yield torch.relu(batch).clamp(min=0)

    assert dead_units(reference_net(), pipeline()).names == ("activations.0", "activations.1")


@pytest.mark.parametrize("device", DEVICES)
def test_batches_go_to_the_device_of_the_module(device):
    report = dead_units(reference_net().to(device), REFERENCE)
    assert report["activations.0"].dead[[2, 5]].all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_work(dtype):
    net = reference_net().to(dtype)
    for data in (REFERENCE.to(dtype), REFERENCE.numpy()):
        report = dead_units(net, data)
        assert report["activations.0"].dead[[2, 5]].all()
        assert not report["activations.0"].is_dead


def test_what_rounds_to_zero_in_half_precision_is_dead_there():
    x = torch.full((4, 1), 1e-6)
    net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.ReLU())
    with torch.no_grad():
        net[0].weight.fill_(1e-3)
    assert dead_units(net, x).dead_neurons == 0
    assert dead_units(net.half(), x.half()).dead_neurons == 1


def test_a_nan_is_not_zero_and_a_negative_zero_is():
    report = dead_units(nn.ReLU(), torch.tensor([[float("nan"), -0.0, 0.0], [0.0, -0.0, -1.0]]))
    assert report.layers[0].dead.tolist() == [False, True, True]


# ---- Nothing is left behind ----


class Restless(nn.Module):
    """Draws random numbers in every pass, has a frozen part, and may fail."""

    def __init__(self, fail=False):
        super().__init__()
        self.linear, self.norm, self.drop = nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.9)
        self.fail = fail
        self.norm.eval()

    def forward(self, x):
        assert not self.training
        assert not torch.is_grad_enabled()
        torch.rand(1), np.random.rand(), random.random()  # noqa: NPY002
        if self.fail:
            raise RuntimeError("as planned")
        return self.drop(torch.relu(self.norm(self.linear(x))))


def state_of_the_world():
    return (
        torch.get_rng_state().tolist(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002
        random.getstate(),
        torch.is_grad_enabled(),
    )


def hooks_of(net):
    """The numbers of hooks of each module: after and before its forward pass, and after a failed one."""
    return [
        (len(module._forward_hooks), len(module._forward_pre_hooks), len(module._forward_hooks_always_called))
        for module in net.modules()
    ]


@pytest.mark.parametrize("fail", [False, True])
def test_flags_random_states_hooks_and_parameters_are_as_before_also_after_an_error(fail):
    net, calls = Restless(fail), []
    net.linear.register_forward_hook(lambda *_: calls.append("hook"))
    net.register_forward_pre_hook(lambda *_: calls.append("pre"))
    parameters, before, hooks = copy.deepcopy(net.state_dict()), state_of_the_world(), hooks_of(net)
    modes = list(map(attrgetter("training"), net.modules()))
    data = DataLoader(TensorDataset(REFERENCE), batch_size=10, shuffle=True)
    if fail:
        with pytest.raises(RuntimeError, match="as planned"):
            dead_units(net, data)
    else:
        dead_units(net, data)
        assert calls == ["pre", "hook"] * 2
    assert state_of_the_world() == before
    assert list(map(attrgetter("training"), net.modules())) == modes == [True, True, False, True]
    assert hooks_of(net) == hooks
    torch.testing.assert_close(net.state_dict(), parameters, rtol=0, atol=0)
    assert set(map(attrgetter("grad"), net.parameters())) == {None}


def test_dropout_kills_nothing():
    net = nn.Sequential(nn.Linear(3, 50), nn.Dropout(0.99), nn.ReLU())
    with torch.no_grad():
        net[0].bias.fill_(100.0)
    assert dead_units(net, REFERENCE).dead_neurons == 0


# ---- Modules of other make ----


def test_a_transformer_is_seen_through_its_python_code():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(4, 2, 6, batch_first=True)
    net = nn.TransformerEncoder(layer, 2).eval()
    silence(net.layers[1].linear1, 3)
    report = dead_units(net, torch.randn(8, 5, 4))
    assert report.names == ("layers.0.relu()", "layers.1.relu()")
    assert report["layers.1.relu()"].dead[3]


def test_a_compiled_module_is_looked_at_like_the_original():
    net, graphs = reference_net(), []
    expected = dead_units(net, REFERENCE)

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    try:
        compiled = nn.Sequential(torch.compile(net, backend=backend))
        assert torch.equal(compiled(REFERENCE), net(REFERENCE))
        report = dead_units(compiled, REFERENCE)
        assert torch.equal(compiled(REFERENCE), net(REFERENCE))
        assert len(graphs) == 1  # neither looking nor having looked compiles anything
    finally:
        torch.compiler.reset()
    assert report.names == tuple(map("0.{}".format, expected.names))
    assert flags(report) == flags(expected)


def test_an_exported_program_is_seen():
    net = reference_net().eval()
    exported = torch.export.export(net, (REFERENCE,)).module()
    assert dead_units(exported, REFERENCE).counts == dead_units(net, REFERENCE).counts


@pytest.mark.parametrize("kind", [PlainNet, LateResidualNet])
def test_the_projects_own_networks_agree_with_their_layer_outputs(kind):
    torch.manual_seed(5)
    net = kind(1, [2] * 10, 1)
    x = torch.linspace(-1, 1, 20)[:, None]
    report = dead_units(net, x)
    dead = dead_neurons(torch.stack(net.layer_outputs(x)))
    assert np.array_equal(np.stack(report.masks), dead.numpy())
    assert report.dead_layers == int(dead_layers(dead).sum())
    assert 0 < report.dead_neurons < 20

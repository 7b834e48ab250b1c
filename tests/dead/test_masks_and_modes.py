"""What practitioners ask for: masks and padding, NaN, dormant neurons, training mode, little memory."""

from __future__ import annotations

import copy
import gc

import pytest
import torch
from torch import nn

from lrn.dead import dead_units
from tests.dead.test_seen import Net, X

# ---- What practitioners ask for ----


def test_masks_leave_padding_out_in_every_form():
    net = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 1), nn.ReLU())
    with torch.no_grad():
        net[0].weight[0], net[0].weight[1:] = 50.0, 0.1
        net[1].weight.fill_(1.0)
        net[1].bias.fill_(-10.0)
    ids = torch.randint(1, 10, (20, 7))
    ids[:, 5:] = 0
    assert not dead_units(net, ids, mask=False).masks[0].all()
    for mask in (ids != 0, (ids != 0).numpy(), lambda ids: ids != 0):
        assert dead_units(net, ids, mask=mask, batch_size=6).masks[0].all()
    with pytest.raises(ValueError, match="mask has 20 samples, but the data has 10"):
        dead_units(net, ids[:10], mask=ids != 0)


def padded(**options):
    """A network that fires on the id 0 alone, and rows that end in it."""
    net = nn.Sequential(nn.Embedding(10, 4, **options), nn.Linear(4, 1), nn.ReLU())
    with torch.no_grad():
        net[0].weight[0], net[0].weight[1:] = 50.0, 0.1
        net[1].weight.fill_(1.0)
        net[1].bias.fill_(-10.0)
    ids = torch.arange(140).reshape(20, 7) % 9 + 1
    ids[:, 5:] = 0
    return net, ids


class Reader(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, input_ids, attention_mask=None, key_padding_mask=None):
        return self.net(input_ids)


def test_padding_that_is_declared_is_left_out_and_counted_in_the_report():
    net, ids = padded()
    for name, mask in (("attention_mask", (ids != 0).long()), ("key_padding_mask", ids == 0)):
        report = dead_units(Reader(net), {"input_ids": ids, name: mask})
        assert report.masks[0].all()
        assert "40 of 140 positions are left out" in str(report)
        assert not dead_units(Reader(net), {"input_ids": ids, name: mask}, mask=False).masks[0].any()
    net, ids = padded(padding_idx=0)
    assert dead_units(net, ids).masks[0].all()
    assert not dead_units(net, ids, mask=False).masks[0].any()


def test_zeros_at_one_end_of_rows_of_ids_are_taken_for_padding_with_a_warning():
    net, ids = padded()
    for rows in (ids, ids.flip(1)):
        with pytest.warns(UserWarning, match="taken for padding"):
            assert dead_units(net, rows, batch_size=6).masks[0].all()


def test_zeros_elsewhere_in_rows_of_ids_are_no_padding():
    net, ids = padded()
    between = ids.clone()
    between[3, 2] = 0
    ones = (ids > 0).long()  # a table of two values
    single = ids.clone()
    single[:, 5] = 1  # an end of one zero is an end mark
    for rows in (between, ones, single, torch.zeros_like(ids)):
        assert not dead_units(net, rows).masks[0].any()


def test_behind_pooling_over_positions_the_samples_of_a_mask_count():
    class Pooled(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.head = nn.Embedding(10, 4), nn.Linear(4, 3)

        def forward(self, ids):
            return torch.relu(self.head(self.table(ids).mean(1)))

    ids = torch.randint(1, 10, (6, 5))
    report = dead_units(Pooled(), ids, mask=torch.ones(6, 5, dtype=torch.bool))
    assert (report.units, report.not_counted) == (3, {})


@pytest.mark.parametrize("function", [lambda x: torch.where(x > 0, x, 0.0), lambda x: torch.fmax(x, torch.zeros(()))])
def test_nan_that_a_gate_makes_zero_is_named(function):
    net = Net(function)
    with torch.no_grad():
        net.layer.weight.fill_(float("nan"))
    assert dead_units(net, X).nan_layers


def test_nan_behind_the_last_activation_is_named():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    with torch.no_grad():
        net[2].weight.fill_(float("nan"))
    assert "the module's output has NaN" in str(dead_units(net, X))


def test_memory_does_not_grow_with_the_number_of_batches():
    net, sizes = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU()), []

    def batches():
        for _ in range(5):
            gc.collect()
            sizes.append(sum(value.numel() for value in gc.get_objects() if type(value) is torch.Tensor))
            yield torch.rand(64, 3)

    dead_units(net, batches())
    assert sizes[2] == sizes[-1]


def test_tau_is_the_dormancy_of_sokar_et_al():
    net = nn.Sequential(nn.Linear(1, 3, bias=False), nn.ReLU())
    with torch.no_grad():
        net[0].weight[:, 0] = torch.tensor([1.0, 0.01, 2.0])
    x = torch.rand(30, 1) + 0.5
    scores = torch.tensor([1.0, 0.01, 2.0]) * 3 / 3.01
    report = dead_units(net, x, tau=0.1, batch_size=7)
    assert report.layers[0].scores == pytest.approx(scores.numpy(), rel=1e-5)
    assert report.masks[0].tolist() == [False, True, False]
    assert "dormant (tau 0.1)" in str(report)
    assert dead_units(net, x, threshold=0.1).masks[0].tolist() == [False, True, False]
    assert dead_units(net, x).dead_neurons == 0
    with pytest.raises(ValueError, match="not both"):
        dead_units(net, x, tau=0.1, threshold=0.1)


def test_training_mode_leaves_buffers_as_they_were():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU())
    before = copy.deepcopy(net.state_dict())
    dead_units(net.eval(), X, training=True)
    torch.testing.assert_close(net.state_dict(), before, rtol=0, atol=0)
    assert not net.training


def test_a_network_of_nan_is_called_one():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    with torch.no_grad():
        net[0].weight.fill_(float("nan"))
    report = dead_units(net, X)
    assert report.nan_layers == ("1",)
    assert "NaN" in str(report)


def test_a_module_without_numbers_is_refused():
    with pytest.raises(ValueError, match=r"0\.weight is on the meta device"):
        dead_units(nn.Sequential(nn.Linear(3, 4, device="meta"), nn.ReLU()), X)
    with pytest.raises(ValueError, match=r"0\.weight is made by its first call"):
        dead_units(nn.Sequential(nn.LazyLinear(4), nn.ReLU()), X)

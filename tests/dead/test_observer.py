"""Dead units are counted during a training, which is the same as without counting."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lrn.dead import DeadUnits, DeadUnitsCallback, dead_units


def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))


def train(net, steps=11, lr=0.1):
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        net(torch.rand(8, 1)).square().mean().backward()
        optimizer.step()


def test_training_is_the_same_to_the_bit():
    plain, observed = make(), make()
    torch.manual_seed(1)
    train(plain)
    torch.manual_seed(1)
    with DeadUnits(observed, every=3) as observer:
        train(observed)
    assert observer.history.steps == [0, 3, 6, 9]
    torch.testing.assert_close(observed.state_dict(), plain.state_dict(), rtol=0, atol=0)
    for module in observed.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_the_history_is_what_dead_units_says():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    with torch.no_grad():
        net[3].bias[:3] = -100
    x = torch.rand(8, 1)
    report = dead_units(net, x, training=True)
    with DeadUnits(net) as observer:
        net(x)
        net.eval()(x)
    assert 3 <= report["4"].dead_neurons < 8
    assert observer.history.names == report.names == ("2", "4")
    assert observer.history.dead.tolist() == [np.divide(report.counts, 8).tolist()], "evaluation is not observed"
    assert observer.report.to_dict() == report.to_dict()


def test_padding_is_left_out_as_in_dead_units():
    net = nn.Sequential(nn.Embedding(9, 2, padding_idx=0), nn.Linear(2, 1), nn.ReLU())
    with torch.no_grad():
        net[0].weight[1:] = -1.0
        net[1].weight.fill_(1.0)
        net[1].bias.fill_(1.0)
    ids = torch.tensor([[3, 4, 0], [5, 0, 0]])
    for mask, dead in ((None, 1), (False, 0), (lambda ids: ids != 0, 1)):
        with DeadUnits(net, mask=mask) as observer:
            net(ids)
        assert observer.report.dead_neurons == dead
    with pytest.raises(TypeError, match="mask must be the name of an input"):
        DeadUnits(net, mask=ids != 0)


def test_a_checkpoint_that_runs_again_in_the_backward_pass_is_counted_once():
    from torch.utils.checkpoint import checkpoint

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(1, 4), nn.ReLU(), nn.Linear(4, 1))

        def forward(self, x):
            return checkpoint(self.body, x, use_reentrant=False)

    net = Net()
    with DeadUnits(net, merge_calls=False) as observer:
        train(net, 2)
    assert observer.history.names == ("body.1",)


class Trainer:
    """Calls hooks by the names and with the arguments that Lightning uses."""

    def fit(self, module, callback, steps=4):
        callback.setup(self, module, stage="fit")
        callback.on_fit_start(self, module)
        callback.on_train_start(self, module)
        for step in range(steps):
            batch = (torch.rand(8, 1), torch.zeros(8, 1))
            callback.on_train_batch_start(self, module, batch, step)
            loss = (module.body(batch[0]) - batch[1]).square().mean()  # not through module's own forward
            callback.on_before_backward(self, module, loss)
            loss.backward()
            callback.on_train_batch_end(self, module, loss, batch, step)
        callback.on_train_end(self, module)
        callback.teardown(self, module, stage="fit")


def test_a_callback_serves_trainers_of_lightnings_kind():
    module = nn.Module()
    module.body = make()
    callback = DeadUnitsCallback(every=2)
    Trainer().fit(module, callback)
    assert callback.history.steps == [0, 2]
    assert callback.history.names == ("body.1", "body.4")
    assert callback.state_dict() == {}
    with pytest.raises(AttributeError):
        callback.nothing  # noqa: B018


def test_a_callback_serves_a_loop_of_ones_own():
    net, callback = make(), DeadUnitsCallback(every=5)
    callback.on_train_begin(model=net)
    train(net)
    callback.on_train_end()
    assert callback.history.steps == [0, 5, 10]
    assert "dead at step" in str(callback.history)
    assert callback.history.to_dict()["names"] == ["1", "4"]


def test_bad_input_gets_one_sentence():
    with pytest.raises(ValueError, match="every must be a whole number of at least 1; got 0"):
        DeadUnits(make(), every=0)
    with pytest.raises(TypeError, match=r"module must be a torch\.nn\.Module"):
        DeadUnits(3)

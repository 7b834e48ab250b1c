"""Where units are taken apart and put back, they are followed, or said to be lost; never merged."""

from __future__ import annotations

import pytest
import torch
from test_layouts import Between
from torch import nn

from lrn.dead import dead_units


def _apart_and_back(x):
    return torch.stack(x.unbind(1), 1)


def _sliced_and_back(x):
    return torch.cat([x[:, i : i + 1] for i in range(x.shape[1])], 1)


def _heads_apart_and_back(x):
    return torch.stack(x.unflatten(1, (2, 2)).unbind(2), 1)


def _half_turned_in_one_row(x):
    return x.roll(1)


def _flattened_and_reordered(x):
    return torch.zeros(x.numel()).index_copy(0, torch.randperm(x.numel()), x.flatten()).view(x.shape)


def _along_heads(x):
    return x.unflatten(1, (2, 2)).sort(2)[0]


def _anchors(x):
    """As detectors do: channels are anchors times coordinates, and the anchors of several scales stand in one row."""
    boxes = x.unflatten(1, (2, 2))[..., 0]
    return torch.cat([boxes, boxes[:, :1]], 1)


HARD = {
    "anchors of two scales": _anchors,
    "turned": lambda x: torch.rot90(x, 1, (0, 1)),
    "turned twice": lambda x: torch.rot90(x, 2, (0, 1)),
    "read in another order of memory": lambda x: x.as_strided((4, len(x)), (1, 4)),
    "read as it is": lambda x: x.as_strided(x.shape, x.stride()),
    "read across units": lambda x: x.as_strided((3, 4), (3, 1)),
    "a diagonal matrix": lambda x: torch.diag_embed(x).sum(-1),
    "times an identity": lambda x: x @ torch.eye(4),
    "heads times an identity": lambda x: x.unflatten(1, (2, 2)) @ torch.eye(2),
    "taken apart and put back": _apart_and_back,
    "taken apart, put back and multiplied": lambda x: _apart_and_back(x) @ torch.eye(4),
    "sliced and put back": _sliced_and_back,
    "heads taken apart and put back": _heads_apart_and_back,
    "rolled as one row": _half_turned_in_one_row,
    "flattened and reordered": _flattened_and_reordered,
    "sorted within heads": _along_heads,
}

LOST = {
    "anchors of two scales",

    "read across units", "a diagonal matrix", "taken apart and put back", "sliced and put back",
    "taken apart, put back and multiplied", "heads taken apart and put back", "rolled as one row",
    "flattened and reordered", "sorted within heads",
}  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_no_two_units_are_ever_counted_as_one(name):
    """One of four units is zero and the others are not: each unit of the report is all zero, or nowhere."""
    layer = nn.Linear(3, 4)
    with torch.no_grad():
        layer.weight.zero_()
    net, x = nn.Sequential(Between(layer, HARD[name])), torch.randn(6, 3)
    if name in LOST:
        with pytest.raises(ValueError, match=r"cannot be (known|followed)|no place belongs to one unit"):
            dead_units(net, x)
        return
    counted = dead_units(net, x).layers[0]
    assert counted.units > 1
    assert counted.dead.mean() == pytest.approx(counted.zeros)
    assert counted.zeros == pytest.approx(float((net(x) == 0).float().mean()))


def test_units_are_followed_through_strides_and_turns():
    net = Between(nn.Linear(3, 4), HARD["read in another order of memory"])
    assert dead_units(net, torch.randn(6, 3)).units == 4
    assert dead_units(Between(nn.Linear(3, 4), HARD["turned"]), torch.randn(6, 3)).units == 4


class Distances(nn.Module):
    def __init__(self):
        super().__init__()
        self.centres = nn.Parameter(torch.tensor([[0.0, 0.0], [9.0, 9.0], [0.0, 1.0]]))

    def forward(self, x):
        return torch.relu(3 - torch.cdist(x, self.centres))


def test_distances_from_rows_of_weights_are_units():
    assert dead_units(Distances(), torch.rand(8, 2)).layers[0].dead.tolist() == [False, True, False]


class SingleUnits(nn.Module):
    """Three layers of one unit, put side by side; the second is dead."""

    def __init__(self, join):
        super().__init__()
        self.parts, self.join = nn.ModuleList([nn.Linear(4, 1), nn.Linear(4, 1), nn.Linear(4, 1)]), join
        with torch.no_grad():
            self.parts[1].bias.fill_(-99.0)

    def forward(self, x):
        return torch.relu(self.join([part(x) for part in self.parts]))


@pytest.mark.parametrize(
    "join",
    [
        lambda several: torch.cat(several, 1),
        lambda several: torch.stack(several, 1),
        lambda several: torch.stack([one.squeeze(1) for one in several], 1),
    ],
    ids=["cat", "stack", "stack of rows"],
)
def test_single_outputs_side_by_side_are_units_when_the_user_says_so(join):
    torch.manual_seed(0)
    net, x = SingleUnits(join), torch.randn(64, 4)
    with pytest.raises(ValueError, match=r"unit_dims=\{'relu\(\)': 1\}"):
        dead_units(net, x)
    assert dead_units(net, x, unit_dims={"relu()": 1}).layers[0].dead.tolist() == [False, True, False]

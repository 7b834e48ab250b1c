"""A planted dead unit is found, and no living one reported, whatever stands between its layer and the activation."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lrn.dead import dead_units

DEAD = 2
QUICK = settings(max_examples=60, deadline=None, derandomize=True, database=None)


class Between(nn.Module):
    """A layer with one dead unit, any function, and a ReLU."""

    def __init__(self, layer, between, relu=torch.relu):
        super().__init__()
        self.layer, self.between, self.relu = layer, between, relu
        with torch.no_grad():
            layer.bias.fill_(100.0)
            layer.bias[DEAD] = -100.0

    def forward(self, x):
        return self.relu(self.between(self.layer(x)))


def flags(layer, between, *shape, **options):
    torch.manual_seed(0)
    return dead_units(Between(layer, between), torch.randn(shape), **options).layers[0].dead.tolist()


def planted(units):
    return [unit == DEAD for unit in range(units)]


CONVOLUTION = {
    "nothing": lambda x: x,
    "channels last": lambda x: x.permute(0, 2, 3, 1),
    "channels first in all": lambda x: x.permute(1, 0, 2, 3),
    "image transposed": lambda x: x.transpose(2, 3),
    "channels swapped with samples": lambda x: x.transpose(0, 1),
    "moved": lambda x: x.movedim(1, -1),
    "einsum": lambda x: torch.einsum("nchw->nhwc", x),
    "flatten image": lambda x: x.flatten(2),
    "tokens": lambda x: x.flatten(2).transpose(1, 2),
    "tokens contiguous": lambda x: x.flatten(2).transpose(1, 2).contiguous(),
    "flatten all": lambda x: x.flatten(1),
    "channels last, flattened": lambda x: x.permute(0, 2, 3, 1).flatten(1),
    "samples and pixels together": lambda x: x.permute(0, 2, 3, 1).reshape(-1, x.shape[1]),
    "groups": lambda x: x.view(x.shape[0], 2, -1, *x.shape[2:]),
    "channel shuffle": lambda x: x.view(x.shape[0], 2, 4, 6, 6).transpose(1, 2).reshape(x.shape),
    "groups, channels last": lambda x: x.view(x.shape[0], 2, 4, 6, 6).permute(0, 3, 4, 1, 2),
    "heads of tokens": lambda x: x.flatten(2).view(x.shape[0], 4, 2, 36).transpose(-1, -2),
    "unflattened again": lambda x: x.flatten(1).unflatten(1, (8, 6, 6)),
    "max pool": lambda x: F.max_pool2d(x, 2),
    "average pool": lambda x: F.avg_pool2d(x, 3),
    "global pool": lambda x: F.adaptive_avg_pool2d(x, 1),
    "global pool, flat": lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1),
    "mean over pixels": lambda x: x.mean((2, 3)),
    "max over pixels": lambda x: x.amax((-1, -2)),
    "max over a row": lambda x: x.max(3).values,
    "mean kept": lambda x: x.mean(3, keepdim=True),
    "upsample": lambda x: F.interpolate(x, scale_factor=2),
    "upsample bilinear": lambda x: F.interpolate(x, size=(9, 7), mode="bilinear"),
    "pad": lambda x: F.pad(x, (1, 2, 3, 0)),
    "crop": lambda x: x[:, :, 1:-1, ::2],
    "one row": lambda x: x[:, :, 3],
    "one pixel": lambda x: x[..., 2, 2],
    "batch of one dropped": lambda x: x[:1].squeeze(0),
    "squeeze and unsqueeze": lambda x: x.unsqueeze(2).unsqueeze(0).squeeze(0).squeeze(2),
    "layer norm over pixels": lambda x: F.layer_norm(x, x.shape[2:]) * 0 + x,
    "group norm": lambda x: F.group_norm(x, 8) * 0 + x,
    "instance norm": lambda x: F.instance_norm(x) * 0 + x,
    "scale": lambda x: x * torch.full((8, 1, 1), 2.0),
    "position bias": lambda x: x + torch.zeros(1, 1, 6, 6),
    "gate by squeeze": lambda x: x * x.mean((2, 3), keepdim=True).abs().clamp(max=1),
    "cat of itself over rows": lambda x: torch.cat([x, x], 2),
    "stack in time": lambda x: torch.stack([x, x], 1),
    "rolled image": lambda x: x.roll(1, 3),
    "flipped image": lambda x: x.flip(2),
    "repeated samples": lambda x: x.repeat(2, 1, 1, 1),
    "expanded": lambda x: x.unsqueeze(1).expand(-1, 3, -1, -1, -1),
    "double": lambda x: x.double(),
    "channels last memory": lambda x: x.to(memory_format=torch.channels_last),
    "unbind and stack": lambda x: torch.stack(x.unbind(3), 3),
    "chunks of the image": lambda x: torch.cat(x.chunk(3, 2), 2),
    "gather rows": lambda x: x[:, :, torch.tensor([0, 5, 3])],
    "select rows": lambda x: x.index_select(2, torch.tensor([4, 1])),
    "masked places": lambda x: x.masked_fill(torch.eye(6, dtype=torch.bool), -1.0),
    "written in place": lambda x: torch.zeros(x.shape).copy_(x),
    "written into a part": lambda x: _written(x),
    "matrix of places": lambda x: x @ torch.eye(6),
    "dropout": lambda x: F.dropout(x, 0.5, False),
    "vmap": lambda x: torch.vmap(lambda row: row * 1)(x),
}  # fmt: skip


def _written(x):
    buffer = torch.full((x.shape[0], x.shape[1], 9, 6), 7.0)
    buffer[:, :, 2:8] = x
    return buffer[:, :, 2:8]


@pytest.mark.parametrize("name", CONVOLUTION)
def test_channels_are_followed(name):
    assert flags(nn.Conv2d(3, 8, 3), CONVOLUTION[name], 4, 3, 8, 8) == planted(8)


SEQUENCE = {
    "nothing": lambda x: x,
    "time first": lambda x: x.transpose(0, 1),
    "features first": lambda x: x.transpose(1, 2),
    "features first of all": lambda x: x.permute(2, 0, 1),
    "flat": lambda x: x.reshape(-1, 8),
    "all features of a sample": lambda x: x.flatten(1),
    "heads": lambda x: x.view(*x.shape[:2], 2, 4).transpose(1, 2),
    "heads in the batch": lambda x: x.view(*x.shape[:2], 2, 4).transpose(1, 2).reshape(-1, x.shape[1], 4),
    "features by heads": lambda x: x.view(*x.shape[:2], 4, 2).permute(0, 3, 1, 2),
    "mean over time": lambda x: x.mean(1),
    "last step": lambda x: x[:, -1],
    "steps": lambda x: torch.stack([x[:, t] for t in range(x.shape[1])], 1),
    "reversed": lambda x: x.flip(1),
    "shifted": lambda x: F.pad(x, (0, 0, 1, 0))[:, 1:],
    "pooled": lambda x: F.max_pool1d(x.transpose(1, 2), 2),
    "class token": lambda x: torch.cat([torch.full((x.shape[0], 1, 8), -1.0), x], 1),
    "padded": lambda x: nn.utils.rnn.pad_sequence(list(x), batch_first=True),
    "windows": lambda x: x.view(x.shape[0], 2, 3, 8),
    "mixed by weights over time": lambda x: torch.einsum("ts,nsc->ntc", torch.eye(6), x),
    "attention": lambda x: torch.softmax(x @ x.transpose(1, 2) * 0, -1) @ x,
    "flash attention": lambda x: F.scaled_dot_product_attention(x * 0, x, x),
    "grid": lambda x: x.view(x.shape[0], 2, 3, 8).permute(0, 3, 1, 2),
    "skip": lambda x: x + 0 * x.roll(1, 1),
    "half": lambda x: x.bfloat16(),
    "complex and back": lambda x: torch.view_as_real(torch.complex(x, x))[..., 0],
}


@pytest.mark.parametrize("name", SEQUENCE)
def test_features_of_sequences_are_followed(name):
    assert flags(nn.Linear(5, 8), SEQUENCE[name], 4, 6, 5) == planted(8)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(5, 8), (5,)),
        (nn.Linear(5, 8), (4, 5)),
        (nn.Linear(5, 8), (4, 3, 2, 5)),
        (nn.Conv1d(5, 8, 3), (4, 5, 9)),
        (nn.Conv1d(5, 8, 3), (5, 9)),
        (nn.Conv2d(3, 8, 3), (3, 9, 9)),
        (nn.Conv3d(3, 8, 3), (2, 3, 5, 5, 5)),
        (nn.ConvTranspose2d(3, 8, 3), (2, 3, 5, 5)),
        (nn.Conv2d(4, 8, 3, groups=4), (2, 4, 5, 5)),
        (nn.Conv2d(3, 8, 3, stride=2, dilation=2, padding=1), (2, 3, 9, 9)),
        (nn.Conv2d(3, 8, 3, padding="same"), (2, 3, 8, 8)),
        (nn.Conv2d(3, 8, 3, padding=1, padding_mode="circular"), (2, 3, 8, 8)),
    ],
    ids=str,
)
def test_the_units_of_every_layer_are_its_outputs(layer, shape):
    assert flags(layer, nn.Identity(), *shape) == planted(8)


@pytest.mark.parametrize(
    "norm",
    [nn.BatchNorm2d(8), nn.GroupNorm(2, 8), nn.InstanceNorm2d(8, affine=True), nn.LayerNorm([8, 6, 6]),
     nn.LayerNorm(6), nn.Sequential(nn.BatchNorm2d(8), nn.MaxPool2d(2), nn.BatchNorm2d(8))],
    ids=str,
)  # fmt: skip
def test_normalisation_keeps_the_channels(norm):
    report = dead_units(nn.Sequential(nn.Conv2d(3, 8, 3), norm, nn.ReLU()), torch.randn(4, 3, 8, 8))
    assert report.units == 8


STEPS = ("transpose", "permute", "flatten", "unflatten", "pool", "norm", "split", "crop", "double")


@QUICK
@given(st.lists(st.sampled_from(STEPS), max_size=6), st.integers(0, 2**31), st.sampled_from(["linear", "conv"]))
def test_any_order_of_views_pooling_and_normalisation(steps, seed, kind):
    generator = torch.Generator().manual_seed(seed)

    def draw(n):
        return int(torch.randint(n, (1,), generator=generator))

    def between(x):
        for step in steps:
            x = STEP[step](x, draw)
        return x

    torch.manual_seed(seed)
    layer, shape = (nn.Linear(3, 8), (2, 6, 4, 3)) if kind == "linear" else (nn.Conv2d(3, 8, 1), (2, 3, 6, 4))
    assert flags(layer, between, *shape) == planted(8)


def _transpose(x, draw):
    return x.transpose(draw(x.ndim), draw(x.ndim))


def _permute(x, draw):
    order = list(range(x.ndim))
    for i in range(x.ndim):
        j = draw(x.ndim)
        order[i], order[j] = order[j], order[i]
    return x.permute(order)


def _flatten(x, draw):
    if x.ndim < 2:
        return x
    d = draw(x.ndim - 1)
    return x.flatten(d, d + 1)


def _unflatten(x, draw):
    d = draw(x.ndim)
    return x.unflatten(d, (2, -1)) if x.shape[d] % 2 == 0 and x.ndim < 7 else x


def _along_a_place(x):
    """A dimension of 6 or 3 holds no unit: there are 8 of them, 2 samples and 4 columns."""
    return next((d for d, size in enumerate(x.shape) if size in (3, 6)), None)


def _pool(x, draw):
    d = _along_a_place(x)
    return x if d is None else x.unfold(d, x.shape[d], 1).amax(-1) if draw(2) else x.amax(d, keepdim=True)


def _norm(x, draw):
    return x * 1.5 + 0 * F.layer_norm(x, x.shape[-1:])


def _split(x, draw):
    d = _along_a_place(x)
    return x if d is None else torch.cat(x.split(2, d)[::-1], d)


def _crop(x, draw):
    d = _along_a_place(x)
    return x if d is None or x.shape[d] < 6 else x.narrow(d, 1, 3)


STEP = {
    "transpose": _transpose, "permute": _permute, "flatten": _flatten, "unflatten": _unflatten, "pool": _pool,
    "norm": _norm, "split": _split, "crop": _crop, "double": lambda x, draw: x.double(),
}  # fmt: skip


def test_labels_that_do_not_follow_a_permutation_give_wrong_flags(monkeypatch):
    from lrn.dead import _rules

    conv, sequence = nn.Conv2d(3, 8, 3), nn.Linear(5, 8)
    monkeypatch.setitem(_rules._RULES, "permute", lambda op: [op.dims(op.tensors[0])])
    assert flags(conv, CONVOLUTION["channels last"], 4, 3, 10, 10) != planted(8)
    assert flags(sequence, SEQUENCE["features first of all"], 8, 8, 5) != planted(8)

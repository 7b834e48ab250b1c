"""Tensors of one number, without numbers, with stride 0, complex or of whole numbers are followed or named.

A layer gives -1, 2, 0 and 3 for every sample, so that each of its units is zero everywhere or nowhere behind a ReLU.
Its output is made into an unusual tensor, an operation changes that, and a ReLU reads the result. Where torch itself
refuses, nothing is tried. Operations that only move numbers keep each unit zero everywhere or nowhere: a report in
which it is neither has counted two units as one.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lrn.dead import dead_units
from lrn.dead._factors import fresh_units, input_dims
from lrn.dead._moves import strided
from lrn.dead._operation import Info, Operation

SOURCES = {
    "one number": lambda h: h.mean(),
    "one whole number": lambda h: h.sum().long(),
    "one complex number": lambda h: h.mean().to(torch.complex64),
    "no samples": lambda h: h[:0],
    "no units": lambda h: h[:, :0],
    "no positions": lambda h: h.unsqueeze(1)[:, :0],
    "no rows of pixels": lambda h: h[:, :, None, None].expand(-1, -1, 0, 4),
    "one unit with stride 0": lambda h: h[:, :1].expand(-1, 4),
    "samples with stride 0": lambda h: h[:1].expand(6, 4),
    "stride 0 throughout": lambda h: h.mean().expand(6, 4),
    "positions with stride 0": lambda h: h.unsqueeze(1).expand(-1, 3, -1),
    "pixels with stride 0": lambda h: h[:, :, None, None].expand(-1, -1, 4, 4),
    "complex": lambda h: h.to(torch.complex64),
    "pairs as complex": lambda h: torch.view_as_complex(h.unflatten(1, (2, 2))),
    "whole numbers": lambda h: h.long(),
    "one sample": lambda h: h[0],
}

ZERO = torch.tensor([0])
NONE = torch.tensor([], dtype=torch.long)


def _where_zero(x):
    return torch.zeros_like(x, dtype=torch.long)


def _first(x):
    return x[:1] if x.ndim else x


# They put numbers elsewhere, or copy them, and make none.
MOVES = {
    "transpose of dimensions 0 and 0": lambda x: x.transpose(0, 0),
    "transpose": lambda x: x.transpose(0, -1),
    "transpose in place": lambda x: x.clone().transpose_(0, -1),
    "transpose_copy": lambda x: torch.transpose_copy(x, 0, -1),
    "swapdims": lambda x: torch.swapdims(x, 0, 0),
    "t": lambda x: x.t(),
    "permute": lambda x: x.permute(tuple(reversed(range(x.ndim)))),
    "movedim": lambda x: x.movedim(0, -1),
    "index_select": lambda x: torch.index_select(x, 0, ZERO),
    "index_select of the last": lambda x: torch.index_select(x, -1, ZERO),
    "index_select by one number": lambda x: torch.index_select(x, 0, ZERO[0]),
    "index_select of none": lambda x: torch.index_select(x, 0, NONE),
    "index_select thrice": lambda x: torch.index_select(x, -1, torch.tensor([0, 0, 0])),
    "index_copy": lambda x: x.index_copy(0, ZERO, _first(x)),
    "flip": lambda x: x.flip(0),
    "flip of nothing": lambda x: x.flip(()),
    "roll": lambda x: x.roll(1, -1),
    "rot90": lambda x: torch.rot90(x, -3, (-2, -1)),
    "select": lambda x: x.select(-1, -1),
    "narrow to nothing": lambda x: x.narrow(0, 0, 0),
    "slice": lambda x: x[..., ::2],
    "index True": lambda x: x[torch.tensor(True)],
    "index False": lambda x: x[False],
    "index by one number": lambda x: x[ZERO[0]],
    "index by none": lambda x: x[NONE],
    "index of the last by none": lambda x: x[..., NONE],
    "index by an empty table": lambda x: x[torch.zeros(2, 0, dtype=torch.long)],
    "index by a mask": lambda x: x[x == 0],
    "gather": lambda x: x.gather(0, _where_zero(x)),
    "gather three": lambda x: x.gather(0, torch.tensor([0, 0, 0])),
    "gather one number": lambda x: x.gather(0, ZERO[0]),
    "gather none": lambda x: x.gather(0, torch.zeros([0] * x.ndim, dtype=torch.long)),
    "take": lambda x: x.take(ZERO),
    "as_strided as it is": lambda x: x.as_strided(x.shape, x.stride()),
    "as_strided of one number": lambda x: x.as_strided((), ()),
    "as_strided with stride 0": lambda x: x.as_strided((2, 3), (0, 0)),
    "as_strided with one more of stride 0": lambda x: x.as_strided((*x.shape, 3), (*x.stride(), 0)),
    "as_strided of none": lambda x: x.as_strided((0, 3), (1, 1)),
    "as_strided across units": lambda x: x.as_strided((4, 2), (1, 1)),
    "as_strided in place": lambda x: x.clone().as_strided_((4, 6), (1, 4)),
    "unfold": lambda x: x.unfold(0, 1, 1),
    "unfold of nothing": lambda x: x.unfold(0, 0, 1),
    "reshape": lambda x: x.reshape(1, *x.shape, 1),
    "reshape of none": lambda x: x.reshape(0, 7),
    "flatten": lambda x: x.flatten(),
    "squeeze": lambda x: x.squeeze(),
    "squeeze in place": lambda x: x.clone().squeeze_(),
    "unsqueeze": lambda x: x.unsqueeze(-1),
    "expand": lambda x: x.expand(2, *x.shape),
    "expand to none": lambda x: x.expand(0, *x.shape),
    "repeat": lambda x: x.repeat(2, *[1] * x.ndim),
    "repeat to none": lambda x: x.repeat(0, *[1] * x.ndim),
    "repeat_interleave": lambda x: x.repeat_interleave(2),
    "cat": lambda x: torch.cat([x, x], -1),
    "cat with none": lambda x: torch.cat([x[:0], x]),
    "stack": lambda x: torch.stack([x, x], -1),
    "hstack": lambda x: torch.hstack([x, x]),
    "split": lambda x: x.split(1, -1),
    "tensor_split": lambda x: x.tensor_split((0,), 0),
    "unbind": lambda x: x.unbind(0),
    "unbind_copy": lambda x: torch.unbind_copy(x, -1),
    "diag_embed": lambda x: torch.diag_embed(x),
    "masked_scatter": lambda x: x.masked_scatter(x != 0, x),
    "clone": lambda x: x.clone(),
    "real": lambda x: x.real,
    "to_sparse and back": lambda x: x.to_sparse().to_dense(),
}

# They make new numbers of several, write some, or give two numbers for one.
MIXES = {
    "sum": lambda x: x.sum(),
    "sum over no dimensions": lambda x: x.sum([]),
    "mean over dimension 0": lambda x: x.mean(0),
    "amax": lambda x: x.amax(0),
    "norm": lambda x: x.norm(dim=0),
    "logsumexp": lambda x: x.logsumexp(0),
    "softmax": lambda x: x.softmax(0),
    "cumsum": lambda x: x.cumsum(0),
    "sort": lambda x: x.sort(0),
    "topk": lambda x: x.topk(1, 0),
    "topk of none": lambda x: x.topk(0, -1),
    "kthvalue": lambda x: x.kthvalue(1),
    "median": lambda x: x.median(0),
    "unique": lambda x: x.unique(dim=0, return_inverse=True),
    "nonzero": lambda x: x.nonzero(),
    "scatter": lambda x: x.scatter(0, _where_zero(x), x),
    "scatter to a constant": lambda x: torch.zeros_like(x).scatter(0, _where_zero(x), x),
    "scatter_add": lambda x: x.scatter_add(0, _where_zero(x), x),
    "index_add": lambda x: x.index_add(0, ZERO, _first(x)),
    "index_put": lambda x: x.index_put((ZERO,), _first(x)),
    "index_fill": lambda x: x.index_fill(0, ZERO, 0),
    "masked_fill": lambda x: x.masked_fill(x == 0, 0),
    "where": lambda x: torch.where(x > 0, x, torch.zeros(())),
    "clamp": lambda x: x.clamp(min=torch.zeros(())),
    "matmul": lambda x: x @ torch.ones(x.shape[-1], 3),
    "matmul with itself": lambda x: x @ x.transpose(-1, -2),
    "dot": lambda x: torch.dot(x, x),
    "outer": lambda x: torch.outer(x, x),
    "addr": lambda x: torch.addr(torch.zeros(()), x, x),
    "linear": lambda x: F.linear(x, torch.ones(3, x.shape[-1])),
    "linear without outputs": lambda x: F.linear(x, torch.ones(0, x.shape[-1])),
    "conv2d": lambda x: F.conv2d(x, torch.ones(3, 4, 1, 1)),
    "batch_norm": lambda x: F.batch_norm(x, torch.zeros(x.shape[1]), torch.ones(x.shape[1])),
    "layer_norm": lambda x: F.layer_norm(x, x.shape[-1:]),
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "interpolate": lambda x: F.interpolate(x, scale_factor=2),
    "pad": lambda x: F.pad(x, (1, 1)),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x, 2),
    "embedding": lambda x: F.embedding(x.abs(), torch.ones(20, 2)),
    "a table of one number": lambda x: torch.index_select(torch.tensor(3.0), 0, x.reshape(1) * 0),
    "complex": lambda x: torch.complex(x, x),
    "view_as_real": lambda x: torch.view_as_real(x),
    "fft": lambda x: torch.fft.fft(x, dim=0).real,
    "svd": lambda x: torch.linalg.svd(x),
    "qr": lambda x: torch.linalg.qr(x),
    "pinv": lambda x: torch.linalg.pinv(x),
    "cdist": lambda x: torch.cdist(x, x),
    "vmap": lambda x: torch.vmap(torch.sum)(x),
    "nested": lambda x: torch.nested.as_nested_tensor([x, x]),
    "nested and padded": lambda x: torch.nested.as_nested_tensor([x, x]).to_padded_tensor(0.0),
    "nested and unbound": lambda x: torch.nested.as_nested_tensor([x, x]).unbind(),
    "sparse": lambda x: x.to_sparse(),
    "resize in place": lambda x: x.clone().resize_(2, 0),
}


class Unusual(nn.Module):
    """A layer, an unusual tensor of its output, an operation, and ReLUs of the layer's output and of all results."""

    def __init__(self, source, operation):
        super().__init__()
        self.layer, self.source, self.operation = nn.Linear(3, 4), source, operation
        with torch.no_grad():
            self.layer.weight.zero_()
            self.layer.bias.copy_(torch.tensor([-1.0, 2.0, 0.0, 3.0]))

    def forward(self, x):
        h = self.layer(x)
        outputs = [torch.relu(h)]
        result = self.operation(self.source(h))
        for each in [result] if isinstance(result, Tensor) else result:
            outputs.append(torch.relu(_real(each)))
        return outputs


def _real(x):
    return x if x.is_nested else x.real.float() if x.is_complex() else x.float()


def _accepts(net, x):
    try:
        net(x)
    except (RuntimeError, IndexError, ValueError, NotImplementedError):
        return False
    return True


def _reports(operation):
    """The report for each kind of tensor for which torch has this operation."""
    x = torch.ones(6, 3)
    for name, source in SOURCES.items():
        net = Unusual(source, operation)
        with torch.no_grad():
            accepted = _accepts(net, x)
        if accepted:
            yield name, dead_units(net, x)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
@pytest.mark.parametrize("name", [*MOVES, *MIXES])
def test_operations_on_unusual_tensors_leave_layers_countable_and_never_merge_two_units(name):
    reports = dict(_reports({**MOVES, **MIXES}[name]))
    assert reports
    for source, report in reports.items():
        assert report.layers[0].dead.tolist() == [True, False, True, False], source
        for layer in report.layers if name in MOVES else ():
            if layer.units > 1:
                assert layer.dead.mean() == pytest.approx(layer.zeros), (source, layer.name)


def test_pairs_that_were_complex_numbers_are_not_counted_as_one_unit():
    net = Unusual(SOURCES["pairs as complex"], torch.view_as_real)
    report = dead_units(net, torch.ones(6, 3))
    assert len(report.layers) == 1
    assert report.not_counted


@pytest.mark.parametrize("name", ["svd", "qr", "pinv", "addr"])
def test_decompositions_of_matrices_are_not_followed(name):
    source = SOURCES["one sample"] if name == "addr" else torch.clone
    report = dead_units(Unusual(source, MIXES[name]), torch.ones(6, 3))
    assert len(report.layers) == 1
    assert report.not_counted


def test_a_mask_of_positions_leaves_units_where_they_are():
    def fill(h):
        return h.masked_scatter(torch.arange(6)[:, None] > 2, h)

    report = dead_units(Unusual(torch.clone, fill), torch.ones(6, 3))
    assert report.layers[1].dead.tolist() == [True, False, True, False]


def test_sparse_activations_are_counted_as_dense_ones():
    class Sparse(Unusual):
        def forward(self, x):
            return torch.relu(self.layer(x).to_sparse()).to_dense()

    report = dead_units(Sparse(None, None), torch.ones(6, 3))
    assert report.layers[0].dead.tolist() == [True, False, True, False]


def _strided(unit_stride):
    """The labels after `as_strided` of the first two rows of a tensor whose units have this stride."""
    source = torch.arange(6.0)[:, None].expand(6, 4) if unit_stride == 0 else torch.zeros(6, 4)
    info = Info((*input_dims([6], 0), fresh_units("layer", 4)), data=True)
    output = source.as_strided((2, 4), (source.stride(0), unit_stride))
    arguments = (source, output.shape, output.stride())
    return strided(Operation("as_strided", ("self", "size", "stride"), arguments, {}, output, lambda _: info, str))


def test_units_with_stride_0_are_not_followed_through_as_strided():
    assert [factor.kind for dim in _strided(1)[0] for factor in dim] == ["place", "unit"]
    assert [factor.kind for dim in _strided(0)[0] for factor in dim] == ["unknown", "unknown"]


@pytest.mark.parametrize(
    ("data", "error", "sentence"),
    [
        (torch.ones(6, 3).long(), TypeError, "data must be floating numbers .* got a Tensor with int64"),
        (torch.ones(6, 3).to(torch.complex64), TypeError, "data must be floating numbers .* with complex64"),
        (torch.ones(6, 3, device="meta"), ValueError, "data must have numbers to compute with"),
        (torch.tensor(1.0), ValueError, "samples in dimension 0"),
        (torch.ones(0, 3), ValueError, "no samples"),
    ],
    ids=["whole numbers", "complex", "meta", "one number", "no samples"],
)
def test_data_that_a_layer_of_floating_numbers_cannot_read_is_named(data, error, sentence):
    with pytest.raises(error, match=sentence):
        dead_units(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), data)


def test_complex_ids_are_left_to_torch_to_refuse():
    with pytest.raises(RuntimeError, match="indices"):
        dead_units(nn.Sequential(nn.Embedding(5, 3), nn.ReLU()), torch.ones(6, 3).to(torch.complex64))

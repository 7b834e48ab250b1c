"""Nothing is left out in silence: an activation counts whoever calls it, and other functions do not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from threading import Thread

import pytest
import torch
import torch.nn.functional as F
from torch import library, nn
from torch.utils.checkpoint import checkpoint

from lrn.dead import dead_units

X = torch.linspace(-1, 1, 12).reshape(4, 3)


class Net(nn.Module):
    """Three units, of which the middle one is never positive, through any function."""

    def __init__(self, function):
        super().__init__()
        self.layer, self.function = nn.Linear(3, 3), function
        with torch.no_grad():
            self.layer.bias.copy_(torch.tensor([10.0, -10.0, 10.0]))

    def forward(self, x):
        return self.function(self.layer(x))


class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.relu(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def in_thread(x):
    layer = nn.Sequential(nn.ReLU())
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(layer, x).result()


def assigned(x):
    x[x < 0] = 0
    return x


def top_k(x):
    values, indices = x.topk(2, dim=-1)
    return torch.zeros_like(x).scatter(-1, indices, values)


SEEN = {
    "autograd function": Own.apply,
    "checkpoint": lambda x: checkpoint(torch.relu, x, use_reentrant=False),
    "reentrant checkpoint": lambda x: checkpoint(torch.relu, x, use_reentrant=True),
    "vmap": torch.vmap(torch.relu),
    "nested vmap": torch.vmap(torch.vmap(torch.relu)),
    "inference mode": torch.inference_mode()(torch.relu),
    "jump": lambda x: x * (x > 0.5),
    "jump as numbers": lambda x: x * (x > 0.5).float(),
    "where": lambda x: torch.where(x > 0, x, 0.0),
    "where, other way round": lambda x: torch.where(x <= 0, torch.zeros_like(x), x),
    "masked_fill": lambda x: x.masked_fill(x < 0, 0.0),
    "maximum": lambda x: torch.maximum(x, torch.zeros(())),
    "top-k": top_k,
    "dispatcher": torch.ops.aten.relu.default,
    "heaviside": lambda x: x * torch.heaviside(x - 0.1, torch.zeros(())),
    "jump above a parameter": lambda x: x * (x > nn.Parameter(torch.full((3,), 0.1))).to(x.dtype),
    "zeros assigned": lambda x: assigned(x.clone()),
    "top-k among new zeros": lambda x: torch.zeros(x.shape).scatter(-1, x.topk(2).indices, x.topk(2).values),
}


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("name", SEEN)
def test_an_activation_is_seen_whoever_calls_it(name):
    report = dead_units(Net(SEEN[name]), X)
    assert len(report.layers) == 1, report
    assert report.layers[0].dead.tolist() == [False, True, False]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("make", [torch.jit.script, lambda net: torch.jit.trace(net, X),
                                  lambda net: torch.jit.freeze(torch.jit.script(net.eval()))],
                         ids=["script", "trace", "frozen"])  # fmt: skip
def test_scripted_modules_are_seen(make):
    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 2), nn.ReLU()))
    with torch.no_grad():
        net[0].bias[1] = -100
    report = dead_units(make(net), X)
    assert list(map(attrgetter("units"), report.layers)) == [3, 2]
    assert report.layers[0].dead[1]


def test_threads_of_the_model_are_seen():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
            self.b = nn.Sequential(nn.Linear(3, 2), nn.ReLU())

        def forward(self, x):
            with ThreadPoolExecutor(2) as pool:
                return sum(pool.map(lambda branch: branch(x), (self.a, self.b)))

    assert sorted(dead_units(Branches(), X).names) == ["a.1", "b.1"]


def in_plain_thread(work):
    def run():
        results.append(work())

    results = []
    thread = Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


def in_new_pool(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


POOL = ThreadPoolExecutor(1)


@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize(
    "run", [in_plain_thread, in_new_pool, lambda work: POOL.submit(work).result()], ids=["thread", "pool", "old pool"]
)
def test_what_threads_do_outside_every_submodule_is_seen(run, trainable):
    class Apart(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.head = nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 2), nn.ReLU())
            with torch.no_grad():
                self.layer.bias.copy_(torch.tensor([10.0, -10.0, 10.0]))

        def forward(self, x):
            return self.head(run(lambda: torch.relu(F.linear(x, self.layer.weight, self.layer.bias))))

    report = dead_units(Apart().requires_grad_(trainable), [X, X, X])
    assert report.names == ("relu()", "head.1")
    assert report.layers[0].dead.tolist() == [False, True, False]
    assert POOL.submit(lambda: torch.relu(X).sum()).result() >= 0, "the pool works on as before"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_frozen_code_of_which_the_inside_is_not_seen_is_named():
    inside = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    fast = torch.jit.optimize_for_inference(torch.jit.script(inside))
    report = dead_units(nn.Sequential(fast, nn.Conv2d(4, 2, 1), nn.ReLU()), torch.randn(2, 3, 6, 6))
    assert report.names == ("2",)
    assert report.not_counted


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_nested_tensors_are_cut(layout):
    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = Net(torch.relu)

        def forward(self, x):
            return self.net(x)

    data = torch.nested.nested_tensor([torch.randn(n, 3) for n in (2, 5, 3, 4, 1)], layout=layout)
    report = dead_units(Rows(), data, batch_size=2)
    assert (report.samples, report.layers[0].dead.tolist()) == (5, [False, True, False])


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_nested_tensors_are_counted_by_their_last_dimension():
    net = Net(torch.relu)
    data = torch.nested.nested_tensor([torch.randn(2, 3), torch.randn(5, 3)])

    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return self.net(x)

    report = dead_units(Rows(), [(data, 0)])
    assert report.layers[0].dead.tolist() == [False, True, False]


def test_branches_that_share_a_name_stay_apart_and_calls_of_one_layer_are_merged():
    torch.manual_seed(0)

    class Experts(nn.Module):
        def __init__(self):
            super().__init__()
            self.experts = nn.ModuleList([nn.Linear(2, 3), nn.Linear(2, 3), nn.Linear(2, 3)])
            self.act = nn.ReLU()
            with torch.no_grad():
                self.experts[1].bias.fill_(-100.0)

        def forward(self, x):
            return self.act(self.experts[int(x[0, 0])](x))

    report = dead_units(Experts(), iter([torch.full((2, 2), float(i)) for i in (0, 1, 2, 0, 1)]))
    assert report.names == ("act", "act#2", "act#3")
    assert list(map(attrgetter("fed_by", "is_dead"), report.layers)) == [
        (("experts.0",), False),
        (("experts.1",), True),
        (("experts.2",), False),
    ]


def test_two_activations_of_one_output_stay_apart():
    class Concatenated(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, x):
            h = self.layer(x)
            return torch.cat([F.relu(h), F.relu(-h)], 1)

    net = Concatenated()
    with torch.no_grad():
        net.layer.bias.fill_(100.0)
    assert dead_units(net, X).counts == (0, 2)


# ---- What is not an activation of data ----


class Hinge(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Linear(3, 4), nn.ReLU()), nn.Linear(4, 1)

    def forward(self, x, y=None):
        return F.relu(1 - y * self.head(self.body(x))).mean()


def test_a_hinge_loss_is_no_layer():
    report = dead_units(Hinge(), {"x": X, "y": torch.ones(4, 1)})
    assert report.names == ("body.1",)
    assert "as a loss does" in str(report)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + torch.arange(3).clamp(min=0),
        lambda x: x + torch.relu(torch.tensor([-1.0, 0.0, 1.0])),
        lambda x: x[:, torch.arange(9).clamp(0, 2)],
        lambda x: x / (x > 0).sum().clamp(min=1),
        lambda x: x * (torch.arange(3) > 1),
        lambda x: x.masked_fill(x.isnan(), 0.0),
        lambda x: torch.where(x > 0, x, 0.1 * x),
        lambda x: x / (x != 0).float().sum(1, keepdim=True).clamp(min=0),
    ],
)
def test_what_acts_on_positions_constants_or_nothing_is_not_counted(function):
    with pytest.raises(ValueError, match="no ReLU-like activation"):
        dead_units(Net(function), X)


def test_custom_operations_are_named_as_not_seen():
    @library.custom_op("tests::own_relu", mutates_args=())
    def own_relu(x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x)

    report = dead_units(nn.Sequential(Net(own_relu), nn.ReLU()), X)
    assert "custom operation" in str(report)


def test_ignore_leaves_out_by_name_and_pattern():
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 2), nn.ReLU())
    assert dead_units(net, X, ignore="1").names == ("3",)
    assert dead_units(net, X, ignore=["1*"]).names == ("3",)
    with pytest.raises(ValueError, match="ignore names 'x', but the calls are 1, 3"):
        dead_units(net, X, ignore="x")


class Detector(nn.Module):
    """Boxes around anchors, kept inside an image of 32 x 48, as torchvision's detectors have them."""

    def __init__(self, widths):
        super().__init__()
        self.features, self.boxes, self.widths = nn.Conv2d(3, 4, 3), nn.Linear(4, 8), widths
        self.register_buffer("anchors", torch.rand(8) * 40)

    def forward(self, images):
        features = torch.relu(self.features(images)).mean((2, 3))
        boxes = (self.anchors + 10 * self.boxes(features)).view(-1, 4)
        return torch.stack([boxes[:, 0::2].clamp(0, self.widths[0]), boxes[:, 1::2].clamp(0, self.widths[1])], 2)


def test_boxes_kept_inside_an_image_are_positions():
    torch.manual_seed(0)
    report = dead_units(Detector((48, 32)), torch.randn(5, 3, 32, 48))
    assert report.names == ("relu()",)
    assert not report.not_counted


def test_a_bound_that_is_not_the_size_of_an_image_is_no_reason_to_leave_a_clamp_out():
    torch.manual_seed(0)
    report = dead_units(Detector((6, 5)), torch.randn(5, 3, 32, 48))
    assert len({*report.names, *report.not_counted}) == 3
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Hardtanh(0, 32))  # as it comes from a layer: a ReLU with an upper bound
    assert dead_units(net, torch.randn(5, 3, 32, 48)).units == 4

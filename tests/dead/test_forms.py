"""One rule for data: every form is read, and what can be read in two ways is refused."""

from __future__ import annotations

from itertools import chain
from operator import attrgetter

import numpy as np
import pandas
import pytest
import scipy.sparse
import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence
from torch.utils.data import DataLoader, TensorDataset

from lrn.dead import dead_units
from lrn.gradients import report
from tests.dead.flags import flags

torch.manual_seed(0)
X = torch.randn(20, 3)


class Own(torch.Tensor):
    """A tensor of another class, as torchvision's images are."""


class Two(nn.Module):
    """Fires only if it gets its second input."""

    def __init__(self, needed=True):
        super().__init__()
        self.a, self.b, self.needed = nn.Linear(3, 2), nn.Linear(3, 2), needed
        with torch.no_grad():
            self.a.bias.fill_(-100.0)
            self.b.bias.fill_(200.0)

    def forward(self, a, b=None):
        if b is None and self.needed:
            raise TypeError("b is missing")
        return torch.relu(self.a(a) if b is None else self.a(a) + self.b(b))


class Needs(nn.Module):
    def __init__(self):
        super().__init__()
        self.two = Two()

    def forward(self, a, b):
        return self.two(a, b)


def net():
    torch.manual_seed(1)
    made = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    with torch.no_grad():
        made[0].bias[1] = -100
    return made


def table(rows):
    return pandas.DataFrame(rows.numpy(), columns=list("abc"))


def mappings(parts):
    return [{"input": part} for part in parts]


FORMS = {
    "tensor": X,
    "float64": X.double(),
    "float64 pair": (X.double(), torch.zeros(20)),
    "array": X.numpy(),
    "big-endian array": X.numpy().astype(">f4"),
    "table": table(X),
    "table and column": (table(X), pandas.Series(range(20))),
    "tables": list(map(table, X.split(10))),
    "tensor of a class of its own": X.as_subclass(Own),
    "csr": scipy.sparse.csr_matrix(X.numpy()),
    "coo": scipy.sparse.coo_array(X.numpy()).tocsr(),
    "sparse tensor": X.to_sparse(),
    "sparse csr tensor": lambda: X.to_sparse_csr(),
    "chunks": X.split(6),
    "two chunks": X.split(10),
    "chunk": X.chunk(3),
    "single samples": list(X),
    "data set": TensorDataset(X),
    "data set with targets": TensorDataset(X, torch.zeros(20)),
    "mapping": {"input": X},
    "mappings": mappings(X.split(6)),
    "mapping and target": [(mapping, 0) for mapping in mappings(X.split(6))],
    "loader": DataLoader(TensorDataset(X, torch.zeros(20)), batch_size=6),
    "loader of mappings": DataLoader(mappings(X), batch_size=6),
    "generator": iter(X.split(6)),
    "batch of a loader": next(iter(DataLoader(TensorDataset(X, torch.zeros(20, dtype=torch.long)), batch_size=20))),
    "list of one": [X],
    "lists": [[part] for part in X.split(6)],
}


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_read_as_its_tensor_is(name):
    expected = dead_units(net(), X)
    data = FORMS[name]
    units = dead_units(net(), data() if callable(data) else data)
    assert flags(units) == flags(expected)
    assert units.samples == 20


A, B, Y = torch.randn(6, 3), torch.randn(6, 3), torch.zeros(6)


@pytest.mark.parametrize(
    "data",
    [{"a": A, "b": B}, [{"a": A, "b": B}], ((A, B), Y), [((A, B), Y)], [(A, B, Y)], (A, B, Y), [((A, B),)],
     (A, {"b": B}), DataLoader(TensorDataset(A, B, Y), batch_size=4), [{"a": A.numpy(), "b": B.numpy()}],
     ({"a": A, "b": B}, Y)],
    ids=["mapping", "mappings", "pair and target", "pairs and targets", "triples", "triple", "one pair",
         "mapping beside", "loader", "arrays", "mapping and target"],
)  # fmt: skip
def test_a_second_input_is_never_dropped(data):
    assert dead_units(Two(), data).counts == (0,)


def test_inputs_that_the_forward_needs_are_no_target():
    assert dead_units(Needs(), (A, B)).counts == (0,)
    assert dead_units(Needs(), [A, B]).counts == (0,)


class Three(nn.Module):
    def forward(self, a, b=None, c=None):
        return torch.relu(a)


@pytest.mark.parametrize(
    ("module", "data", "words"),
    [
        (Three(), [(A, B, Y)], r"a batch of 3 can be 3 inputs, or 2 and a target"),
        (net(), [(A, B, Y)], r"a pair \(inputs, target\); got 3 things for a forward that takes 1 inputs"),
        (net(), [((A, B), Y)], "a batch has 2 inputs, but the forward takes 1 inputs"),
        (net(), {"input": A, "labels": Y}, "a batch has 'labels', which the forward does not take; it takes input"),
        (net(), [A, torch.zeros(6, 7)], "a list of two unlike tensors can be two batches, or an input and its target"),
        (net(), pandas.DataFrame({"a": [1.0], "name": ["x"]}), "a DataFrame must hold numbers; name hold"),
        (net(), {"input": "x"}, "in a dict it is"),
        (Two(needed=False), (A, B), "two like tensors can be an input and its target, or two batches"),
        (Two(needed=False), [(A, B)], "a batch of two can be two inputs of this forward, or an input and a target"),
        (net(), (A, B), "two like tensors can be an input and its target, or two batches"),
        (net(), [A, torch.zeros(6, 7), Y], "a list of 3 tensors can be batches, or the inputs of one batch"),
        (net(), torch.ones(4, 3, dtype=torch.long), "a model of float32; got a Tensor with int64"),
        (net(), pandas.DataFrame({"a": [1], "b": [2], "c": [3]}), "got a DataFrame with int64"),
        (net(), pack_sequence([X[:3], X[:2]]), "a PackedSequence has no dimension of samples"),
    ],
)
def test_what_is_ambiguous_or_would_be_dropped_is_refused(module, data, words):
    with pytest.raises((TypeError, ValueError), match=words):
        dead_units(module, data)


@pytest.mark.parametrize(
    "chunks",
    [X.split(7), X.chunk(2), X.unbind(0), tuple(np.array_split(X.numpy(), 2)), np.array_split(X.numpy(), 3)],
    ids=["split", "chunk", "unbind", "two of an array", "list of arrays"],
)
def test_chunks_are_batches(chunks):
    module = net()
    units = dead_units(module, chunks)
    whole = dead_units(module, X)
    assert units.samples in (20, 60)  # samples of one number each are read feature by feature
    assert units.masks[0].tolist() == whole.masks[0].tolist()


@pytest.mark.parametrize(
    "target",
    [torch.arange(6) % 4, torch.zeros(6, 4), torch.zeros(6, 4, 1)],
    ids=["classes", "like the output", "ones aside"],
)
def test_a_batch_as_a_loader_makes_it_is_an_input_and_its_target(target):
    assert dead_units(net(), [A, target]).samples == 6
    assert dead_units(Two(needed=False), [(A, target[:, :2] if target.ndim > 1 else target % 2)]).samples == 6


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("change", [torch.Tensor.to_sparse, torch.Tensor.to_sparse_csr])
def test_sparse_tensors_are_cut(change):
    assert dead_units(net(), change(X), batch_size=7).counts == dead_units(net(), X).counts


def test_tables_with_columns_of_several_types_are_read():
    table = pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [True, False]})
    array = np.array([[1, 0.5, 1], [2, 1.5, 0]])
    assert dead_units(net(), table).masks[0].tolist() == dead_units(net(), array).masks[0].tolist()


def test_a_list_of_two_like_the_output_is_a_pair_and_says_so():
    square = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    with pytest.warns(UserWarning, match="read as an input and its target"):
        assert dead_units(square, [A, B]).samples == 6
    assert dead_units(square, iter([A, B])).samples == 12
    assert dead_units(net(), [A, B]).samples == 12


def test_batches_are_cut_in_all_inputs_alike():
    sizes = []

    class Both(nn.Module):
        def forward(self, a, b):
            sizes.append((len(a), len(b)))
            return torch.relu(a + b)

    dead_units(Both(), {"a": A, "b": B}, batch_size=4)
    assert sizes == [(4, 4), (2, 2)]
    with pytest.raises(ValueError, match="inputs of 3, 6 samples cannot be cut"):
        dead_units(Both(), {"a": A, "b": B[:3]}, batch_size=4)


def names(gradients):
    return list(map(attrgetter("name"), gradients.layers))


def test_gradients_take_data_by_the_same_rule():
    model = Needs()
    assert names(report(model, {"a": A, "b": B}, lambda y: y.sum())) == ["two.a", "two.b"]
    assert report(model, ((A.double(), B.numpy()), torch.zeros(6, 2)), nn.functional.mse_loss).loss > 0
    fed_by = map(attrgetter("fed_by"), dead_units(model, (A, B)).layers)
    assert list(chain.from_iterable(fed_by)) == ["two.a", "two.b"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("reentrant", [True, False])
def test_gradients_of_a_checkpointed_model_are_those_of_the_plain_one(reentrant):
    from torch.utils.checkpoint import checkpoint

    class Net(nn.Module):
        def __init__(self, again):
            super().__init__()
            torch.manual_seed(0)
            self.a, self.c, self.again = nn.Linear(3, 4), nn.Linear(4, 1), again
            self.block = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))

        def forward(self, x):
            h = self.a(x)
            return self.c(checkpoint(self.block, h, use_reentrant=reentrant) if self.again else self.block(h))

    plain = report(Net(False), X, lambda y: y.square().mean())
    again = report(Net(True), X, lambda y: y.square().mean())
    assert names(again) == ["a", "block.0", "block.2", "c"]
    for one, other in zip(plain.layers, again.layers, strict=True):
        assert other.output == pytest.approx(one.output)
        assert other.parameters == pytest.approx(one.parameters)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_gradients_of_a_scripted_model_are_those_of_its_parameters():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    plain = report(model, X, lambda y: y.square().mean())
    scripted = report(torch.jit.script(model), X, lambda y: y.square().mean())
    assert names(scripted) == ["0", "2"]
    for one, other in zip(scripted.layers, plain.layers, strict=True):
        assert one.parameters == pytest.approx(other.parameters)


def test_numbers_are_not_changed():
    data = np.ones((4, 3))
    dead_units(net(), data)
    assert data.dtype == np.float64


def test_gradients_have_the_names_of_dead_units():
    changed = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)), nn.ReLU(), nn.Linear(4, 1))
    wrapped = nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), nn.Linear(4, 1))
    wrapped[0] = torch.compile(wrapped[0], backend="eager")
    for model, expected in ((changed, ["0", "2"]), (wrapped, ["0.0", "1"])):
        gradients = report(model, X, lambda y: y.square().mean())
        assert names(gradients) == expected
        assert gradients.layers[0].parameters > 0
        assert dead_units(model, X).layers[0].fed_by == (expected[0],)

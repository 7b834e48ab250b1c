"""`lrn dead`: its findings, and that no file makes it run anything."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import lrn
from lrn.cli import main
from tests.cli.dead_models import Armed, model

OWN = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = torch.nn.Linear(4, 8), torch.nn.Linear(8, 1)

    def forward(self, x):
        return self.outer(torch.relu(self.inner(x)))

def broken():
    raise RuntimeError("no such luck")
"""


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    np.save("data.npy", np.random.default_rng(0).normal(size=(50, 4)))


def test_dead_units_are_a_finding(capsys):
    torch.save(model(), "model.pt")
    assert main(["dead", "model.pt", "data.npy"]) == 1
    assert "1 of 3 units and 0 of 1 layers are dead on 50 samples" in capsys.readouterr().out


def test_a_model_without_dead_units_is_none(capsys):
    alive = model()
    nn.init.zeros_(alive[0].bias)
    torch.save(alive, "model.pt")
    assert main(["dead", "model.pt", "data.npy", "--batch-size", "7"]) == 0
    assert "0 of 3 units" in capsys.readouterr().out


def test_json_says_which(capsys):
    torch.save(model(), "model.pt")
    assert main(["dead", "model.pt", "data.npy", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["samples"], report["layers"][0]["dead"]) == (50, [1])


@pytest.mark.parametrize(
    "net",
    [
        nn.Sequential(nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2), nn.ReLU(), nn.Flatten(), nn.Linear(4, 1)),
        nn.Sequential(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)),
        lrn.network(lrn.Experiment(depth=3), 5, trained=False),
    ],
    ids=["convolution", "transformer", "lrn"],
)
def test_every_layer_of_torch_and_of_lrn_can_be_read(net, capsys):
    torch.save(net, "model.pt")
    first = next(net.parameters())
    shape = (50, 1, 4) if first.ndim == 3 else (50, 6, 4) if first.shape[-1] == 4 else (50, 1)
    np.save("data.npy", np.random.default_rng(0).normal(size=shape))
    assert main(["dead", "model.pt", "data.npy"]) in (0, 1)
    assert "are dead on 50 samples" in capsys.readouterr().out


def test_a_state_dict_is_read_into_a_class_of_ones_own(tmp_path, capsys):
    (tmp_path / "own_model.py").write_text(OWN)
    import own_model

    net = own_model.Net()
    nn.init.constant_(net.inner.bias, -100)
    torch.save(net.state_dict(), "weights.pt")
    assert main(["dead", "weights.pt", "data.npy", "--class", "own_model:Net"]) == 1
    assert "8 of 8 units and 1 of 1 layers are dead" in capsys.readouterr().out


def hostile_checkpoint():
    torch.save({"weights": torch.ones(2), "more": Armed()}, "model.pt")


def hostile_module():
    net = model()
    net.note = Armed()
    torch.save(net, "model.pt")


def hostile_pickle():
    with open("model.pt", "wb") as file:
        pickle.dump(Armed(), file)


@pytest.mark.parametrize("save", [hostile_checkpoint, hostile_module, hostile_pickle])
def test_nothing_in_a_file_is_run(save, tmp_path, capsys):
    save()
    assert main(["dead", "model.pt", "data.npy"]) == 2
    assert not (tmp_path / "executed").exists()
    assert "torch.save(model.state_dict(), ...)" in capsys.readouterr().err


def test_hostile_data_is_not_run_either(tmp_path, capsys):
    torch.save(model(), "model.pt")
    np.save("data.npy", np.array([Armed()]), allow_pickle=True)
    assert main(["dead", "model.pt", "data.npy"]) == 2
    assert not (tmp_path / "executed").exists()
    assert "must hold one array of numbers" in capsys.readouterr().err


def script():
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.script(model()).save("model.pt")


def exported():
    # What torch.export.save writes, in outline: calling it takes half a minute.
    with zipfile.ZipFile("model.pt", "w") as archive:
        for name in ("models/model.json", "data/sample_inputs/model.pt", "archive_format"):
            archive.writestr(f"model/{name}", "")


def own():
    import own_model

    torch.save(own_model.Net(), "model.pt")


@pytest.mark.parametrize(
    ("save", "options", "message"),
    [
        (script, [], "is TorchScript, a program"),
        (exported, [], "is a torch.export archive"),
        (own, [], "needs code that is not torch's to be read (own_model.Net)"),
        (lambda: torch.save(model().state_dict(), "model.pt"), [], "holds a state_dict, which needs --class"),
        (lambda: torch.save(torch.ones(3), "model.pt"), [], "holds a Tensor"),
        (lambda: torch.save(model(), "model.pt"), ["--class", "own_model:Net"], "does not fit own_model:Net"),
        (lambda: torch.save(model(), "model.pt"), ["--class", "own_model"], "must be MODULE:NAME"),
        (lambda: torch.save(model(), "model.pt"), ["--class", "no_such:Net"], "makes no model: ModuleNotFoundError"),
        (lambda: torch.save(model(), "model.pt"), ["--class", "own_model:broken"], "no such luck"),
        (lambda: Path("model.pt").write_bytes(b"hello"), [], "is nothing that torch.save wrote"),
        (lambda: Path("model.pt").write_bytes(b""), [], "is nothing that torch.save wrote"),
        (lambda: None, [], "there is no file model.pt"),
        (lambda: torch.save(nn.Linear(9, 1), "model.pt"), [], "cannot read data of shape (50, 4)"),
        (lambda: torch.save(nn.Sequential(nn.Linear(4, 1)), "model.pt"), [], "no ReLU-like activation was called"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_sentence(save, options, message, tmp_path, capsys):
    (tmp_path / "own_model.py").write_text(OWN)
    save()
    capsys.readouterr()
    assert main(["dead", "model.pt", "data.npy", *options]) == 2
    stderr = capsys.readouterr().err
    assert message in stderr
    assert stderr.count("\n") == 1

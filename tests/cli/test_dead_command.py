"""`lrn dead`: its findings, and that no file makes it run anything."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pickle
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import lrn
from lrn.cli import main

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


class Armed:
    """Stands for a hostile pickle: it writes a file when it is read."""

    def __reduce__(self):
        return os.mkdir, ("executed",)


def model():
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        net[0].weight.fill_(1.0)
        net[0].bias.copy_(torch.tensor([0.0, -100.0, 0.0]))
    return net


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


# ---- The files that people have ----

SEQUENTIAL = "import torch\ndef Net(): return torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())\n"


def weights():
    return model()[:2].state_dict()


def named(prefix):
    return {f"{prefix}{name}": value for name, value in weights().items()}


CHECKPOINTS = {
    "weights": weights,
    "tutorial": lambda: {"epoch": 3, "model_state_dict": weights(), "loss": 0.5},
    "Lightning": lambda: {"epoch": 3, "state_dict": named("model."), "hyper_parameters": {"lr": 0.1}},
    "Lightning, compiled": lambda: {"state_dict": named("model._orig_mod.")},
    "DataParallel": lambda: named("module."),
    "torch.compile": lambda: named("_orig_mod."),
    "both": lambda: named("module._orig_mod."),
    "with a criterion": lambda: named("net.") | {"criterion.weight": torch.ones(2)},
    "half": lambda: model()[:2].half().state_dict(),
}


def run(capsys, *arguments):
    """The exit code, standard output, and standard error."""
    code = main(["dead", *arguments])
    return (code, *capsys.readouterr())


@pytest.mark.parametrize("older", [False, True], ids=["zip", "older format"])
@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints_are_read(name, older, tmp_path, capsys):
    (tmp_path / "sequential_model.py").write_text(SEQUENTIAL)
    torch.save(CHECKPOINTS[name](), "last.ckpt", _use_new_zipfile_serialization=not older)
    code, out, _ = run(capsys, "last.ckpt", "data.npy", "--class", "sequential_model:Net", "--json")
    assert (code, json.loads(out)["layers"][0]["dead"]) == (1, [1])


def test_of_several_weights_one_is_chosen_by_key(tmp_path, capsys):
    (tmp_path / "sequential_model.py").write_text(SEQUENTIAL)
    torch.save({"state_dict": weights(), "state_dict_ema": weights()}, "two.pt")
    options = ["two.pt", "data.npy", "--class", "sequential_model:Net"]
    code, _, message = run(capsys, *options)
    assert code == 2
    assert "--key: state_dict, state_dict_ema" in message
    assert run(capsys, *options, "--key", "state_dict_ema")[0] == 1
    torch.save({"outer": {"inner": named("x.y.")}}, "deep.pt")
    assert run(capsys, "deep.pt", *options[1:], "--key", "outer.inner", "--strip", "x.y.")[0] == 1


def test_safetensors_are_read_as_weights_and_as_data(tmp_path, capsys):
    safetensors = pytest.importorskip("safetensors.torch")
    (tmp_path / "sequential_model.py").write_text(SEQUENTIAL)
    safetensors.save_file(named("module."), "model.safetensors")
    safetensors.save_file({"x": torch.ones(3, 4)}, "data.safetensors")
    options = ["--class", "sequential_model:Net"]
    assert run(capsys, "model.safetensors", "data.safetensors", *options)[0] == 1
    Path("bad.safetensors").write_bytes(b"\xff" * 40)
    assert run(capsys, "bad.safetensors", "data.npy", *options)[0] == 2


def images(folder, size):
    image = pytest.importorskip("PIL.Image")
    (Path(folder) / "inner").mkdir(parents=True)
    for i in range(3):
        image.fromarray(np.full((*size, 3), 40 * i, np.uint8)).save(Path(folder) / "inner" / f"{i}.png")


DATA = {
    "x.npz": lambda path: np.savez(path, x=np.ones((3, 4))),
    "x.pt": lambda path: torch.save(torch.ones(3, 4), path),
    "pair.pt": lambda path: torch.save((torch.ones(3, 4), torch.zeros(3)), path),
    "x.csv": lambda path: Path(path).write_text("a,b,c,d\n1,2,3,4\n1,2,3,4\n5,6,7,8\n"),
    "semicolons.csv": lambda path: Path(path).write_text("1;2;3;4\n5;6;7;8\n1;1;1;1\n"),
    "x.tsv": lambda path: Path(path).write_text("1\t2\t3\t4\n5\t6\t7\t8\n1\t1\t1\t1\n"),
}


@pytest.mark.parametrize("path", DATA)
def test_data_is_read_from_the_files_that_people_have(path, capsys):
    torch.save(model(), "model.pt")
    DATA[path](path)
    code, out, _ = run(capsys, "model.pt", path, "--json")
    assert (code, json.loads(out)["samples"], json.loads(out)["layers"][0]["dead"]) == (1, 3, [1])


def test_a_folder_of_images_is_read_and_images_of_other_sizes_are_refused(capsys):
    torch.save(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), "model.pt")
    images("pictures", (8, 6))
    code, out, _ = run(capsys, "model.pt", "pictures", "--json", "--batch-size", "2")
    assert code in (0, 1)
    assert (json.loads(out)["samples"], json.loads(out)["layers"][0]["shape"]) == (3, ["N", 4, 6, 4])
    images("pictures/larger", (9, 6))
    code, _, message = run(capsys, "model.pt", "pictures")
    assert code == 2
    assert "images must have one size" in message


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [("x.csv", "a,b,c,d\n1,2,x,4\n", "has 'x'"), ("y.csv", "a,b,c,d\n1,2,3\n", "has 3 columns, the first line 4"),
     ("z.csv", "", "no row"), ("x.npy", "no array", "must hold one array of numbers"),
     ("x.pt", "no tensor", "must hold tensors")],
)  # fmt: skip
def test_data_that_is_none_is_refused(path, text, reason, capsys):
    torch.save(model(), "model.pt")
    Path(path).write_text(text)
    code, _, message = run(capsys, "model.pt", path)
    assert code == 2
    assert reason in message


def test_a_whole_model_in_the_older_format_is_refused_as_one(capsys):
    torch.save(model(), "model.pt", _use_new_zipfile_serialization=False)
    code, _, message = run(capsys, "model.pt", "data.npy")
    assert code == 2
    assert "older file format" in message


def test_names_from_a_file_cannot_give_a_terminal_or_a_workflow_orders(capsys):
    net = model()
    net._modules["\x1b[2J\n::error::x"] = nn.ReLU()
    torch.save(net, "model.pt")
    _, out, _ = run(capsys, "model.pt", "data.npy")
    assert "\x1b" not in out
    assert not re.search(r"^::", "\n".join(out.splitlines()), re.MULTILINE)
    _, out, _ = run(capsys, "model.pt", "data.npy", "--json")
    assert json.loads(out)["layers"][1]["name"] == "\x1b[2J\n::error::x"


FAILING = """
import torch
print("reading ...")
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(4, 8)
    def forward(self, x):
        print("running ...")
        raise {error}
class Quiet(Net):
    def forward(self, x):
        print("running ...")
        return torch.relu(self.inner(x))
"""


@pytest.mark.parametrize(
    "error", ["AssertionError('wrong width')", "KeyError('k')", "AttributeError('a')", "SystemExit(3)"]
)
def test_what_the_model_fails_with_is_the_models(error, tmp_path, capsys):
    name = f"failing_{error.partition('(')[0].lower()}"
    (tmp_path / f"{name}.py").write_text(FAILING.format(error=error))
    torch.save({"inner.weight": torch.ones(8, 4), "inner.bias": torch.ones(8)}, "weights.pt")
    code, out, message = run(capsys, "weights.pt", "data.npy", "--class", f"{name}:Net")
    assert (code, out) == (2, "")
    assert error.partition("(")[0] in message
    code, out, _ = run(capsys, "weights.pt", "data.npy", "--class", f"{name}:Quiet", "--json")
    assert json.loads(out)["units"] == 8


BESIDE = [
    argparse.Namespace(lr=0.1),
    np.float64(0.5),
    {"best": np.float32(1.0), "days": [datetime.date(2020, 1, 1)]},
    Path("folder"),
]


@pytest.mark.parametrize("beside", BESIDE)
def test_settings_beside_weights_are_left_empty(beside, tmp_path, capsys):
    (tmp_path / "sequential_model.py").write_text(SEQUENTIAL)
    torch.save({"state_dict": weights(), "args": beside}, "last.ckpt")
    code, out, _ = run(capsys, "last.ckpt", "data.npy", "--class", "sequential_model:Net", "--json")
    assert (code, json.loads(out)["layers"][0]["dead"]) == (1, [1])


def test_code_beside_weights_is_not_run(tmp_path, capsys):
    (tmp_path / "sequential_model.py").write_text(SEQUENTIAL)
    torch.save({"state_dict": weights(), "args": Armed()}, "last.ckpt")
    run(capsys, "last.ckpt", "data.npy", "--class", "sequential_model:Net")
    assert not (tmp_path / "executed").exists()

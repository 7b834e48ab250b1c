"""`lrn dead` on the files that people have: checkpoints, data and images."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lrn.cli import main
from tests.cli.dead_models import Armed, model

SEQUENTIAL = "import torch\ndef Net(): return torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())\n"


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    np.save("data.npy", np.random.default_rng(0).normal(size=(50, 4)))


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


def damaged_archive(path):
    np.savez(path, x=np.ones((50, 4)))
    sound = path.read_bytes()
    path.write_bytes(sound[:60] + bytes(200) + sound[260:])


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("x.npz", damaged_archive, "must hold one array of numbers"),
        ("y.npz", lambda path: path.write_bytes(b"PK\3\4" + bytes(60)), "must hold one array of numbers"),
        (
            "x.csv",
            lambda path: path.write_text(f'1,2,"{"9" * 200_000}"\n'),
            "must be a table of numbers, but: field larger",
        ),
    ],
)
def test_damaged_data_is_refused_in_one_sentence(name, make, reason, capsys):
    torch.save(model(), "model.pt")
    make(Path(name))
    code, _, message = run(capsys, "model.pt", name)
    assert code == 2
    assert reason in message


def test_a_pipe_and_an_endless_picture_among_images_are_refused(capsys, monkeypatch):
    image = pytest.importorskip("PIL.Image")
    torch.save(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), "model.pt")
    images("pictures", (8, 6))
    with monkeypatch.context() as context:
        context.setattr(image, "MAX_IMAGE_PIXELS", 20)
        code, _, message = run(capsys, "model.pt", "pictures")
        assert (code, "0.png is not an image, or is damaged" in message) == (2, True)
    os.mkfifo("pictures/0.png")
    code, _, message = run(capsys, "model.pt", "pictures")
    assert (code, "it is not a file but a named pipe" in message) == (2, True)


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

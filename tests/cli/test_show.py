"""`lrn show`: one network as text and as a picture."""

from __future__ import annotations

import builtins
import re

import numpy as np
import pytest

from lrn import Experiment, train
from lrn.cli import main
from lrn.cli._summary import summary
from lrn.experiment.runs import Runs

SMALL = ["show", "--depth", "5", "--connection", "late", "--seed", "17", "--epochs", "200"]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_text_is_of_the_seed_asked_for(capsys):
    assert main(SMALL) == 0
    shown = capsys.readouterr().out
    runs = train(Experiment(depth=5, epochs=200), [17])
    rows = list(map(str.split, re.findall(r"^neuron\s+(.*)", shown, re.MULTILINE)))
    assert np.array_equal(np.array(rows).T == "x", runs.dead[0])
    assert f"{runs.dead_neurons[0]} of 10 neurons and {runs.dead_layers[0]} of 5 layers are dead" in shown
    predictions = [float(line.split()[2]) for line in shown.splitlines()[-20:]]
    order = np.argsort(runs.experiment.data.x[:, 0])
    assert predictions == np.round(runs.prediction[0][order].astype(float), 4).tolist()


def test_dead_and_living_neurons_are_told_apart():
    text = summary(one_network(dead=[[True, True], [True, False]], trace=[0.8, 0.4, 0.2]))
    assert "layer    1  2" in text
    assert "neuron   x  x\nneuron   x  o" in text
    assert "3 of 4 neurons and 1 of 2 layers are dead" in text
    assert "█▅▃" in text


def test_a_network_that_diverged_is_shown_too():
    assert "Loss: it diverged." in summary(one_network(dead=[[True, True]] * 2, trace=[0.8, np.inf, np.nan]))


def one_network(dead, trace):
    e = Experiment(depth=2, epochs=3)
    one = np.ones(1)
    return Runs(
        e, one.astype(np.uint64), rmse=one, rmse_initial=one, converged_at=-one.astype(np.int32),
        dead=np.array([dead]), prediction=np.ones((1, 20)), trace=np.array([trace]),
    )  # fmt: skip


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.PDF", b"%PDF")])
def test_a_picture_is_drawn_in_the_format_of_its_ending(name, start, tmp_path):
    assert main([*SMALL, "--out", name]) == 0
    assert (tmp_path / name).read_bytes().startswith(start)


def test_a_picture_is_the_same_each_time_and_crosses_out_the_dead(tmp_path):
    for name in ("a.svg", "b.svg"):
        assert main([*SMALL, "--out", name]) == 0
    first = (tmp_path / "a.svg").read_text()
    assert first == (tmp_path / "b.svg").read_text()
    assert "dead: zero on every input" in first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "a.gif"], "must end in .png, .svg or .pdf; got 'a.gif'"),
        (["--out", "nowhere/a.png"], "must be a file in a folder that exists"),
        (["--seed", "-1"], "must be a whole number from 0 to"),
        (["--depth", "1000", "--out", "a.png"], "room for 600 neurons; this network has 2,000"),
        (["--style", "sometimes"], "must be one of batch, iterative"),
    ],
)
def test_bad_input_is_one_sentence(options, message, capsys):
    try:
        code = main([*SMALL, *options])
    except SystemExit as stop:
        code = stop.code
    stderr = capsys.readouterr().err
    assert code == 2
    assert message in stderr
    assert stderr.count("\n") == 1


def test_without_matplotlib_there_is_text_and_a_picture_is_refused(monkeypatch, capsys):
    real = builtins.__import__

    def no_matplotlib(name, *rest, **options):
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", no_matplotlib)
    assert main(SMALL) == 0
    assert main([*SMALL, "--out", "a.png"]) == 2
    assert "pip install 'lrn-claims[plots]'" in capsys.readouterr().err

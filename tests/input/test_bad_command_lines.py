"""The command line refuses in one sentence, with exit code 2, before anything is trained or written."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lrn.cli import main
from lrn.engines.native import NativeEngine
from lrn.engines.reference import ReferenceEngine

FEW = "--depths 2 --epochs 1 --seeds 2"

LINES = [
    ("run --depths 0", "depth must be from 1 to 65,536; got 0"),
    ("run --depths x", "must be a whole number; got 'x'"),
    ("run --depths 2.5", "must be a whole number; got '2.5'"),
    ("run --depths", "expected at least one argument"),
    ("run --width 70000", "width must be from 1 to 65,536; got 70000"),
    ("run --lr 0", "lr must be positive and at most 1e+30; got 0.0"),
    ("run --lr nan", "lr must be positive and at most 1e+30; got nan"),
    ("run --lr 1e999", "lr must be positive and at most 1e+30; got inf"),
    ("run --lr x", "must be a number; got 'x'"),
    ("run --optimizers foo", "must be one of adam, sgd, momentum, rmsprop, adamw; got 'foo'"),
    ("run --connections foo", "must be one of plain, late, residual; got 'foo'"),
    ("run --styles foo", "must be one of batch, iterative; got 'foo'"),
    ("run --dtype float16", "must be one of float32, float64; got 'float16'"),
    ("run --norm batch --styles iterative", "norm batch needs style batch"),
    ("run --epochs 1e3", "must be a whole number; got '1e3'"),
    ("run --target-scale 0", "target_scale must be None or from 1e-15 to 1e+15; got 0.0"),
    ("run --seeds 0", "must be a whole number from 1 to 9223372036854775807; got '0'"),
    ("run --seeds 99999999999999999999999", "from 1 to 9223372036854775807; got '99999999999999999999999'"),
    ("run --first-seed -1", "must be a whole number from 0 to 9223372036854775808; got '-1'"),
    ("run --alpha 1", "must be a number strictly between 0 and 1; got '1'"),
    ("run --alpha nan", "must be a number strictly between 0 and 1; got 'nan'"),
    ("run --engine gpu", "engine must be one of auto, native, cuda, reference; got 'gpu'"),
    ("run --device foo", "device must be one that torch can use here; got 'foo'"),
    ("run --threads 0", "must be a whole number of at least 1; got '0'"),
    ("run --threads 1000000", "threads must be a whole number from 1 to 1,024, or None; got 1000000"),
    ("run --ledger data.npy", "the ledger must be a folder; data.npy is a file"),
    (f"run --ledger data.npy/x {FEW}", "the ledger cannot be written to (Not a directory): "),
    ("run --ledger=", "argument --ledger: must not be empty"),
    ("run --ledger x --no-ledger", "argument --no-ledger: not allowed with argument --ledger"),
    ("run --csv nowhere/x.csv", "must be a file in a folder that exists; got 'nowhere/x.csv'"),
    ("run --csv .", "must be a file in a folder that exists; got '.'"),
    ("run --csv - --json -", "--csv and --json must go to different places; got '-' for both"),
    ("run --csv a --json a", "--csv and --json must go to different places; got 'a' for both"),
    ("run --foo", "unrecognized arguments: --foo"),
    ("show --seed -1", "must be a whole number from 0 to 18446744073709551615; got '-1'"),
    ("show --seed 18446744073709551616", "from 0 to 18446744073709551615; got '18446744073709551616'"),
    ("show --depth 0", "depth must be from 1 to 65,536; got 0"),
    ("show --out x.gif", "must end in .png, .svg or .pdf; got 'x.gif'"),
    ("show --out nowhere/x.png", "must be a file in a folder that exists; got 'nowhere/x.png'"),
    ("show --depth 10000 --out x.png", "a picture has room for 600 neurons; this network has 20,000"),
    ("show --threads 2000", "threads must be a whole number from 1 to 1,024, or None; got 2000"),
    ("claims nowhere", "the suite must be a folder of claims; there is no nowhere"),
    ("claims . --verdict REFUTED", "--verdict needs a file of verdicts (--verdicts FILE)"),
    ("claims . --verdicts nowhere.json", "there is no file of verdicts nowhere.json"),
    ("claims . --verdicts list.json", "list.json must hold verdicts in format 2, but: it holds no JSON object"),
    ("claims . --verdicts list.json --verdict FOO", "must hold verdicts in format 2"),
    ("report --verdicts nowhere.json", "there is no file of verdicts nowhere.json"),
    ("report --verdicts list.json", "list.json must hold verdicts in format 2, but: it holds no JSON object"),
    ("dead", "the following arguments are required: MODEL, DATA"),
    ("dead nowhere.pt data.npy", "there is no file nowhere.pt"),
    ("dead model.pt nowhere.npy", "there is no file nowhere.npy"),
    ("dead list.json data.npy", "list.json is nothing that torch.save wrote"),
    ("dead short.pt data.npy", "short.pt is nothing that torch.save wrote"),
    (
        "dead model.pt short.pt",
        "short.pt must hold tensors with the samples first, but: short.pt is nothing that torch.save wrote",
    ),
    ("dead model.pt words.npy", "words.npy must hold one array of numbers with the samples first"),
    ("dead model.pt none.npy", "data has no samples; at least one is needed"),
    ("dead model.pt wide.npy", "the model cannot read data of shape (3, 2) and type float32: "),
    ("dead state.pt data.npy", "state.pt holds a state_dict, which needs --class MODULE:NAME"),
    ("dead state.pt data.npy --class foo", "--class must be MODULE:NAME, such as mine.models:Net; got 'foo'"),
    ("dead state.pt data.npy --class os:getcwd", "--class os:getcwd must make a torch.nn.Module; it made str"),
    ("dead state.pt data.npy --class torch.nn:ReLU", "state.pt does not fit torch.nn:ReLU: "),
    ("dead model.pt data.npy --batch-size 0", "must be a whole number of at least 1; got '0'"),
    ("completion fish", "invalid choice: 'fish'"),
    ("foo", "there is no command 'foo'; COMMAND must be one of init, check,"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of all kinds."""
    folder = tmp_path_factory.mktemp("files")
    torch.save(torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU()), folder / "model.pt")
    torch.save({"a": torch.zeros(1)}, folder / "state.pt")
    arrays = {"data": np.zeros((3, 1), np.float32), "wide": np.zeros((3, 2), np.float32)}
    for name, array in {**arrays, "none": np.zeros((0, 1), np.float32), "words": np.array(["a"])}.items():
        np.save(folder / f"{name}.npy", array)
    (folder / "list.json").write_text("[]")
    (folder / "short.pt").write_text("junk")
    return folder


@pytest.mark.parametrize(("line", "sentence"), LINES)
def test_a_bad_line(folder, monkeypatch, capsys, line, sentence):
    monkeypatch.chdir(folder)
    for engine in (NativeEngine, ReferenceEngine):
        monkeypatch.setattr(engine, "train", lambda *_, **__: pytest.fail("it trained"))
    before = sorted(folder.rglob("*"))
    try:
        code = main(line.split())
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert sentence in captured.err
    assert captured.err.count("\n") == 1
    assert sorted(folder.rglob("*")) == before

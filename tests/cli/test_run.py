"""`lrn run`: the grid, the table, the files, and stopping."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from itertools import product
from operator import attrgetter, itemgetter

import numpy as np
import pytest

from lrn import Experiment, Ledger
from lrn.cli import main
from lrn.cli._fleet import Cell, _blocks, _Progress
from lrn.cli._run import GRID, grid
from lrn.cli._tables import as_text, measure
from lrn.intervals import mean_interval, rate_interval

QUICK = ["run", "--epochs", "40", "--seeds", "64", "--depths", "2", "3", "--no-ledger"]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run_json(capsys, *options):
    assert main([*QUICK, "--json", "-", *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_authors_command_line_is_understood(capsys):
    line = "run --width 2 --depths 2 5 10 --lr 0.01 --optimizers Adam SGD --epochs 30 --seeds 3 --no-ledger --json -"
    assert main(line.split()) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    assert set(map(itemgetter("optimizer", "depth"), cells)) == set(product(("adam", "sgd"), (2, 5, 10)))
    assert set(map(itemgetter("width", "lr", "epochs", "networks"), cells)) == {(2, 0.01, 30, 3)}


def test_without_options_the_grid_is_that_of_figures_4_3_and_4_6():
    made = grid(dict.fromkeys(GRID) | {"epochs": 3000, "dtype": "float32"})
    assert len(made) == 56
    assert set(map(attrgetter("depth"), made)) == {2, 5, 10, 15, 20, 25, 30}
    assert set(map(attrgetter("width", "lr", "epochs"), made)) == {(2, 0.01, 3000)}


def test_an_option_given_twice_adds_up_and_doublets_count_once(capsys):
    cells = run_json(capsys, "--depths", "3", "--depth", "4", "--style", "BATCH", "--optimizers", "sgd", "SGD")["cells"]
    assert list(map(itemgetter("depth"), cells)) == [2, 2, 3, 3, 4, 4]


def test_names_are_read_in_any_case_and_spelling(capsys):
    (cell,) = run_json(
        capsys, "--connections", "Late", "--optimizers", "ADAM", "--style", "Iterative", "--activation", "LeakyReLU",
        "--depths=2", "--depths=2",
    )["cells"][:1]  # fmt: skip
    assert (cell["connection"], cell["optimizer"], cell["activation"]) == ("late", "adam", "leaky_relu")


def test_what_is_printed_is_what_the_ledger_says(capsys):
    cells = run_json(capsys, "--optimizers", "adam", "--style", "batch", "--first-seed", "100", "--epochs", "300")[
        "cells"
    ]
    for cell in cells:
        e = Experiment(depth=cell["depth"], connection=cell["connection"], epochs=300)
        runs = Ledger(None).runs(e, range(100, 164))
        level = 0.05 / 16
        assert cell["converged"] == runs.converged.sum()
        assert (cell["rate_low"], cell["rate_high"]) == rate_interval(cell["converged"], 64, level)
        among = runs.dead_neurons[runs.converged]
        assert cell["dead_neurons_of_converged"] == (among.mean() if len(among) else None)
        low = cell["dead_neurons_of_converged_low"]
        assert (low, cell["dead_neurons_of_converged_high"]) == mean_interval(among, 0, e.neurons, level)
        assert cell["dead_neurons_of_all"] == runs.dead_neurons.mean()


def test_csv_and_json_hold_the_same_cells(capsys):
    assert main([*QUICK, "--csv", "grid.csv", "--json", "grid.json"]) == 0
    with open("grid.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with open("grid.json", encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    for row, cell in zip(rows, cells, strict=True):
        assert row == {name: "" if value is None else str(value) for name, value in cell.items()}
    assert "converged" in capsys.readouterr().out, "the table is printed too"


def test_the_table_has_each_cell_and_the_totals(tmp_path):
    cells = [
        cell(2, "plain", hits=10, dead=1),
        cell(2, "late", hits=30, dead=2),
        cell(5, "plain", hits=0, dead=9),
        cell(5, "late", hits=50, dead=4),
    ]
    lines = as_text(measure(cells, range(100), 0.05)).splitlines()
    assert lines[0] == "width 2, adam 0.01, batch"
    assert [line.split()[:4] for line in lines[3:9]] == [
        ["2", "plain", "10.0", "%"],
        ["2", "late", "30.0", "%"],
        ["5", "plain", "0.0", "%"],
        ["5", "late", "50.0", "%"],
        ["all", "plain", "5.0", "%"],
        ["all", "late", "40.0", "%"],
    ]
    assert "none converged" in lines[5]
    assert "4.00 [" in lines[6]
    assert max(map(len, lines)) <= 80


def cell(depth, connection, hits, dead):
    converged = np.arange(100) < hits
    n = np.full(100, dead)
    return Cell(Experiment(depth=depth, connection=connection), converged, np.where(converged, 50, -1), n, n // 2)


def test_the_share_of_alpha_is_equal_for_all_intervals():
    one = measure([cell(2, "late", 30, 1)], range(100), 0.05).rows[0].rate
    two = measure([cell(2, "late", 30, 1)] * 2, range(100), 0.05).rows[0].rate
    assert (one.low, one.high) == rate_interval(30, 100, 0.05 / 4)
    assert (two.low, two.high) == rate_interval(30, 100, 0.05 / 8)


def test_what_is_in_the_ledger_is_not_trained_again(capsys, monkeypatch):
    command = ["run", "--epochs", "40", "--depths", "2", "--seeds", "200", "--csv", "-"]
    assert main(command) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(Ledger, "_train", lambda *_: pytest.fail("it trained again"))
    assert main(command) == 0
    assert capsys.readouterr().out == first


def test_no_ledger_leaves_nothing_behind(tmp_path):
    assert main(QUICK) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--depths", "0"], "depth must be from 1 to 65,536; got 0"),
        (["--depths", "two"], "must be a whole number; got 'two'"),
        (["--optimizers", "adagrad"], "must be one of adam, sgd"),
        (["--lr", "-1"], "lr must be positive"),
        (["--lr", "nan"], "lr must be positive"),
        (["--seeds", "0"], "must be a whole number from 1 to 9223372036854775807; got '0'"),
        (["--alpha", "1"], "must be a number strictly between 0 and 1; got '1'"),
        (["--csv", "nowhere/grid.csv"], "must be a file in a folder that exists; got 'nowhere/grid.csv'"),
        (["--csv", "-", "--json", "-"], "--csv and --json must go to different places; got '-' for both"),
        (["--engine", "gpu"], "engine must be one of auto, native"),
        (["--first-seed", "9223372036854775809", "--seeds", "9"], "must be a whole number from 0 to"),
        (["--depth", "3", "--bogus"], "unrecognized arguments: --bogus"),
    ],
)
def test_bad_input_is_one_sentence_before_any_training(options, message, capsys, monkeypatch):
    monkeypatch.setattr(Ledger, "_train", lambda *_: pytest.fail("it trained"))
    try:
        code = main([*QUICK, *options])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    assert code == 2
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_keeps_what_is_done_and_says_so(tmp_path):
    command = [sys.executable, "-m", "lrn", "run", "--depths", "30", "--seeds", "10000000"]
    listen = lambda: signal.signal(signal.SIGINT, signal.default_int_handler)  # noqa: E731
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=listen)
    try:
        until = time.monotonic() + 60
        while not list(tmp_path.glob(".ledger/*/*/*.parquet")):
            assert time.monotonic() < until
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    *_, last = stderr.splitlines()
    assert last.startswith("lrn: interrupted; ")
    assert "networks are kept in .ledger" in last
    assert not list(tmp_path.glob(".ledger/*/*/.*.part"))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_tells_the_time_left_over_the_whole_grid(monkeypatch):
    seconds = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(seconds)))
    monkeypatch.setattr(sys, "stderr", Terminal())
    line = _Progress([100.0, 300.0], ["plain", "late"], silent=False)
    for done, cell in ((40.0, 0), (60.0, 0), (100.0, 1)):
        line.show(cell, done)
    start, first, second, third = sys.stderr.getvalue().removeprefix("\r").split("\r")
    assert start.startswith("1 of 2 cells, 0%: plain")
    assert first.startswith("1 of 2 cells, 10%, 9.0 s left: plain")  # 360 left at 40 a second
    assert second.startswith("1 of 2 cells, 25%, 6.0 s left: plain")  # 300 left at 50 a second
    assert third.startswith("2 of 2 cells, 50%, 3.0 s left: late")  # 200 left at 67 a second
    line.close()
    assert sys.stderr.getvalue().endswith("\r\x1b[K")


def test_a_log_has_lines_now_and_then_and_never_a_carriage_return(monkeypatch, capfd):
    seconds = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: 10.0 * next(seconds))
    line = _Progress([100.0], ["late"], silent=False)
    for _ in range(9):
        line.show(0, 10.0)
    line.close()
    stderr = capfd.readouterr().err
    assert stderr.splitlines() == [
        "1 of 1 cells, 30%, 70 s left: late",
        "1 of 1 cells, 60%, 40 s left: late",
        "1 of 1 cells, 90%, 10 s left: late",
    ]
    assert "\r" not in stderr


def test_quick_work_says_nothing_in_a_log(capfd):
    assert main(QUICK) == 0
    assert capfd.readouterr().err == ""


def test_blocks_grow_while_they_are_quick():
    ledger = Ledger(None)
    sizes = [len(block) for block, _ in _blocks(ledger, Experiment(depth=1, epochs=1), range(5, 1000))]
    assert sizes == [64, 128, 256, 512, 35]

"""Several processes share a ledger, and a killed one loses nothing that was finished."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest
from counting import blocks, counting
from filelock import FileLock

import lrn.ledger
from lrn import Experiment, Ledger, train

CHILD = """
import sys
from lrn import Experiment, Ledger
ledger, trained = Ledger(sys.argv[1], threads=1), 0
train = ledger._train
def counting(experiment, seeds, trace):
    global trained
    trained += len(seeds)
    return train(experiment, seeds, trace)
ledger._train = counting
runs = ledger.runs(Experiment(**eval(sys.argv[2])), range(int(sys.argv[3]), int(sys.argv[4])))
print(runs.rmse.tobytes().hex(), trained)
"""


def child(root, experiment, seeds):
    fields = repr(dataclasses.asdict(experiment))
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(root), fields, str(seeds.start), str(seeds.stop)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_at_once_share_the_work(tmp_path):
    experiment = Experiment(depth=3, epochs=200)
    children = [child(tmp_path, experiment, seeds) for seeds in (range(64), range(64), range(32, 96))]
    expected = train(experiment, range(96)).rmse
    trained_by_all = 0
    for process, part in zip(children, (expected[:64], expected[:64], expected[32:]), strict=True):
        output, errors = process.communicate(timeout=60)
        assert errors == ""
        rmse, trained = output.split()
        assert np.allclose(np.frombuffer(bytes.fromhex(rmse), part.dtype), part, rtol=1e-3)
        trained_by_all += int(trained)
    seeds = Ledger(tmp_path).table()["seed"].to_pylist()
    assert sorted(seeds) == list(range(128))
    assert trained_by_all == 128, "no seed was trained twice"


def test_what_is_there_does_not_wait_for_who_trains_more(tmp_path):
    experiment, ledger = Experiment(depth=3, epochs=200), counting(tmp_path)
    known = ledger.runs(experiment, range(8))
    with ThreadPoolExecutor() as pool:
        with FileLock(ledger.folder / experiment.key / "runs.lock"):  # as a process that trains holds it
            part = pool.submit(ledger.runs, experiment, range(2, 8)).result(timeout=60)
            more = pool.submit(ledger.runs, experiment, range(12))
            assert wait([more], timeout=0.5).not_done
        assert np.array_equal(part.rmse, known.rmse[2:])
        assert np.array_equal(more.result(timeout=60).rmse[:8], known.rmse)
        assert ledger.engine.trained == [(0, 8), (8, 12)]


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
def test_a_killed_process_leaves_no_half_file(tmp_path):
    experiment = Experiment(depth=10, epochs=100)
    process = child(tmp_path, experiment, range(10_000_000))
    for _ in range(600):
        if len(blocks(tmp_path)) >= 2:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    ledger = counting(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = ledger.table().num_rows
        assert rows >= 2 * lrn.ledger.BLOCK
        assert rows % lrn.ledger.BLOCK == 0
        assert len(ledger.runs(experiment, range(rows))) == rows
    assert ledger.engine.trained == []

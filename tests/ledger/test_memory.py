"""The ledger remembers every network, and reads none that other code trained."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from counting import OTHER, TINY, again, assert_trained, blocks, counting

import lrn.ledger
import lrn.ledger.version
from lrn import Experiment, Ledger
from lrn.engines import native


@pytest.mark.parametrize("trace", [False, True])
def test_a_second_call_trains_nothing(ledger, trace):
    for _ in range(2):
        assert_trained(ledger.runs(TINY, range(5, 12), trace), TINY, range(5, 12), trace)
    assert ledger.engine.trained == [(5, 12)]
    assert_trained(again(ledger).runs(TINY, range(5, 12), trace), TINY, range(5, 12), trace)
    assert ledger.engine.trained == [(5, 12)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("width", "depth"), [(1, 1), (2, 4), (3, 3)])
def test_every_column_comes_back_to_the_bit(ledger, dtype, width, depth):
    experiment = TINY.replace(dtype=dtype, width=width, depth=depth)
    for _ in range(2):
        assert_trained(again(ledger).runs(experiment, range(9), trace=True), experiment, range(9), trace=True)


def test_nan_and_infinity_come_back(ledger):
    wild = Experiment(depth=4, optimizer="sgd", lr=1.0, style="iterative", epochs=200)
    first, read = ledger.runs(wild, range(40)), again(ledger).runs(wild, range(40))
    assert not np.isfinite(first.rmse).all()
    assert first.rmse.tobytes() == read.rmse.tobytes()
    assert first.prediction.tobytes() == read.prediction.tobytes()


def test_only_missing_seeds_are_trained(ledger):
    ledger.runs(TINY, range(10, 20))
    ledger.runs(TINY, range(30, 40))
    assert_trained(ledger.runs(TINY, range(5, 45)), TINY, range(5, 45))
    assert_trained(ledger.runs(TINY, range(12, 33)), TINY, range(12, 33))
    assert ledger.engine.trained == [(10, 20), (30, 40), (5, 10), (20, 30), (40, 45)]


def test_doubling_trains_only_the_new_half(ledger):
    for stop in (4, 8, 16, 32):
        assert_trained(ledger.runs(TINY, range(stop)), TINY, range(stop))
    assert ledger.engine.trained == [(0, 4), (4, 8), (8, 16), (16, 32)]


@pytest.mark.parametrize("seed", range(5))
def test_any_sequence_of_requests_gives_what_training_gives(ledger, seed):
    rng = np.random.default_rng(seed)
    requested = set()
    for _ in range(6):
        start = int(rng.integers(0, 40))
        seeds = range(start, start + int(rng.integers(1, 25)))
        requested |= set(seeds)
        process = again(ledger) if rng.random() < 0.5 else ledger
        assert_trained(process.runs(TINY, seeds), TINY, seeds)
    assert sorted(ledger.engine.seeds) == sorted(requested), "every seed exactly once"


def test_blocks_are_written_one_by_one(ledger, monkeypatch):
    monkeypatch.setattr(lrn.ledger._ledger, "BLOCK", 4)
    names, train = [], ledger._train

    def training(*request):
        names.append(blocks(ledger.root))
        return train(*request)

    monkeypatch.setattr(ledger, "_train", training)
    assert_trained(ledger.runs(TINY, range(3, 13)), TINY, range(3, 13))
    assert ledger.engine.trained == [(3, 4), (4, 8), (8, 12), (12, 13)]
    assert names[1:3] == [["3-4.parquet"], ["3-4.parquet", "4-8.parquet"]]
    assert blocks(ledger.root) == ["3-13.parquet"]


def test_what_was_finished_before_an_interruption_stays(ledger, monkeypatch):
    monkeypatch.setattr(lrn.ledger._ledger, "BLOCK", 4)
    whole = ledger._train

    def interrupted(experiment, seeds, trace):
        if seeds.start >= 8:
            raise KeyboardInterrupt
        return whole(experiment, seeds, trace)

    monkeypatch.setattr(ledger, "_train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ledger.runs(TINY, range(16))
    monkeypatch.setattr(ledger, "_train", whole)
    assert ledger.table().num_rows == 8
    assert_trained(again(ledger).runs(TINY, range(16)), TINY, range(16))
    assert ledger.engine.trained == [(0, 4), (4, 8), (8, 12), (12, 16)]


def test_experiments_are_kept_apart(ledger):
    for experiment in (TINY, OTHER, TINY.replace(lr=0.02)) * 2:
        assert_trained(ledger.runs(experiment, range(6)), experiment, range(6))
    assert len(ledger.engine.trained) == 3, "each once: none took another's place"


def test_traces_are_kept_beside_the_runs(ledger):
    assert ledger.runs(TINY, range(5)).trace is None
    assert ledger.runs(TINY, range(5), trace=True).trace.shape == (5, 3)
    assert ledger.runs(TINY, range(5)).trace is None
    assert ledger.engine.trained == [(0, 5), (0, 5)]
    assert blocks(ledger.root) == ["0-5-trace.parquet", "0-5.parquet"]


def test_the_last_seeds_there_are(ledger):
    seeds = range(2**64 - 3, 2**64)
    for _ in range(2):
        assert_trained(ledger.runs(TINY, seeds), TINY, seeds)
    assert len(ledger.engine.trained) == 1


def test_path_none_remembers_nothing_on_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger = counting(None)
    for stop in (4, 4, 6):
        assert_trained(ledger.runs(TINY, range(stop)), TINY, range(stop))
    assert ledger.engine.trained == [(0, 4), (4, 6)], "but in memory, so that growing trains nothing twice"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="this ledger remembers nothing: it was made with path None"):
        ledger.table()


def test_another_arithmetic_has_another_folder(ledger):
    ledger.runs(TINY, range(4))
    ledger.engine.arithmetic = "an abacus"
    ledger.runs(TINY, range(4))
    assert len(ledger.engine.trained) == 2


@pytest.mark.parametrize(
    "source",
    ["data/_points.py", "experiment/_experiment.py", "ledger/blocks.py", "ledger/files.py", "ledger/_ledger.py"],
)
def test_a_change_of_the_code_has_another_folder(ledger, monkeypatch, tmp_path, source):
    before = ledger.folder
    copy = tmp_path / "lrn"
    shutil.copytree(Path(lrn.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(lrn.ledger.version, "__file__", str(copy / "ledger" / "version.py"))
    assert ledger.folder == before, "the same sources have the same folder, wherever they lie"
    with (copy / source).open("a") as file:
        file.write("# changed\n")
    assert ledger.folder == before, "this process runs what it has loaded"
    lrn.ledger.version._version.cache_clear()
    assert ledger.folder != before
    lrn.ledger.version._version.cache_clear()


@pytest.mark.skipif(not native.available(), reason="the native engine was not built")
def test_a_change_of_the_kernel_has_another_folder(ledger, monkeypatch):
    before = ledger.folder
    monkeypatch.setattr(native, "source_hash", lambda: "another kernel")
    lrn.ledger.version._version.cache_clear()
    assert ledger.folder != before
    lrn.ledger.version._version.cache_clear()


def test_reference_and_native_never_mix(tmp_path):
    slow = Ledger(tmp_path, engine="reference")
    assert slow.folder.name.startswith("reference-")
    if native.available():
        assert slow.folder != Ledger(tmp_path, engine="native").folder

"""The ledger remembers every network, never lies about one, and loses nothing."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lrn.ledger
from lrn import Experiment, Ledger, Runs, train
from lrn.engines import native
from lrn.ledger import LedgerWarning

TINY = Experiment(depth=2, epochs=3)
OTHER = TINY.replace(connection="plain")
COLUMNS = [f.name for f in dataclasses.fields(Runs)[1:]]


class Counting:
    """An engine that notes what it is asked to train."""

    def __init__(self, engine):
        self.engine, self.asked = engine, []
        self.name, self.arithmetic = engine.name, engine.arithmetic

    def train(self, experiment, seeds, **options):
        self.asked.append((int(seeds[0]), int(seeds[-1]) + 1))
        return self.engine.train(experiment, seeds, **options)


@pytest.fixture
def ledger(tmp_path):
    return counting(tmp_path / "ledger")


def counting(path):
    ledger = Ledger(path)
    ledger.engine = Counting(ledger.engine)
    return ledger


def assert_trained(runs, experiment, seeds, trace=False):
    expected = train(experiment, seeds, trace=trace)
    for name in COLUMNS:
        ours, theirs = getattr(runs, name), getattr(expected, name)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert ours.dtype == theirs.dtype
            # The native engine gives the same bits in any company; torch may round a stack of another size otherwise.
            same = np.array_equal if native.available() else np.allclose
            assert same(ours, theirs), name


def blocks(path):
    return sorted(p.name for p in Path(path).rglob("*.parquet"))


# ---- What was trained is remembered ----


@pytest.mark.parametrize("trace", [False, True])
def test_a_second_call_trains_nothing(ledger, trace):
    for _ in range(2):
        assert_trained(ledger.runs(TINY, range(5, 12), trace), TINY, range(5, 12), trace)
    assert ledger.engine.asked == [(5, 12)]
    again = counting(ledger.root)
    assert_trained(again.runs(TINY, range(5, 12), trace), TINY, range(5, 12), trace)
    assert again.engine.asked == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("width", "depth"), [(1, 1), (2, 4), (3, 3)])
def test_every_column_comes_back_to_the_bit(ledger, dtype, width, depth):
    experiment = TINY.replace(dtype=dtype, width=width, depth=depth)
    for _ in range(2):
        assert_trained(ledger.runs(experiment, range(9), trace=True), experiment, range(9), trace=True)


def test_nan_and_infinity_come_back(ledger):
    wild = Experiment(depth=4, optimizer="sgd", lr=1.0, style="iterative", epochs=200)
    first, again = ledger.runs(wild, range(40)), ledger.runs(wild, range(40))
    assert not np.isfinite(first.rmse).all()
    assert first.rmse.tobytes() == again.rmse.tobytes()
    assert first.prediction.tobytes() == again.prediction.tobytes()


def test_only_what_is_missing_is_trained(ledger):
    ledger.runs(TINY, range(10, 20))
    ledger.runs(TINY, range(30, 40))
    assert_trained(ledger.runs(TINY, range(5, 45)), TINY, range(5, 45))
    assert_trained(ledger.runs(TINY, range(12, 33)), TINY, range(12, 33))
    assert ledger.engine.asked == [(10, 20), (30, 40), (5, 10), (20, 30), (40, 45)]


def test_doubling_trains_only_the_new_half(ledger):
    for stop in (4, 8, 16, 32):
        assert_trained(ledger.runs(TINY, range(stop)), TINY, range(stop))
    assert ledger.engine.asked == [(0, 4), (4, 8), (8, 16), (16, 32)]


@pytest.mark.parametrize("seed", range(5))
def test_any_sequence_of_requests_gives_what_training_gives(ledger, seed):
    rng = np.random.default_rng(seed)
    wanted = set()
    for _ in range(6):
        start = int(rng.integers(0, 40))
        seeds = range(start, start + int(rng.integers(1, 25)))
        wanted |= set(seeds)
        assert_trained(ledger.runs(TINY, seeds), TINY, seeds)
    trained = [s for start, stop in ledger.engine.asked for s in range(start, stop)]
    assert sorted(trained) == sorted(wanted), "every seed exactly once"


def test_blocks_are_written_one_by_one(ledger, monkeypatch):
    monkeypatch.setattr(lrn.ledger, "BLOCK", 4)
    assert_trained(ledger.runs(TINY, range(3, 13)), TINY, range(3, 13))
    assert ledger.engine.asked == [(3, 7), (7, 11), (11, 13)]
    assert blocks(ledger.root) == ["11-13.parquet", "3-7.parquet", "7-11.parquet"]


def test_what_was_finished_before_an_interruption_stays(ledger, monkeypatch):
    monkeypatch.setattr(lrn.ledger, "BLOCK", 4)
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
    assert_trained(ledger.runs(TINY, range(16)), TINY, range(16))
    assert ledger.engine.asked == [(0, 4), (4, 8), (8, 12), (12, 16)]


def test_experiments_are_kept_apart(ledger):
    for experiment in (TINY, OTHER, TINY.replace(lr=0.02)):
        assert_trained(ledger.runs(experiment, range(6)), experiment, range(6))
    assert len(ledger.engine.asked) == 3


def test_traces_are_kept_beside_the_runs(ledger):
    assert ledger.runs(TINY, range(5)).trace is None
    assert ledger.runs(TINY, range(5), trace=True).trace.shape == (5, 3)
    assert ledger.runs(TINY, range(5)).trace is None
    assert ledger.engine.asked == [(0, 5), (0, 5)]
    assert blocks(ledger.root) == ["0-5-trace.parquet", "0-5.parquet"]


def test_the_last_seeds_there_are(ledger):
    seeds = range(2**64 - 3, 2**64)
    for _ in range(2):
        assert_trained(ledger.runs(TINY, seeds), TINY, seeds)
    assert len(ledger.engine.asked) == 1


def test_path_none_remembers_nothing():
    ledger = counting(None)
    for _ in range(2):
        assert_trained(ledger.runs(TINY, range(4)), TINY, range(4))
    assert len(ledger.engine.asked) == 2
    with pytest.raises(ValueError, match="this ledger remembers nothing: it was made with path None"):
        ledger.table()


# ---- Another code, another arithmetic ----


def test_another_arithmetic_has_another_folder(ledger):
    ledger.runs(TINY, range(4))
    ledger.engine.arithmetic = "an abacus"
    ledger.runs(TINY, range(4))
    assert len(ledger.engine.asked) == 2


@pytest.mark.parametrize("source", ["data/_points.py", "experiment.py", "ledger.py"])
def test_a_change_of_the_code_has_another_folder(ledger, monkeypatch, tmp_path, source):
    before = ledger.folder
    copy = tmp_path / "lrn"
    shutil.copytree(Path(lrn.ledger.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(lrn.ledger, "__file__", str(copy / "ledger.py"))
    assert ledger.folder == before, "the same sources have the same folder, wherever they lie"
    with (copy / source).open("a") as file:
        file.write("# changed\n")
    assert ledger.folder != before


@pytest.mark.skipif(not native.available(), reason="the native engine was not built")
def test_a_change_of_the_kernel_has_another_folder(ledger, monkeypatch):
    before = ledger.folder
    monkeypatch.setattr(native, "source_hash", lambda: "another kernel")
    assert ledger.folder != before


def test_reference_and_native_never_mix(tmp_path):
    slow = Ledger(tmp_path, engine="reference")
    assert slow.folder.name.startswith("reference-")
    if native.available():
        assert slow.folder != Ledger(tmp_path, engine="native").folder


# ---- Damage ----


def flip(path, position):
    raw = bytearray(path.read_bytes())
    raw[int(position * len(raw))] ^= 1
    path.write_bytes(raw)


def rewrite(path, change):
    table = pq.read_table(path)
    path.unlink()
    pq.write_table(change(table), path)


def column(name, make):
    return lambda path: rewrite(path, lambda t: t.set_column(t.schema.get_field_index(name), name, make(t[name])))


DAMAGES = {
    "flipped bit in the first column": lambda path: flip(path, 0.02),
    "flipped bit in the middle": lambda path: flip(path, 0.3),
    "flipped bit in the last byte": lambda path: flip(path, 0.99999),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "text": lambda path: path.write_text("no parquet at all"),
    "folder in its place": lambda path: (path.unlink(), path.mkdir()),
    "full folder in its place": lambda path: (path.unlink(), path.mkdir(), (path / "part-0.parquet").write_text("")),
    "foreign parquet": lambda path: pq.write_table(pa.table({"a": [1, 2]}), path),
    "no metadata": lambda path: rewrite(path, lambda table: table.replace_schema_metadata(None)),
    "fewer rows": lambda path: rewrite(path, lambda table: table.slice(0, 3)),
    "more rows": lambda path: rewrite(path, lambda table: pa.concat_tables([table, table])),
    "rows in another order": lambda path: rewrite(path, lambda table: table.take([4, 3, 2, 1, 0])),
    "other seeds": column("seed", lambda old: pa.array(range(5, 10), pa.uint64())),
    "seeds of another type": column("seed", lambda old: old.cast(pa.int64())),
    "a missing column": lambda path: rewrite(path, lambda table: table.drop_columns("prediction")),
    "an extra column": lambda path: rewrite(path, lambda table: table.append_column("a", table["rmse"])),
    "a column of another type": column("rmse", lambda old: old.cast(pa.float64())),
    "a column of nulls": column("rmse", lambda old: pa.nulls(5, pa.float32())),
    "lists of another length": column("prediction", lambda old: pa.array([[1.0] * 19] * 5, pa.list_(pa.float32(), 19))),
    "null lists": column("prediction", lambda old: pa.nulls(5, pa.list_(pa.float32(), 20))),
    "another experiment": lambda path: shutil.copy(next(path.parent.parent.glob(f"{OTHER.key}/0-5.parquet")), path),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_block_is_set_aside_with_a_warning_and_trained_again(ledger, damage):
    ledger.runs(OTHER, range(5))
    ledger.runs(TINY, range(5))
    path = ledger.folder / TINY.key / "0-5.parquet"
    sound = path.read_bytes()
    damage(path)
    with pytest.warns(
        LedgerWarning, match=r"0-5\.parquet is no sound block \(.+\); set aside as 0-5\.damaged-"
    ) as told:
        runs = ledger.runs(TINY, range(5))
    assert len(told) == 1
    assert len(str(told[0].message).splitlines()) == 1
    assert_trained(runs, TINY, range(5))
    assert ledger.engine.asked == [(0, 5)] * 3
    assert len(list(path.parent.glob("0-5.damaged-*"))) == 1, "it is kept for whoever wants to look at it"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_trained(ledger.runs(TINY, range(5)), TINY, range(5))
    assert path.read_bytes() == sound


def test_a_flipped_bit_anywhere_is_found_or_harmless(ledger):
    # All 8 bits of all bytes were tried once: 15,359 found, 5,953 harmless, none read as other data.
    ledger.runs(TINY, range(5))
    path = ledger.folder / TINY.key / "0-5.parquet"
    sound = path.read_bytes()
    found = 0
    for position in range(0, len(sound), 23):
        raw = bytearray(sound)
        raw[position] ^= 1 << position % 8
        path.write_bytes(raw)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            runs = ledger.runs(TINY, range(5))
        assert_trained(runs, TINY, range(5))
        found += len(told)
    assert found > len(sound) / 23 / 2


def test_damage_in_the_middle_of_a_longer_request(ledger):
    for start in (0, 5, 10):
        ledger.runs(TINY, range(start, start + 5))
    (ledger.folder / TINY.key / "5-10.parquet").write_bytes(b"")
    with pytest.warns(LedgerWarning, match=r"5-10\.parquet"):
        runs = ledger.runs(TINY, range(2, 14))
    assert_trained(runs, TINY, range(2, 14))
    assert ledger.engine.asked == [(0, 5), (5, 10), (10, 15), (5, 10)]


def test_a_damaged_trace_leaves_the_runs_alone(ledger):
    ledger.runs(TINY, range(5))
    ledger.runs(TINY, range(5), trace=True)
    flip(ledger.folder / TINY.key / "0-5-trace.parquet", 0.3)
    ledger.runs(TINY, range(5))
    with pytest.warns(LedgerWarning, match=r"0-5-trace\.parquet"):
        assert_trained(ledger.runs(TINY, range(5), trace=True), TINY, range(5), trace=True)


def test_files_of_other_names_are_ignored(ledger):
    ledger.runs(TINY, range(5))
    place = ledger.folder / TINY.key
    for name in ("notes.txt", "5-3.parquet", "a-b.parquet", ".0-9.parquet.123.part", "0-9.damaged-1", "9.parquet"):
        (place / name).write_text("")
    (ledger.folder / ".DS_Store").write_text("")
    (ledger.folder / "empty").mkdir()
    assert_trained(ledger.runs(TINY, range(9)), TINY, range(9))
    assert ledger.table().num_rows == 9


@pytest.mark.parametrize("text", ["", "[]", "{", '{"depth": 0}', '{"layers": 3}', "\x00\x00"])
def test_a_damaged_description_is_written_again(ledger, text):
    ledger.runs(TINY, range(5))
    described = ledger.folder / TINY.key / "experiment.json"
    described.write_text(text)
    with pytest.warns(LedgerWarning, match=r"experiment\.json is no description of an experiment"):
        ledger.runs(TINY, range(5))
    assert Experiment(**json.loads(described.read_text())) == TINY
    assert ledger.table().num_rows == 5
    assert ledger.engine.asked == [(0, 5)]


# ---- Several processes ----

CHILD = """
import sys
from lrn import Experiment, Ledger
ledger = Ledger(sys.argv[1], threads=1)
runs = ledger.runs(Experiment(**eval(sys.argv[2])), range(int(sys.argv[3]), int(sys.argv[4])))
print(runs.rmse.tobytes().hex())
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
    answers = [process.communicate(timeout=60) for process in children]
    assert [err for _, err in answers] == ["", "", ""]
    expected = train(experiment, range(96)).rmse
    for (out, _), part in zip(answers, (expected[:64], expected[:64], expected[32:]), strict=True):
        assert np.allclose(np.frombuffer(bytes.fromhex(out), part.dtype), part, rtol=1e-3)
    seeds = Ledger(tmp_path).table()["seed"].to_pylist()
    assert sorted(seeds) == list(range(96)), "no seed was trained twice"


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
        kept = ledger.table().num_rows
        assert kept >= 2 * lrn.ledger.BLOCK
        assert kept % lrn.ledger.BLOCK == 0
        assert len(ledger.runs(experiment, range(kept))) == kept
    assert ledger.engine.asked == []


# ---- Looking into it ----


def test_table_has_one_row_a_network(ledger):
    ledger.runs(TINY, range(6))
    ledger.runs(TINY, range(6), trace=True)
    ledger.runs(OTHER, range(2, 5))
    table = ledger.table()
    assert table.num_rows == 9
    assert set(dataclasses.asdict(TINY)) <= set(table.column_names)
    assert sorted(zip(table["connection"].to_pylist(), table["seed"].to_pylist(), strict=True)) == [
        *(("late", seed) for seed in range(6)),
        *(("plain", seed) for seed in range(2, 5)),
    ]
    alone, runs = ledger.table(TINY), ledger.runs(TINY, range(6))
    for name in ("rmse", "rmse_initial", "converged", "converged_at", "dead_neurons", "dead_layers"):
        assert alone[name].to_pylist() == getattr(runs, name).tolist()


def test_table_of_nothing_is_empty(ledger):
    assert ledger.table().num_rows == 0
    ledger.runs(TINY, range(3))
    assert ledger.table(OTHER).num_rows == 0


def test_frame_is_the_table(ledger):
    pytest.importorskip("pandas")
    ledger.runs(TINY, range(4))
    frame = ledger.frame()
    assert frame.shape == (4, len(ledger.table().column_names))
    assert frame["rmse"].tolist() == ledger.runs(TINY, range(4)).rmse.tolist()


# ---- Bad input ----


@pytest.mark.parametrize(
    ("experiment", "seeds", "error", "message"),
    [
        (TINY, [0, 1], TypeError, r"seeds must be a range; got \[0, 1\]"),
        (TINY, 4, TypeError, "seeds must be a range; got 4"),
        (TINY, range(0), ValueError, r"seeds must be a range of step 1 .* got range\(0, 0\)"),
        (TINY, range(0, 8, 2), ValueError, r"got range\(0, 8, 2\)"),
        (TINY, range(8, 0, -1), ValueError, r"got range\(8, 0, -1\)"),
        (TINY, range(-1, 3), ValueError, r"got range\(-1, 3\)"),
        (TINY, range(2**64 - 1, 2**64 + 1), ValueError, "got range"),
        ("late", range(3), TypeError, "the ledger needs an Experiment; got str"),
    ],
)
@pytest.mark.parametrize("remembers", [True, False])
def test_bad_requests_are_refused(tmp_path, experiment, seeds, error, message, remembers):
    with pytest.raises(error, match=message):
        Ledger(tmp_path if remembers else None).runs(experiment, seeds)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "gpu"}, "engine must be one of auto, native, cuda, reference; got 'gpu'"),
        ({"device": "abacus"}, "device must be one that torch can use here; got 'abacus'"),
        ({"threads": 0}, "threads must be a whole number of at least 1, or None; got 0"),
    ],
)
def test_bad_engines_are_refused_at_once(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        Ledger(tmp_path, **options)


def test_a_file_is_no_ledger(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(NotADirectoryError, match=r"the ledger must be a folder; .*file is a file"):
        Ledger(path)
    with pytest.raises(NotADirectoryError, match="the ledger cannot be written to"):
        Ledger(path / "below").runs(TINY, range(2))


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs users")
def test_a_folder_that_must_not_be_written_is_one_clear_error(tmp_path):
    ledger = Ledger(tmp_path)
    tmp_path.chmod(0o500)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # nobody; root may write everywhere
    try:
        with pytest.raises(PermissionError, match=r"the ledger cannot be written to \(Permission denied\)"):
            ledger.runs(TINY, range(2))
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)

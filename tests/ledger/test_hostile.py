"""No file in a block's place makes a process wait, fill the memory, or believe impossible results."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from counting import TINY, again, assert_trained, blocks

from lrn import Experiment, train
from lrn.engines import native
from lrn.files import read_regular
from lrn.ledger import LedgerWarning
from lrn.ledger.blocks import RunsForm, to_table
from lrn.ledger.files import encode
from lrn.ledger.samples import Samples

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")


def pipe(path):
    os.mkfifo(path)


def sparse(path):
    with path.open("wb") as file:
        file.truncate(20 << 30)


def link_to_endless(path):
    # A stand-in for a device: what it is looked at for is that it is not an ordinary file.
    target = path.with_name("endless")
    os.mkfifo(target)
    path.symlink_to(target)


def loop(path):
    path.symlink_to(path)


def socket(path):
    from socket import AF_UNIX
    from socket import socket as new

    before = os.getcwd()
    os.chdir(path.parent)  # a socket's name must be short
    try:
        with new(AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def many_rows(path):
    rows = pa.array(np.zeros(50_000_000, np.uint8))
    pq.write_table(pa.table({"seed": rows}), path, compression="zstd")


def one_number_run_together(path):
    lists = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(5 << 23)), 1 << 23)
    pq.write_table(pa.table({"seed": pa.array(range(5)), "u": lists}), path, compression="none", use_dictionary=True)
    assert path.stat().st_size < 10_000


def columns_of_samples(path, *columns):
    """A file of the samples of "coin", with a checksum that is right."""
    seeds = pa.array(np.arange(8, dtype=np.uint64))
    table = pa.table([seeds, *columns], names=["lrn.seed", *["u"] * len(columns)])
    path.write_bytes(encode(table.replace_schema_metadata({"lrn.population": "coin"})))


def words(path):
    columns_of_samples(path, pa.array(["a" * 99] * 8))


def one_name_twice(path):
    columns_of_samples(path, pa.array([0.0] * 8), pa.array([1.0] * 8))


HOSTILE = [
    one_number_run_together,
    words,
    one_name_twice,
    pipe,
    sparse,
    link_to_endless,
    loop,
    socket,
    many_rows,
    lambda path: path.mkdir(),
]


@pytest.mark.parametrize("make", HOSTILE)
def test_what_is_not_a_block_is_set_aside_at_once(ledger, make):
    ledger.runs(TINY, range(5))
    (path,) = ledger.root.rglob("0-5.parquet")
    path.unlink()
    make(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.warns(LedgerWarning, match=r"0-5\.parquet is no sound block \(.+\); set aside as"):
        assert_trained(again(ledger).runs(TINY, range(5)), TINY, range(5))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 18, "256 MB"
    assert blocks(ledger.root) == ["0-5.parquet"]
    assert path.is_file()


@pytest.mark.parametrize("make", [words, one_name_twice])
def test_columns_that_no_sample_has_are_set_aside(make, tmp_path):
    def draw(seeds):
        return {"u": np.zeros(len(seeds))}

    Samples(tmp_path).sample("coin", "1", draw, range(8), block=8)
    (block,) = tmp_path.rglob("0-8.parquet")
    make(block)
    with pytest.warns(LedgerWarning, match=r"0-8\.parquet is no sound block"):
        columns = Samples(tmp_path).sample("coin", "1", draw, range(8), block=8)
    assert columns["u"].tolist() == [0.0] * 8


@pytest.mark.parametrize("make", HOSTILE)
def test_samples_and_descriptions_are_set_aside_too(ledger, make, tmp_path):
    samples = Samples(tmp_path)
    samples.sample("coin", "1", lambda seeds: {"u": np.zeros(len(seeds))}, range(3))
    (block,) = tmp_path.rglob("*-*.parquet")
    block.unlink()
    make(block)
    with pytest.warns(LedgerWarning, match="is no sound block"):
        Samples(tmp_path).sample("coin", "1", lambda seeds: {"u": np.zeros(len(seeds))}, range(3))
    ledger.runs(TINY, range(5))
    described = ledger.folder / TINY.key / "experiment.json"
    described.unlink()
    make(described)
    with pytest.warns(LedgerWarning, match="is no description of an experiment"):
        again(ledger).runs(TINY, range(5))
    assert described.is_file()


def changed(name, change):
    """The table with the values of a column changed, and a checksum that is right."""

    def apply(table):
        at = table.schema.get_field_index(name)
        column = table[name].combine_chunks()
        flat = column.flatten() if pa.types.is_fixed_size_list(column.type) else column
        values = pa.array(change(flat.to_numpy().copy()), type=flat.type)
        if flat is not column:
            values = pa.FixedSizeListArray.from_arrays(values, column.type.list_size)
        return table.set_column(at, table.schema.field(at), values)

    return apply


def rows(order):
    """Rows taken from elsewhere, the seeds as before."""
    return lambda table: table.take(order).set_column(0, table.schema.field(0), table["seed"].combine_chunks())


def put(values, at, value):
    values[at] = value
    return values


SMALL = Experiment(depth=2, connection="plain", epochs=50)  # 11 of 64 with a dead layer, some nearly converged
TAMPERED = {
    "rmse negative": changed("rmse", lambda v: v * 0 - 1),
    "one rmse negative": changed("rmse", lambda v: put(v, 17, -1e-30)),
    "rmse zero": changed("rmse", lambda v: v * 0),
    "one rmse zero": changed("rmse", lambda v: put(v, 3, 0)),
    "one rmse a little smaller": changed("rmse", lambda v: put(v, 3, v[3] * 0.98)),
    "rmse NaN": changed("rmse", lambda v: v * np.nan),
    "one rmse NaN": changed("rmse", lambda v: put(v, 63, np.nan)),
    "one rmse infinite": changed("rmse", lambda v: put(v, 63, np.inf)),
    "rmse of other networks": changed("rmse", lambda v: v[::-1].copy()),
    "initial rmse negative": changed("rmse_initial", lambda v: v - 10),
    "initial rmse of other networks": changed("rmse_initial", lambda v: np.roll(v, 1)),
    "converged after the end": changed("converged_at", lambda v: put(v, 5, 51)),
    "converged at the largest number": changed("converged_at", lambda v: v * 0 + (2**31 - 1)),
    "converged before the beginning": changed("converged_at", lambda v: v * 0 - 7),
    "converged, by its epoch alone": changed("converged_at", lambda v: put(v, 5, 3)),
    "a prediction changed": changed("prediction", lambda v: put(v, 100, v[100] + 1)),
    "a prediction NaN": changed("prediction", lambda v: put(v, 100, np.nan)),
    "predictions infinite": changed("prediction", lambda v: v * np.inf),
    "dead neurons where there are none": changed("dead", lambda v: v | 0b1111_0000),
    "all bits of dead": changed("dead", lambda v: v * 0 + 255),
    "bits beyond the neurons": changed("dead", lambda v: put(v, 0, v[0] | 1)),
    "rows in another order": rows(list(range(63, -1, -1))),
    "two rows exchanged": rows([1, 0, *range(2, 64)]),
    "one network 64 times": rows([0] * 64),
    "another experiment's name": lambda table: table.replace_schema_metadata({b"lrn.experiment": b"0" * 16}),
}
NEEDS_KERNEL = ("initial rmse of other networks", "rows in another order", "two rows exchanged", "one network 64 times")


@pytest.mark.parametrize("tamper", TAMPERED)
def test_impossible_values_with_a_right_checksum_are_not_believed(ledger, tamper):
    if tamper in NEEDS_KERNEL and not native.available():
        pytest.skip("the native engine was not built")
    trained = ledger.runs(SMALL, range(64))
    assert trained.dead.all(axis=2).any()
    (path,) = ledger.root.rglob("0-64.parquet")
    path.write_bytes(encode(TAMPERED[tamper](pq.read_table(path))))
    with pytest.warns(LedgerWarning, match="is no sound block"):
        assert_trained(again(ledger).runs(SMALL, range(64)), SMALL, range(64))


EXPERIMENTS = [
    Experiment(depth=3, connection="plain", epochs=300),
    Experiment(depth=3, connection="late", epochs=300),
    Experiment(depth=3, connection="residual", epochs=300),
    Experiment(depth=3, connection="plain", epochs=300, style="iterative"),
    Experiment(depth=3, connection="late", epochs=300, style="iterative"),
    Experiment(depth=3, connection="residual", epochs=300, style="iterative"),
    Experiment(depth=3, optimizer="sgd", epochs=100),
    Experiment(depth=3, optimizer="momentum", epochs=100),
    Experiment(depth=3, optimizer="rmsprop", epochs=100),
    Experiment(depth=3, optimizer="adamw", epochs=100),
    Experiment(depth=6, activation="leaky_relu", epochs=60),
    Experiment(depth=6, activation="prelu", epochs=60),
    Experiment(depth=6, activation="elu", epochs=60),
    Experiment(depth=4, connection="plain", norm="batch", epochs=60),
    Experiment(depth=4, initial="he", dtype="float64", epochs=60),
    Experiment(depth=4, optimizer="sgd", lr=1.0, style="iterative", epochs=200),  # explodes
    Experiment(depth=4, optimizer="momentum", lr=1e5, epochs=100, dtype="float64"),
    Experiment(depth=2, optimizer="sgd", lr=1e-3, epochs=6, activation="elu"),
    Experiment(depth=2, epochs=20, target_scale=1e-15),
    Experiment(depth=2, epochs=20, target_scale=1e-6),
    Experiment(depth=2, epochs=20, target_scale=1e6),
    Experiment(depth=2, epochs=20, target_scale=1e15),
    Experiment(depth=2, epochs=20, target_scale=1e-15, optimizer="sgd"),
    Experiment(depth=2, epochs=20, target_scale=1e15, optimizer="sgd"),
]


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.label)
def test_whatever_was_trained_is_believed(experiment, ledger):
    runs = train(experiment, range(300), trace=True)
    form = RunsForm(experiment, ledger.engine.engine, trace=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoded = form.decode(encode(to_table(experiment, runs)), range(300))
    assert decoded.rmse.tobytes() == runs.rmse.tobytes()


def test_a_block_that_may_not_be_read_is_set_aside_and_one_that_cannot_now_is_not(ledger, monkeypatch):
    ledger.runs(TINY, range(5))

    def too_many(path, most):
        raise OSError(24, "Too many open files", str(path))

    with monkeypatch.context() as context:
        context.setattr("lrn.ledger.files._read", too_many)
        with pytest.raises(OSError, match="Too many open files"):
            again(ledger).runs(TINY, range(5))
    assert_trained(again(ledger).runs(TINY, range(5)), TINY, range(5))
    assert ledger.engine.trained == [(0, 5)]


def test_memory_that_is_short_says_nothing_about_a_block(ledger, monkeypatch):
    ledger.runs(TINY, range(5))

    def short(*_, **__):
        raise pa.ArrowMemoryError("malloc of size 64 failed")

    with monkeypatch.context() as context:
        context.setattr(pq.ParquetFile, "read", short)
        with pytest.raises(MemoryError):
            again(ledger).runs(TINY, range(5))
    assert_trained(again(ledger).runs(TINY, range(5)), TINY, range(5))
    assert ledger.engine.trained == [(0, 5)]


def test_a_second_damaged_block_does_not_take_the_place_of_the_first(ledger):
    ledger.runs(TINY, range(5))
    (path,) = ledger.root.rglob("0-5.parquet")
    for text in ("first", "second", "third"):
        path.write_text(text)
        with pytest.warns(LedgerWarning, match="set aside as"):
            again(ledger).runs(TINY, range(5))
    assert {aside.read_text() for aside in path.parent.glob("*.damaged-*")} == {"first", "second", "third"}


def test_a_file_takes_no_more_memory_than_it_holds(tmp_path):
    path = tmp_path / "short.txt"
    path.write_text("short")
    tracemalloc.start()
    assert read_regular(path, 1 << 30) == b"short"
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1 << 20


STOPPED = """
import os, signal, sys, time
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says who holds a lock")
def test_a_stopped_process_is_not_waited_for(ledger, monkeypatch):
    monkeypatch.setattr("lrn.ledger.locks.LOOK_SECONDS", 0.2)
    folder = ledger.folder / TINY.key
    folder.mkdir(parents=True)
    holder = subprocess.Popen([sys.executable, "-c", STOPPED, str(folder / "runs.lock")], stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.warns(LedgerWarning, match=rf"runs\.lock is not waited for: process {holder.pid} holds it and was"):
            assert_trained(ledger.runs(TINY, range(5)), TINY, range(5))
    finally:
        holder.kill()
        holder.communicate()


def test_a_file_system_that_refuses_locks_is_used_with_a_warning(ledger, monkeypatch):
    import fcntl

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("lrn.ledger.locks.LOOK_SECONDS", 0.2)
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.warns(LedgerWarning, match=r"the file system refuses locks \(Permission denied\)"):
        assert_trained(ledger.runs(TINY, range(5)), TINY, range(5))
    assert blocks(ledger.root) == ["0-5.parquet"]


def test_who_waits_for_a_process_that_works_says_so_once(ledger, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    from filelock import FileLock

    monkeypatch.setattr("lrn.ledger.locks.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("lrn.ledger.locks.TELL_SECONDS", 0.1)
    folder = ledger.folder / TINY.key
    folder.mkdir(parents=True)
    with ThreadPoolExecutor() as pool, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with FileLock(folder / "runs.lock"):
            waiting = pool.submit(ledger.runs, TINY, range(5))
            while not caught:
                assert not waiting.done()
            assert not waiting.done()
        waiting.result(timeout=60)
    assert len(caught) == 1
    assert "runs.lock, which process " in str(caught[0].message)

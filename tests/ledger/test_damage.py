"""The ledger never lies about a network: damaged blocks are set aside and trained again."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import warnings
from concurrent.futures import ThreadPoolExecutor, wait

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from counting import OTHER, TINY, again, assert_trained, contents
from filelock import FileLock

import lrn.ledger._ledger
from lrn import Experiment
from lrn.ledger import LedgerWarning
from lrn.ledger.blocks import row_bytes
from lrn.ledger.files import encode


def flip(path, position):
    raw = bytearray(path.read_bytes())
    raw[int(position * len(raw))] ^= 1
    path.write_bytes(raw)


def rewrite(path, change):
    table = pq.read_table(path)
    path.unlink()
    path.write_bytes(encode(change(table)))  # with the checksum of what is wrong


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
    ) as caught:
        runs = again(ledger).runs(TINY, range(5))
    assert len(caught) == 1
    assert len(str(caught[0].message).splitlines()) == 1
    assert_trained(runs, TINY, range(5))
    assert ledger.engine.trained == [(0, 5)] * 3
    assert len(list(path.parent.glob("0-5.damaged-*"))) == 1, "it is kept for whoever wants to look at it"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_trained(again(ledger).runs(TINY, range(5)), TINY, range(5))
    assert path.read_bytes() == sound


def test_a_flipped_bit_anywhere_is_found_or_harmless(ledger):
    # All 8 bits of all bytes were tried once: 15,359 found, 5,953 harmless, none read as other data.
    ledger.runs(TINY, range(5))
    path = ledger.folder / TINY.key / "0-5.parquet"
    sound = path.read_bytes()
    detected = 0
    for position in range(0, len(sound), 23):
        raw = bytearray(sound)
        raw[position] ^= 1 << position % 8
        path.write_bytes(raw)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            runs = again(ledger).runs(TINY, range(5))
        assert_trained(runs, TINY, range(5))
        detected += len(caught)
    assert detected > len(sound) / 23 / 2


def test_a_name_that_promises_more_seeds_than_fit_into_memory_is_damage(ledger):
    ledger.runs(TINY, range(5))
    path = ledger.folder / TINY.key / "0-5.parquet"
    path.rename(path.with_name(f"0-{2**63}.parquet"))
    with pytest.warns(LedgerWarning, match="not a|it holds other seeds than its name says"):
        assert_trained(again(ledger).runs(TINY, range(5)), TINY, range(5))


def test_damage_in_the_middle_of_a_longer_request(ledger, monkeypatch):
    monkeypatch.setattr(lrn.ledger._ledger, "SEGMENT_BYTES", 4 * row_bytes(TINY, False))
    ledger.runs(TINY, range(15))
    (ledger.folder / TINY.key / "4-8.parquet").write_bytes(b"")
    with pytest.warns(LedgerWarning, match=r"4-8\.parquet"):
        runs = again(ledger).runs(TINY, range(2, 14))
    assert_trained(runs, TINY, range(2, 14))
    assert ledger.engine.trained == [(0, 4), (4, 8), (8, 12), (12, 15), (4, 8)]


def test_a_damaged_trace_leaves_the_runs_alone(ledger):
    ledger.runs(TINY, range(5))
    ledger.runs(TINY, range(5), trace=True)
    flip(ledger.folder / TINY.key / "0-5-trace.parquet", 0.3)
    again(ledger).runs(TINY, range(5))
    with pytest.warns(LedgerWarning, match=r"0-5-trace\.parquet"):
        assert_trained(again(ledger).runs(TINY, range(5), trace=True), TINY, range(5), trace=True)


def test_files_of_other_names_are_ignored(ledger):
    ledger.runs(TINY, range(5))
    folder = ledger.folder / TINY.key
    for name in ("notes.txt", "5-3.parquet", "a-b.parquet", ".0-9.parquet.123.part", "0-9.damaged-1", "9.parquet"):
        (folder / name).write_text("")
    (ledger.folder / ".DS_Store").write_text("")
    (ledger.folder / "empty").mkdir()
    assert_trained(ledger.runs(TINY, range(9)), TINY, range(9))
    assert ledger.table().num_rows == 9


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"depth": 0}', '{"layers": 3}', "\x00\x00"])
def test_a_damaged_description_is_written_again(ledger, text):
    ledger.runs(TINY, range(5))
    described = ledger.folder / TINY.key / "experiment.json"
    described.write_text(text)
    with pytest.warns(LedgerWarning, match=r"experiment\.json is no description of an experiment"):
        again(ledger).runs(TINY, range(5))
    assert Experiment(**json.loads(described.read_text())) == TINY
    assert ledger.table().num_rows == 5
    assert ledger.engine.trained == [(0, 5)]


def test_a_description_of_another_experiment_costs_no_block(ledger):
    ledger.runs(TINY, range(5))
    described = ledger.folder / TINY.key / "experiment.json"
    described.write_text(json.dumps(dataclasses.asdict(OTHER)))
    with pytest.warns(
        LedgerWarning, match="is no description of an experiment .its folder is another one's."
    ) as caught:
        assert ledger.table().num_rows == 0
    assert len(caught) == 1, "no block is set aside for it"
    again(ledger).runs(TINY, range(5))
    assert ledger.table().num_rows == 5
    assert ledger.engine.trained == [(0, 5)]


def test_damage_that_another_process_has_already_set_aside_is_not_an_error(ledger, monkeypatch):
    ledger.runs(TINY, range(5))
    path = ledger.folder / TINY.key / "0-5.parquet"
    path.write_bytes(b"")
    monkeypatch.setattr(os, "replace", lambda *_: path.unlink() or path.stat())
    assert again(ledger).remembered(TINY, range(5)) is None


def test_what_a_killed_writer_left_goes_when_its_block_is_written(ledger):
    ledger.runs(TINY, range(5))
    folder = ledger.folder / TINY.key
    for name in (".5-9.parquet.999999.part", ".9-12.parquet.0a1b2c.part"):
        (folder / name).write_bytes(b"PAR1")
    (folder / ".folder.part").mkdir()
    ledger.runs(TINY, range(9))
    assert list(folder.glob("*.part")) == [folder / ".folder.part"]


def test_what_another_process_is_writing_is_left_to_it(ledger):
    ledger.runs(TINY, range(5))
    part = ledger.folder / TINY.key / ".5-9.parquet.999999.part"
    part.write_bytes(b"PAR1")
    with ThreadPoolExecutor() as pool:
        with FileLock(part.parent / "write.lock"):
            more = pool.submit(ledger.runs, TINY, range(9))
            assert wait([more], timeout=0.3).not_done
            assert part.exists()
        more.result(timeout=60)
    assert not part.exists()


def test_a_ledger_of_a_newer_version_is_left_alone(ledger):
    newer = ledger.root / "native-ffffffffffff" / TINY.key
    newer.mkdir(parents=True)
    (newer / "experiment.json").write_text(json.dumps({"depth": 2, "attention": True}))
    pq.write_table(pa.table({"seed": pa.array(range(5), pa.uint64()), "rmse": [0.0] * 5}), newer / "0-5.parquet")
    before = contents(newer, "*")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_trained(ledger.runs(TINY, range(5)), TINY, range(5))
        assert ledger.table().num_rows == 5
    assert contents(newer, "*") == before

"""Any range can be asked for: little more is trained, nothing is read twice, and files stay few."""

from __future__ import annotations

import itertools
import os
import time
from operator import attrgetter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from counting import OTHER, TINY, again, assert_trained, blocks, contents, counting
from hypothesis import given, settings
from hypothesis import strategies as st

import lrn.ledger._ledger
import lrn.ledger.files
from lrn import Experiment, Ledger
from lrn.ledger.batches import BATCH, batch_size
from lrn.ledger.blocks import row_bytes
from lrn.ledger.covering import BlockFile, block_files, by_seeds, covering, cut, gaps, joined
from lrn.ledger.shelf import MOST_WAITING, Shelf


def quarters(stop):
    n = 8
    while n < stop:
        yield n
        n += n // 4
    yield stop


@pytest.fixture
def reads(monkeypatch):
    """How many files are opened."""
    opened, read = [], lrn.ledger.files._read
    monkeypatch.setattr(lrn.ledger.files, "_read", lambda path, most: opened.append(path.name) or read(path, most))
    return opened


@pytest.mark.batches
def test_growing_by_a_quarter_trains_one_batch_more_at_most_and_reads_nothing(ledger, reads):
    for n in quarters(1000):
        assert_trained(ledger.runs(TINY, range(n)), TINY, range(n))
        assert n <= len(ledger.engine.seeds) < n + BATCH
        assert len(blocks(ledger.root)) <= MOST_WAITING
    assert reads == []
    assert len(blocks(ledger.root)) > 1, "long files wait for others"
    ledger.close()
    assert blocks(ledger.root) == ["0-1024.parquet"]
    other = again(ledger)
    for n in quarters(1000):
        other.runs(TINY, range(n))
    assert reads == ["0-1024.parquet"], "a later process reads each file once"


@pytest.mark.batches
@pytest.mark.parametrize("seeds", [range(63, 65), range(5, 6), range(64), range(100, 300)])
def test_less_than_a_batch_is_trained_beyond_the_request(ledger, seeds):
    assert_trained(ledger.runs(TINY, seeds), TINY, seeds)
    ((start, stop),) = ledger.engine.trained
    assert start == seeds.start
    assert seeds.stop <= stop < seeds.stop + BATCH
    assert stop % BATCH == 0


@pytest.mark.batches
def test_a_batch_ends_where_others_were_trained(ledger):
    ledger.runs(TINY, range(70, 80))
    ledger.runs(TINY, range(65, 68))
    assert ledger.engine.trained == [(70, 128), (65, 70)]
    assert blocks(ledger.root) == ["65-128.parquet"]


@pytest.mark.batches
def test_networks_that_take_long_come_in_smaller_batches(tmp_path):
    ledger, big = counting(tmp_path), Experiment(width=1000, depth=20)
    assert batch_size(ledger.engine, big, trace=False) == (16 if ledger.engine.name == "native" else 1)


@pytest.mark.batches
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(requests=st.lists(st.tuples(st.integers(0, 600), st.integers(1, 300)), min_size=1, max_size=6), data=st.data())
def test_the_files_depend_on_which_seeds_are_there_alone(requests, data, tmp_path_factory):
    one, other = tmp_path_factory.mktemp("ledger"), tmp_path_factory.mktemp("ledger")
    ledger = Ledger(one)
    for start, n in requests:
        ledger.runs(TINY, range(start, start + n))
        if data.draw(st.booleans()):
            ledger = Ledger(one)
    whole = joined(map(attrgetter("seeds"), block_files(ledger.folder / TINY.key)))
    for seeds in data.draw(st.permutations(whole)):
        with Ledger(other) as second:
            second.runs(TINY, seeds)
        ledger.runs(TINY, seeds)
    ledger.close()
    assert contents(one) == contents(other)


def test_files_are_joined_up_to_a_segment(ledger, monkeypatch):
    monkeypatch.setattr(lrn.ledger._ledger, "SEGMENT_BYTES", 8 * row_bytes(TINY, False))
    for stop in range(1, 20):
        ledger.runs(TINY, range(stop))
    assert blocks(ledger.root) == ["0-8.parquet", "16-19.parquet", "8-16.parquet"]
    assert_trained(again(ledger).runs(TINY, range(3, 19)), TINY, range(3, 19))
    assert len(ledger.engine.trained) == 19


def test_joining_leaves_other_files_alone(ledger):
    for seeds in (range(10), range(50, 60), range(90, 95)):
        ledger.runs(TINY, seeds)
    again(ledger).runs(TINY, range(5, 20))
    assert blocks(ledger.root) == ["0-20.parquet", "50-60.parquet", "90-95.parquet"]
    assert_trained(again(ledger).runs(TINY, range(50, 60)), TINY, range(50, 60))
    assert ledger.engine.trained == [(0, 10), (50, 60), (90, 95), (10, 20)]


def test_what_a_killed_process_did_not_join_is_joined_by_whoever_reads_it(ledger, monkeypatch, reads):
    with monkeypatch.context() as killed:
        killed.setattr(Shelf, "tidy", lambda shelf, **_: shelf.write(range(12, 16)))
        killed.setattr(lrn.ledger._ledger, "BLOCK", 4)
        ledger.runs(TINY, range(16))
    assert len(blocks(ledger.root)) == 4
    assert_trained(again(ledger).runs(TINY, range(16)), TINY, range(16))
    assert blocks(ledger.root) == ["0-16.parquet"]
    del reads[:]
    again(ledger).runs(TINY, range(16))
    assert reads == ["0-16.parquet"]


def test_long_files_that_a_killed_process_did_not_join_are_joined_when_a_later_one_ends(ledger):
    for n in range(512, 2049, 512):  # and it is killed before it closes the ledger
        ledger.runs(TINY, range(n))
    assert len(blocks(ledger.root)) == 4
    with again(ledger) as later:
        assert_trained(later.runs(TINY, range(2048)), TINY, range(2048))
        assert len(blocks(ledger.root)) == 4
    assert blocks(ledger.root) == ["0-2048.parquet"]


def test_long_files_are_joined_before_their_experiment_is_forgotten(ledger, monkeypatch):
    monkeypatch.setattr(lrn.ledger._ledger, "MEMORY_BYTES", 1)
    for n in range(512, 2049, 512):
        ledger.runs(TINY, range(n))
    ledger.runs(OTHER, range(4))
    assert blocks(ledger.root / ledger.folder / TINY.key) == ["0-2048.parquet"]


def test_a_reader_that_comes_too_late_for_a_file_finds_the_one_that_has_it(ledger, monkeypatch):
    ledger.runs(TINY, range(8))
    reader, read = again(ledger), lrn.ledger.files._read

    def late(path, most):
        if path.name == "0-8.parquet":
            ledger.runs(TINY, range(12))  # which removes it
        return read(path, most)

    monkeypatch.setattr(lrn.ledger.files, "_read", late)
    assert_trained(reader.remembered(TINY, range(8)), TINY, range(8))
    assert blocks(ledger.root) == ["0-12.parquet"]


def test_seeds_that_several_files_hold_count_once(ledger):
    folder = ledger.folder / TINY.key
    overlapping = [range(10), range(4, 30), range(20, 26), range(28, 40), range(50, 60)]
    contents = {}
    for seeds in overlapping:
        other = counting(ledger.root.parent / str(seeds.start) / str(seeds.stop))
        other.runs(TINY, seeds)
        (path,) = other.root.rglob("*.parquet")
        contents[path.name] = path.read_bytes()
    ledger.runs(TINY, range(100, 101))
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    seeds = again(ledger).table(TINY)["seed"].to_pylist()
    assert seeds == [*range(40), *range(50, 60), 100]
    assert again(ledger).missing(TINY, range(70)) == [range(40, 50), range(60, 70)]
    assert_trained(again(ledger).runs(TINY, range(101)), TINY, range(101))
    assert ledger.engine.trained == [(100, 101), (40, 50), (60, 100)]
    assert blocks(ledger.root) == ["0-101.parquet"], "and one file takes the place of all"


def test_who_does_not_lock_counts_nothing_twice(monkeypatch):
    pytest.importorskip("upath", reason="universal-pathlib is not installed: pip install 'lrn-claims[remote]'")
    import fsspec

    slow, quick = Ledger("memory://overlap"), Ledger("memory://overlap")
    train = slow._train

    def while_another_trains(*request):
        quick.runs(TINY, range(20))
        return train(*request)

    slow._train = while_another_trains
    slow.runs(TINY, range(70))
    seeds = Ledger("memory://overlap").table(TINY)["seed"].to_pylist()
    fsspec.filesystem("memory").rm("/overlap", recursive=True)
    assert seeds == list(range(70))


def test_memory_is_limited_and_the_last_experiment_stays(ledger, monkeypatch, reads):
    runs = ledger.runs(TINY, range(8))
    size = sum(value.nbytes for value in vars(runs).values() if isinstance(value, np.ndarray))
    monkeypatch.setattr(lrn.ledger._ledger, "MEMORY_BYTES", 2.5 * size)
    ledger = again(ledger)
    experiments = [TINY.replace(lr=lr) for lr in (0.1, 0.2, 0.3)]
    for experiment in [*experiments, *experiments]:
        ledger.runs(experiment, range(8))
    assert len(reads) == 3, "the first was forgotten when the third came, and so on"
    monkeypatch.setattr(lrn.ledger._ledger, "MEMORY_BYTES", 1)
    for _ in range(3):
        ledger.runs(experiments[0], range(8))
    assert len(reads) <= 4


def test_what_is_remembered_cannot_be_changed(ledger):
    runs = ledger.runs(TINY, range(8))
    with pytest.raises(ValueError, match="read-only"):
        runs.rmse[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        again(ledger).runs(TINY, range(4)).dead[:] = True


def test_many_files_are_gathered_in_linear_time():
    blocks = [BlockFile(range(n, n + 1), Path(f"{n}")) for n in range(100_000)]
    started = time.process_time()
    used, _ = zip(*covering(blocks, range(100_000)), strict=True)
    assert list(used) == blocks
    assert time.process_time() - started < 5, "0.1 s; a quadratic one takes minutes"


SEEDS = st.tuples(st.integers(0, 40), st.integers(1, 12)).map(lambda pair: range(pair[0], sum(pair)))


@given(ranges=st.lists(SEEDS, max_size=12), seeds=SEEDS)
@settings(deadline=None, derandomize=True, database=None)
def test_each_seed_is_read_from_one_block_that_has_it(ranges, seeds):
    files = sorted((BlockFile(block, Path(str(n))) for n, block in enumerate(ranges)), key=by_seeds)
    held = set(itertools.chain(*ranges))
    planned = []
    for block, part in covering(files, seeds):
        assert set(part) <= set(block.seeds) if block else held.isdisjoint(part)
        planned += part
    assert planned == list(seeds)
    assert list(itertools.chain(*gaps(files, seeds))) == sorted(set(seeds) - held)
    assert set(itertools.chain(*joined(ranges))) == held
    for earlier, later in itertools.pairwise(joined(ranges)):
        assert earlier.stop < later.start


@given(seeds=st.tuples(st.integers(0, 100), st.integers(1, 100)), size=st.integers(1, 40))
@settings(deadline=None, derandomize=True, database=None)
def test_blocks_end_at_multiples(seeds, size):
    whole = range(seeds[0], sum(seeds))
    parts = cut(whole, size)
    assert list(itertools.chain(*parts)) == list(whole)
    for part in parts:
        assert 0 < len(part) <= size
        assert part.stop % size == 0 or part is parts[-1]


def test_a_file_has_no_dictionary_and_says_what_it_is(ledger):
    ledger.runs(TINY, range(8))
    (path,) = ledger.root.rglob("*.parquet")
    table = pq.read_table(path)
    assert table.num_rows == 8
    assert np.array_equal(table["seed"], np.arange(8))
    assert os.stat(path).st_mode & 0o777 == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.fixture
def waiting(tmp_path):
    """A ledger that keeps what trains in less than a second in memory, until it is told to write."""
    return counting(tmp_path / "ledger", waits=True)


def test_a_sample_that_grows_is_written_once(waiting):
    for n in quarters(300):
        assert_trained(waiting.runs(TINY, range(n)), TINY, range(n))
    assert blocks(waiting.root) == []
    waiting.write()
    assert blocks(waiting.root) == ["0-300.parquet"]
    assert_trained(again(waiting).runs(TINY, range(300)), TINY, range(300))
    assert waiting.engine.seeds == list(range(300))


def test_a_second_of_training_is_written_at_once(waiting, monkeypatch):
    work = TINY.parameters * TINY.epochs
    monkeypatch.setattr(lrn.ledger._ledger, "_WAITING_WORK", 10 * work)
    written = []
    for n in range(2, 31, 2):
        waiting.runs(TINY, range(n))
        written.append(blocks(waiting.root))
    assert written[3:6] == [[], ["0-10.parquet"], ["0-10.parquet"]]
    assert written[-1] == ["0-30.parquet"]


@pytest.mark.parametrize("ends", [Ledger.close, Ledger.tidy, Ledger.table])
def test_nothing_that_waits_is_left_out(waiting, ends):
    waiting.runs(TINY, range(5))
    waiting.runs(OTHER, range(3))
    ends(waiting)
    assert blocks(waiting.root) == ["0-3.parquet", "0-5.parquet"]
    assert again(waiting).table().num_rows == 8


def test_what_memory_has_no_room_for_is_written(waiting, monkeypatch):
    monkeypatch.setattr(lrn.ledger._ledger, "MEMORY_BYTES", 0)
    waiting.runs(TINY, range(5))
    waiting.runs(OTHER, range(3))
    assert blocks(waiting.root) == ["0-5.parquet"]
    assert_trained(waiting.runs(TINY, range(5)), TINY, range(5))
    assert waiting.engine.trained == [(0, 5), (0, 3)]


def test_others_may_train_the_same_seeds_meanwhile(waiting):
    waiting.runs(TINY, range(5))
    again(waiting).runs(TINY, range(8))
    waiting.write()
    waiting.runs(TINY, range(9))
    waiting.write()
    assert blocks(waiting.root) == ["0-9.parquet"]
    assert waiting.engine.trained == [(0, 5), (0, 8), (8, 9)]


def test_a_folder_that_cannot_be_written_to_is_an_error(waiting, monkeypatch):
    waiting.runs(TINY, range(5))
    full = OSError(28, "No space left on device")

    def refuse(*_, **__):
        raise full

    monkeypatch.setattr(lrn.ledger.shelf, "replace", refuse)
    for ends in (waiting.write, waiting.tidy, waiting.close):
        with pytest.raises(OSError, match="No space"):
            ends()
    monkeypatch.undo()
    waiting.write()
    assert blocks(waiting.root) == ["0-5.parquet"], "and it is still there to be written later"


def test_without_a_folder_it_makes_no_difference():
    ledger = Ledger(None, waits=True)
    assert_trained(ledger.runs(TINY, range(5)), TINY, range(5))
    ledger.write()
    ledger.close()

"""Samples of populations with a version: drawn once, shared by workers, never read as something else."""

from __future__ import annotations

import itertools
import subprocess
import sys
import warnings

import numpy as np
import pyarrow.parquet as pq
import pytest
from counting import blocks, seeds_of

from lrn.claims._populations import Draw
from lrn.ledger.files import LedgerWarning, encode
from lrn.ledger.samples import Samples
from tests.plugin.populations import uniform

BLOCK = 32


class Coin:
    """A population that notes its requests; `block` seeds at once, if it is not None."""

    def __init__(self, label="coin", version="1", block=BLOCK):
        self.label, self._drawn, self.seeds_per_block = label, [], block
        if version is not None:
            self.version = version

    @property
    def drawn(self):
        return self._drawn

    def sample(self, seeds):
        self._drawn.append((seeds.start, seeds.stop))
        u = uniform(seeds)
        return {
            "heads": u < 0.5,
            "u": u,
            "single": u.astype(np.float32),
            "seed": np.arange(seeds.start, seeds.stop),
            "late": np.where(u < 0.5, u, np.inf),
            "none": np.where(u < 0.5, u, np.nan),
        }


def assert_drawn(columns, seeds):
    expected = Coin().sample(seeds)
    assert list(columns) == list(expected)
    for name, values in expected.items():
        assert columns[name].dtype == values.dtype
        assert np.array_equal(columns[name], values, equal_nan=values.dtype.kind == "f"), name


def draw(path, coin, seeds):
    return Draw(path)(coin, seeds, False)


def first_blocks(count):
    """Where each of the first blocks starts and ends."""
    return list(itertools.pairwise(range(0, (count + 1) * BLOCK, BLOCK)))


def test_what_was_drawn_is_not_drawn_again(tmp_path):
    first, second = Coin(), Coin()
    for coin in (first, second):
        assert_drawn(draw(tmp_path, coin, range(2 * BLOCK)), range(2 * BLOCK))
    assert first.drawn == first_blocks(2)
    assert second.drawn == []
    assert len(blocks(tmp_path)) == 2


def test_more_seeds_draw_the_new_ones_only(tmp_path):
    coin = Coin()
    for n in (1, 2, 4):
        assert_drawn(draw(tmp_path, coin, range(n * BLOCK)), range(n * BLOCK))
    assert coin.drawn == first_blocks(4)


def test_seeds_between_blocks_draw_whole_blocks(tmp_path):
    coin = Coin()
    seeds = range(BLOCK - 1, 2 * BLOCK + 3)
    assert_drawn(draw(tmp_path, coin, seeds), seeds)
    assert_drawn(draw(tmp_path, coin, range(5, 6)), range(5, 6))
    assert coin.drawn == first_blocks(3)


def test_a_population_without_a_version_is_sampled_each_time(tmp_path):
    coin = Coin(version=None)
    for _ in range(2):
        assert_drawn(draw(tmp_path, coin, range(7)), range(7))
    assert coin.drawn == [(0, 7)] * 2
    assert blocks(tmp_path) == []


def test_without_a_ledger_nothing_is_remembered():
    coin = Coin()
    for _ in range(2):
        assert_drawn(draw(None, coin, range(7)), range(7))
    assert coin.drawn == [(0, 7)] * 2


@pytest.mark.parametrize("other", [Coin(version="2"), Coin(label="another coin")])
def test_another_version_and_another_label_are_drawn_anew(tmp_path, other):
    coin = Coin()
    for population in (coin, other):
        draw(tmp_path, population, range(BLOCK))
        assert population.drawn == [(0, BLOCK)]


DAMAGES = {
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "flipped bit": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "other seeds": lambda path: path.write_bytes(path.with_name(f"{BLOCK}-{2 * BLOCK}.parquet").read_bytes()),
    "fewer rows": lambda path: path.write_bytes(encode(pq.read_table(path).slice(0, 3))),
    "no metadata": lambda path: path.write_bytes(encode(pq.read_table(path).replace_schema_metadata(None))),
}


def flipped(raw):
    return raw[:200] + bytes([raw[200] ^ 1]) + raw[201:]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_block_is_set_aside_with_a_warning_and_drawn_again(tmp_path, damage):
    coin = Coin()
    draw(tmp_path, coin, range(2 * BLOCK))
    (path,) = tmp_path.rglob(f"0-{BLOCK}.parquet")
    damage(path)
    with pytest.warns(LedgerWarning, match=rf"0-{BLOCK}\.parquet is no sound block \(.+\); set aside"):
        assert_drawn(draw(tmp_path, coin, range(2 * BLOCK)), range(2 * BLOCK))
    assert coin.drawn == [(0, BLOCK), (BLOCK, 2 * BLOCK), (0, BLOCK)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(tmp_path, coin, range(2 * BLOCK))


def test_an_interrupted_draw_keeps_the_blocks_that_are_done(tmp_path):
    class Interrupted(Coin):
        _most = 2 * BLOCK

        def sample(self, seeds):
            if seeds.start >= self._most:
                raise KeyboardInterrupt
            return super().sample(seeds)

    coin = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        draw(tmp_path, coin, range(4 * BLOCK))
    coin._most = 4 * BLOCK
    draw(tmp_path, coin, range(4 * BLOCK))
    assert coin.drawn == first_blocks(4)


WORKER = """
import sys, time
from pathlib import Path
from lrn.ledger.samples import Samples
from tests.plugin.populations import uniform

def draw(seeds):
    time.sleep(0.3)
    print("drew", seeds.start, flush=True)
    return {"u": uniform(seeds)}

found = Samples(Path(sys.argv[1])).sample("slow", "1", draw, range(256), block=32)
assert (found["u"] == uniform(range(256))).all()
"""


def test_workers_share_the_blocks_of_one_population(tmp_path):
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    drawn = []
    for worker in workers:
        output, errors = worker.communicate(timeout=60)
        assert errors == ""
        drawn += output.splitlines()
    assert sorted(drawn) == sorted(map("drew {}".format, range(0, 256, BLOCK))), "each block once"


@pytest.mark.parametrize(
    ("sample", "error", "says"),
    [
        ([1] * BLOCK, TypeError, "coin has a version, so it must observe a mapping of metrics to arrays; got"),
        ({"u": np.zeros(3)}, ValueError, rf"u of coin must have shape \({BLOCK},\), one value per seed; got \(3,\)"),
        ({"u": ["a"] * BLOCK}, TypeError, "u of coin must be numbers or truths; its values are <U1"),
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path, sample, error, says):
    with pytest.raises(error, match=says):
        Samples(tmp_path).sample("coin", "1", lambda seeds: sample, range(BLOCK), block=BLOCK)
    assert blocks(tmp_path) == []


@pytest.mark.parametrize("version", ["", 3])
def test_a_version_that_is_not_text_is_refused(tmp_path, version):
    with pytest.raises(TypeError, match="the version of coin must be a text that is not empty"):
        draw(tmp_path, Coin(version=version), range(3))


@pytest.mark.parametrize("seeds", [range(0), range(0, 8, 2), range(-1, 3)])
def test_seeds_that_are_not_a_range_are_refused(tmp_path, seeds):
    with pytest.raises(ValueError, match=r"seeds must be a range of step 1 within 0 to 2\*\*64 that is not empty"):
        draw(tmp_path, Coin(), seeds)


def test_metrics_that_differ_from_block_to_block_are_refused(tmp_path):
    with pytest.raises(ValueError, match="coin must observe the same metrics for all seeds"):
        Samples(tmp_path).sample(
            "coin", "1", lambda seeds: {f"u{seeds.start}": uniform(seeds)}, range(2 * BLOCK), block=BLOCK
        )


# ---- as many seeds per file as take about a second ----


class Clock:
    """A population whose seeds take a set time, on a clock that stands still otherwise."""

    def __init__(self, monkeypatch, seconds, overhead=0.0):
        self.now, self.seconds, self.overhead, self.drawn = 0.0, seconds, overhead, []
        monkeypatch.setattr("lrn.ledger.samples.time.perf_counter", lambda: self.now)

    @property
    def seeds(self):
        """Every seed that was drawn."""
        return seeds_of(self.drawn)

    def __call__(self, seeds):
        self.drawn.append((seeds.start, seeds.stop))
        self.now += self.overhead + self.seconds * len(seeds)
        return {"u": uniform(seeds)}


def test_expensive_seeds_are_sampled_one_by_one_and_only_on_request(tmp_path, monkeypatch):
    clock = Clock(monkeypatch, 20.0)
    for n in (3, 4, 6):
        assert np.array_equal(Samples(tmp_path).sample("p", "1", clock, range(n))["u"], uniform(range(n)))
    assert sorted(clock.seeds) == list(range(6))
    assert max(stop - start for start, stop in clock.drawn) <= 2, "groups do not help, so there are none"
    for name in blocks(tmp_path):
        assert name.count("-") == 1


def test_groups_grow_where_each_call_takes_long(tmp_path, monkeypatch):
    clock = Clock(monkeypatch, 0.01, overhead=5.0)
    Samples(tmp_path).sample("p", "1", clock, range(64))
    assert len(clock.drawn) <= 8


def test_cheap_seeds_share_files_that_grow_with_the_sample(tmp_path, monkeypatch):
    clock = Clock(monkeypatch, 1e-6)
    n = 8
    while n < 100_000:
        assert np.array_equal(Samples(tmp_path).sample("p", "1", clock, range(n))["u"], uniform(range(n)))
        n += n // 4
    assert len(blocks(tmp_path)) < 50
    assert len(clock.seeds) < 1.3 * n


@pytest.mark.parametrize(("seconds", "extra"), [(1e-3, 1000), (0.02, 50), (0.1, 8), (0.2, 1)])
def test_at_most_a_seconds_worth_is_sampled_too_much(tmp_path, monkeypatch, seconds, extra):
    clock = Clock(monkeypatch, seconds)
    Samples(tmp_path).sample("p", "1", clock, range(8))
    assert clock.now <= 8 * seconds + 1.2
    assert len(clock.seeds) <= 8 + extra


def test_files_of_another_size_are_read_and_completed(tmp_path, monkeypatch):
    clock = Clock(monkeypatch, 1e-6)
    samples = Samples(tmp_path)
    samples.sample("p", "1", clock, range(3), block=2)
    assert np.array_equal(samples.sample("p", "1", clock, range(40))["u"], uniform(range(40)))
    assert np.array_equal(samples.sample("p", "1", clock, range(1, 200), block=64)["u"], uniform(range(1, 200)))
    assert len(set(clock.seeds)) >= len(clock.seeds) - 1, "the first one alone shows how long it takes"


@pytest.mark.parametrize("block", [0, 3, 8192, True, "8"])
def test_a_block_that_is_not_a_size_is_refused(tmp_path, block):
    with pytest.raises(ValueError, match=r"seeds_per_block of p must be a power of two from 1 to 4096; got"):
        Samples(tmp_path).sample("p", "1", len, range(8), block=block)


def test_growing_samples_read_a_file_once(tmp_path, monkeypatch):
    import lrn.ledger.sample_files as module

    read, paths = module.read_block, []
    monkeypatch.setattr(module, "read_block", lambda path, *args: paths.append(path.name) or read(path, *args))
    draw(tmp_path, Coin(), range(64))
    source = Draw(tmp_path)
    paths.clear()
    for n in range(8, 64):
        source(Coin(), range(n - 8, n), False)
    assert sorted(paths) == ["0-32.parquet", "32-64.parquet"]

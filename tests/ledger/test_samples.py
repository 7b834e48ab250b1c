"""Samples of populations with a version: drawn once, shared by workers, never read as something else."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pyarrow.parquet as pq
import pytest

from lrn.claims._populations import Draw
from lrn.ledger.files import LedgerWarning, encode
from lrn.ledger.samples import BLOCK, Samples
from tests.plugin.populations import uniform


class Coin:
    """A population that notes what it is asked for."""

    def __init__(self, label="coin", version="1"):
        self.label, self.asked = label, []
        if version is not None:
            self.version = version

    def sample(self, seeds):
        self.asked.append((seeds.start, seeds.stop))
        u = uniform(seeds)
        return {
            "heads": u < 0.5,
            "u": u,
            "single": u.astype(np.float32),
            "seed": np.arange(seeds.start, seeds.stop),
            "late": np.where(u < 0.5, u, np.inf),
            "none": np.where(u < 0.5, u, np.nan),
        }


def assert_drawn(found, seeds):
    expected = Coin().sample(seeds)
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert found[name].dtype == values.dtype
        assert np.array_equal(found[name], values, equal_nan=values.dtype.kind == "f"), name


def draw(path, coin, seeds):
    return Draw(path)(coin, seeds, False)


def files(path):
    return sorted(p.name for p in path.rglob("*.parquet"))


def test_what_was_drawn_is_not_drawn_again(tmp_path):
    for _ in range(2):
        coin = Coin()
        assert_drawn(draw(tmp_path, coin, range(2 * BLOCK)), range(2 * BLOCK))
        expected = [(0, BLOCK), (BLOCK, 2 * BLOCK)] if _ == 0 else []
        assert coin.asked == expected
    assert len(files(tmp_path)) == 2


def test_more_seeds_draw_the_new_ones_only(tmp_path):
    coin = Coin()
    for n in (1, 2, 4):
        assert_drawn(draw(tmp_path, coin, range(n * BLOCK)), range(n * BLOCK))
    assert coin.asked == [(k * BLOCK, (k + 1) * BLOCK) for k in range(4)]


def test_seeds_between_blocks_draw_whole_blocks(tmp_path):
    coin = Coin()
    seeds = range(BLOCK - 1, 2 * BLOCK + 3)
    assert_drawn(draw(tmp_path, coin, seeds), seeds)
    assert_drawn(draw(tmp_path, coin, range(5, 6)), range(5, 6))
    assert coin.asked == [(k * BLOCK, (k + 1) * BLOCK) for k in range(3)]


def test_a_population_without_a_version_is_asked_each_time(tmp_path):
    coin = Coin(version=None)
    for _ in range(2):
        assert_drawn(draw(tmp_path, coin, range(7)), range(7))
    assert coin.asked == [(0, 7)] * 2
    assert files(tmp_path) == []


def test_without_a_ledger_nothing_is_remembered():
    coin = Coin()
    for _ in range(2):
        assert_drawn(draw(None, coin, range(7)), range(7))
    assert coin.asked == [(0, 7)] * 2


@pytest.mark.parametrize("other", [Coin(version="2"), Coin(label="another coin")])
def test_another_version_and_another_label_are_drawn_anew(tmp_path, other):
    coin = Coin()
    for population in (coin, other):
        draw(tmp_path, population, range(BLOCK))
        assert population.asked == [(0, BLOCK)]


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
    assert coin.asked == [(0, BLOCK), (BLOCK, 2 * BLOCK), (0, BLOCK)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(tmp_path, coin, range(2 * BLOCK))


def test_an_interrupted_draw_keeps_the_blocks_that_are_done(tmp_path):
    coin = Coin()
    whole = coin.sample

    def interrupted(seeds):
        if seeds.start >= 2 * BLOCK:
            raise KeyboardInterrupt
        return whole(seeds)

    coin.sample = interrupted
    with pytest.raises(KeyboardInterrupt):
        draw(tmp_path, coin, range(4 * BLOCK))
    coin.sample = whole
    draw(tmp_path, coin, range(4 * BLOCK))
    assert coin.asked == [(k * BLOCK, (k + 1) * BLOCK) for k in range(4)]


WORKER = """
import sys, time
from pathlib import Path
from lrn.ledger.samples import Samples
from tests.plugin.populations import uniform

def draw(seeds):
    time.sleep(0.3)
    print("drew", seeds.start, flush=True)
    return {"u": uniform(seeds)}

found = Samples(Path(sys.argv[1])).sample("slow", "1", draw, range(256))
assert (found["u"] == uniform(range(256))).all()
"""


def test_workers_share_the_blocks_of_one_population(tmp_path):
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [worker.communicate(timeout=60) for worker in workers]
    assert [error for _, error in answers] == ["", ""]
    drawn = [line for out, _ in answers for line in out.splitlines()]
    assert sorted(drawn) == sorted(f"drew {k * BLOCK}" for k in range(256 // BLOCK)), "each block once"


@pytest.mark.parametrize(
    ("sample", "error", "says"),
    [
        ([1] * BLOCK, TypeError, "coin has a version, so it must observe a mapping of metrics to arrays; got"),
        ({"u": np.zeros(3)}, ValueError, rf"u of coin must have shape \({BLOCK},\), one value a seed; got \(3,\)"),
        ({"u": ["a"] * BLOCK}, TypeError, "u of coin must be numbers or truths; its values are <U1"),
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path, sample, error, says):
    with pytest.raises(error, match=says):
        Samples(tmp_path).sample("coin", "1", lambda seeds: sample, range(BLOCK))
    assert files(tmp_path) == []


@pytest.mark.parametrize("version", ["", 3])
def test_a_version_that_is_no_text_is_refused(tmp_path, version):
    with pytest.raises(TypeError, match="the version of coin must be a text that is not empty"):
        draw(tmp_path, Coin(version=version), range(3))


@pytest.mark.parametrize("seeds", [range(0), range(0, 8, 2), range(-1, 3)])
def test_seeds_that_are_no_range_of_seeds_are_refused(tmp_path, seeds):
    with pytest.raises(ValueError, match=r"seeds must be a range of step 1 within 0 to 2\*\*64 that is not empty"):
        draw(tmp_path, Coin(), seeds)


def test_metrics_that_differ_from_block_to_block_are_refused(tmp_path):
    with pytest.raises(ValueError, match="coin must observe the same metrics for all seeds"):
        Samples(tmp_path).sample("coin", "1", lambda seeds: {f"u{seeds.start}": uniform(seeds)}, range(2 * BLOCK))

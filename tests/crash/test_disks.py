"""Disks that are full or may only be read: one clear sentence, and finished blocks stay."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest

import lrn.ledger
from lrn import Experiment, Ledger, train
from lrn.claims._populations import Draw
from lrn.ledger import LedgerWarning
from lrn.ledger.batches import BATCH

TINY = Experiment(depth=2, epochs=3)
FULL = r"the ledger cannot be written to \(No space left on device\)"
READ_ONLY = r"the ledger cannot be written to \(Read-only file system\)"


class Disk:
    """A small file system in memory."""

    def __init__(self, path):
        self.path = path

    def mount(self, *options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "none", str(self.path)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def fill(self):
        with contextlib.suppress(OSError), (self.path / "filling").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path / "disk")
    made.path.mkdir()
    if sys.platform != "linux" or os.geteuid() or not made.mount("size=128k"):
        pytest.skip("only root on Linux can make a small disk")
    yield made
    subprocess.run(["umount", "--lazy", str(made.path)], check=True)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(lrn.ledger._ledger, "BLOCK", 64)


def numbers(runs):
    return runs.rmse.tolist(), runs.dead.tolist(), runs.prediction.tolist()


def leftovers(path):
    return list(path.rglob("*.part"))


def test_a_full_disk_keeps_what_was_finished_and_more_room_is_all_it_takes(disk, few):
    ledger = Ledger(disk.path / "ledger")
    with pytest.raises(OSError, match=FULL):
        ledger.runs(TINY, range(4096))
    assert leftovers(disk.path) == []
    remembered = len(ledger.remembered(TINY, range(4096)))
    assert remembered >= 64
    assert disk.mount("remount", "size=8m")
    trained = []
    ledger._train = lambda experiment, seeds, trace: trained.append(seeds.start) or train(experiment, seeds)
    assert numbers(ledger.runs(TINY, range(512))) == numbers(train(TINY, range(512)))
    assert trained == list(range(remembered, 512, 64))


def test_a_disk_without_room_for_the_description_is_the_same_sentence(disk):
    disk.fill()
    with pytest.raises(OSError, match=FULL):
        Ledger(disk.path / "ledger").runs(TINY, range(4))
    assert leftovers(disk.path) == []


def test_a_ledger_that_may_only_be_read_is_refused_when_it_would_be_written_and_can_be_looked_at(disk):
    ledger = Ledger(disk.path / "ledger")
    runs = ledger.runs(TINY, range(8))
    assert disk.mount("remount", "ro")
    with pytest.raises(OSError, match=READ_ONLY):
        ledger.runs(TINY, range(100))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for later in (ledger, Ledger(ledger.root)):
            assert numbers(later.runs(TINY, range(8))) == numbers(runs)
            assert numbers(later.remembered(TINY, range(8))) == numbers(runs)
        assert ledger.table().num_rows == BATCH


def test_damage_that_cannot_be_set_aside_is_not_read(disk):
    ledger = Ledger(disk.path / "ledger")
    ledger.runs(TINY, range(8))
    (ledger.folder / TINY.key / f"0-{BATCH}.parquet").write_bytes(b"PAR1")
    assert disk.mount("remount", "ro")
    with pytest.warns(LedgerWarning, match=r"it is not read, and cannot be set aside \(Read-only file system\)"):
        assert Ledger(ledger.root).remembered(TINY, range(8)) is None


def test_samples_say_the_same(disk):
    class Wide:
        label, version = "wide", "1"

        def sample(self, seeds):
            return {f"metric {n}": np.arange(n, n + len(seeds), dtype=float).tolist() for n in range(1000)}

    with pytest.raises(OSError, match=FULL):
        Draw(disk.path / "ledger")(Wide(), range(64), False)
    assert leftovers(disk.path) == []


SUITE = """
from lrn.claims import Experiment, claim

@claim("Late networks converge")
def test_late(measure):
    assert measure.rate(Experiment(depth=2, epochs=3), "converged") < 0.9
"""


def run(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_suite_and_the_command_line_pass_the_sentence_on(disk):
    suite = disk.path.parent / "suite"
    (suite / "claims").mkdir(parents=True)
    (suite / "claims" / "test_claims.py").write_text(SUITE)
    (suite / "pytest.ini").write_text("[pytest]\n")
    disk.fill()
    record = disk.path / "verdicts.json"
    result = run(suite, "pytest", "claims", "-p", "lrn.plugin", f"--ledger={disk.path}/l", f"--verdicts={record}")
    assert result.returncode == 1
    assert "the ledger cannot be written to (No space left on device)" in result.stdout
    assert "could not be written: No space left on device" in result.stdout
    assert not record.exists()
    assert leftovers(disk.path) == []
    result = run(suite, "lrn", "run", "--depths", "2", "--epochs", "3", "--seeds", "4", "--ledger", f"{disk.path}/l")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("lrn: the ledger cannot be written to (No space left on device): ")
    assert len(result.stderr.splitlines()) == 1


LIMITED = """
import resource, sys
from lrn import Experiment, Ledger

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    Ledger(sys.argv[1]).runs(Experiment(depth=2, epochs=3), range(64))
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no limits on files")
def test_a_limit_on_the_size_of_files_is_one_sentence_too(tmp_path):
    result = subprocess.run([sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, check=True)
    assert result.stdout == "the ledger cannot be written to (File too large)\n"
    assert leftovers(tmp_path) == []
    assert len(Ledger(tmp_path).runs(TINY, range(64))) == 64
    shutil.rmtree(tmp_path)

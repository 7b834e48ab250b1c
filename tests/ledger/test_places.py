"""A ledger whose name has a scheme lies where fsspec can write; in these tests, in this process's memory."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from counting import OTHER, TINY, again, assert_trained, contents, counting

import lrn.claims
import lrn.cli._fleet
import lrn.cli._tables
import lrn.experiment.metrics
import lrn.plugin

# pytester forgets what was imported in its session, and numpy's and scipy's parts cannot be loaded twice.
import lrn.plugin._session
import lrn.plugin._summary
from lrn import Ledger
from lrn.cli import main
from lrn.ledger.files import LedgerWarning
from lrn.ledger.samples import Samples

pytest.importorskip("upath", reason="universal-pathlib is not installed: pip install 'lrn-claims[remote]'")
pytest_plugins = ["pytester"]


@pytest.fixture
def remote(monkeypatch):
    import fsspec

    # The plugin is handed over, whether or not it is installed.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    yield "memory://bucket/ledger"
    fsspec.filesystem("memory").rm("/bucket", recursive=True)


def test_it_remembers(remote):
    ledger = counting(remote)
    for trace in (False, True, False, True):
        assert_trained(ledger.runs(TINY, range(5, 12), trace), TINY, range(5, 12), trace)
    assert ledger.engine.trained == [(5, 12), (5, 12)]
    later = counting(remote)
    assert_trained(later.runs(TINY, range(9)), TINY, range(9))
    assert later.engine.trained == [(0, 5)]
    assert later.table().num_rows == 12
    assert later.missing(TINY, range(20)) == [range(12, 20)]


def test_it_holds_the_files_that_a_folder_would(remote, tmp_path):
    for where in (remote, tmp_path):
        ledger = Ledger(where)
        ledger.runs(TINY, range(6))
        ledger.runs(OTHER, range(3))
    folder = Ledger(remote).root
    local = contents(tmp_path) | contents(tmp_path, "*.json")
    assert len(local) == 4
    for name, content in local.items():
        assert (folder / name).read_bytes() == content


def test_a_damaged_block_is_set_aside(remote):
    ledger = counting(remote)
    ledger.runs(TINY, range(5))
    path = ledger.folder / TINY.key / "0-5.parquet"
    sound = path.read_bytes()
    path.write_bytes(sound[:-100])
    with pytest.warns(LedgerWarning, match=r"0-5\.parquet is no sound block \(.+\); set aside as 0-5\.damaged-"):
        assert_trained(again(ledger).runs(TINY, range(5)), TINY, range(5))
    assert path.read_bytes() == sound
    assert len(list(path.parent.glob("0-5.damaged-*"))) == 1


def test_a_block_that_is_far_too_long_is_set_aside(remote):
    ledger = counting(remote)
    ledger.runs(TINY, range(5))
    (ledger.folder / TINY.key / "0-5.parquet").write_bytes(bytes(1 << 20))
    with pytest.warns(LedgerWarning, match=r"is no sound block \(it holds 1,048,576 bytes"):
        assert_trained(again(ledger).runs(TINY, range(5)), TINY, range(5))


def test_a_network_that_fails_says_nothing_about_a_block(remote, monkeypatch):
    ledger = Ledger(remote)
    ledger.runs(TINY, range(5))

    def fail(path):
        raise ConnectionError("the network is down")

    with monkeypatch.context() as context:
        context.setattr(type(ledger.root), "read_bytes", fail)
        with pytest.raises(ConnectionError, match="the network is down"):
            again(ledger).runs(TINY, range(5))
    assert_trained(again(ledger).runs(TINY, range(5)), TINY, range(5))
    assert not list(ledger.folder.glob("*/*damaged*"))


def test_samples_are_kept_there_too(remote):
    drawn = []

    def draw(seeds):
        drawn.append(seeds)
        return {"value": np.arange(seeds.start, seeds.stop) * 2}

    samples = Samples(Ledger(remote).root)
    for _ in range(2):
        assert samples.sample("a population", "1", draw, range(3, 6), block=32)["value"].tolist() == [6, 8, 10]
    assert drawn == [range(32)]


def test_the_command_and_pytest_take_such_a_name(remote, capsys, pytester):
    run = ["run", "--depths", "2", "--epochs", "3", "--seeds", "70", "--csv", "-"]
    assert main([*run, "--ledger", remote]) == 0
    stdout = capsys.readouterr().out
    assert main([*run, "--no-ledger"]) == 0
    assert capsys.readouterr().out == stdout
    pytester.makepyfile("""
        from lrn.claims import Experiment, claim

        @claim("Few converge")
        def test_few(measure):
            assert measure.rate(Experiment(depth=3, epochs=3), "converged") < 0.5
    """)
    pytester.runpytest_inprocess(f"--ledger={remote}", plugins=[lrn.plugin]).assert_outcomes(passed=1)
    assert sorted(set(Ledger(remote).table()["depth"].to_pylist())) == [2, 3]
    assert not (pytester.path / "memory:").exists()


def test_file_is_this_machine(tmp_path):
    Ledger(f"file://{tmp_path}/ledger").runs(TINY, range(3))
    assert list((tmp_path / "ledger").rglob("runs.lock")), "and locked as such"
    assert_trained(counting(tmp_path / "ledger").runs(TINY, range(3)), TINY, range(3))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("warp://a/b", "the ledger must be a folder, or lie where fsspec can write; got warp://a/b (Unsupported"),
        ("memory://bucket/ledger/file", "the ledger must be a folder; memory://bucket/ledger/file is a file"),
    ],
)
def test_what_cannot_be_a_ledger_is_one_sentence_before_any_training(remote, name, sentence, capsys, pytester):
    (Ledger(remote).root / "file").write_bytes(b"")
    assert main(["run", "--ledger", name]) == 2
    stderr = capsys.readouterr().err
    assert stderr.startswith(f"lrn: {sentence}")
    assert len(stderr.splitlines()) == 1
    pytester.makepyfile("raise SystemExit('it ran')")
    result = pytester.runpytest_inprocess(f"--ledger={name}", plugins=[lrn.plugin])
    assert next(filter(None, result.errlines)).startswith(f"ERROR: --ledger: {sentence}")


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        ("upath", r"the ledger s3://a/b needs universal-pathlib: pip install 'lrn-claims\[remote\]'"),
        ("s3fs", "the ledger s3://a/b cannot be opened: Install s3fs to access S3"),
    ],
)
def test_what_is_missing_is_named(module, sentence, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=sentence):
        Ledger("s3://a/b")

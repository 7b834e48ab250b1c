"""A cluster's results equal this machine's, to the byte; what cannot be trusted is refused before any training."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import noting
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lrn.claims
import lrn.cli._fleet
import lrn.cli._tables
import lrn.experiment.metrics
import lrn.ledger.cluster
import lrn.plugin

# pytester forgets what was imported in its session, and numpy's and scipy's parts cannot be loaded twice.
import lrn.plugin._session
import lrn.plugin._summary
from lrn import Experiment, Ledger
from lrn.cli import main
from lrn.engines import choose
from lrn.ledger.cluster import Cluster, ClusterError
from lrn.ledger.files import encode
from lrn.ledger.version import version
from lrn.ledger.workers import Workers, _Request, _train

pytest_plugins = ["pytester"]

TINY = Experiment(depth=2, epochs=30)
CLAIMS = """
    from lrn.claims import Experiment, claim

    late = Experiment(depth=2, epochs=200)

    @claim("Some converge")
    def test_some(measure):
        assert measure.rate(late, "converged") > 0.02

    @claim("Most converge", refuted="not within 200 epochs")
    def test_most(measure):
        assert measure.rate(late, "converged") > 0.5

    @claim("Losses of few jump, which takes the loss of every epoch")
    def test_jumps(measure):
        assert measure.median(late, "spikes") < 5
"""


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_a_run_prints_the_same_bytes_and_keeps_the_same_networks(scheduler, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = ["run", "--depths", "2", "3", "--epochs", "40", "--seeds", "300", "--csv", "-"]
    assert main([*run, "--ledger", "here"]) == 0
    local = capsys.readouterr().out
    assert main([*run, "--ledger", "there", "--scheduler", scheduler]) == 0
    assert capsys.readouterr() == (local, "")
    order = [(name, "ascending") for name in ("depth", "connection", "optimizer", "style", "seed")]
    trained_locally = Ledger("here").table().sort_by(order)
    trained_by_workers = Ledger("there").table().sort_by(order)
    assert trained_locally.num_rows == 16 * 320, "whole batches"
    assert trained_by_workers.equals(trained_locally)


def test_verdicts_and_ledger_are_the_same_to_the_byte(scheduler, pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = -p no:cacheprovider")
    pytester.makepyfile(CLAIMS)
    for name, options in {"here": [], "there": ["--scheduler", scheduler]}.items():
        arguments = [f"--ledger={name}", f"--verdicts={name}.json", *options]
        pytester.runpytest_inprocess(*arguments, plugins=[lrn.plugin]).assert_outcomes(passed=3)
    assert (pytester.path / "here.json").read_bytes() == (pytester.path / "there.json").read_bytes()
    assert files(pytester.path / "here") == files(pytester.path / "there") != {}


def test_without_a_folder_the_runs_come_back_all_the_same(scheduler):
    with Ledger(None, scheduler=scheduler) as ledger:
        runs = ledger.runs(TINY, range(5, 70), trace=True)
    local = Ledger(None).runs(TINY, range(5, 70), trace=True)
    assert runs.trace.tobytes() == local.trace.tobytes()
    assert (runs.dead == local.dead).all()


def test_what_is_there_is_not_trained_again(scheduler, tmp_path, monkeypatch):
    Ledger(tmp_path).runs(TINY, range(10, 20))
    with Ledger(tmp_path, scheduler=scheduler) as ledger:
        assert ledger.missing(TINY, range(0, 30), 8) == [range(0, 8), range(8, 10)]
        assert ledger.missing(TINY, range(0, 80), 40) == [range(0, 10), range(64, 104), range(104, 128)]
        ledger.runs(TINY, range(80))
        assert ledger.missing(TINY, range(128)) == []
        assert list(ledger.fill([])) == []


def test_answers_come_as_they_are_done_and_each_once(scheduler, tmp_path):
    slow, *quick = noting.requests_in(tmp_path, 40, 0)
    slow = (*slow[:2], 0.3)
    requests = [slow, *quick]
    with Cluster(scheduler) as cluster:
        answers = list(cluster.each(noting.note, requests))
    assert sorted(answers) == noting.answers_to(requests)
    assert answers[0][0] != slow, "nobody waits for the slow one"
    assert len(list(tmp_path.iterdir())) == 40
    assert len({path.name.split("-")[1] for path in tmp_path.iterdir()}) == 2, "both workers take part"


def test_an_error_on_a_worker_comes_through(scheduler):
    with (
        Cluster(scheduler) as cluster,
        pytest.raises(ClusterError, match="asked: ValueError: no such request: 7"),
    ):
        list(cluster.each(noting.fail, [7]))


def test_a_request_that_kills_workers_is_given_up(scheduler, monkeypatch):
    monkeypatch.setattr(lrn.ledger.cluster, "_answer", noting.call)
    with (
        Cluster(scheduler) as cluster,
        pytest.raises(ClusterError, match=r"asked: .*gone wild"),
    ):
        list(cluster.each(noting.fail, [1]))


@pytest.mark.parametrize("answer", [noting.hostile, noting.number, noting.hostile_error])
def test_nothing_of_a_workers_is_unpickled(scheduler, answer, tmp_path, monkeypatch):
    monkeypatch.setattr(lrn.ledger.cluster, "_answer", answer)
    ran = tmp_path / "ran"
    with Cluster(scheduler) as cluster:
        with pytest.raises(ClusterError, match=r"answer is not bytes|could not do what"):
            list(cluster.each(str(ran), [1]))
        errors = cluster.everywhere(str(ran), 1)
    assert set(map(type, errors.values())) == {ClusterError}
    assert not Path(f"{ran}-{os.getpid()}").exists(), "workers may unpickle what they like"


BAD = {
    "empty": lambda data: b"",
    "garbage": lambda data: b"garbage" * 100,
    "truncated": lambda data: data[:-100],
    "of other seeds": lambda data: _train(_request(TINY, range(64, 128))),
    "of fewer seeds": lambda data: _train(_request(TINY, range(32))),
    "of another experiment": lambda data: _train(_request(TINY.replace(lr=0.5), range(64))),
    "with losses": lambda data: _train(_request(TINY, range(64), True)),
    "an error of zero beside unchanged predictions": lambda data: zeroed(data),
}


@pytest.mark.parametrize("bad", BAD)
def test_an_answer_that_is_not_what_was_asked_for_is_not_written(scheduler, bad, tmp_path):
    with Ledger(tmp_path, scheduler=scheduler) as ledger:
        train = ledger.workers.train

        def train_badly(*request):
            for experiment, seeds, data in train(*request):
                yield experiment, seeds, BAD[bad](data)

        ledger.workers.train = train_badly
        with pytest.raises(ClusterError, match=r"a worker's answer for seeds 0 to 63 of .* is not a block \(.+\)$"):
            list(ledger.fill([(TINY, range(64))]))
        with pytest.raises(ClusterError, match=r"a worker's answer for seeds 0 to 63 of .* is not a block \(.+\)$"):
            ledger.runs(TINY, range(64))
    assert not list(tmp_path.rglob("*.parquet"))


def _request(experiment, seeds, trace=False):
    engine = choose()
    return _Request(engine.name, "cpu", 1, version(engine), experiment, seeds, trace)


def zeroed(data):
    table = pq.read_table(pa.BufferReader(data))
    column = pa.array([0.0] * len(table), table.schema.field("rmse").type)
    return encode(table.set_column(1, table.schema.field("rmse"), column))


@contextlib.contextmanager
def answering(text):
    """A server that says this and nothing more; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as connections:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection = connections.enter_context(server.accept()[0])
                    connection.sendall(text)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):  # some systems say that it is not connected
                server.shutdown(socket.SHUT_RDWR)  # ends the wait for another connection
            server.close()
            thread.join(10)


@pytest.mark.parametrize("text", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 8, bytes(8)])
def test_what_is_no_scheduler_is_one_sentence_within_seconds(text, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lrn.ledger.cluster.CONNECT_SECONDS", 0.5)
    started = time.monotonic()
    with answering(text) as port:
        assert main(["run", "--scheduler", f"tcp://127.0.0.1:{port}"]) == 2
    assert time.monotonic() - started < 20
    stderr = capfd.readouterr().err
    assert stderr.startswith("lrn: the scheduler must be the address of a Dask scheduler that answers within 0.5 s")
    assert len(stderr.splitlines()) == 1


def test_workers_of_another_version_are_refused_before_anything_is_trained(scheduler, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lrn.ledger.workers.version", lambda engine: "native-of-tomorrow")
    assert main(["run", "--depths", "2", "--scheduler", scheduler]) == 2
    stderr = capsys.readouterr().err
    assert stderr.startswith("lrn: the worker at tcp://127.0.0.1:")
    assert "would not train what this machine does: its version is " in stderr
    assert "here it is native-of-tomorrow; install the same lrn on both" in stderr
    assert len(stderr.splitlines()) == 1
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_worker_that_joined_later_checks_the_version_itself():
    name = choose().name
    request = _Request(name, "cpu", 1, f"{name}-of-tomorrow", TINY, range(3), False)
    with pytest.raises(ClusterError, match=r"would not train what this machine does: .*-of-tomorrow; install the same"):
        _train(request)


def test_workers_without_the_engine_are_refused(scheduler, monkeypatch):
    monkeypatch.setattr("lrn.ledger.workers.version", lambda engine: "unused")
    with pytest.raises(ClusterError, match=r"the worker at tcp://.* cannot train: .*engine must be one of auto, "):
        Workers(scheduler, SimpleNamespace(name="abacus"), "cpu", 1)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("nonsense", r"missing port number in address 'nonsense'"),
        ("warp://a:1", r"unknown address scheme 'warp'.*"),
        ("tcp://127.0.0.1:1", "Timed out .*after .* s"),
    ],
)
def test_an_address_where_no_scheduler_answers_is_one_sentence(address, why, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lrn.ledger.cluster.CONNECT_SECONDS", 0.2)
    assert main(["run", "--scheduler", address]) == 2
    stderr = capsys.readouterr().err
    assert stderr.startswith(f"lrn: the scheduler must be the address of a Dask scheduler that answers within 0.2 s, such as tcp://10.0.0.1:8786; got '{address}' (")  # fmt: skip # noqa: E501
    assert len(stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_pytest_refuses_such_an_address_before_any_test(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("raise SystemExit('it ran')")
    result = pytester.runpytest_inprocess("--scheduler=nonsense", plugins=[lrn.plugin])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert next(filter(None, result.errlines)).startswith("ERROR: --scheduler: the scheduler must be ")


def test_a_run_on_a_cluster_needs_a_ledger(capsys):
    assert main(["run", "--scheduler", "tcp://127.0.0.1:1", "--no-ledger"]) == 2
    assert capsys.readouterr().err == "lrn: --scheduler needs a ledger for what comes back; leave --no-ledger out\n"


def test_a_ledger_without_a_cluster_cannot_be_filled(tmp_path):
    with pytest.raises(ValueError, match="this ledger has no cluster: it was made without a scheduler"):
        next(Ledger(tmp_path).fill([(TINY, range(3))]))


def test_without_dask_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ImportError, match=r"the scheduler tcp://a:1 needs dask: pip install 'lrn-claims\[dask\]'"):
        Ledger(None, scheduler="tcp://a:1")

"""Workers and schedulers that die: its cost, and its message."""

from __future__ import annotations

import sys
from threading import Timer

import noting
import pytest

from lrn import Experiment, Ledger
from lrn.ledger.cluster import Cluster, ClusterError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")


def test_deaths_cost_what_was_under_way_and_end_in_one_sentence(processes, tmp_path):
    """One cluster dies bit by bit, as starting processes is what takes time."""
    address = processes.scheduler()
    with pytest.raises(ClusterError, match=f"the Dask cluster at {address} has no workers; start some"):
        Cluster(address)
    first, _ = processes.workers(address, 2)

    a_worker_killed_costs_its_block(address, first, tmp_path)
    an_abandoned_run_leaves_nothing_under_way(address, tmp_path)
    with Cluster(address, patience=0.5) as one, Cluster(address) as other:
        the_last_worker_dies(one)
        the_scheduler_dies(other, processes.running[0])


def a_worker_killed_costs_its_block(address, worker, tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    requests = noting.requests_in(folder, 20, 0.1)
    with Cluster(address) as cluster:
        answers = []
        for answer in cluster.each(noting.note, requests):
            answers.append(answer)
            if len(answers) == 4:
                worker.kill()
    assert sorted(answers) == noting.answers_to(requests)
    begun = len(list(folder.iterdir()))
    assert 20 <= begun <= 22, "again: what it was doing, and what it had done and not yet sent"

    experiment = Experiment(depth=3, epochs=100)
    with Ledger(tmp_path / "ledger", scheduler=address) as ledger:
        runs = ledger.runs(experiment, range(100))
    assert runs.rmse.tobytes() == Ledger(None).runs(experiment, range(100)).rmse.tobytes()


def an_abandoned_run_leaves_nothing_under_way(address, tmp_path):
    folder = tmp_path / "abandoned"
    folder.mkdir()
    with Cluster(address) as cluster:
        answers = cluster.each(noting.note, noting.requests_in(folder, 1000, 0.01))
        next(answers)
        answers.close()
        list(cluster.each(noting.note, [(str(folder), -1, 0)]))
    assert len(list(folder.iterdir())) < 20


def the_last_worker_dies(cluster):
    with pytest.raises(ClusterError) as caught:
        list(cluster.each(noting.stop, [1]))
    assert str(caught.value) == f"the Dask cluster at {cluster.address} has had no workers for 0.5 s"


def the_scheduler_dies(cluster, scheduler):
    Timer(0.5, scheduler.kill).start()
    with pytest.raises(ClusterError, match=f"^the scheduler at {cluster.address} is gone"):
        list(cluster.each(noting.fail, [1]))

"""Seeds of functions run on a cluster whose workers have none of the project's files."""

from __future__ import annotations

import importlib
import sys
from operator import attrgetter

import pytest

from lrn.claims._contract import MeasurementError
from lrn.claims._populations import Draw, RecentSamples, columns

MINE = """
import os, time
import numpy as np
from helping import scale
from lrn.claims import population

@population(failed="error", varies=["pid"])
def mine(seed, *, fails=-1):
    time.sleep(0.06)
    if seed == fails:
        raise ValueError("diverged")
    return {"u": scale(np.random.default_rng(seed).random()), "pid": os.getpid()}
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module of a project that only this process can see."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "helping.py").write_text("def scale(x):\n    return 2 * x\n")
    (tmp_path / "project" / "travelling.py").write_text(MINE)
    (tmp_path / "project" / "pyproject.toml").touch()
    monkeypatch.syspath_prepend(tmp_path / "project")
    yield importlib.import_module("travelling")
    for name in ("travelling", "helping"):
        sys.modules.pop(name, None)


def test_the_cluster_runs_what_this_machine_would(processes, mine, tmp_path):
    address = processes.scheduler()
    workers = processes.workers(address, 2)
    draw = Draw(tmp_path / "ledger", scheduler=address)
    u, pid = columns(RecentSamples(draw), mine.mine(), ["u", "pid"], range(7))
    assert u.tolist() == columns(Draw(None, workers=1), mine.mine(), ["u"], range(7))[0].tolist()
    assert set(pid[1:].tolist()) == set(map(attrgetter("pid"), workers)), "the first seed shows here how long it takes"
    assert len(list((tmp_path / "ledger").rglob("*.parquet"))) == 7
    with pytest.raises(MeasurementError, match=r"mine\(fails=3\) failed for seed 3: ValueError: diverged"):
        columns(RecentSamples(draw), mine.mine(fails=3), ["u"], range(7))
    draw.close()

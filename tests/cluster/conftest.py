"""A Dask cluster of real processes on this machine: a scheduler and two workers of one thread each."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="dask is not installed: pip install 'lrn-claims[dask]'")

HERE = Path(__file__).parent
SECONDS = 60
BIND = ["--host", "127.0.0.1", "--no-dashboard"]


@dataclasses.dataclass
class Processes:
    """A scheduler and its workers, in a folder."""

    folder: Path
    running: list[subprocess.Popen] = dataclasses.field(default_factory=list)

    def start(self, *arguments):
        # A worker has lrn, and the functions of these tests; its folder is not that of the test.
        path = os.pathsep.join([str(HERE.parents[1]), str(HERE)])
        settings = {"PYTHONPATH": path, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:], *BIND],
                cwd=self.folder,
                env=os.environ | settings,
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        return process

    def scheduler(self):
        """Starts one; returns its address."""
        self.start("dask_scheduler", "--port", "0", "--scheduler-file", "scheduler.json")
        return self._wait_for("Scheduler at:")[0]

    def workers(self, address, n):
        """Starts workers; returns their processes when all are there."""
        started = [
            self.start("dask_worker", address, "--nthreads", "1", "--no-nanny", "--local-directory", ".")
            for _ in range(n)
        ]
        self._wait_for("Registered to:", n)
        return started

    def stop(self):
        for process in self.running:
            process.kill()
        for process in self.running:
            process.wait(SECONDS)

    def _wait_for(self, text, n=1):
        for _ in range(SECONDS * 20):
            lines = (self.folder / "log").read_text().splitlines()
            last_words = [line.split()[-1] for line in lines if text in line]
            if len(last_words) >= n:
                return last_words
            assert self.running[-1].poll() is None, "\n".join(lines)
            time.sleep(0.05)
        raise TimeoutError("\n".join(lines))


@pytest.fixture
def processes(tmp_path):
    """Nothing started yet."""
    (tmp_path / "dask").mkdir()
    made = Processes(tmp_path / "dask")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """The address of a scheduler with two workers, for tests that leave them alive."""
    made = Processes(tmp_path_factory.mktemp("dask"))
    address = made.scheduler()
    made.workers(address, 2)
    yield address
    made.stop()

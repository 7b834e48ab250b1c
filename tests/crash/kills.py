"""Kills processes that train, resumes them, and compares the remaining files with those of an undisturbed run.

The suite lies in `suite/`; every run gets a copy of that folder. `Kill` names the process and the step before which
it is killed; `suite/hooks.py` does it, or, where the moment is any, this module from outside.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import runpy
import shutil
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BLOCK = 64
GRID = "run --depths 8 10 --connections late --optimizers adam --styles batch --epochs 500 --seeds 512 --csv -"
OPTIONS = "-p lrn.plugin -p xdist --ledger=ledger --first-seeds 64 --max-seeds 512"
VERDICTS = "out/verdicts.json"
COMMANDS = {
    "ledger": ["fleet.py", "ledger"],
    "samples": ["draws.py", "ledger"],
    "lrn run": ["table.py", *GRID.split(), "--ledger", "ledger"],
    "suite": ["-m", "pytest", "claims", *OPTIONS.split(), f"--verdicts={VERDICTS}"],
}
PATIENCE = 300.0
PRELOAD = ["pyarrow.parquet", "scipy.stats", "lrn.claims._measure", "lrn.cli", "lrn.ledger", "lrn.ledger.samples"]


@dataclass(frozen=True)
class Kill:
    """One way to kill.

    Attributes:
        command: what runs, of COMMANDS.
        who: "main", or "worker" of pytest-xdist; "all" processes at once.
        event: as in `hooks.py`; "any" for any moment from the first training to the end.
        file: how the name of the file ends that is being written.
        most: the event's number is drawn from 1 to this.
        workers: of the suite that is killed; it is resumed without any.
        resumed: the command runs again "later", when all processes are gone, or "at once".
    """

    command: str
    event: str
    who: str = "main"
    file: str = ".parquet"
    most: int = 8
    workers: int = 0
    resumed: str = "later"

    def __str__(self) -> str:
        moments = {
            "any": "at any moment",
            "train": "training a block",
            "torn": f"half-way through writing {self.file.removeprefix('.')}",
            "whole": f"before {self.file.removeprefix('.')} takes its name",
            "kept": f"right after {self.file.removeprefix('.')} was kept",
        }
        who = {
            "main": "the controller" if self.workers else "the process",
            "worker": "a worker",
            "all": "all processes",
        }
        at_once = ", resumed at once" if self.resumed == "at once" else ""
        return f"{self.command}: {who[self.who]} {moments[self.event]}{at_once}"


@dataclass
class Run:
    """A command in a folder of its own, which may run there again.

    Attributes:
        folder: where.
        command: what, of COMMANDS.
        runs: how often it was started.
    """

    folder: Path
    command: str
    runs: int = 0
    process: Any = None

    def __post_init__(self) -> None:
        shutil.copytree(HERE / "suite", self.folder)

    def start(self, at: dict[str, object] | None = None, workers: int = 0) -> None:
        """Starts it, in a process group of its own; armed to kill itself as `hooks.py` says, or undisturbed."""
        self.runs += 1
        environment = {
            "CRASH_AT": json.dumps(at or {}),
            "CRASH_LOG": str(self.folder / "log"),
            "CRASH_MARK": str(self.folder / "mark"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": str(ROOT),
        }
        arguments = [*COMMANDS[self.command], *(["-n", str(workers)] if workers else [])]
        # A server that has loaded what all of them need forks each process: loading it takes longer than they run.
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload(PRELOAD)
        output = self.folder / f"output-{self.runs}"
        self.process = forks.Process(target=_process, args=(self.folder, arguments, environment, output))
        self.process.start()

    def wait(self) -> int:
        """The exit code of the process that was started last, negative for a signal."""
        self.process.join(PATIENCE)
        assert self.process.exitcode is not None, "it hangs"
        return self.process.exitcode

    def lines(self, what: str) -> list[list[str]]:
        """Block, pid and worker of each line of the log that begins so."""
        return [line[1:] for line in self.log() if line[0] == what]

    def log(self) -> list[list[str]]:
        """What happened, in order: "trains" or "keeps", block, pid and worker."""
        log = self.folder / "log"
        return list(map(str.split, log.read_text().splitlines())) if log.exists() else []

    def written(self) -> list[str]:
        """The names of the blocks that were written, in order."""
        return list(map(itemgetter(0), self.lines("keeps")))

    def blocks(self) -> dict[str, Path]:
        """The files of blocks in the ledger."""
        return {"/".join(path.parts[-2:]): path for path in (self.folder / "ledger").rglob("*.parquet")}

    def contents(self) -> dict[str, bytes]:
        """The bytes of each block."""
        return {name: path.read_bytes() for name, path in self.blocks().items()}

    def states(self) -> dict[str, tuple[int, int]]:
        """Each block's inode and the time when it was written, which tell whether it was written again."""
        return {name: (path.stat().st_ino, path.stat().st_mtime_ns) for name, path in self.blocks().items()}

    def result(self) -> bytes:
        """The results of the run: the verdicts, or the printed text."""
        path = self.folder / (VERDICTS if self.command == "suite" else f"output-{self.runs}")
        return path.read_bytes() if path.exists() else b""

    def output(self) -> str:
        """What all runs printed."""
        return "\n".join((self.folder / f"output-{n + 1}").read_text(errors="replace") for n in range(self.runs))

    def alive(self) -> bool:
        """Whether any process of those started last is there."""
        return self.process.is_alive() or _alive(self.process.pid)


@dataclass(frozen=True)
class Undisturbed:
    """The results of a run that nobody kills: its exit code, its result, its blocks, and the seconds it trains."""

    code: int
    result: bytes
    blocks: dict[str, bytes]
    seconds: float


def undisturbed(folder: Path, command: str) -> Undisturbed:
    """Runs a command without killing anything."""
    run = Run(folder, command)
    run.start()
    _until(lambda: run.lines("trains") or not run.alive())
    started = time.monotonic()
    code = run.wait()
    assert code == 0, run.output()
    blocks, written = run.contents(), run.written()
    assert len(written) > 10
    assert len(set(written)) == len(written), "a file was written twice"
    assert blocks.keys() <= set(written)
    return Undisturbed(code, run.result(), blocks, time.monotonic() - started)


def kill_and_resume(folder: Path, kill: Kill, expected: Undisturbed, rng: random.Random) -> None:
    """Kills a run once, resumes it, and checks the files; tries again where the run ended before it was killed."""
    for attempt in range(20):
        run = Run(folder / str(attempt), kill.command)
        if _killed(run, kill, expected, rng):
            break
        shutil.rmtree(run.folder)
    else:
        raise AssertionError(f"{kill}: never killed")
    group = run.process.pid
    if kill.resumed == "later":
        _until(lambda: not _alive(group))
    blocks = run.states()
    assert _seeds(run.written()) <= _seeds(blocks), "a finished block is gone"
    run.start()
    assert run.wait() == expected.code, run.output()
    _until(lambda: not _alive(group))
    check(run, blocks, expected)
    shutil.rmtree(folder)


def check(run: Run, blocks: dict[str, tuple[int, int]], expected: Undisturbed) -> None:
    """The resumed run ended as the undisturbed one, and trained only unfinished blocks twice."""
    assert run.result() == expected.result
    assert run.contents() == expected.blocks
    states = run.states()
    for name in states.keys() & blocks.keys():
        assert states[name] == blocks[name], f"{name} was written again"
    _check_work(run)
    assert "LedgerWarning" not in run.output()
    assert "set aside" not in run.output()
    for path in (run.folder / "ledger").rglob("*"):
        assert "damaged" not in path.name
        assert ".parquet." not in path.name


def _check_work(run: Run) -> None:
    """No stored block was trained again, and no process lost more than it may.

    Commands may lose the current blocks of three processes. In a suite, networks that train in less than a second
    together wait in memory, but no longer than until their claim ends.
    """
    finished, trained, lost = set[tuple[str, int]](), set[tuple[str, int]](), 0
    waiting = defaultdict[str, set[tuple[str, int]]](set)  # by process
    for what, name, pid, _ in run.log():
        if what == "wrote":
            assert waiting.pop(pid, set()) <= finished, "a claim ended before its networks were written"
            continue
        seeds = _seeds([name])
        if what == "keeps":
            finished |= seeds
            continue
        assert not seeds & finished, f"{name} was trained again"
        lost += len(seeds & trained)
        trained |= seeds
        waiting[pid] |= seeds
    assert run.command == "suite" or lost <= 3 * BLOCK, f"{lost} seeds were trained again"


def _seeds(names: Iterable[str]) -> set[tuple[str, int]]:
    """What files hold: folder and seed."""
    pairs = set()
    for name in names:
        folder, _, block = name.partition("/")
        start, stop = block.removesuffix(".parquet").removesuffix("-trace").split("-")
        owner = f"{folder}-trace" if "-trace" in block else folder
        for seed in range(int(start), int(stop)):
            pairs.add((owner, seed))
    return pairs


def _killed(run: Run, kill: Kill, expected: Undisturbed, rng: random.Random) -> bool:
    """Starts a run and kills it; False if it ended by itself before."""
    if kill.event != "any":
        n, share = rng.randint(1, kill.most), rng.random()
        run.start({"event": kill.event, "file": kill.file, "n": n, "share": share, "who": kill.who}, kill.workers)
        code = run.wait()
        assert (run.folder / "mark").exists() or code == 0, run.output()
        died = (run.folder / "mark").exists()
    else:
        run.start({}, kill.workers)
        _until(lambda: run.lines("trains") or not run.alive())
        time.sleep(rng.uniform(0, expected.seconds))
        main = run.process.pid
        workers = sorted({int(pid) for _, pid, worker in run.lines("trains") if worker != "main"})
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if kill.who == "all" else os.kill)(rng.choice(workers) if kill.who == "worker" else main, 9)
        code = run.wait()
        died = "replacing crashed worker" in run.output() if kill.who == "worker" else code == -signal.SIGKILL
    if died and kill.who == "worker":
        assert code == expected.code, run.output()
        assert run.result() == expected.result, "another worker takes over"
    elif died:
        assert code == -signal.SIGKILL
    return died


def _process(folder: Path, arguments: list[str], environment: dict[str, str], output: Path) -> None:
    """Runs a script or a module in this process, which was forked for it."""
    os.setsid()
    os.chdir(folder)
    for name in list(os.environ):
        if name.startswith("PYTEST_"):
            del os.environ[name]
    os.environ.update(environment)
    file = os.open(output, os.O_WRONLY | os.O_CREAT)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.path.insert(0, str(folder))
    if arguments[0] == "-m":
        sys.argv[:] = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv[:] = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _until(true) -> None:
    """Waits for it."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)

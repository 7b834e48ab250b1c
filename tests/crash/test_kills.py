"""A killed run loses nothing that was finished, and resumed it ends as if nothing had happened."""

from __future__ import annotations

import random
import sys

import pytest

from tests.crash.kills import Kill, Run, check, kill_and_resume, undisturbed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")

FEW = (
    Kill("ledger", "torn"),
    Kill("samples", "any"),
    Kill("lrn run", "train"),
    Kill("suite", "torn", file="verdicts.json", most=1),
    Kill("suite", "whole", who="worker", most=3, workers=2),
)
MANY = {
    Kill("ledger", "train"): 14,
    Kill("ledger", "torn"): 14,
    Kill("ledger", "whole"): 10,
    Kill("ledger", "kept"): 10,
    Kill("ledger", "torn", file="experiment.json", most=2): 6,
    Kill("ledger", "any"): 16,
    Kill("samples", "train"): 8,
    Kill("samples", "torn"): 10,
    Kill("samples", "whole"): 6,
    Kill("samples", "kept"): 6,
    Kill("samples", "any"): 10,
    Kill("lrn run", "train"): 6,
    Kill("lrn run", "torn"): 6,
    Kill("lrn run", "any"): 12,
    Kill("suite", "any"): 8,
    Kill("suite", "torn", file="verdicts.json", most=1): 3,
    Kill("suite", "whole", file="verdicts.json", most=1): 3,
    Kill("suite", "kept", file="verdicts.json", most=1): 3,
    Kill("suite", "train", who="worker", workers=2): 8,
    Kill("suite", "torn", who="worker", workers=2): 8,
    Kill("suite", "whole", who="worker", workers=2): 5,
    Kill("suite", "any", who="worker", workers=2): 8,
    Kill("suite", "any", workers=2): 8,
    Kill("suite", "any", workers=2, resumed="at once"): 6,
    Kill("suite", "any", who="all", workers=2): 8,
}


@pytest.fixture(scope="session")
def expected(tmp_path_factory):
    """The files of each command's undisturbed run, which happens when first requested."""
    known = {}

    def ask(command):
        if command not in known:
            known[command] = undisturbed(tmp_path_factory.mktemp("undisturbed") / "run", command)
        return known[command]

    return ask


@pytest.mark.parametrize("kill", FEW, ids=str)
def test_a_killed_run_is_resumed(tmp_path, expected, kill):
    kill_and_resume(tmp_path / "run", kill, expected(kill.command), random.Random(str(kill)))


def test_two_suites_at_once_share_a_ledger(tmp_path, expected):
    whole = expected("suite")
    run = Run(tmp_path / "run", "suite")
    run.start()
    first = run.process
    run.start()
    assert run.wait() == whole.code, run.output()
    first.join()
    assert first.exitcode == whole.code, run.output()
    check(run, {}, whole)


@pytest.mark.slow
@pytest.mark.parametrize(("kill", "times"), MANY.items(), ids=str)
def test_many_killed_runs_are_resumed(tmp_path, expected, record_property, kill, times):
    for n in range(times):
        kill_and_resume(tmp_path / str(n), kill, expected(kill.command), random.Random(f"{kill} {n}"))
    record_property("counted", [str(kill), times])


def test_many_are_at_least_200():
    assert sum(MANY.values()) >= 200

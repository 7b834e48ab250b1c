"""A killed run loses nothing that was finished, and resumed it ends as if nothing had happened."""

from __future__ import annotations

import random
import sys
import zlib

import pytest

from tests.crash.kills import COMMANDS, Kill, kill_and_resume, undisturbed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")

FEW = (
    Kill("ledger", "torn"),
    Kill("samples", "any"),
    Kill("lrn run", "train"),
    Kill("suite", "any", who="worker"),
    Kill("suite", "torn", file="verdicts.json", most=1),
)


@pytest.fixture(scope="session")
def expected(tmp_path_factory):
    """What each command leaves undisturbed, run when first asked for."""
    known = {}

    def ask(command):
        if command not in known:
            known[command] = undisturbed(tmp_path_factory.mktemp("undisturbed") / "run", command)
        return known[command]

    return ask


@pytest.mark.parametrize("kill", FEW, ids=str)
def test_a_killed_run_is_resumed(tmp_path, expected, kill):
    kill_and_resume(tmp_path / "run", kill, expected(kill.command), random.Random(zlib.crc32(str(kill).encode())))

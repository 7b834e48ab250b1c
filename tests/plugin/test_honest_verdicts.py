"""No verdict without an honest assertion: whatever a claim tries, it ends as it should, or as an ERROR."""

import os
import shutil
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest
from output import by_test

from lrn.verdicts import SuiteVerdicts

HERE = Path(__file__).parent
MODES = {"alone": [], "workers": ["-p", "xdist", "-n2"], "plain assertions": ["--assert=plain"]}


def run(folder, *arguments, python=()):
    """Runs the claims in tricks/ in a process of its own; returns it and the verdicts by test."""
    shutil.copy(HERE / "populations.py", folder)
    for path in (HERE / "tricks").glob("*.py"):
        shutil.copy(path, folder / (path.name if path.stem == "known" else f"test_{path.name}"))
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider --no-ledger\npythonpath = .\n")
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(HERE.parents[1]),
        "PYTHONWARNINGS": "ignore",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, *python, "-m", "pytest", "-p", "lrn.plugin", "-q", "--verdicts=v.json", *arguments]
    process = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    verdicts = by_test(SuiteVerdicts.read(folder / "v.json")) if (folder / "v.json").exists() else {}
    return process, verdicts


def wrong(verdicts):
    """The claims that ended otherwise than they must: test, verdict, reason."""
    ends = {}
    for test, verdict in verdicts.items():
        if verdict.verdict != verdict.reading:
            ends[test] = str(verdict.verdict), verdict.reason
    return ends


@pytest.mark.parametrize("mode", MODES)
def test_every_claim_ends_as_it_should(tmp_path, mode):
    process, verdicts = run(tmp_path, *MODES[mode])
    assert len(verdicts) > 100, process.stdout
    assert wrong(verdicts) == {}
    assert process.returncode == 1


def test_no_claim_is_judged_without_assertions(tmp_path):
    process, verdicts = run(tmp_path, python=["-O"])
    assert set(map(attrgetter("verdict"), verdicts.values())) == {"ERROR"}, process.stdout
    assert "python -O removes assertions" in verdicts["test_assertion"].reason


@pytest.mark.parametrize("plugin", ["skipping", "unittest", "faulthandler", "unraisableexception"])
def test_other_plugins_may_be_missing(tmp_path, plugin):
    selected = "test_assertion or test_false_assertion or test_open_assertion or test_xfail or test_exact"
    _, verdicts = run(tmp_path, "-p", f"no:{plugin}", "-k", selected)
    assert len(verdicts) >= 5
    assert wrong(verdicts) == {}

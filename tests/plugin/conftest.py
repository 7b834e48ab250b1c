"""Runs small suites of claims with the plugin, most of them within this process."""

from __future__ import annotations

import dataclasses
import textwrap
from pathlib import Path

import pytest
import scipy.special  # noqa: F401
from output import by_test

import lrn.claims
import lrn.engines
import lrn.experiment.metrics
import lrn.plugin

# pytester forgets what was imported in its session, and numpy's and scipy's parts cannot be loaded twice.
import lrn.plugin._session
import lrn.plugin._summary
from lrn.verdicts import SuiteVerdicts

HERE = Path(__file__).parent
HEADER = """
import pytest
from lrn.claims import claim, every, some
from populations import Broken, Coin
"""

INI = """
[pytest]
filterwarnings = error
addopts = -p no:cacheprovider --no-ledger
pythonpath = .
lrn_verdicts = reports/verdicts.json
"""


@dataclasses.dataclass
class Suite:
    """A folder with claims in it."""

    pytester: pytest.Pytester

    def write(self, body, name="claims/test_claims.py"):
        path = self.pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + textwrap.dedent(body), encoding="utf-8")
        return path

    def run(self, *args, **kwargs):
        """Runs pytest in this process."""
        # By -p, pytest would warn that it is imported already.
        return self.pytester.runpytest_inprocess(*map(str, args), plugins=[lrn.plugin], **kwargs)

    def run_workers(self, *args, workers=2):
        """Runs pytest with xdist, in processes of its own."""
        arguments = ["-p", "lrn.plugin", "-p", "xdist", "-n", str(workers), *map(str, args)]
        return self.pytester.runpytest_subprocess(*arguments, timeout=300)  # on a busy machine

    def keep_ledger(self):
        """Gives the sessions a ledger, which `INI` takes away."""
        ini = self.pytester.path / "tox.ini"
        ini.write_text(ini.read_text().replace("--no-ledger", ""))

    def take_lines(self, name):
        """The lines that tests wrote to a file since the last call; empty if the file is missing."""
        path = self.pytester.path / name
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def read(self, name="verdicts.json"):
        return SuiteVerdicts.read(self.pytester.path / name)

    def judge(self, body, *args):
        """Writes and runs claims; returns pytest's result and the verdicts by test name."""
        self.write(body)
        result = self.run("--verdicts", "verdicts.json", *args)
        return result, by_test(self.read())


@pytest.fixture
def suite(pytester, monkeypatch):
    # The plugin is named on the command line, whether or not it is installed.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(HERE.parents[1]), prepend=":")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini(INI)
    pytester.path.joinpath("populations.py").write_text((HERE / "populations.py").read_text())
    return Suite(pytester)

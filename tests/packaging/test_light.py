"""The core works where neither torch nor an extra is installed, and the kernel was never built."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
ABSENT = [
    *("torch", "xdist", "execnet", "hypothesis", "jinja2", "matplotlib", "pandas", "sklearn", "PIL"),
    *("distributed", "upath", "lrn.engines.native._native"),
]
TEXTS = (".py", ".md", ".toml", ".yml", ".ipynb", ".j2")
START = """
import json, os, sys
for name in json.loads(os.environ["ABSENT"]):
    sys.modules[name] = None
"""
CLAIM = """
from dataclasses import dataclass

import numpy as np

from lrn.claims import claim


@dataclass(frozen=True)
class Coins:
    heads: float

    @property
    def label(self):
        return f"coins, {self.heads:.0%} heads"

    def sample(self, seeds):
        tosses = [np.random.Generator(np.random.Philox(key=seed)).random() for seed in seeds]
        return {"heads": np.array(tosses) < self.heads}


@claim("Most coins show heads")
def test_heads(measure):
    assert measure.rate(Coins(0.8), "heads") > 0.5
"""


def light(code, folder):
    """Runs code in an interpreter to which nothing but the core's needs is installed."""
    environment = os.environ | {
        "ABSENT": json.dumps(ABSENT),
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", START + code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_claim_about_an_ordinary_population_is_judged(tmp_path):
    (tmp_path / "test_coins.py").write_text(CLAIM)
    done = light("import pytest; sys.exit(pytest.main(['-p', 'lrn.plugin', '-q']))", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 supported" in done.stdout


def test_a_whole_suite_is_judged_and_recorded_and_judged_again(tmp_path):
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "test_coins.py").write_text(CLAIM.replace("test_heads", "test_more"))
    (tmp_path / "pytest.ini").write_text("[pytest]\nlrn_verdicts = reports/verdicts.json\n")
    records = []
    for _ in range(2):
        done = light("import pytest; sys.exit(pytest.main(['-p', 'lrn.plugin', '-q', 'claims']))", tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        records.append((tmp_path / "reports" / "verdicts.json").read_bytes())
    assert records[0] == records[1]


@pytest.mark.parametrize(
    "code",
    [
        "import lrn.dead",
        "import lrn.nets",
        "from lrn.gradients import report",
        "from lrn import PlainNet",
        "from lrn import Experiment, network; network(Experiment(), 1)",
        "from lrn import Experiment, train; train(Experiment(epochs=2), range(2))",
        "from lrn.classifiers import Classifiers; Classifiers(depth=8).sample(range(2))",
        "from lrn.classifiers import Classifiers; Classifiers(depth=8).network(1)",
    ],
)
def test_what_needs_torch_names_the_extra(code, tmp_path):
    done = light(code, tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].endswith("needs: pip install 'lrn-claims[torch]'")


@pytest.mark.parametrize("arguments", [["run", "--epochs", "3", "--seeds", "2"], ["show"]])
def test_a_command_that_needs_torch_says_so_in_a_sentence(arguments, tmp_path):
    done = light(f"from lrn.cli import main; sys.exit(main({arguments!r}))", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "lrn: torch is not installed, which this part of lrn needs: pip install 'lrn-claims[torch]'\n"


def test_the_list_of_engines_names_the_extra(tmp_path):
    done = light("import runpy; runpy.run_module('lrn.engines')", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "lrn-claims[torch]" in done.stdout


def messages():
    """Each extra that a message, a page or a docstring tells people to install."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in tracked.stdout.split():
        path = ROOT / name
        if path.suffix in TEXTS and path.is_file() and path != Path(__file__):
            text = path.read_text(encoding="utf-8").replace("\\", "")
            for distribution, extras in re.findall(r"pip install[^\n]*?['\" ]((?:lrn[\w-]*|\.))\[([\w,]+)\]", text):
                yield name, distribution, extras


def test_every_extra_that_people_are_told_to_install_exists():
    rows = list(messages())
    assert len(rows) > 15
    for name, distribution, extras in rows:
        assert distribution in (PROJECT["name"], "."), name
        assert EXTRAS.keys() >= set(extras.split(",")), name


def test_extras_take_only_extras_that_exist():
    for requirement in itertools.chain.from_iterable(EXTRAS.values()):
        own = re.match(r"lrn[\w-]*\[(.*)\]", requirement)
        assert own is None or EXTRAS.keys() >= set(own[1].split(",")), requirement

"""The import paths of the first edition."""

from __future__ import annotations

import pickle
import subprocess
import sys
from importlib import import_module

import pytest

from lrn._moved import MOVED
from lrn.experiment import Experiment
from lrn.experiment.metrics import Metric
from lrn.experiment.runs import Runs


@pytest.mark.parametrize(("old", "new"), MOVED.items(), ids=MOVED)
def test_an_old_path_is_the_present_module(old, new):
    assert import_module(old) is import_module(new)
    assert import_module(new).__spec__.name == new


def test_the_old_paths_of_parts_work_in_a_new_process():
    code = "from lrn.blocks import encode; from lrn.tables import markdown; import lrn.registry, lrn.documents"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""


def test_the_old_paths_of_training_work_in_a_new_process():
    code = "from lrn.training import network, train; from lrn import metrics, runs; metrics.Metric, runs.Runs"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""


@pytest.mark.parametrize(
    ("path", "present"), [("lrn.experiment", Experiment), ("lrn.metrics", Metric), ("lrn.runs", Runs)]
)
def test_a_pickle_that_names_an_old_path_gives_the_present_class(path, present):
    assert pickle.loads(f"c{path}\n{present.__name__}\n.".encode()) is present


def test_importing_lrn_imports_none_of_them():
    parts = "'lrn.engines', 'lrn.experiment', 'lrn.ledger', 'lrn.verdicts'"
    code = f"import sys, lrn; sys.exit(any(name.startswith(({parts})) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

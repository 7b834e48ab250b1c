"""The import paths of the first edition."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from lrn._moved import MOVED


@pytest.mark.parametrize(("old", "new"), MOVED.items(), ids=MOVED)
def test_an_old_path_is_the_present_module(old, new):
    assert import_module(old) is import_module(new)
    assert import_module(new).__spec__.name == new


def test_the_old_paths_of_parts_work_in_a_new_process():
    code = "from lrn.blocks import encode; from lrn.tables import markdown; import lrn.registry, lrn.documents"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""


def test_importing_lrn_imports_none_of_them():
    code = "import sys, lrn; sys.exit(any(name.startswith(('lrn.ledger', 'lrn.verdicts')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

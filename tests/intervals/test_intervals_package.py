"""The package as a whole: its public names, its examples, and the modules that it must not import."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

import lrn.intervals

PRELUDE = """
import importlib, sys, types
# A bare parent keeps whatever the package lrn itself imports out of the count.
parent = types.ModuleType("lrn")
parent.__path__ = [sys.argv[1]]
sys.modules["lrn"] = parent
importlib.import_module("lrn.intervals")
"""


def imported_modules(after: str = "") -> set[str]:
    """Return the names of all modules in a fresh interpreter that imported lrn.intervals."""
    code = PRELUDE + after + "\nprint(*sys.modules)"
    root = str(Path(lrn.intervals.__path__[0]).parent)
    run = subprocess.run([sys.executable, "-c", code, root], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_imports_neither_torch_nor_anything_else_of_the_library() -> None:
    modules = imported_modules()
    assert "torch" not in modules
    assert "lrn.intervals" in modules
    assert [name for name in modules if name.startswith("lrn.") and name.split(".")[1] != "intervals"] == []


def test_does_without_the_slow_import_of_scipy_stats() -> None:
    assert "scipy.stats" not in imported_modules()


def test_the_public_names_exist_and_are_documented() -> None:
    for name in lrn.intervals.__all__:
        value = getattr(lrn.intervals, name)
        assert isinstance(value, (int, tuple)) or value.__doc__, name


SUBMODULES = map(attrgetter("name"), pkgutil.iter_modules(lrn.intervals.__path__, "lrn.intervals."))


@pytest.mark.parametrize("module", ["lrn.intervals", *SUBMODULES])
def test_the_examples_in_the_docstrings_run(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_what_computes_an_interval_has_an_example() -> None:
    sequences = [name for name in lrn.intervals.__all__ if name.endswith("_sequence")]
    assert len(sequences) >= 4
    for name in [*sequences, "seeds_needed", "detectable"]:
        assert ">>> " in getattr(lrn.intervals, name).__doc__, name


def test_random_state_is_left_alone() -> None:
    numpy_random = pytest.importorskip("numpy.random")
    before = numpy_random.get_state()[1].tolist()
    lrn.intervals.mean_interval([0.0, 1.0] * 50, 0, 1, 1e-6)
    assert numpy_random.get_state()[1].tolist() == before

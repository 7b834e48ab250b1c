"""The formula of `flops.py` against the kernel itself, run with numbers that count the operations on them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.flops import flops
from benchmarks.peak import compiler
from lrn.engines import native
from lrn.experiment import Experiment

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def count(tmp_path_factory):
    if (cxx := compiler()) is None:
        pytest.skip("no C++ compiler")
    program = tmp_path_factory.mktemp("counting") / "count"
    sources = ["-I", str(Path(native.__file__).parent), str(HERE / "counting.cpp")]
    subprocess.run([cxx, "-std=gnu++20", "-O1", "-w", *sources, "-o", str(program)], check=True)
    return lambda *sizes: int(subprocess.run([program, *map(str, sizes)], check=True, capture_output=True).stdout)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("depth", [2, 10, 30])
@pytest.mark.parametrize("width", [2, 4])
def test_formula_is_what_the_kernel_does_to_narrow_networks(count, depth, width, optimizer):
    experiment = Experiment(depth=depth, width=width, epochs=3, optimizer=optimizer)
    assert flops(experiment).total == count(depth, width, 3, optimizer)


def test_formula_is_just_below_what_the_kernel_does_to_wide_networks(count):
    assert 0.98 < flops(Experiment(depth=10, width=16, epochs=3)).total / count(10, 16, 3, "adam") <= 1

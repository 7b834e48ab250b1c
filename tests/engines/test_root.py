"""The native engine's own root is the processor's, to the bit, for every float it can be asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from operator import attrgetter
from pathlib import Path

import pytest
from native_variants import VARIANTS

from lrn.engines import native

HERE = Path(__file__).parent
HEADER = Path(native.__file__).parent / "vec.hpp"
CXX = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")

pytestmark = pytest.mark.skipif(
    CXX is None or "v4" not in map(attrgetter("name"), VARIANTS),
    reason="needs a C++ compiler and a processor with AVX-512",
)


def wrong_roots(folder, header):
    (folder / "vec.hpp").write_text(header)
    flags = ["-std=gnu++20", "-O2", "-w", "-march=x86-64-v4", "-I", str(folder)]
    subprocess.run([CXX, *flags, str(HERE / "root.cpp"), "-o", str(folder / "root")], check=True)
    return int(subprocess.run([folder / "root"], check=True, capture_output=True).stdout)


def test_every_root_is_exactly_rounded(tmp_path):
    assert wrong_roots(tmp_path, HEADER.read_text()) == 0


def test_one_step_less_would_not_be(tmp_path):
    header = HEADER.read_text()
    step = "  half_reciprocal = fma(half_reciprocal, miss, half_reciprocal);\n"
    assert header.count(step) == 1
    assert wrong_roots(tmp_path, header.replace(step, "")) > 0

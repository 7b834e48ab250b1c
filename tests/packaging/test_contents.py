"""The contents of a wheel and of a source distribution, without the kernel, which takes minutes to build."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("scikit_build_core", reason="scikit-build-core is not installed (requirements/dev.txt has it)")

ROOT = Path(__file__).parents[2]
BUILD = "import sys; from scikit_build_core import build as b; getattr(b, sys.argv[1])(sys.argv[2], {'wheel.cmake': 'false'})"  # noqa: E501


def built(hook, folder):
    subprocess.run([sys.executable, "-c", BUILD, hook, str(folder)], cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    with zipfile.ZipFile(built("build_wheel", tmp_path_factory.mktemp("wheel"))) as file:
        return {name for name in file.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    with tarfile.open(built("build_sdist", tmp_path_factory.mktemp("sdist"))) as file:
        return {name.split("/", 1)[1] for name in file.getnames()}


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(listed.stdout.split())


def test_a_wheel_holds_the_library_and_nothing_else(wheel):
    assert wheel
    for name in wheel:
        assert name.startswith("lrn/")
        assert not re.search(r"\.ledger|__pycache__|\.so$", name), name


def test_a_wheel_has_every_module_template_and_header(wheel):
    """The cuda engine compiles the kernel's headers where it runs."""
    assert tracked("lrn") <= wheel
    assert {"lrn/engines/cuda/fleet.cu", "lrn/engines/native/fleet.hpp", "lrn/report/templates/page.html.j2"} <= wheel


def test_a_source_distribution_can_build_the_kernel(source):
    assert tracked("lrn") | {"pyproject.toml", "LICENSE", "README.md"} <= source
    for name in source:
        assert not name.startswith((".ledger", "build/", "dist/", ".venv")), name

"""What `make` sets up: packages for the main job, tools for developers, and a kernel for this machine."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

from lrn.engines import native
from tests.environments import environment_without

ROOT = Path(__file__).parents[2]
NEEDED = runpy.run_path(str(ROOT / "requirements" / "needed.py"))["needed"]
CMAKE = shutil.which("cmake", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


def names(*extras):
    return {re.split(r">=|\[", requirement, maxsplit=1)[0] for requirement in NEEDED(*extras)}


def lines_with(words, text):
    return [line for line in text.splitlines() if words in line]


def test_extras_of_extras_are_among_what_is_needed():
    assert {"numpy", "jinja2", "scikit-learn", "pytest-xdist"} <= names("claims")
    assert names("claims") < names("dev")
    for requirement in NEEDED("dev"):
        assert not requirement.startswith("lrn-claims")


def test_the_main_job_needs_no_tools_for_developers():
    assert not {"hypothesis", "ruff", "mypy", "playwright", "distributed"} & names("claims")


@pytest.fixture
def planned(tmp_path):
    """The commands that a goal of the Makefile would run in a fresh clone."""
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")

    def commands(*goal):
        environment = environment_without("MAKE", "LRN_", "VARIANTS")
        command = ["make", "--dry-run", f"PYTHON={sys.executable}", *goal]
        return subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True).stdout

    return commands


@pytest.mark.parametrize(("goal", "extra"), [("claims", "claims"), ("test", "dev"), ("check", "dev")])
def test_a_goal_sets_up_what_it_needs_in_a_fresh_clone(planned, goal, extra):
    lines = planned(goal)
    assert f"needed.py {extra} " in lines
    assert f"needed.py {'dev' if extra == 'claims' else 'claims'} " not in lines
    assert "LRN_VARIANTS='machine'" in lines


def test_all_variants_are_built_where_they_are_asked_for(planned):
    assert "LRN_VARIANTS='all'" in planned("test", "VARIANTS=all")


def test_locked_files_are_compared_with_their_hashes_before_anything_else_is_installed(planned):
    lines = lines_with(" pip install ", planned("setup", "LOCKED=1"))
    assert "--require-hashes --no-deps -r requirements/dev.txt" in lines[0]
    assert " ".join(lines[1].split()).endswith("--no-deps -c constraints.txt torch")
    assert "--no-build-isolation" in lines[2]
    assert len(lines) == 3


def test_torch_can_be_taken_by_its_hash_too(planned):
    commands = " ".join(planned("setup", "LOCKED=1", "TORCH_HASHES=torch.txt").split())
    assert "--no-deps --require-hashes -r 'torch.txt'" in commands


@pytest.mark.parametrize("locked", ["LOCKED=", "LOCKED=1"])
def test_an_index_for_torch_is_asked_for_torch_alone(planned, locked):
    (line,) = lines_with("example.org", planned("setup", "TORCH_INDEX=https://example.org", locked))
    assert "--no-deps --index-url 'https://example.org' -c constraints.txt torch" in " ".join(line.split())


def test_no_second_index_serves_all_packages():
    files = [ROOT / "Makefile", *(ROOT / ".github/workflows").iterdir(), *(ROOT / "requirements").glob("*.txt")]
    for file in filter(Path.is_file, files):
        text = file.read_text(encoding="utf-8").lower().replace("_", "-")
        assert "extra-index-url" not in text, file.name


@pytest.fixture
def configured(tmp_path):
    """The variants that a build with these options would compile; CMake's error where it refuses."""
    nanobind = pytest.importorskip("nanobind")
    if CMAKE is None or not native.available():
        pytest.skip("there is no cmake, or no compiler")

    def variants(requested):
        paths = [f"-DPython_EXECUTABLE={sys.executable}", f"-Dnanobind_DIR={nanobind.cmake_dir()}"]
        command = [CMAKE, "-S", ROOT / "lrn/engines/native", "-B", tmp_path, f"-DLRN_VARIANTS={requested}", *paths]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        configured_variants = set()
        for folder in (tmp_path / "CMakeFiles").glob("variant_*.dir"):
            configured_variants.add(folder.stem.removeprefix("variant_").removesuffix("_doubles"))
        return configured_variants or done.stderr

    return variants


def test_a_build_for_this_machine_has_its_best_variant_and_a_spare(configured):
    assert configured("machine") == {native.variants()[0].name, "generic"}


def test_a_build_to_give_away_has_every_variant_that_runs_here(configured):
    assert configured("all") >= set(map(attrgetter("name"), native.variants()))


def test_an_unknown_variant_is_refused_by_name(configured):
    assert "LRN_VARIANTS must be" in configured("abacus")

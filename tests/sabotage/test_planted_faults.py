"""Each fault of faults.toml, planted in a copy of the library, is found by a chosen selection of tests or claims.

That each line to change still stands where it stood is checked with the quick tests; planting takes minutes
(`make sabotage`). The copy comes first in PYTHONPATH, and `sitecustomize.py` in it lets it be imported even where lrn
is installed for editing. Tests of the copy are children of a process that imports torch and others once (`kennel.py`).
Faults of the C++ kernel are built for one variant only.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
import tomllib
import types
from dataclasses import dataclass, field
from itertools import filterfalse
from operator import attrgetter
from pathlib import Path

import pytest

from lrn.engines import native

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
CMAKE = shutil.which("cmake", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
TESTS_FAILED = 1  # pytest's exit code; others say that nothing was tested
NEEDED = ("lrn", "claims", "tests", "reports", "conftest.py", "pyproject.toml")


@dataclass(frozen=True)
class Fault:
    name: str
    file: str
    line: str
    becomes: str
    why: str
    finder: str

    @property
    def in_kernel(self):
        return not self.file.endswith(".py")

    def planted(self, text):
        """The file's text with the fault in it."""
        lines = text.splitlines(keepends=True)
        (index,) = [i for i, line in enumerate(lines) if line.strip() == self.line]
        lines[index] = lines[index].replace(self.line, self.becomes)
        return "".join(lines)


def read_faults():
    table = tomllib.loads((HERE / "faults.toml").read_text(encoding="utf-8"))
    return [Fault(**row) for row in table["fault"]]


FAULTS = read_faults()
PYTHON = list(filterfalse(attrgetter("in_kernel"), FAULTS))
KERNEL = list(filter(attrgetter("in_kernel"), FAULTS))


def finders(faults):
    """The tests and claims that find some faults, each once."""
    return sorted(set(map(attrgetter("finder"), faults)))


@dataclass
class Copy:
    """A copy of the project, to be damaged; `build` is where its kernel is built."""

    root: Path
    build: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)
    kennel: subprocess.Popen[str] | None = None

    @classmethod
    def make(cls, root):
        for name in NEEDED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
            else:
                shutil.copy2(source, root / name)
        if native.available():
            shutil.copy2(native._native.__file__, root / "lrn" / "engines" / "native")
        shutil.copy2(HERE / "sitecustomize.py", root)
        environment = {
            **os.environ,
            "PYTHONPATH": str(root),
            "PYTHONDONTWRITEBYTECODE": "1",  # a file that changes twice a second would pass for the same
        }
        for name in os.environ:
            if name.startswith(("PYTEST_", "LRN_")):
                del environment[name]
        return cls(root, environment=environment)

    def start(self):
        """Starts the process whose children test the copy; it has imported nothing of lrn."""
        pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, str(HERE / "kennel.py")]
        self.kennel = subprocess.Popen(command, cwd=self.root, env=self.environment, **pipe)

    def stop(self):
        self.kennel.stdin.close()
        self.kennel.stdout.close()
        self.kennel.wait()

    def check(self, *finders):
        """Runs tests or claims; returns pytest's exit code and the end of its output."""
        options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--no-ledger"]
        self.kennel.stdin.write(json.dumps([*options, *finders]) + "\n")
        self.kennel.stdin.flush()
        return tuple(json.loads(self.kennel.stdout.readline()))

    def build_kernel(self):
        """Builds the kernel's portable variant, with four lanes, and puts it where the copy imports it from."""
        target = self.root / "lrn" / "engines" / "native"
        if self.build is None:
            import nanobind

            self.build = self.root / "build"
            # With another hash all of it would be compiled each time.
            replace(target / "CMakeLists.txt", {"generic float": "generic f32x4", "${source_hash}": "planted"})
            configure = [
                *(CMAKE, "-S", target, "-B", self.build, "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0"),
                *(
                    "-DLRN_VARIANTS=generic",
                    f"-DPython_EXECUTABLE={sys.executable}",
                    f"-Dnanobind_DIR={nanobind.cmake_dir()}",
                ),
            ]
            subprocess.run(configure, check=True, capture_output=True)
        subprocess.run([CMAKE, "--build", self.build], check=True, capture_output=True)
        for built in target.glob("_native*.so"):
            built.unlink()
        (built,) = self.build.glob("_native*.so")
        shutil.copy2(built, target)


def replace(file, texts):
    text = file.read_text(encoding="utf-8")
    for old, new in texts.items():
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    copy = Copy.make(tmp_path_factory.mktemp("copy"))
    copy.start()
    yield copy
    copy.stop()


@pytest.fixture(scope="module")
def kernel_copy(tmp_path_factory):
    pytest.importorskip("nanobind")
    if CMAKE is None or not native.available():
        pytest.skip("the kernel cannot be built here, or was not")
    copy = Copy.make(tmp_path_factory.mktemp("kernel"))
    copy.start()
    yield copy
    copy.stop()


by_name = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


@by_name
def test_each_line_to_change_stands_there_once_and_does_change(fault):
    text = (ROOT / fault.file).read_text(encoding="utf-8")
    assert fault.planted(text) != text
    file, name = fault.finder.partition("[")[0].split("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_names_are_distinct():
    assert len(set(map(attrgetter("name"), FAULTS))) == len(FAULTS)


def test_a_line_that_is_gone_or_there_twice_is_found():
    fault = Fault("any", "any.py", "a = 1", "a = 2", "", "")
    assert fault.planted("if b:\n    a = 1\n") == "if b:\n    a = 2\n"
    for text in ("a = 1 + b\n", "a = 1\na = 1\n"):
        with pytest.raises(ValueError, match="unpack"):
            fault.planted(text)


def test_finders_of_an_installation_for_editing_make_way(monkeypatch):
    def finder(name):
        return types.SimpleNamespace(known_source_files={name: ""}, find_spec=lambda *_: None)

    ours, others = finder("lrn.nets"), finder("lrnx")
    monkeypatch.setattr(sys, "meta_path", [ours, others, *sys.meta_path])
    runpy.run_path(str(HERE / "sitecustomize.py"))
    assert ours not in sys.meta_path
    assert others in sys.meta_path


@pytest.mark.slow
def test_the_copy_is_what_is_tested(copy):
    (copy.root / "test_where.py").write_text("import lrn\n\ndef test_where():\n    assert not lrn.__file__\n")
    code, output = copy.check("test_where.py")
    assert code == TESTS_FAILED
    assert str(copy.root / "lrn" / "__init__.py") in output


@pytest.mark.slow
def test_without_a_fault_no_finder_fails(copy):
    code, output = copy.check(*finders(PYTHON))
    assert code == 0, output


@pytest.mark.slow
@pytest.mark.parametrize("fault", PYTHON, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(copy, fault):
    file = copy.root / fault.file
    whole = file.read_text(encoding="utf-8")
    file.write_text(fault.planted(whole), encoding="utf-8")
    try:
        code, output = copy.check(fault.finder)
    finally:
        file.write_text(whole, encoding="utf-8")
    assert code == TESTS_FAILED, output


@pytest.mark.slow
def test_without_a_fault_no_finder_of_the_kernels_fails(kernel_copy):
    kernel_copy.build_kernel()
    code, output = kernel_copy.check(*finders(KERNEL))
    assert code == 0, output


@pytest.mark.slow
@pytest.mark.parametrize("fault", KERNEL, ids=lambda fault: fault.name)
def test_a_fault_planted_in_the_kernel_is_found(kernel_copy, fault):
    file = kernel_copy.root / fault.file
    whole = file.read_text(encoding="utf-8")
    file.write_text(fault.planted(whole), encoding="utf-8")
    try:
        kernel_copy.build_kernel()
        code, output = kernel_copy.check(fault.finder)
    finally:
        file.write_text(whole, encoding="utf-8")
    assert code == TESTS_FAILED, output

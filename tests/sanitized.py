"""Tests of the native engine on a build of its kernel that watches every access: `make sanitize`.

    python tests/sanitized.py address,undefined     reads and writes outside of memory, and undefined behaviour
    python tests/sanitized.py thread                data races between threads

The build lies in build/sanitize/ and takes some minutes; the engine in use stays as it is. A `sitecustomize` puts the
watched kernel in the place of the usual one, in every process that the tests start. Needs gcc on Linux.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = (
    "tests/engines",
    "tests/input/test_native_boundary.py",
    "tests/test_classifiers.py",
    "--ignore=tests/engines/test_cuda.py",  # other code, on another processor
    "--ignore=tests/engines/test_cuda_on_cpu.py",  # compiles its own, which changes stacks
    # Watched code is no judge of time, and asks for all the addresses there are.
    "--deselect=tests/engines/test_interrupt.py::test_ctrl_c_stops_within_a_second",
    "--deselect=tests/engines/test_interrupt.py::test_too_little_memory_is_an_exception_and_not_the_end_of_the_process",
    # Memory that is given back stays out of use there, for an access that comes too late to be seen.
    "--deselect=tests/engines/test_kept_memory.py::test_only_so_much_memory_is_kept",
    "--deselect=tests/engines/test_kept_memory.py::test_the_next_training_takes_the_memory_of_the_one_before",
)
# A child of a fork may get a thread at the address of one of its parent's, which is an error to the thread sanitizer.
NOT_WITH = {"thread": ("--deselect=tests/engines/test_kept_memory.py::test_a_child_of_a_fork_trains_on",)}
# torch's own kernels are not watched; pytester's and hypothesis's threads neither.
OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",  # Python leaves much behind by design
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "ignore_noninstrumented_modules=1:report_signal_unsafe=0:exitcode=66",
}
PRELOADED = {"address": ("libasan.so", "libubsan.so"), "thread": ("libtsan.so",)}
SITE = """\
import importlib.util
import sys

spec = importlib.util.spec_from_file_location("lrn.engines.native._native", {kernel!r})
sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules[spec.name])
"""


def main(sanitizers: str, *arguments: str) -> int:
    """Builds, then runs the tests; `arguments` replace those for pytest."""
    folder = ROOT / "build" / "sanitize" / sanitizers
    kernel = build(sanitizers, folder)
    (folder / "sitecustomize.py").write_text(SITE.format(kernel=str(kernel)))
    libraries = " ".join(library(name) for name in PRELOADED[sanitizers.split(",")[0]])
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | OPTIONS | {"LD_PRELOAD": libraries, "PYTHONPATH": os.pathsep.join(paths)}
    # Watched threads need memory at fixed addresses, which Linux would else choose at random.
    fixed = ["setarch", platform.machine(), "--addr-no-randomize"]
    chosen = arguments or (*TESTS, *NOT_WITH.get(sanitizers, ()))
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *chosen]
    return subprocess.run([*fixed, *pytest], env=environment, cwd=ROOT, check=False).returncode


def build(sanitizers: str, folder: Path) -> Path:
    """The watched kernel."""
    options = [f"-Ccmake.define.LRN_SANITIZE={sanitizers}", "-Cinstall.strip=false", f"-Cbuild-dir={folder / 'build'}"]
    options.append("-Ccmake.define.LRN_VARIANTS=all")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target", str(folder)]
    subprocess.run([*pip, *options, str(ROOT)], check=True)
    return folder / "lrn" / "engines" / "native" / f"_native{sysconfig.get_config_var('EXT_SUFFIX')}"


def library(name: str) -> str:
    """Where gcc keeps a sanitizer's library."""
    return subprocess.run(
        ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

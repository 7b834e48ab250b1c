"""The machine's FMA peak: `peak.cpp`, compiled for this very processor when it is needed."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

__all__ = ["compiler", "fma_peak"]


def compiler() -> str | None:
    """The system's C++ compiler, if there is one."""
    candidates = filter(None, (os.environ.get("CXX"), "c++", "g++", "clang++"))
    return next(filter(shutil.which, candidates), None)


@cache
def fma_peak() -> Callable[[int, float], float] | None:
    """GFLOP/s of float32 fused multiply-adds, given threads and at least how many seconds to run; None: no compiler."""
    cxx = compiler()
    if cxx is None:
        return None
    source = Path(__file__).with_name("peak.cpp")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "peak.so"
        flags = ["-std=c++17", "-O3", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC", "-pthread"]
        subprocess.run([cxx, *flags, str(source), "-o", str(library)], check=True)
        function = ctypes.CDLL(str(library)).fma_peak
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_int, ctypes.c_double]
    return function

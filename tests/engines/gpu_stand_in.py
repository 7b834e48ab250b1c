"""The CUDA engine without a GPU: its kernels compiled for the processor, and stand-ins for torch.cuda and cuda.core.

A launch returns when its networks are trained. All memory that the engine asks for lies between guard bytes and starts
as NaN, so that the kernels cannot read or write beside it unseen.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import itertools
import os
import platform
import re
import shutil
import subprocess
import sys
from functools import partial
from math import prod
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock, patch

import torch

from lrn.engines import cuda
from lrn.engines.cuda import CudaEngine

HERE = Path(__file__).parent / "cuda_on_cpu"
ENGINES = Path(cuda.__file__).parents[1]
CXX = os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++")
FLAGS = ["-std=gnu++20", "-w", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
if platform.machine().lower() in ("x86_64", "amd64"):
    FLAGS.append("-march=x86-64-v3")  # without a fused multiply-add of the processor's, each is a slow call

GUARD_BYTES = 2**20
UNTOUCHED = 0xFF  # floats of such bytes are NaN


def missing():
    """The tool that is missing to compile and run the kernels here, or None."""
    if not sys.platform.startswith("linux"):
        return "lanes take turns through ucontext.h, which only Linux has in full"
    if CXX is None:
        return "there is no C++ compiler"
    tried = subprocess.run([CXX, *FLAGS, "-x", "c++", "-E", os.devnull], capture_output=True, check=False)
    return None if tried.returncode == 0 else f"{CXX} does not compile C++20 for this processor"


def _compile(program, engines, *options):
    macros = [f"-D{name}={value}" for name, value in program.macros]
    folders = [f"-I{folder}" for folder in (HERE, engines / "cuda", engines / "native")]
    command = [CXX, *FLAGS, *macros, *folders, *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[:3000]
    return ended.stdout


def names_unknown_to_cuda(program, engines=ENGINES):
    """Names with two leading underscores, reserved for compilers, that a kernel uses and that cuda.hpp lacks."""
    alone = ["-undef", "-nostdinc", "-D__CUDACC__"]  # no macros that name a processor, no standard library
    text = _compile(program, engines, "-E", "-P", *alone, "-x", "c++", str(engines / "cuda" / "fleet.cu"))
    known = re.findall(r"^(?:#define|static [a-z ]+) (__\w+)", (HERE / "cuda.hpp").read_text(), re.MULTILINE)
    return sorted(set(re.findall(r"\b__\w+", text)) - set(known))


def build(program, folder, engines=ENGINES):
    """The function `launch` of fleet.cpp, compiled for one program."""
    key = repr((program.macros, str(engines)))
    library = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.so"
    if not library.exists():
        _compile(program, engines, "-O1", "-shared", "-fPIC", str(HERE / "fleet.cpp"), "-o", str(library))
    function = ctypes.CDLL(str(library)).launch
    whole, pointer = ctypes.c_longlong, ctypes.c_void_p
    function.argtypes = [ctypes.c_bool, ctypes.c_uint, pointer, pointer, whole, pointer, pointer, whole]
    function.restype = ctypes.c_char_p
    return function


class GuardedTorch:
    """torch with a stand-in for torch.cuda, whose functions that make tensors put guard bytes around them."""

    def __init__(self):
        self.cuda = MagicMock(spec=torch.cuda)
        self.cuda.mem_get_info.return_value = 2**30, 2**30
        self.cuda.get_device_capability.return_value = 9, 0
        self.cuda.get_device_properties.return_value.multi_processor_count = 1
        self.cuda.Event.return_value.query.side_effect = itertools.cycle([False, True])  # so that progress is reported
        self._blocks = []

    def __getattr__(self, name):
        return getattr(torch, name)

    def empty(self, shape, *, dtype, device=None):
        shape = [shape] if isinstance(shape, int) else shape
        size = prod(shape) * dtype.itemsize
        block = torch.full((size + 2 * GUARD_BYTES,), UNTOUCHED, dtype=torch.uint8)
        self._blocks.append(block)
        return block[GUARD_BYTES : GUARD_BYTES + size].view(dtype).view(*shape)

    def zeros(self, shape, *, dtype, device=None):
        return self.empty(shape, dtype=dtype).zero_()

    def from_numpy(self, array):
        tensor = torch.from_numpy(array)
        return self.empty(tensor.shape, dtype=tensor.dtype).copy_(tensor)

    def check_guards(self):
        for block in self._blocks:
            for guard in (block[:GUARD_BYTES], block[-GUARD_BYTES:]):
                assert (guard == UNTOUCHED).all(), "the kernel wrote beside its memory"


def _launch(stream, config, kernel, *arguments):
    """Stands in for cuda.core's."""
    assert config.block == 32
    failure = kernel(config.grid, *arguments)
    if failure is not None:
        raise RuntimeError(failure.decode())


def _cuda_core():
    core = ModuleType("cuda.core")
    core.Device, core.Stream = MagicMock(), MagicMock()
    core.LaunchConfig, core.launch = SimpleNamespace, _launch
    return core


@contextlib.contextmanager
def without_gpu(folder, engines=ENGINES):
    """A CUDA engine that trains on the processor.

    Args:
        folder: where the compiled kernels lie.
        engines: a copy of lrn/engines, whose kernels and host code are used.

    Raises:
        AssertionError: afterwards, if a guard byte has changed.
    """

    def kernels(program, architecture):
        function = build(program, folder, engines)
        return partial(function, False), partial(function, True)

    name = f"{cuda.__name__}._launch"
    spec = importlib.util.spec_from_file_location(name, engines / "cuda" / "_launch.py")
    module = importlib.util.module_from_spec(spec)
    with patch.dict(sys.modules, {"cuda": ModuleType("cuda"), "cuda.core": _cuda_core(), name: module}):
        spec.loader.exec_module(module)
        module.torch, module.kernels = GuardedTorch(), kernels
        with patch.object(CudaEngine, "__post_init__", lambda self: None):
            yield CudaEngine("cpu")
    module.torch.check_guards()

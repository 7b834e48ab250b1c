"""The kernel for one kind of network, compiled at run time with NVRTC."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from lrn.experiment import Experiment

if TYPE_CHECKING:
    from cuda.core import Kernel

__all__ = ["CHOSEN", "JOB", "Program", "compile_program", "is_narrow", "kernels", "source_hash"]

HERE = Path(__file__).parent
HEADERS = HERE.parent / "native"
OF_PROCESSORS = ("arguments.hpp", "boundary.hpp", "memory.hpp", "variants.hpp")
"""Headers that no GPU compiles."""
SOURCES = (
    *sorted(HERE.glob("*.py")),
    HERE / "fleet.cu",
    *sorted(path for path in HEADERS.glob("*.hpp") if path.name not in OF_PROCESSORS),
)

CHOSEN = ("connection", "optimizer", "activation", "initial", "norm")
WHOLE = f"features outputs samples depth width epochs {' '.join(map('{}_chosen'.format, CHOSEN))} iterative count"
REAL = "lr target_scale threshold"
POINTERS = (
    "x t seeds initial rmse rmse_initial converged_at dead prediction parameters trace "
    "adam_step adam_root order settled"
)
JOB = np.dtype([*product(WHOLE.split(), ("i8",)), *product(REAL.split(), ("f8",)), *product(POINTERS.split(), ("u8",))])
"""The kernel's `Job`, which native/job.hpp and fleet.cu describe: the names of its fields, in their order."""

HELD_BYTES = 320
"""A thread's registers hold this much of one layer's outputs for all samples, and as much again of their gradients."""

RESIDENT = 8
"""Blocks of 32 networks that a multiprocessor trains at once: as many as leave a thread 255 registers."""


@dataclass(frozen=True)
class Program:
    """The settings that the kernel is compiled for; everything else is given when it runs.

    Attributes:
        real: "float" or "double".
        activation: "Relu" or "LeakyRelu".
        optimizer: "adam" or "sgd".
        late: whether every layer is wired to the output.
        width: 2 or 4; or 0 for networks of any kind, whose activation, optimizer and so on are given when it runs.
        samples: how many samples a thread's registers hold, or 0 for any number in memory.
    """

    real: str
    activation: str = "Relu"
    optimizer: str = "adam"
    late: bool = False
    width: int = 0
    samples: int = 0

    @classmethod
    def of(cls, e: Experiment) -> Self:
        """The program that trains an experiment."""
        real = {"float32": "float", "float64": "double"}[e.dtype]
        if not is_narrow(e):
            return cls(real)
        return cls(
            real,
            activation={"relu": "Relu", "leaky_relu": "LeakyRelu"}[e.activation],
            optimizer=e.optimizer,
            late=e.connection == "late",
            width=e.width,
            samples=e.data.samples if _layer_bytes(e) <= HELD_BYTES else 0,
        )

    @property
    def macros(self) -> list[tuple[str, str]]:
        """Definitions that `fleet.cu` is compiled with."""
        return [
            ("LRN_REAL", self.real),
            ("LRN_ACTIVATION", self.activation),
            ("LRN_OPTIMIZER", self.optimizer),
            ("LRN_LATE", str(self.late).lower()),
            ("LRN_WIDTH", str(self.width)),
            ("LRN_SAMPLES", str(self.samples)),
            ("LRN_RESIDENT", str(RESIDENT)),
            ("LRN_JOB_BYTES", str(JOB.itemsize)),
        ]


def compile_program(program: Program, architecture: str) -> bytes:
    """Machine code of one program for one architecture, such as "sm_90"; needs no GPU.

    Products and sums fuse only where the source says so, quotients and roots are exactly rounded, and numbers below
    the smallest normal one are zero: results are to the bit those of processors with a fused multiply-add.
    """
    from cuda.core import Program as Source
    from cuda.core import ProgramOptions

    options = ProgramOptions(
        name="fleet.cu",
        std="c++20",
        arch=architecture,
        include_path=str(HEADERS),
        define_macro=program.macros,
        fma=False,
        ftz=True,
        prec_div=True,
        prec_sqrt=True,
    )
    return bytes(Source((HERE / "fleet.cu").read_text(), "c++", options).compile("cubin").code)


@cache
def kernels(program: Program, architecture: str) -> tuple[Kernel, Kernel]:
    """The kernels that train and that survey; compiled once, and kept in the user's cache folder."""
    from cuda.core import ObjectCode

    code = ObjectCode.from_cubin(_cached(program, architecture))
    return code.get_kernel("fleet_train"), code.get_kernel("fleet_survey")


def _cached(program: Program, architecture: str) -> bytes:
    from cuda.bindings import nvrtc
    from filelock import FileLock

    key = repr((program.macros, architecture, source_hash(), nvrtc.nvrtcVersion()[1:]))
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lrn"
    path = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.cubin"
    with suppress(OSError):
        return path.read_bytes()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):  # whoever comes second reads what the first has compiled
            if not path.exists():
                unfinished = path.with_suffix(f".{os.getpid()}")
                unfinished.write_bytes(compile_program(program, architecture))
                unfinished.replace(path)
            return path.read_bytes()
    except OSError:  # a folder that cannot be written costs some seconds each time
        return compile_program(program, architecture)


@cache
def source_hash() -> str:
    """Names the source that results depend on."""
    digest = hashlib.sha256()
    for source in SOURCES:
        digest.update(source.read_bytes())
    return digest.hexdigest()


def is_narrow(e: Experiment) -> bool:
    """Whether there is a program of its own for such networks: those that most work goes into (network.hpp)."""
    return (
        e.width in (2, 4)
        and e.data.x.shape[1] == e.data.t.shape[1] == 1
        and e.connection in ("plain", "late")
        and e.optimizer in ("adam", "sgd")
        and e.activation in ("relu", "leaky_relu")
        and e.norm == "none"
    )


def _layer_bytes(e: Experiment) -> int:
    return e.data.samples * e.width * np.dtype(e.dtype).itemsize

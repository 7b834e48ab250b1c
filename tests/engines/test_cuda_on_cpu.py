"""The CUDA engine on a machine without a GPU: its kernels and its host code give the native engine's networks.

See gpu_stand_in.py. What no processor can show: speed, registers, what NVRTC makes of the source, and the order of what
runs side by side.
"""

from __future__ import annotations

import shutil
from typing import NamedTuple

import gpu_stand_in
import numpy as np
import pytest
from gpu_stand_in import names_unknown_to_cuda, without_gpu
from test_cuda import EXPERIMENTS, PLAIN, differences, needs_fused, on_processor

from lrn import Experiment
from lrn.engines import cuda
from lrn.engines.cuda._program import Program
from lrn.experiment import initial_parameters

MISSING = gpu_stand_in.missing()
pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

SEEDS = np.arange(40, dtype=np.uint64)  # a whole warp, and one with spare lanes
ALL = [*EXPERIMENTS, Experiment(depth=3, width=4, dtype="float64", epochs=90)]
GENERAL, HELD, MEMORISED = map(Program.of, (Experiment(width=3), PLAIN, ALL[-1]))
PROGRAMS = sorted(set(map(Program.of, ALL)), key=repr)


def label(program):
    kind = f"{program.activation} {program.optimizer} {'late' if program.late else 'plain'} width {program.width}"
    return f"{program.real} {kind if program.width else 'general'} samples {program.samples}"


def programs(quick):
    """All programs; those that are not in `quick` are slow, since each takes two seconds to compile."""
    rows = []
    for program in PROGRAMS:
        marks = () if program in quick else pytest.mark.slow
        rows.append(pytest.param(program, marks=marks, id=label(program)))
    return pytest.mark.parametrize("program", rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("kernels")


@programs(quick=PROGRAMS)
def test_kernels_use_nothing_that_cuda_lacks(program):
    assert names_unknown_to_cuda(program) == []


@needs_fused
@programs(quick=(GENERAL, HELD, MEMORISED))
def test_networks_are_the_native_engines_to_the_bit(program, folder):
    experiments = [e.replace(epochs=min(e.epochs, 100)) for e in ALL if Program.of(e) == program]
    with without_gpu(folder) as engine:  # alone, since memory is shared out for the largest
        separate = [engine.train(e, SEEDS, trace=True, parameters=True) for e in experiments]
        together = engine.train_many(experiments, [SEEDS] * len(experiments), trace=True, parameters=True)
    for experiment, alone, beside_others in zip(experiments, separate, together, strict=True):
        expected = on_processor(experiment, SEEDS)
        assert differences(alone, expected) == []
        assert differences(beside_others, expected) == []


@needs_fused
def test_given_weights_replace_those_of_the_seeds(folder):
    experiment = PLAIN.replace(epochs=40)
    weights = initial_parameters(experiment, SEEDS)[::-1] * 1.5
    weights[3] = np.nan
    with without_gpu(folder) as engine:
        runs = engine.train(experiment, SEEDS, trace=True, parameters=True, initial=weights)
    assert differences(runs, on_processor(experiment, SEEDS, initial=weights)) == []


@needs_fused
def test_large_fleets_are_trained_in_several_launches(folder, monkeypatch):
    experiment, done = PLAIN.replace(epochs=40), []
    monkeypatch.setattr(cuda, "RESULT_BYTES", 5000)
    with without_gpu(folder) as engine:
        runs = engine.train(experiment, SEEDS, trace=True, parameters=True, progress=done.append)
    assert differences(runs, on_processor(experiment, SEEDS)) == []
    assert len(done) > 1
    assert done == sorted(done)
    assert done[-1] == len(SEEDS)


@needs_fused
def test_an_interrupt_cancels_the_launch(folder):
    def interrupt(done):
        raise KeyboardInterrupt

    with without_gpu(folder) as engine, pytest.raises(KeyboardInterrupt):
        engine.train(PLAIN.replace(epochs=1), SEEDS, progress=interrupt)


def test_no_seeds_give_no_networks(folder):
    with without_gpu(folder) as engine:
        assert len(engine.train(PLAIN, SEEDS[:0])) == 0


# ---- Faults that no test found before the engine ran on a GPU, and others of their kinds ----


class Fault(NamedTuple):
    name: str
    file: str
    text: str
    becomes: str
    message: str
    experiment: Experiment
    quick: bool = False

    def row(self):
        return pytest.param(self, id=self.name, marks=() if self.quick else pytest.mark.slow)


ELU = Experiment(depth=3, connection="plain", activation="elu", epochs=3)
FAULTS = [
    Fault(
        name="a schedule is read that the optimizer does not have",
        file="native/choices.hpp",
        text="if (optimizer == Optimizer::adam || optimizer == Optimizer::adamw) adam.at(",
        becomes="adam.at(",
        message="the kernel reads or writes where there is no memory",
        experiment=PLAIN.replace(optimizer="momentum", epochs=3),
        quick=True,
    ),
    Fault(
        name="no memory for what ELUs read",
        file="cuda/_launch.py",
        text='e.activation in ("prelu", "elu")',
        becomes='e.activation == "prelu"',
        message="the kernel wrote beside its memory",
        experiment=ELU,
        quick=True,
    ),
    Fault(
        name="spare lanes do not train",
        file="cuda/fleet.cu",
        text="const bool finished = train<R>(",
        becomes="if (spare) return;\n  const bool finished = train<R>(",
        message="lanes of a warp call different functions",
        experiment=PLAIN.replace(epochs=3),
    ),
    Fault(
        name="the last lane leaves",
        file="cuda/fleet.cu",
        text="  for (;;) {\n",
        becomes="  for (; threadIdx.x < 31;) {\n",
        message="lanes wait for others of their warp that have ended",
        experiment=PLAIN.replace(epochs=3),
    ),
    Fault(
        name="blocks share their memory",
        file="cuda/fleet.cu",
        text="train_network(job, lane, workspace + blockIdx.x * cells * lanes, progress);",
        becomes="train_network(job, lane, workspace, progress);",
        message="networks differ",
        experiment=PLAIN.replace(epochs=100),
    ),
    Fault(
        name="lanes overlap",
        file="native/fleet.hpp",
        text="static constexpr long stride = 32;",
        becomes="static constexpr long stride = 31;",
        message="networks differ",
        experiment=PLAIN.replace(epochs=100),
    ),
]


def planted(folder, file, text, becomes):
    """A copy of the engines with one line of one file changed."""
    engines = shutil.copytree(gpu_stand_in.ENGINES, folder / "engines", ignore=shutil.ignore_patterns("*.so"))
    whole = (engines / file).read_text(encoding="utf-8")
    assert whole.count(text) == 1
    (engines / file).write_text(whole.replace(text, becomes), encoding="utf-8")
    return engines


def train_and_compare(experiment, *folders):
    """Raises the engine's errors, or an AssertionError if its networks are not the native engine's."""
    with without_gpu(*folders) as engine:
        runs = engine.train(experiment, SEEDS, trace=True, parameters=True)
    assert differences(runs, on_processor(experiment, SEEDS)) == [], "networks differ"


def test_a_function_of_gcc_is_found(tmp_path):
    engines = planted(tmp_path, "native/vec.hpp", "__int_as_float(0x7fc00000)", '__builtin_nanf("")')
    assert names_unknown_to_cuda(GENERAL, engines) == ["__builtin_nanf"]


@needs_fused
@pytest.mark.parametrize("fault", [fault.row() for fault in FAULTS])
def test_a_planted_fault_is_found(fault, tmp_path):
    engines = planted(tmp_path, fault.file, fault.text, fault.becomes)
    with pytest.raises((RuntimeError, AssertionError), match=fault.message):
        train_and_compare(fault.experiment, tmp_path, engines)

"""The CUDA engine: on a GPU, its networks are the native engine's to the bit; anywhere, its kernels compile.

Without a GPU, test_cuda_on_cpu.py runs the kernels and the host code on the processor. The native variant `fused`
trains one network at a time and takes a GPU thread's way through the headers.
"""

from __future__ import annotations

import dataclasses
import re
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from native_variants import FUSED
from plain_loop import OtherData

from lrn import Experiment, train
from lrn.engines import choose, cuda
from lrn.engines.cuda import CudaEngine
from lrn.engines.cuda._program import JOB, Program, compile_program
from lrn.engines.native import NativeEngine
from lrn.engines.reference import ReferenceEngine
from lrn.experiment import initial_parameters

needs_gpu = pytest.mark.skipif(not cuda.available(), reason="there is no GPU, or cuda-core is not installed")
needs_compiler = pytest.mark.skipif(not cuda.installed(), reason="cuda-core is not installed")
needs_fused = pytest.mark.skipif(not FUSED, reason="no native variant has a fused multiply-add here")

PLAIN = Experiment(depth=12, connection="plain", epochs=700)
EXPERIMENTS = [
    Experiment(depth=10, epochs=300),
    Experiment(depth=5, lr=0.1, optimizer="sgd", epochs=300),
    Experiment(depth=5, style="iterative", epochs=300),
    Experiment(depth=1, connection="plain", epochs=90),
    Experiment(depth=3, width=4, epochs=120, activation="leaky_relu"),
    Experiment(depth=3, width=5, epochs=90),
    Experiment(depth=4, dtype="float64", epochs=90),
    PLAIN,
    PLAIN.replace(style="iterative"),
    PLAIN.replace(optimizer="sgd", lr=0.1),
    PLAIN.replace(width=4),
    PLAIN.replace(width=3),
    PLAIN.replace(dtype="float64"),
    PLAIN.replace(optimizer="momentum"),
    PLAIN.replace(optimizer="adamw"),
    Experiment(depth=5, connection="residual", activation="elu", epochs=90),
    Experiment(depth=4, activation="elu", dtype="float64", optimizer="rmsprop", lr=0.001, epochs=90),
    Experiment(depth=4, activation="prelu", norm="batch", optimizer="adamw", initial="he", epochs=90),
    Experiment(depth=4, connection="residual", norm="batch", optimizer="momentum", target_scale=20, epochs=90),
    OtherData(depth=3, width=2, epochs=60, features=3, outputs=2, samples=7),
    OtherData(depth=3, width=4, epochs=60, features=3, outputs=1, samples=33),
]
experiments = pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: f"{e.label} x{e.data.x.shape[1]}")
SEEDS = np.arange(75, dtype=np.uint64)  # fills no number of warps evenly


def differences(a, b):
    """Arrays that are not equal to the bit; which NaN it is may differ."""
    names = map(attrgetter("name"), dataclasses.fields(a)[1:])
    return [name for name in names if not _equal(getattr(a, name), getattr(b, name))]


def _equal(a, b):
    if a is None or b is None:
        return a is b
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def on_processor(experiment, seeds=SEEDS, **options):
    return NativeEngine(variant=FUSED[0]).train(experiment, seeds, trace=True, parameters=True, **options)


# ---- Without a GPU ----


@needs_compiler
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"connection": "plain", "optimizer": "sgd"},
        {"width": 4, "activation": "leaky_relu"},
        {"width": 3},
        {"width": 3, "dtype": "float64"},
    ],
    ids=str,
)
def test_kernels_compile_without_a_gpu(changes):
    assert compile_program(Program.of(Experiment(**changes)), "sm_90")[:4] == b"\x7fELF"


def test_narrow_networks_are_held_in_registers_and_others_are_not():
    assert Program.of(Experiment()).samples == 20
    assert Program.of(Experiment(width=4)).samples == 20
    assert Program.of(Experiment(dtype="float64")).samples == 20
    assert Program.of(Experiment(width=4, dtype="float64")).samples == 0
    assert Program.of(Experiment(width=3)).samples == Program.of(Experiment(width=3)).width == 0
    assert Program.of(OtherData(width=2, features=1, outputs=1, samples=81)).samples == 0


def test_one_program_trains_all_that_differs_only_in_size_and_pace():
    base = Experiment()
    for same in ({"depth": 30}, {"lr": 0.1}, {"epochs": 9}, {"style": "iterative"}):
        assert Program.of(base.replace(**same)) == Program.of(base)
    for other in ({"connection": "plain"}, {"optimizer": "sgd"}, {"activation": "leaky_relu"}, {"width": 4}):
        assert Program.of(base.replace(**other)) != Program.of(base)


def test_one_program_trains_all_that_is_not_narrow():
    general = Program.of(Experiment(width=3))
    for other in (
        {"connection": "residual"},
        {"optimizer": "rmsprop"},
        {"activation": "elu"},
        {"norm": "batch"},
        {"width": 16, "connection": "plain", "activation": "leaky_relu"},
    ):
        assert Program.of(Experiment(**other)) == general
    assert Program.of(OtherData(features=3, outputs=1, samples=7)) == general
    assert Program.of(Experiment(initial="he", target_scale=20)) == Program.of(Experiment())


def test_the_table_of_jobs_has_no_gaps():
    assert JOB.itemsize == 8 * len(JOB.names)


def fields_of_job(source):
    """The names of the fields that `struct Job` has in a source of the kernel."""
    (body,) = re.findall(r"struct Job[^{]*\{(.*?)^\};", source.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    declarations = re.sub(r"//.*", "", body).split(";")
    return [name for declared in declarations for name in re.findall(r"(\w+)\s*(?:,|$)", declared.strip())]


def test_the_table_of_jobs_has_the_fields_of_the_kernel():
    engines = Path(cuda.__file__).parents[1]
    fields = fields_of_job(engines / "native" / "job.hpp") + fields_of_job(engines / "cuda" / "fleet.cu")
    chosen = {"initial_chosen": "initial_weights"}
    assert fields == [chosen.get(name, name.removesuffix("_chosen")) for name in JOB.names]


def test_without_the_package_cuda_says_what_to_do_and_auto_is_the_reference(monkeypatch):
    monkeypatch.setattr(cuda, "installed", lambda: False)
    assert not cuda.available()
    with pytest.raises(
        RuntimeError, match=r"the cuda engine needs the package cuda-core: pip install 'lrn-claims\[cuda\]'"
    ):
        choose("cuda")
    with pytest.raises(RuntimeError, match="cuda-core"):
        train(Experiment(epochs=1), range(2), engine="cuda")


@needs_compiler
@pytest.mark.skipif(cuda.available(), reason="there is a GPU")
def test_without_a_gpu_cuda_names_the_device():
    with pytest.raises(ValueError, match="device must be one that torch can use here; got 'cuda'"):
        choose("cuda")


@pytest.mark.parametrize("device", ["mps", "abacus", "cudas"])
def test_other_devices_are_refused(device):
    with pytest.raises(ValueError, match=f"the cuda engine runs on device cuda or cuda:NUMBER; got '{device}'"):
        choose("cuda", device=device)


@pytest.mark.parametrize(
    ("experiment", "networks", "on_gpu"),
    [(PLAIN, 16, True), (Experiment(width=8), 4096, False), (Experiment(width=8), 20_000, True)],
    ids=["narrow", "wide", "many wide"],
)
def test_small_fleets_of_wide_networks_train_on_the_processor(experiment, networks, on_gpu, monkeypatch):
    monkeypatch.setattr(CudaEngine, "__post_init__", lambda self: None)
    trained = []
    processor = SimpleNamespace(train=lambda *given, **options: trained.append("processor"))
    monkeypatch.setattr(CudaEngine, "train_many", lambda *given, **options: [trained.append("gpu")])
    CudaEngine("cuda", processor).train(experiment, np.arange(networks, dtype=np.uint64))
    CudaEngine("cuda").train(experiment, np.arange(networks, dtype=np.uint64))
    assert trained == ["gpu" if on_gpu else "processor", "gpu"]


# ---- On a GPU ----


@needs_gpu
def test_auto_is_cuda_on_a_gpu():
    assert choose("cuda") == CudaEngine("cuda")
    assert choose("auto", device="cuda").device == "cuda"
    assert isinstance(choose("reference", device="cuda"), ReferenceEngine)


@needs_gpu
@needs_fused
@experiments
def test_networks_are_the_native_engines_to_the_bit(experiment):
    runs = CudaEngine().train(experiment, SEEDS, trace=True, parameters=True)
    assert differences(runs, on_processor(experiment)) == []


@needs_gpu
@needs_fused
def test_experiments_train_side_by_side():
    seeds = [SEEDS[: 5 * i] for i in range(len(EXPERIMENTS))]
    together = CudaEngine().train_many(EXPERIMENTS, seeds, trace=True, parameters=True)
    for experiment, own, runs in zip(EXPERIMENTS, seeds, together, strict=True):
        assert differences(runs, on_processor(experiment, own)) == []


@needs_gpu
@needs_fused
@pytest.mark.parametrize("experiment", [EXPERIMENTS[0], PLAIN], ids=["late", "plain"])
def test_given_weights_replace_those_of_the_seeds(experiment):
    weights = initial_parameters(experiment, SEEDS)[::-1] * 1.5
    weights[3] = np.nan
    runs = CudaEngine().train(experiment, SEEDS, trace=True, parameters=True, initial=weights)
    assert differences(runs, on_processor(experiment, initial=weights)) == []


@needs_gpu
@pytest.mark.parametrize("experiment", [EXPERIMENTS[0], PLAIN], ids=["late", "plain"])
def test_large_fleets_are_trained_in_several_launches(experiment, monkeypatch):
    whole = CudaEngine().train(experiment, SEEDS)
    monkeypatch.setattr(cuda, "RESULT_BYTES", 5000)
    counts = []
    assert differences(CudaEngine().train(experiment, SEEDS, progress=counts.append), whole) == []
    assert counts == sorted(counts)


@needs_gpu
def test_an_interrupt_ends_a_training_at_once():
    def interrupt(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CudaEngine().train(Experiment(depth=30, epochs=10_000_000), SEEDS, progress=interrupt)


@needs_gpu
def test_no_seeds_give_no_networks():
    assert len(CudaEngine().train(EXPERIMENTS[0], SEEDS[:0])) == 0


def test_experiments_and_seeds_must_be_as_many(monkeypatch):
    monkeypatch.setattr(CudaEngine, "__post_init__", lambda self: None)
    with pytest.raises(ValueError, match="train_many needs seeds for each experiment; got 2 experiments, 1 seeds"):
        CudaEngine().train_many(EXPERIMENTS[:2], [SEEDS])

"""Which engine trains, how it describes itself, and that a missing or misnamed one is reported in one sentence."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from native_variants import needs_native

from lrn import Experiment, train
from lrn.engines import ENGINES, choose, cuda, native
from lrn.engines.native import NativeEngine
from lrn.engines.reference import ReferenceEngine
from lrn.experiment import CHOICES, DRAWN_BY_ENGINES


@pytest.mark.skipif(not shutil.which("c++"), reason="no C++ compiler, which the native engine is built with")
def test_the_native_engine_is_built_where_there_is_a_compiler():
    assert native.available()


@needs_native
def test_auto_is_native_on_the_processor():
    assert isinstance(choose("auto"), NativeEngine)
    assert choose("auto", threads=3).threads == 3
    assert isinstance(choose("native"), NativeEngine)


def test_reference_is_had_by_name():
    assert choose("reference") == ReferenceEngine(device="cpu", threads=None)


def test_without_the_kernel_auto_is_the_reference_and_native_says_what_to_do(monkeypatch):
    monkeypatch.setattr(native, "_native", None)
    assert not native.available()
    assert isinstance(choose("auto"), ReferenceEngine)
    with pytest.raises(RuntimeError, match="the native engine was not built: install lrn again where a C"):
        choose("native")
    assert len(train(Experiment(depth=2, epochs=3), range(2))) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "abacus"}, "engine must be one of auto, native, cuda, reference; got 'abacus'"),
        ({"name": None}, "engine must be one of auto, native, cuda, reference; got None"),
        ({"name": "native", "device": "cuda"}, "the native engine runs on device cpu; got 'cuda'"),
        ({"device": "abacus"}, "device must be one that torch can use here; got 'abacus'"),
        ({"name": "reference", "device": "abacus"}, "device must be one that torch can use here; got 'abacus'"),
        ({"name": "reference", "device": "meta"}, "device must be one that torch can use here; got 'meta'"),
        ({"threads": 0}, "threads must be a whole number from 1 to 1,024, or None; got 0"),
        ({"threads": True}, "threads must be a whole number from 1 to 1,024, or None; got True"),
        ({"threads": 1.5}, r"threads must be a whole number from 1 to 1,024, or None; got 1\.5"),
    ],
)
def test_bad_choices(options, message):
    with pytest.raises(ValueError, match=message):
        choose(**options)


def test_every_engine_by_name():
    available = {"native": native.available(), "cuda": cuda.available()}
    for name in ENGINES:
        if available.get(name, True):
            assert choose(name).name == name or name == "auto"


@needs_native
def test_the_variant_is_the_fastest_or_what_the_environment_names(monkeypatch):
    monkeypatch.delenv("LRN_VARIANT", raising=False)
    assert NativeEngine().variant == native.variants()[0]
    for variant in native.variants():
        monkeypatch.setenv("LRN_VARIANT", variant.name)
        assert NativeEngine().variant == variant
    monkeypatch.setenv("LRN_VARIANT", "abacus")
    with pytest.raises(ValueError, match=r"LRN_VARIANT must be one of .*generic; got 'abacus'"):
        NativeEngine()


def test_the_kernels_count_the_choices_of_an_experiment_in_the_same_order():
    header = (Path(native.__file__).parent / "options.hpp").read_text()
    enums = re.findall(r"enum class (\w+) \{ (.*?) \}", header)
    assert {name.lower(): tuple(values.split(", ")) for name, values in enums} == {
        "connection": CHOICES["connection"],
        "optimizer": CHOICES["optimizer"],
        "activation": CHOICES["activation"],
        "initial": DRAWN_BY_ENGINES,
        "norm": CHOICES["norm"],
    }


@needs_native
def test_every_processor_runs_generic_code_and_the_arithmetic_names_fused_products():
    assert native.variants()[-1].name == "generic"
    for variant in native.variants():
        assert NativeEngine(variant=variant).arithmetic == ("native-fused" if variant.fused else "native")


def test_the_reference_restores_torchs_threads():
    import torch

    before = torch.get_num_threads()
    ReferenceEngine(threads=before + 1).train(Experiment(depth=1, epochs=1), np.arange(2, dtype=np.uint64))
    assert torch.get_num_threads() == before


def test_the_reference_is_independent_of_its_blocks():
    experiment, seeds = Experiment(depth=3, epochs=50, dtype="float64"), np.arange(7, dtype=np.uint64)
    whole = ReferenceEngine(threads=1).train(experiment, seeds, trace=True, parameters=True)
    split = ReferenceEngine(threads=1, block=3).train(experiment, seeds, trace=True, parameters=True)
    for name in ("seeds", "rmse", "rmse_initial", "converged_at", "dead", "prediction", "trace", "parameters"):
        # Torch may multiply stacks of other sizes in another order: a few roundings of 1e-16, over 50 steps.
        assert np.allclose(getattr(whole, name), getattr(split, name), rtol=1e-11, atol=1e-11)


def test_the_module_prints_what_is_there():
    done = subprocess.run([sys.executable, "-m", "lrn.engines"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "reference  torch" in done.stdout
    assert f"auto       {choose().name}" in done.stdout
    for variant in native.variants() if native.available() else []:
        assert variant.name in done.stdout

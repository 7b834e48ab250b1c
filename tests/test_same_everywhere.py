"""Observations, intervals and verdicts have the same bits on another machine, which another process emulates.

torch, MKL, OpenBLAS, numpy and the C library are told to do without the instructions of newer processors. That this
changes their own calculations is checked, too: else there would be nothing to find.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch

from claims.note.flows import Flows
from claims.note.signals import Recurrent, Signals
from claims.note.stacks import Regions, Shaken, Starts
from claims.note.trained import Lines
from claims.ours.starts import BORN_DEAD, Trained, Untrained, both_sides
from lrn import Experiment, train
from lrn.classifiers import Classifiers
from lrn.engines import native
from lrn.engines.reference import ReferenceEngine
from lrn.intervals import (
    conditional_difference_sequence,
    log_capital,
    mean_sequence,
    normal_sequence,
    rate_sequence,
    subgaussian_sequence,
    symmetric_sequence,
)

ROOT = Path(__file__).parents[1]
SHORT = Experiment(depth=3, epochs=60)
SMALL = {"depth": 8, "train": 32, "test": 32}
POPULATIONS = {
    "slopes": (Starts("plain", 6), 16),
    "slopes, residual": (Starts("residual", 6), 16),
    "slopes, late": (Starts("late", 6), 16),
    "pieces": (Regions("plain", 6), 16),
    "pieces, late": (Regions("late", 6), 16),
    "shaken": (Shaken("plain", 12, 1e-3), 16),
    "shaken, residual": (Shaken("residual", 12, 1e-3), 16),
    "flows": (Flows(), 16),
    "signals": (Signals("relu", 0.7, 20), 16),
    "signals, tanh": (Signals("tanh", 2.8, 20), 16),
    "time steps": (Recurrent(0.5, 20, 5), 16),
    "lines before training": (Lines(SHORT, trained=False), 16),
    "signal": (Untrained(SHORT), 16),
}
TRAINED = {
    "lines": (Lines(SHORT), 16),
    "first layer": (Trained(SHORT), 16),
    "changed starts": (both_sides(SHORT), 16),
    "CNNs": (Classifiers(epochs=2, **SMALL), 3),
    "CNNs without normalisation": (Classifiers(epochs=1, normalise=False, **SMALL), 3),
}


def digest(*arrays):
    return hashlib.sha256(b"".join(map(np.ndarray.tobytes, map(np.asarray, arrays)))).hexdigest()


def observations():
    """A digest of each population's samples, and of a few calculations that do depend on the machine."""
    engine = native.available()
    digests = {}
    for name, (population, seeds) in (POPULATIONS | (TRAINED if engine else {})).items():
        digests[name] = digest(*population.sample(range(seeds)).values())
    for initialisation in ("he", "torch"):
        net = Classifiers(initialisation=initialisation, **SMALL).network(5).requires_grad_(False)
        digests[f"weights, {initialisation}"] = digest(*net.parameters())
    digests |= {name: digest(ends) for name, ends in intervals().items()}
    if engine:
        digests["born dead"] = digest(BORN_DEAD.function(train(SHORT, range(64))))
    return digests, ordinary() | {"the reference engine's name": ReferenceEngine().arithmetic}


def intervals():
    """Ends of intervals of every kind, shape (200, 2), for some values."""
    generator = np.random.default_rng(0)
    ends = defaultdict(list)
    for _ in range(200):
        a, b = np.round(generator.random((2, int(generator.integers(8, 200)))) ** 2, 2)
        counts_a, counts_b = generator.random((2, len(a))) < 0.7
        ends["mean"].append(mean_sequence(a, 0, 1, 0.01))
        ends["rate"].append(rate_sequence(int(counts_a.sum()), len(a), 0.01))
        ends["conditional"].append(conditional_difference_sequence(a, b, counts_a, counts_b, 0, 1, 0.01))
        ends["normal"].append(normal_sequence(a, 0.01))
        ends["subgaussian"].append(subgaussian_sequence(a, 0.5, 0.01))
        ends["symmetric"].append(symmetric_sequence(a, 0.01))
    return ends


def ordinary():
    generator = np.random.default_rng(0)
    a = generator.random((64, 64))
    weights = torch.empty(4096).normal_(generator=torch.Generator().manual_seed(1))
    capital = log_capital(a[0], 0.4, 0.0, np.arange(64.0))
    return {"numpy": digest(np.tanh(a)), "BLAS": digest(a @ a), "torch": digest(weights), "stakes": digest(capital)}


def older_machine():
    """Environment variables that take the newer instructions away from everyone."""
    newer = " ".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"])
    tunables = "AVX512F,-AVX512VL,-AVX512DQ,-AVX512BW,-AVX2,-AVX,-FMA,-AVX2_Usable,-FMA_Usable,-AVX512F_Usable"
    return os.environ | {
        "ATEN_CPU_CAPABILITY": "default",
        "GLIBC_TUNABLES": f"glibc.cpu.hwcaps=-{tunables}",
        "MKL_CBWR": "COMPATIBLE",
        "NPY_DISABLE_CPU_FEATURES": newer,
        "OPENBLAS_CORETYPE": "Nehalem",
    }


def observations_in(environment):
    code = "import json; from tests.test_same_everywhere import observations; print(json.dumps(observations()))"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def usual():
    return observations_in(os.environ)


def test_populations_have_the_same_bits_on_an_older_machine(usual):
    if torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "NO AVX"):
        pytest.skip("this processor has nothing that an older one lacks")
    observed, dependent = observations_in(older_machine())
    assert dependent.items().isdisjoint(usual[1].items()), "this does not emulate anything"
    assert observed == usual[0]


def test_populations_have_the_same_bits_with_other_numbers_of_threads(usual):
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "3")
    assert observations_in(os.environ | threads)[0] == usual[0]


@pytest.mark.slow
def test_an_older_machine_writes_the_committed_record(tmp_path):
    record = tmp_path / "verdicts.json"
    files = ["--ledger", str(tmp_path / "ledger"), "--verdicts", str(record)]
    command = [sys.executable, "-m", "pytest", "claims", "-n", "2", "-q", "-p", "no:cacheprovider", *files]
    subprocess.run(command, cwd=ROOT, env=older_machine(), stdout=subprocess.DEVNULL, check=True, timeout=1200)
    assert record.read_bytes() == (ROOT / "reports" / "verdicts.json").read_bytes()

"""Experiments, seeds, engines and ledgers that are not valid are refused before anything is trained or written."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from refusals import refused, rows

from lrn import Experiment, Ledger, Runs, network, train
from lrn.engines import choose, native
from lrn.engines.native import NativeEngine, Variant
from lrn.engines.reference import ReferenceEngine
from lrn.experiment import CHOICES, LARGEST
from lrn.ledger.samples import Samples

TINY = Experiment(depth=2, epochs=3)
SEEDS = np.arange(3, dtype=np.uint64)
needs_native = pytest.mark.skipif(not native.available(), reason="the native engine was not built")


@pytest.fixture
def idle(monkeypatch):
    """No engine may train."""
    for engine in (NativeEngine, ReferenceEngine):
        monkeypatch.setattr(engine, "train", lambda *_, **__: pytest.fail("it trained"))


@rows(
    (lambda: Experiment(width=0), ValueError, "width must be from 1 to 65,536; got 0"),
    (lambda: Experiment(width=2.0), TypeError, "width must be a whole number from 1 to 65,536; got 2.0"),
    (lambda: Experiment(width=True), TypeError, "width must be a whole number from 1 to 65,536; got True"),
    (lambda: Experiment(width="2"), TypeError, "width must be a whole number from 1 to 65,536; got '2'"),
    (lambda: Experiment(width=10**30), ValueError, f"width must be from 1 to 65,536; got {10**30}"),
    (lambda: Experiment(depth=-1), ValueError, "depth must be from 1 to 65,536; got -1"),
    (lambda: Experiment(depth=None), TypeError, "depth must be a whole number from 1 to 65,536; got None"),
    (lambda: Experiment(epochs=10**8), ValueError, "epochs must be from 1 to 10,000,000; got 100000000"),
    (lambda: Experiment(lr=0), ValueError, "lr must be positive and at most 1e+30; got 0"),
    (lambda: Experiment(lr=math.nan), ValueError, "lr must be positive and at most 1e+30; got nan"),
    (lambda: Experiment(lr=math.inf), ValueError, "lr must be positive and at most 1e+30; got inf"),
    (lambda: Experiment(lr="0.1"), TypeError, "lr must be a positive number; got '0.1'"),
    (lambda: Experiment(lr=np.array([0.1])), TypeError, "lr must be a positive number; got array([0.1])"),
    (
        lambda: Experiment(connection=["late"]),
        ValueError,
        "connection must be one of plain, late, residual; got ['late']",
    ),
    (lambda: Experiment(dtype=torch.float32), ValueError, "dtype must be one of float32, float64; got torch.float32"),
    (lambda: Experiment(norm="batch", style="iterative"), ValueError, "norm batch needs style batch"),
    (lambda: Experiment(target_scale=0), ValueError, "target_scale must be None or from 1e-15 to 1e+15; got 0"),
    (
        lambda: Experiment(target_scale="1"),
        TypeError,
        "target_scale must be None or a number from 1e-15 to 1e+15; got '1'",
    ),
    (lambda: TINY.replace(dept=3), TypeError, "unexpected keyword argument 'dept'"),
)
def test_a_field_of_an_experiment(call, error, sentence):
    refused(call, error, sentence)


@given(st.sampled_from(sorted(CHOICES)), st.text())
def test_every_choice_refuses_every_other_word(name, word):
    if word not in CHOICES[name]:
        refused(
            lambda: Experiment(**{name: word}),
            ValueError,
            f"{name} must be one of {', '.join(CHOICES[name])}; got {word!r}",
        )


@given(st.sampled_from(sorted(LARGEST)), st.integers().filter(lambda n: not 1 <= n <= 10_000_000))
def test_every_size_refuses_every_number_out_of_range(name, size):
    refused(lambda: Experiment(**{name: size}), ValueError, f"{name} must be from 1 to {LARGEST[name]:,}; got {size}")


@given(st.floats(max_value=0) | st.floats(min_value=1.01e30) | st.just(math.nan))
def test_the_learning_rate_refuses_every_number_out_of_range(lr):
    refused(lambda: Experiment(lr=lr), ValueError, f"lr must be positive and at most 1e+30; got {lr}")


@rows(
    (lambda: train("late", range(3)), TypeError, "train needs an Experiment; got str"),
    (lambda: train(TINY, 3), TypeError, "seeds must be several whole numbers, such as range(8); got 3"),
    (lambda: train(TINY, None), TypeError, "seeds must be several whole numbers, such as range(8); got None"),
    (lambda: train(TINY, "abc"), TypeError, "seeds must be non-negative whole numbers; got 'a'"),
    (lambda: train(TINY, [0.5]), TypeError, "seeds must be non-negative whole numbers; got 0.5"),
    (lambda: train(TINY, [True]), TypeError, "seeds must be non-negative whole numbers; got True"),
    (lambda: train(TINY, np.array([[1, 2]])), TypeError, "seeds must be non-negative whole numbers; got array([1, 2])"),
    (lambda: train(TINY, [-1]), ValueError, "seeds must be non-negative whole numbers below 2**64; got -1"),
    (lambda: train(TINY, [2**64]), ValueError, f"seeds must be non-negative whole numbers below 2**64; got {2**64}"),
    (lambda: train(TINY, range(-1, 3)), ValueError, "below 2**64; got -1"),
    (lambda: train(TINY, range(2**64, 2**64 + 2)), ValueError, f"below 2**64; got {2**64}"),
    (lambda: train(TINY, [1, 2, 1]), ValueError, "seeds must not have duplicates; got 1 more than once"),
    (
        lambda: train(TINY, SEEDS, engine="gpu"),
        ValueError,
        "engine must be one of auto, native, cuda, reference; got 'gpu'",
    ),
    (lambda: train(TINY, SEEDS, engine=["native"]), ValueError, "auto, native, cuda, reference; got ['native']"),
    (lambda: train(TINY, SEEDS, device=3), TypeError, "device must be text, such as cpu or cuda:1; got 3"),
    (lambda: train(TINY, SEEDS, device=None), TypeError, "device must be text, such as cpu or cuda:1; got None"),
    (lambda: train(TINY, SEEDS, device=torch.device("cpu")), TypeError, "cpu or cuda:1; got device(type='cpu')"),
    (lambda: train(TINY, SEEDS, device=""), ValueError, "device must be one that torch can use here; got ''"),
    (lambda: train(TINY, SEEDS, device="meta"), ValueError, "device must be one that torch can use here; got 'meta'"),
    (
        lambda: train(TINY, SEEDS, threads=0),
        ValueError,
        "threads must be a whole number from 1 to 1,024, or None; got 0",
    ),
    (
        lambda: train(TINY, SEEDS, threads=-1),
        ValueError,
        "threads must be a whole number from 1 to 1,024, or None; got -1",
    ),
    (lambda: train(TINY, SEEDS, threads=10**6), ValueError, "from 1 to 1,024, or None; got 1000000"),
    (lambda: train(TINY, SEEDS, threads="2"), ValueError, "from 1 to 1,024, or None; got '2'"),
    (lambda: train(TINY, SEEDS, threads=math.nan), ValueError, "from 1 to 1,024, or None; got nan"),
    (lambda: choose("native", device="cuda"), ValueError, "the native engine runs on device cpu; got 'cuda'"),
    (
        lambda: choose("cuda", device="cpu:1"),
        ValueError,
        "the cuda engine runs on device cuda or cuda:NUMBER; got 'cpu:1'",
    ),
    (lambda: network("late", 0), TypeError, "network needs an Experiment; got str"),
    (lambda: network(TINY, -1), ValueError, "seeds must be non-negative whole numbers below 2**64; got -1"),
    (lambda: network(TINY, [0]), TypeError, "seeds must be non-negative whole numbers; got [0]"),
    (lambda: network(TINY, 0, engin="x"), TypeError, "network's options are engine, device, threads; got engin"),
)
def test_a_request_to_train(idle, call, error, sentence):
    refused(call, error, sentence)


def test_a_duplicate_among_many_seeds_is_found_at_once(idle):
    many = [*range(200_000), 199_999]
    refused(lambda: train(TINY, many), ValueError, "seeds must not have duplicates; got 199999 more than once")


def test_as_many_threads_as_numpy_says():
    assert choose("reference", threads=np.int64(2)).threads == 2


def native_run(engine: Any = None, **options: Any) -> Any:
    return (engine or NativeEngine()).train(TINY, SEEDS, **options)


@needs_native
@rows(
    (lambda: native_run(NativeEngine(threads=0)), ValueError, "threads must be from 1 to 1024; got 0"),
    (lambda: native_run(NativeEngine(threads=-3)), ValueError, "threads must be from 1 to 1024; got -3"),
    (lambda: native_run(NativeEngine(variant=Variant("v9", 4, True))), ValueError, "no native variant 'v9'"),
    (lambda: native_run(initial=np.zeros((2, 15))), ValueError, "initial must have shape (3, 15); got (2, 15)"),
    (lambda: native_run(initial=np.zeros((3, 16))), ValueError, "initial must have shape (3, 15); got (3, 16)"),
    (lambda: native_run(initial=np.zeros(45)), ValueError, "initial must have shape (3, 15); got (45)"),
)
def test_a_call_of_the_native_engine(call, error, sentence):
    refused(call, error, sentence)


@needs_native
def test_networks_that_no_memory_holds():
    huge = Experiment(width=65_536, depth=4096, epochs=1, connection="plain")  # more than a processor can address
    sentence = f"training networks of {huge.parameters} parameters takes more memory than there is"
    refused(lambda: train(huge, [0], engine="native", threads=1), MemoryError, sentence)


@pytest.mark.parametrize("shape", [(2, 15), (3, 16), (45,)])
def test_initial_weights_of_another_shape_for_the_reference(shape):
    sentence = f"initial must have shape (3, 15), one row per seed; got {shape}"
    refused(lambda: ReferenceEngine().train(TINY, SEEDS, initial=np.zeros(shape)), ValueError, sentence)


def test_runs_that_do_not_belong_together():
    runs = train(TINY, range(2))
    other, traced = train(TINY.replace(lr=0.1), range(2)), train(TINY, range(2), trace=True)
    refused(lambda: Runs.join([]), ValueError, "Runs.join needs at least one part; got none")
    refused(lambda: Runs.join([runs, other]), ValueError, "Runs.join needs parts of one experiment; got late, depth 2")
    refused(lambda: Runs.join([runs, traced]), ValueError, "Runs.join needs trace in every part or in none; got some")


@pytest.mark.parametrize("method", ["runs", "remembered"])
@rows(
    (lambda: ("late", range(3)), TypeError, "the ledger needs an Experiment; got str"),
    (lambda: (TINY, [0, 1]), TypeError, "seeds must be a range; got [0, 1]"),
    (lambda: (TINY, 4), TypeError, "seeds must be a range; got 4"),
    (lambda: (TINY, range(0)), ValueError, "that is not empty; got range(0, 0)"),
    (
        lambda: (TINY, range(0, 8, 2)),
        ValueError,
        "must be a range of step 1 within 0 to 2**64 that is not empty; got range(0, 8, 2)",
    ),
    (lambda: (TINY, range(2**64, 2**64 + 1)), ValueError, "that is not empty; got range(18446744073709551616"),
)
def test_a_request_to_the_ledger(idle, tmp_path, method, call, error, sentence):
    ledger = Ledger(tmp_path / "ledger")
    refused(lambda: getattr(ledger, method)(*call()), error, sentence)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_a_ledger(tmp_path):
    (tmp_path / "file").write_text("")
    refused(lambda: Ledger(tmp_path / "file"), NotADirectoryError, "the ledger must be a folder; ")
    refused(lambda: Ledger(tmp_path, engine="gpu"), ValueError, "engine must be one of auto, native, cuda, reference")
    refused(lambda: Ledger(tmp_path, threads=2000), ValueError, "from 1 to 1,024, or None; got 2000")
    refused(lambda: Ledger(tmp_path).table("late"), TypeError, "the ledger needs an Experiment; got str")
    refused(lambda: Ledger(None).table(), ValueError, "this ledger remembers nothing: it was made with path None")


@rows(
    (lambda: ("l", "", {}, range(3)), TypeError, "the version of l must be a text that is not empty; got ''"),
    (lambda: ("l", 3, {}, range(3)), TypeError, "the version of l must be a text that is not empty; got 3"),
    (lambda: ("l", "v", {}, [0, 1]), TypeError, "seeds must be a range; got [0, 1]"),
    (lambda: ("l", "v", {}, range(2**64, 2**64 + 3)), ValueError, "seeds must be a range of step 1 within 0 to 2**64"),
    (lambda: ("l", "v", {}, range(3)), ValueError, "l must observe at least one metric; got none"),
    (
        lambda: ("l", "v", {"a": [1]}, range(3)),
        ValueError,
        "a of l must have shape (32,), one value per seed; got (1,)",
    ),
    (
        lambda: ("l", "v", {"a": ["x"] * 32}, range(3)),
        TypeError,
        "a of l must be numbers or truths; its values are <U1",
    ),
    (
        lambda: ("l", "v", 3, range(3)),
        TypeError,
        "l has a version, so it must observe a mapping of metrics to arrays; got 3",
    ),
)
def test_a_request_for_samples(tmp_path, call, error, sentence):
    label, version, drawn, seeds = call()
    refused(lambda: Samples(tmp_path).sample(label, version, lambda _: drawn, seeds, block=32), error, sentence)
    assert not list(tmp_path.rglob("*.parquet"))

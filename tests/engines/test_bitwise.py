"""A network of the native engine depends on its experiment and its seed alone, to the bit.

Not on how many lanes its neighbours fill, the threads, the blocks, the order, or the processor (where it fuses products
and sums). Nor on the layers that are skipped because they are settled: `DEEP` is full of those.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from native_variants import FUSED, SEPARATE, VARIANTS, each_variant, needs_native
from plain_loop import OtherData

from lrn import Experiment
from lrn.engines.native import NativeEngine
from lrn.experiment import CHOICES, initial_parameters
from lrn.experiment.runs import Runs

pytestmark = needs_native

DEEP = Experiment(depth=12, connection="plain", epochs=150)
EXPERIMENTS = [
    Experiment(depth=5, epochs=120),
    Experiment(depth=3, width=4, epochs=120, style="iterative", optimizer="sgd", lr=0.1),
    Experiment(depth=3, width=5, epochs=90, activation="leaky_relu"),
    # Widths that the compiler knows.
    Experiment(depth=3, width=5, epochs=60),
    Experiment(depth=3, width=6, epochs=60, optimizer="sgd", lr=0.1),
    Experiment(depth=3, width=7, epochs=60, optimizer="momentum"),
    OtherData(depth=3, width=5, epochs=60, features=3, outputs=2, samples=7, connection="plain"),
    OtherData(depth=3, width=6, epochs=60, features=3, outputs=2, samples=7),
    OtherData(depth=3, width=7, epochs=60, features=6, outputs=1, samples=33),
    DEEP.replace(width=6, epochs=60, style="iterative"),
    Experiment(depth=3, width=8, epochs=60),
    DEEP.replace(width=16, epochs=60, style="iterative"),
    Experiment(depth=2, width=3, epochs=90, optimizer="sgd", dtype="float64"),
    Experiment(depth=4, epochs=90, dtype="float64", style="iterative"),
    OtherData(depth=3, width=2, epochs=60, features=3, outputs=2, samples=7),
    OtherData(depth=3, width=4, epochs=60, features=3, outputs=1, samples=33),
    OtherData(depth=4, width=2, epochs=60, features=1, outputs=1, samples=33),  # samples that fill no number of tiles
    OtherData(depth=4, width=2, epochs=60, features=1, outputs=1, samples=3, connection="plain"),
    Experiment(depth=6, epochs=90, activation="leaky_relu", optimizer="sgd", style="iterative"),
    DEEP,
    DEEP.replace(optimizer="sgd", lr=0.1),
    DEEP.replace(style="iterative"),
    DEEP.replace(style="iterative", width=4),
    DEEP.replace(width=3),
    DEEP.replace(width=4, epochs=400),
    DEEP.replace(dtype="float64"),
    Experiment(depth=1, connection="plain", epochs=90),
    Experiment(depth=5, connection="residual", epochs=90, activation="elu"),
    Experiment(depth=4, epochs=90, activation="elu", dtype="float64", optimizer="rmsprop", lr=0.001),
    Experiment(depth=4, epochs=90, activation="prelu", norm="batch", optimizer="adamw", initial="he"),
    Experiment(depth=4, width=3, epochs=90, connection="residual", norm="batch", optimizer="momentum", target_scale=20),
    DEEP.replace(optimizer="momentum"),
    DEEP.replace(optimizer="rmsprop", style="iterative"),
    DEEP.replace(optimizer="adamw"),
    DEEP.replace(activation="prelu", style="iterative"),
]
experiments = pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: f"{e.label} x{e.data.x.shape[1]}")
SEEDS = np.arange(37, dtype=np.uint64)  # fills no number of lanes evenly


def train(experiment, seeds=SEEDS, variant=None, threads=1, **options):
    engine = NativeEngine(threads=threads) if variant is None else NativeEngine(threads=threads, variant=variant)
    return engine.train(experiment, np.asarray(seeds, np.uint64), trace=True, parameters=True, **options)


def bits(runs):
    """Every byte of every array; unlike ==, it tells -0 from 0 and one NaN from another."""
    contents = {}
    for field in dataclasses.fields(runs)[1:]:
        array = getattr(runs, field.name)
        contents[field.name] = None if array is None else (array.dtype.str, array.shape, array.tobytes())
    return contents


def assert_same_bits(a, b):
    ours, theirs = bits(a), bits(b)
    assert [name for name in ours if ours[name] != theirs[name]] == []


def assert_variants_agree(variants, experiment):
    if len(variants) < 2:
        pytest.skip("this processor has no two variants of that arithmetic")
    first = train(experiment, variant=variants[0])
    for variant in variants[1:]:
        assert_same_bits(first, train(experiment, variant=variant))


families = pytest.mark.parametrize("family", [FUSED, SEPARATE], ids=["fused", "separate"])


@families
@experiments
def test_variants_of_one_arithmetic_agree(family, experiment):
    assert_variants_agree(family, experiment)


EXPLODING = []
for width, connection, norm in ((2, "plain", "none"), (3, "plain", "batch"), (4, "residual", "batch")):
    elu = Experiment(depth=3, width=width, epochs=40, connection=connection, activation="elu", norm=norm)
    EXPLODING.append(elu.replace(optimizer="sgd", lr=10.0))
    EXPLODING.append(elu.replace(optimizer="momentum", lr=1e3))
    EXPLODING.append(elu.replace(optimizer="adam", lr=1e10))


@families
@pytest.mark.parametrize("experiment", EXPLODING, ids=lambda e: e.label)
def test_variants_of_one_arithmetic_agree_where_networks_explode(family, experiment):
    """Far out, e^z is computed of a number that compilers know; their result would differ from the processor's."""
    assert_variants_agree(family, experiment)


@each_variant
@pytest.mark.parametrize("tiny", [1e-40, -1e-45])
def test_subnormal_initial_weights_are_zero_in_any_company(variant, tiny):
    """A dead network that is alone is skipped and keeps its weights; beside another, every step touches them."""
    experiment = DEEP.replace(depth=2, optimizer="sgd", epochs=80)
    seeds = np.arange(2, dtype=np.uint64)
    initial = initial_parameters(experiment, seeds).astype(np.float32)
    initial[0] = -1
    initial[0, 0] = tiny
    together = train(experiment, seeds, variant, initial=initial)
    alone = train(experiment, seeds[:1], variant, initial=initial[:1])
    assert_same_bits(alone, together.select(slice(0, 1)))
    assert alone.parameters[0, 0] == 0


@pytest.mark.parametrize("experiment", EXPLODING[:3], ids=lambda e: e.label)
def test_every_nan_is_the_same(experiment):
    runs = train(experiment)
    for values in (runs.rmse, runs.prediction, runs.parameters, runs.trace):
        assert set(values[np.isnan(values)].view(np.uint32)) <= {0x7FC00000}
    assert np.isnan(runs.rmse).any()


def test_the_two_arithmetics_have_different_names_because_they_differ():
    if not (FUSED and SEPARATE):
        pytest.skip("this processor has only one arithmetic")
    fused, separate = NativeEngine(variant=FUSED[0]), NativeEngine(variant=SEPARATE[0])
    assert fused.arithmetic != separate.arithmetic
    a, b = train(EXPERIMENTS[0], variant=FUSED[0]), train(EXPERIMENTS[0], variant=SEPARATE[0])
    assert bits(a)["trace"] != bits(b)["trace"]
    assert np.allclose(a.trace[:, :20], b.trace[:, :20], rtol=1e-3)  # a few roundings of 6e-8, grown over 20 steps


@experiments
def test_threads_do_not_matter(experiment):
    alone = train(experiment)
    for threads in (2, 5, 64):
        assert_same_bits(alone, train(experiment, threads=threads))


@each_variant
@pytest.mark.parametrize("experiment", [EXPERIMENTS[0], DEEP], ids=["late", "plain"])
def test_each_network_is_the_same_alone(variant, experiment):
    together = train(experiment, variant=variant)
    for i, seed in enumerate(SEEDS):
        assert_same_bits(train(experiment, [seed], variant=variant), together.select(slice(i, i + 1)))


@experiments
def test_block_boundaries_do_not_matter(experiment):
    together = train(experiment)
    edges = [0, 1, 3, 19, 36, 37]
    for start, stop in itertools.pairwise(edges):
        assert_same_bits(train(experiment, SEEDS[start:stop]), together.select(slice(start, stop)))


@experiments
def test_order_and_neighbours_do_not_matter(experiment):
    together = train(experiment)
    order = np.random.default_rng(0).permutation(len(SEEDS))
    assert_same_bits(train(experiment, SEEDS[order]), together.select(order))
    strangers = [10**12, *SEEDS[::3], 10**15, 2**64 - 1]
    assert_same_bits(train(experiment, strangers).select(slice(1, -2)), together.select(slice(None, None, 3)))


@experiments
def test_traces_and_parameters_change_no_other_column(experiment):
    full = train(experiment)
    bare = NativeEngine(threads=1).train(experiment, SEEDS)
    assert bare.trace is None
    assert bare.parameters is None
    assert_same_bits(bare, dataclasses.replace(full, trace=None, parameters=None))


# ---- Layers that are skipped because they are settled ----


def without_skipping(experiment, seeds):
    """The same networks, each in a vector with a network that is NaN throughout: nothing there is ever settled."""
    if VARIANTS[0].lanes == 1:
        pytest.skip("this processor trains one network at a time, so there are no neighbours")
    parts = []
    for group in np.array_split(seeds, -(-len(seeds) // (VARIANTS[0].lanes - 1))):
        initial = np.vstack([initial_parameters(experiment, group), np.full(experiment.parameters, np.nan)])
        parts.append(train(experiment, [*group, 999], initial=initial, variant=VARIANTS[0]).select(slice(0, -1)))
    return Runs.join(parts)


@pytest.mark.parametrize("optimizer", CHOICES["optimizer"])
@pytest.mark.parametrize("style", ["batch", "iterative"])
@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("depth", [1, 2, 12])
def test_skipping_settled_layers_changes_no_bit(optimizer, style, width, depth):
    experiment = DEEP.replace(optimizer=optimizer, style=style, width=width, depth=depth, epochs=1200)
    skipped = train(experiment)
    if depth == 12:
        assert skipped.dead.all(axis=2).any(axis=1).mean() > 0.5, "most networks must have settled layers"
    assert_same_bits(skipped, without_skipping(experiment, SEEDS))


@pytest.mark.parametrize("style", ["batch", "iterative"])
def test_a_layer_that_dies_while_training_goes_on_until_no_step_moves_it(style):
    # Adam's first moment fades over some hundred epochs, and moves the weights for most of them.
    experiment = Experiment(depth=3, connection="plain", lr=0.2, style=style, epochs=1500)
    runs = train(experiment)
    started = train(experiment.replace(epochs=1, lr=1e-30))
    assert (runs.dead_layers > started.dead_layers).sum() >= 5, "some layers must die while training"
    assert_same_bits(runs, without_skipping(experiment, SEEDS))


@pytest.mark.parametrize(
    "options",
    [{"width": 4, "lr": 0.001}, {"style": "iterative"}, {"optimizer": "momentum"}, {"width": 3, "lr": 0.1}],
    ids=["wide", "iterative", "momentum", "high rate"],
)
def test_networks_that_change_places_keep_their_bits(options):
    experiment = DEEP.replace(epochs=1500, **options)
    seeds = np.arange(300, dtype=np.uint64)  # many vectors, the last of them not full
    runs = train(experiment, seeds)
    died = runs.dead.all(axis=2)
    assert len(np.unique(np.where(died.any(1), died.argmax(1), -1))) > 4, "layers must die at several depths"
    assert_same_bits(runs, without_skipping(experiment, seeds))
    assert_same_bits(runs, train(experiment, seeds, threads=3))


# ---- Layers of late networks that are computed for one sample only, because those below make all samples alike ----


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("style", ["batch", "iterative"])
def test_layers_above_a_dead_one_are_right_while_it_is_dead_and_when_it_revives(optimizer, style):
    experiment = Experiment(
        depth=12, optimizer=optimizer, style=style, lr={"adam": 0.01, "sgd": 0.1}[optimizer], epochs=600
    )
    seeds = np.arange(300, dtype=np.uint64)  # many vectors, whose networks change places
    runs = train(experiment, seeds)
    dead = train(experiment.replace(epochs=40), seeds).dead.all(axis=2)
    assert dead.any(axis=1).mean() > 0.5, "most networks must have a dead layer"
    assert (dead & ~runs.dead.all(axis=2)).any(), "some dead layer must come back to life"
    assert_same_bits(runs, without_skipping(experiment, seeds))


def test_samples_that_fill_no_tiles_are_alike_above_a_dead_layer():
    experiment = OtherData(depth=12, width=2, epochs=300, features=1, outputs=1, samples=33)
    runs = train(experiment)
    assert runs.dead.all(axis=2).any(axis=1).mean() > 0.5, "most networks must have a dead layer"
    assert_same_bits(runs, without_skipping(experiment, SEEDS))

"""Populations that break their contract are found and named; those that do not are left alone."""

from __future__ import annotations

# ruff: noqa: NPY002  the global generator is what is to be found
import functools
import math
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from lrn.claims._contract import PopulationError
from lrn.claims._populations import Draw, RecentSamples, columns
from lrn.experiment import Experiment
from tests.plugin.populations import uniform


class Net:
    """The natural mistake: a label without the setting."""

    label = "net"

    def __init__(self, p):
        self.p = p

    def sample(self, seeds):
        return {"hit": uniform(seeds) < self.p, "u": uniform(seeds)}


class Pop:
    def __init__(self, sample, label="pop", **attributes):
        self.sample, self.label = sample, label
        vars(self).update(attributes)


def grown(population, metric, most=200, samples=None):
    """The notes on a population whose sample grows."""
    samples = samples or RecentSamples(Draw(None))
    n = 8
    while n < most:
        columns(samples, population() if isinstance(population, type(grown)) else population, [metric], range(n))
        n += n // 4
    return samples.notes


# ---- one label, two objects ----


def test_two_unequal_objects_of_one_label_are_refused_with_what_differs():
    samples = RecentSamples(Draw(None))
    columns(samples, Net(0.9), ["hit"], range(8))
    with pytest.raises(
        PopulationError, match=r"two unequal objects have the label 'net': p is 0\.9 in one and 0\.1 in"
    ):
        columns(samples, Net(0.1), ["hit"], range(8))


def test_a_broken_population_stays_broken():
    samples = RecentSamples(Draw(None))
    columns(samples, Net(0.9), ["hit"], range(8))
    for net in (Net(0.1), Net(0.9)):
        with pytest.raises(PopulationError):
            columns(samples, net, ["hit"], range(8))


def made(p):
    class Local:
        label = "local"

        def sample(self, seeds):
            return {"hit": uniform(seeds) < p}

    return Local()


@dataclass(frozen=True)
class Setting:
    p: float
    note: str = field(default="", compare=False)
    label: str = "setting"

    def sample(self, seeds):
        return {"hit": uniform(seeds) < self.p}


class Slots:
    __slots__ = ("p",)
    label = "slots"

    def __init__(self, p):
        self.p = p

    def sample(self, seeds):
        return {"hit": uniform(seeds) < self.p}


class Half(Net):
    p = 0.5

    def __init__(self):
        pass


class Tenth(Half):
    p = 0.1


def hits(seeds, p):
    return {"hit": uniform(seeds) < p}


PAIRS = {
    "a closure": lambda p: Pop(lambda seeds: hits(seeds, p)),
    "a default": lambda p: Pop(lambda seeds, p=p: hits(seeds, p)),
    "a partial": lambda p: Pop(functools.partial(hits, p=p)),
    "a local class": made,
    "a dataclass": Setting,
    "slots": Slots,
    "a namespace": lambda p: SimpleNamespace(label="n", p=p, sample=lambda seeds: hits(seeds, 0.5)),
    "a class attribute": lambda p: Half() if p == 0.9 else Tenth(),
    "an array": lambda p: Pop(len, weights=np.array([1.0, p])),
    "a large array": lambda p: Pop(len, weights=np.full(1_000_000, p)),
    "a nested dict": lambda p: Pop(len, settings={"optimizer": {"lr": p}}),
    "another type": lambda p: Pop(len, p=p if p > 0.5 else str(p)),
    "a set": lambda p: Pop(len, p={p}),
    "a bound method": lambda p: Pop(Net(p).sample),
    "a generator": lambda p: Pop(len, generator=np.random.default_rng(int(10 * p))),
}
NEVER_EQUAL = {"a lock": lambda p: Pop(len, lock=threading.Lock())}


@pytest.mark.parametrize("make", [*PAIRS.values(), *NEVER_EQUAL.values()], ids=[*PAIRS, *NEVER_EQUAL])
def test_whatever_the_difference_lies_in(make):
    samples = RecentSamples(lambda population, seeds, trace: {"hit": uniform(seeds) < 0.5})
    first = make(0.9)
    columns(samples, first, ["hit"], range(8))
    columns(samples, first, ["hit"], range(10))
    with pytest.raises(PopulationError, match="two unequal objects have the label"):
        columns(samples, make(0.1), ["hit"], range(8))


@pytest.mark.parametrize("make", PAIRS.values(), ids=PAIRS)
def test_equal_objects_made_anew_are_one_population(make):
    samples = RecentSamples(lambda population, seeds, trace: {"hit": uniform(seeds) < 0.5})
    for n in (8, 10, 13):
        columns(samples, make(0.9), ["hit"], range(n))


def test_what_a_dataclass_leaves_out_of_its_comparison_does_not_matter():
    samples = RecentSamples(Draw(None))
    for note in ("one", "other"):
        columns(samples, Setting(0.9, note), ["hit"], range(8))


def test_an_equality_of_their_own_settles_it():
    class Own(Net):
        def __eq__(self, other):
            return True

        __hash__ = None

    samples = RecentSamples(Draw(None))
    for p in (0.9, 0.1):
        columns(samples, Own(p), ["hit"], range(8))


def test_the_ledger_refuses_another_population_of_the_same_label_and_version(tmp_path):
    for p in (0.9, 0.9):
        net = Net(p)
        net.version = "1"
        columns(RecentSamples(Draw(tmp_path)), net, ["hit"], range(8))
    net = Net(0.1)
    net.version = "1"
    with pytest.raises(ValueError, match=r"net has observations in .* made with p = 0\.9; here it is 0\.1"):
        columns(RecentSamples(Draw(tmp_path)), net, ["hit"], range(8))


# ---- changed between two samplings ----


@pytest.mark.parametrize("n", [8, 10])
def test_an_object_that_is_changed_between_two_samplings_is_refused(n):
    samples, net = RecentSamples(Draw(None)), Net(0.9)
    columns(samples, net, ["hit"], range(8))
    net.p = 0.1
    with pytest.raises(PopulationError, match=r"net was changed between two samplings: p is 0\.9 before and 0\.1 now"):
        columns(samples, net, ["hit"], range(n))


def test_an_object_may_count_and_remember_while_it_is_sampled():
    class Counts(Net):
        calls = 0

        def sample(self, seeds):
            self.calls += 1
            vars(self).setdefault("cache", []).append(seeds)
            return super().sample(seeds)

    assert grown(Counts(0.5), "hit") == ()


# ---- not from the seed alone ----

GENERATOR = np.random.default_rng(3)


def every_other_call(seeds, calls=[]):  # noqa: B006
    calls.append(seeds)
    return {"x": uniform(seeds) + len(calls)}


UNSEEDED = {
    "the global generator": lambda seeds: {"x": np.random.random(len(seeds))},
    "a truth of the global generator": lambda seeds: {"x": np.random.random(len(seeds)) < 0.58},
    "one generator for all": lambda seeds: {"x": GENERATOR.random(len(seeds))},
    "no seed": lambda seeds: {"x": np.random.default_rng().normal(size=len(seeds))},
    "how many": lambda seeds: {"x": np.arange(len(seeds)) < 0.55 * len(seeds)},
    "how many, as a number": lambda seeds: {"x": uniform(seeds) / len(seeds)},
    "standardised": lambda seeds: {"x": (lambda u: (u - u.mean()) / (u.std() + 1))(uniform(seeds))},
    "the first seed": lambda seeds: {"x": np.random.default_rng(seeds.start).random(len(seeds))},
    "sorted": lambda seeds: {"x": np.sort(uniform(seeds))},
    "how often": every_other_call,
}


@pytest.mark.parametrize("sample", UNSEEDED.values(), ids=UNSEEDED.keys())
def test_what_does_not_come_from_the_seed_alone_is_found_and_named(sample):
    np.random.seed(5)
    with pytest.raises(PopulationError, match=r"^pop does not depend on its seeds alone: x of seed \d+ was .+, and is"):
        grown(Pop(sample), "x")


SOUND = {
    "uniform": uniform,
    "truths": lambda seeds: uniform(seeds) < 0.5,
    "integers": lambda seeds: np.array(seeds),
    "NaN where it never happened": lambda seeds: np.where(uniform(seeds) < 0.5, math.nan, uniform(seeds)),
    "infinite where it never happened": lambda seeds: np.where(uniform(seeds) < 0.5, math.inf, uniform(seeds)),
    "accuracy on 100 images": lambda seeds: np.round(100 * uniform(seeds)) / 100,
    "float32 accuracy on 60 images": lambda seeds: (np.round(60 * uniform(seeds)) / 60).astype(np.float32),
    "all zero": lambda seeds: np.zeros(len(seeds)),
    "nearly always one": lambda seeds: np.where(uniform(seeds) < 0.9, 1.0, uniform(seeds)),
}


@pytest.mark.parametrize("values", SOUND.values(), ids=SOUND.keys())
def test_what_comes_from_the_seed_alone_passes_without_a_note(values):
    assert grown(Pop(lambda seeds: {"x": values(seeds)}), "x") == ()


@pytest.mark.parametrize("varies", [True, ["seconds"], {"seconds", "x"}])
def test_what_cannot_be_the_same_again_may_be_named(varies):
    def sample(seeds):
        return {"seconds": np.random.random(len(seeds)), "x": uniform(seeds)}

    assert grown(Pop(sample, varies=varies), "seconds") == ()


def test_a_metric_that_no_claim_uses_may_vary():
    grown(Pop(lambda seeds: {"seconds": np.random.random(len(seeds)), "x": uniform(seeds)}), "x")


def test_rounding_in_another_order_is_a_note():
    def sample(seeds):
        return {"x": uniform(seeds) + 1e-8 * len(seeds)}

    (note,) = grown(Pop(sample), "x")
    assert note.startswith("x of pop differs in its last digits when a seed is asked for again")


def test_one_seed_of_an_expensive_population_is_sampled_twice():
    requests = []

    class Slow(Draw):
        def again(self, population, seeds):
            requests.append(seeds)
            self.cost(population.label).add(len(seeds), 60.0 * len(seeds))
            return population.sample(seeds)

    samples = RecentSamples(Slow(None))
    for n in range(1, 40):
        columns(samples, Net(0.5), ["u"], range(n))
    one_by_one = [range(seed, seed + 1) for seed in range(39)]
    assert requests == [*one_by_one[:8], range(7, 8), *one_by_one[8:]]


def test_observations_from_the_ledger_are_compared_with_those_of_today(tmp_path):
    def population(sample):
        return SimpleNamespace(label="p", version="1", seeds_per_block=8, sample=sample)

    columns(RecentSamples(Draw(tmp_path)), population(lambda seeds: {"x": uniform(seeds)}), ["x"], range(8))
    changed = population(lambda seeds: {"x": uniform(seeds) + 1})  # and the version is the same
    samples = RecentSamples(Draw(tmp_path))
    columns(samples, changed, ["x"], range(8))
    with pytest.raises(PopulationError, match=r"x of seed \d+ was"):
        columns(samples, changed, ["x"], range(16))


def test_what_was_kept_of_a_broken_population_is_never_used(tmp_path):
    class Unseeded:
        label, version, varies = "p", "1", ()

        def sample(self, seeds):
            return {"x": np.random.default_rng().normal(size=len(seeds))}

    for expected in ("is 0|is -|is 1|is 2|is 3", "Found in an earlier run"):
        with pytest.raises(PopulationError, match=expected):
            columns(RecentSamples(Draw(tmp_path)), Unseeded(), ["x"], range(8))
    Unseeded.varies = True
    columns(RecentSamples(Draw(tmp_path)), Unseeded(), ["x"], range(8))
    Unseeded.varies, Unseeded.version = (), "2"
    with pytest.raises(PopulationError, match="does not depend on its seeds alone"):
        columns(RecentSamples(Draw(tmp_path)), Unseeded(), ["x"], range(8))


class Drifts:
    label, version, _shift = "drifts", "1", 0.0

    def sample(self, seeds):
        return {"x": uniform(seeds) + self._shift}


def test_seeds_may_be_sampled_again_on_request(tmp_path, monkeypatch):
    columns(RecentSamples(Draw(tmp_path)), Drifts(), ["x"], range(8))
    monkeypatch.setattr(Drifts, "_shift", 0.5)
    columns(RecentSamples(Draw(tmp_path)), Drifts(), ["x"], range(8))
    with pytest.raises(PopulationError, match=r"drifts does not depend on its seeds alone: x of seed \d"):
        columns(RecentSamples(Draw(tmp_path), recheck=2), Drifts(), ["x"], range(8))


def test_networks_may_be_trained_again_on_request(tmp_path):
    class Other(Draw):
        def again(self, population, seeds):
            return super().again(population.replace(lr=0.1), seeds)

    tiny = Experiment(depth=2, epochs=3)
    columns(RecentSamples(Draw(tmp_path), recheck=3), tiny, ["loss"], range(8))
    with pytest.raises(PopulationError, match="loss of seed"):
        columns(RecentSamples(Other(tmp_path), recheck=3), tiny, ["loss"], range(8))

"""Populations that do not come from their seeds alone are found and named; those that do are left alone."""

from __future__ import annotations

# ruff: noqa: NPY002  the global generator is to be found
import math
from types import SimpleNamespace

import numpy as np
import pytest

from lrn.claims._contract import PopulationError
from lrn.claims._populations import Draw, RecentSamples, columns
from lrn.experiment import Experiment
from tests.plugin.populations import uniform
from tests.populations.fakes import Net, Pop, grown

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


@pytest.mark.parametrize(("seconds", "first"), [(0.001, 16), (10.0, 192)])
def test_where_a_seed_takes_as_long_as_a_block_the_check_waits_until_it_is_little(seconds, first):
    requests = []

    class InBlocks(Draw):
        def again(self, population, seeds):
            requests.append(seeds)
            self.cost(population.label).add(len(seeds), seconds * -(-len(seeds) // 16))
            return population.sample(seeds)

    samples, population = RecentSamples(InBlocks(None)), Net(0.5)
    population.seeds_per_block = 16
    for n in range(16, 256, 16):
        columns(samples, population, ["u"], range(n))
    again = [seeds for seeds in requests if len(seeds) < 16]
    assert again
    assert requests.index(again[0]) == first // 16


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

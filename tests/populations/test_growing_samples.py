"""Samples grow: only new seeds are sampled, whatever is asked for them and whoever asks."""

from __future__ import annotations

import itertools
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from lrn.claims._populations import Draw, RecentSamples, columns
from lrn.experiment import Experiment
from lrn.experiment.metrics import Metric
from tests.plugin.populations import uniform
from tests.populations.fakes import growing


class Coin:
    """Notes the seeds that it is asked for in a list that is not part of it."""

    def __init__(self, requests, label="coin", **attributes):
        self.label, self._ask = label, requests.append
        vars(self).update(attributes)

    def sample(self, seeds):
        self._ask(seeds)
        u = uniform(seeds)
        return {"u": u, "heads": u < 0.5}


@pytest.fixture
def requests():
    return []


def recent(source=None, most_seeds=1 << 19):
    return RecentSamples(source or Draw(None), most_seeds)


def fresh(requests):
    """How many seeds were asked for, without those that were asked for again."""
    return len(set(itertools.chain.from_iterable(requests)))


def test_a_growing_sample_asks_for_new_seeds_only(requests):
    samples, coin = recent(), Coin(requests)
    for n in growing(500):
        u, heads = columns(samples, coin, ["u", "heads"], range(n))
        assert np.array_equal(u, uniform(range(n)))
        assert np.array_equal(heads, u < 0.5)
    again = sum(map(len, requests)) - fresh(requests)
    assert fresh(requests) == n
    assert again <= 4 + n / 20 + 16, "a few seeds are asked for again, to see whether they come out the same"
    for seeds in requests:
        assert seeds.step == 1


def test_one_seed_at_a_time_is_each_seed_once(requests):
    samples, coin = recent(), Coin(requests, varies=True)
    for n in range(8, 300):
        (u,) = columns(samples, coin, ["u"], range(n))
    assert np.array_equal(u, uniform(range(299)))
    assert requests == [range(8), *(range(n, n + 1) for n in range(8, 299))]


def test_claims_share_a_population_and_fewer_seeds_are_the_first_ones(requests):
    samples, coin = recent(), Coin(requests, varies=True)
    columns(samples, coin, ["u"], range(100))
    (heads,) = columns(samples, coin, ["heads"], range(13))
    assert np.array_equal(heads, uniform(range(13)) < 0.5)
    assert requests == [range(100)]


def test_equal_objects_share_their_observations(requests):
    samples = recent()
    for n in (8, 10, 13):
        columns(samples, Coin(requests, varies=True), ["u"], range(n))
    assert requests == [range(8), range(8, 10), range(10, 13)]


def test_another_offset_is_another_sample(requests):
    samples, coin = recent(), Coin(requests, varies=True)
    assert np.array_equal(columns(samples, coin, ["u"], range(50, 58))[0], uniform(range(50, 58)))
    assert np.array_equal(columns(samples, coin, ["u"], range(8))[0], uniform(range(8)))
    assert np.array_equal(columns(samples, coin, ["u"], range(50, 60))[0], uniform(range(50, 60)))
    assert requests == [range(50, 58), range(8), range(58, 60)]


@pytest.mark.parametrize(
    "form",
    [
        lambda u: {"u": list(u)},
        lambda u: SimpleNamespace(u=u),
        lambda u: {"u": u, "about": "text that is not for seeds"},
        lambda u: np.rec.fromarrays([u], names="u"),
        lambda u: pytest.importorskip("pandas").DataFrame({"u": u}),
    ],
    ids=["lists", "attributes", "with text", "records", "data frame"],
)
def test_what_is_observed_may_come_in_any_form(form):
    samples, population = recent(), SimpleNamespace(label="p", sample=lambda seeds: form(uniform(seeds)))
    for n in (8, 10, 13, 16, 9):
        assert np.array_equal(columns(samples, population, ["u"], range(n))[0], uniform(range(n)))


def test_a_metric_is_evaluated_on_every_request(requests):
    samples, coin = recent(), Coin(requests)
    twice = Metric("twice", lambda sample: 2 * sample["u"])
    for n in (8, 10, 9):
        assert np.array_equal(columns(samples, coin, [twice], range(n))[0], 2 * uniform(range(n)))


class Trained:
    """A source that notes which networks it trains, and whether with the loss of every epoch."""

    def __init__(self):
        self.requests = []

    def __call__(self, experiment, seeds, trace):
        self.requests.append((seeds, trace))
        return Networks(uniform(seeds))


class Networks:
    """What `lrn.experiment.runs.Runs` can do."""

    def __init__(self, u):
        self.u = u

    def select(self, index):
        return Networks(self.u[index])

    @classmethod
    def join(cls, parts):
        return cls(np.concatenate([part.u for part in parts]))


U = Metric("u", lambda runs: runs.u)
TRACED = Metric("traced", lambda runs: runs.u, trace=True)


@pytest.mark.parametrize("metric", [U, TRACED], ids=["ends", "with every epoch"])
def test_networks_are_trained_once_and_many_at_a_time(metric):
    source = Trained()
    samples = recent(source)
    for n in growing(3000):
        (u,) = columns(samples, Experiment(depth=2), [metric], range(n))
        assert np.array_equal(u, uniform(range(n)))
    ranges, traces = zip(*source.requests, strict=True)
    trained = Counter(itertools.chain(*ranges))
    assert set(trained.values()) == {1}
    assert n <= len(trained) <= 1.13 * n + 64
    assert len(ranges) <= 20
    assert set(traces) == {metric.trace}


def test_experiments_are_told_apart_by_their_key(monkeypatch):
    monkeypatch.setattr(Experiment, "label", "an experiment")
    source = Trained()
    samples = recent(source)
    for depth in (2, 3, 2):
        columns(samples, Experiment(depth=depth), [U], range(8))
    assert len(source.requests) == 2


def test_what_was_used_longest_ago_is_forgotten_first():
    requests = {"a": [], "b": [], "c": []}
    coins = {name: Coin(requests[name], name, varies=True) for name in requests}
    samples = recent(most_seeds=512)
    for name in "abacab":
        columns(samples, coins[name], ["u"], range(256))
    assert list(map(len, requests.values())) == [1, 2, 1]
    assert len(columns(samples, coins["c"], ["u"], range(4096))[0]) == 4096, "larger than the bound, yet sampled"


def test_what_took_long_is_not_forgotten(requests):
    samples = recent(Draw(None), most_seeds=16)
    expensive = Coin(requests, varies=True)
    columns(samples, expensive, ["u"], range(8))
    samples._growing["coin", 0].cost.seconds = 100
    for name in "abc":
        columns(samples, Coin([], name), ["u"], range(16))
    columns(samples, expensive, ["u"], range(10))
    assert requests == [range(8), range(8, 10)]


def test_after_a_failure_the_seeds_before_are_still_known(requests):
    coin = Coin(requests, varies=True)
    samples, whole = recent(), coin.sample
    columns(samples, coin, ["u"], range(8))
    samples._sampler = lambda population, seeds, trace: 1 / 0
    with pytest.raises(ZeroDivisionError):
        columns(samples, coin, ["u"], range(10))
    samples._sampler = lambda population, seeds, trace: whole(seeds)
    columns(samples, coin, ["u"], range(10))
    assert requests == [range(8), range(8, 10)]


@pytest.mark.parametrize("first", [0, 5, 1_000_000, 2**63])
@pytest.mark.parametrize("width", [2, 32])
def test_as_many_networks_are_trained_wherever_the_seeds_begin(first, width):
    experiment, trained = Experiment(width=width, depth=2), []

    def train(population, seeds, trace):
        trained.append(seeds)
        return {"u": np.zeros(len(seeds))}

    samples = recent(train)
    for n in growing(2000):
        columns(samples, experiment, [Metric("u", lambda runs: runs["u"])], range(first, first + n))
    batch = 64 if width == 2 else 16
    assert trained[0] == range(first, first + batch)
    assert trained[-1].stop - first < 1.1 * n + 64
    for seeds in trained:
        assert len(seeds) % batch == 0

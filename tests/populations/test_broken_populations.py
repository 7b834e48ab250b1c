"""Two populations of one label, and those that change between two samplings, are found and named."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from lrn.claims._contract import PopulationError
from lrn.claims._populations import Draw, RecentSamples, columns
from tests.plugin.populations import uniform
from tests.populations.fakes import Net, Pop, grown

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

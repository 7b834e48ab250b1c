"""Odd values of populations: notes on repeated ones; masked ones, NaN and failed assertions are named."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from lrn.claims._contract import MeasurementError
from lrn.claims._populations import Draw, RecentSamples, bounds_of, columns, identity_of, label_of, numbers
from lrn.experiment.metrics import Metric
from tests.plugin.populations import uniform
from tests.populations.fakes import Net, Pop, grown

# ---- odd values ----


def test_a_constant_that_is_not_a_count_is_a_note():
    (note,) = grown(Pop(lambda seeds: {"x": np.full(len(seeds), 0.7312345)}), "x")
    assert note == "x of pop is 0.7312345 for all 8 seeds; does it use its seed?"


def test_the_same_runs_over_and_over_are_a_note():
    runs = np.random.default_rng(1).random(10)
    (note,) = grown(Pop(lambda seeds: {"x": runs[np.array(seeds) % 10]}), "x")
    assert note.startswith("x of pop has only 9 different values for 37 seeds"), "one of the ten is 0.9486"


@pytest.mark.parametrize("total", [10, 499, 2999])
def test_fractions_of_a_count_may_repeat(total):
    assert grown(Pop(lambda seeds: {"x": np.array(seeds) * 7 % 5 / total}), "x") == ()


# ---- what must not pass for a refutation, or for numbers ----


class Asserts:
    def __init__(self, where):
        self._where = where

    @property
    def label(self):
        assert self._where != "label"
        return "asserts"

    def sample(self, seeds):
        assert self._where != "sample"
        return {"x": uniform(seeds)}


@pytest.mark.parametrize("sampler", [Draw(None), RecentSamples(Draw(None))], ids=["direct", "remembering"])
@pytest.mark.parametrize("where", ["label", "sample"])
def test_a_failed_assertion_of_the_population_is_an_error_of_measuring(where, sampler):
    with pytest.raises(MeasurementError, match=f"{where if where == 'label' else 'sampling asserts'}"):
        columns(sampler, Asserts(where), ["x"], range(8))


def fails(_):
    assert _ == "never"


@pytest.mark.parametrize("sampler", [Draw(None), RecentSamples(Draw(None))], ids=["direct", "remembering"])
def test_a_failed_assertion_of_a_metric_or_of_its_bounds_is_one_too(sampler):
    with pytest.raises(MeasurementError, match="sampling net failed"):
        columns(sampler, Net(0.5), [Metric("m", fails)], range(8))
    with pytest.raises(MeasurementError, match="the bounds of m failed"):
        bounds_of(Net(0.5), Metric("m", len, fails), None)


@pytest.mark.parametrize("sampler", [Draw(None), RecentSamples(Draw(None))], ids=["direct", "remembering"])
def test_masked_values_are_refused_with_the_seed(sampler):
    def sample(seeds):
        return {"x": np.ma.masked_array(uniform(seeds), np.array(seeds) == 12)}

    population = SimpleNamespace(label="p", sample=sample)
    columns(sampler, population, ["x"], range(8))
    with pytest.raises(ValueError, match=r"x of p must not be masked; it is for seed 12"):
        columns(sampler, population, ["x"], range(16))
    filled = Metric("filled", lambda sample: sample["x"].filled(-1.0))
    assert columns(sampler, population, [filled], range(16))[0][12] == -1


def test_masked_values_are_not_kept(tmp_path):
    population = SimpleNamespace(
        label="p", version="1", sample=lambda seeds: {"x": np.ma.masked_less(uniform(seeds), 0.5)}
    )
    with pytest.raises(ValueError, match="x of p must not be masked"):
        Draw(tmp_path)(population, range(8), False)


def test_nan_names_its_seed():
    with pytest.raises(ValueError, match="x must be numbers; 1 of 3 values are NaN, the first for seed 41"):
        numbers(np.array([1, math.nan, 2]), "x", range(40, 43))
    with pytest.raises(ValueError, match="the first for seed 7"):
        numbers(np.array([1, math.nan]), "x", np.array([3, 7]))


def test_metrics_of_one_name_are_told_apart_by_their_functions():
    def metric(c):
        return Metric("m", lambda sample: c * sample["x"])

    assert identity_of(metric(1)) == identity_of(metric(1))
    different = [metric(1), metric(2), Metric("m", len), Metric("m", len, lambda _: (0, 1)), "m", Metric("n", len)]
    assert len(set(map(identity_of, different))) == len(different)


def test_a_label_is_needed():
    with pytest.raises(TypeError, match="a population is an Experiment, or has a text `label`"):
        label_of(SimpleNamespace(sample=len))

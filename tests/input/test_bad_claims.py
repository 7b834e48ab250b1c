"""Bad claims, metrics and populations are refused before anything is sampled."""

from __future__ import annotations

import math

import numpy as np
import pytest
from refusals import refused, rows

from lrn import Experiment
from lrn.claims import Expectation, Measure, claim
from lrn.experiment.metrics import Metric, metric

TINY = Experiment(depth=2, epochs=3)


class Coin:
    label = "coin"

    def sample(self, seeds: range) -> dict[str, object]:
        n = len(seeds)
        text = np.array(["x"] * n)
        return {
            "heads": np.arange(n) % 2 == 0,
            "n": np.arange(n) / 1.0,
            "nan": np.full(n, math.nan),
            "text": text,
            "short": [1],
        }


def unsampled(*_: object) -> object:
    return pytest.fail("it was sampled")


IDLE, BUSY = Measure(unsampled), Measure(lambda population, seeds, _: population.sample(seeds))


@rows(
    (lambda: claim(""), ValueError, "a claim's statement must say something; got none"),
    (lambda: claim(3), TypeError, "a claim's statement must be text; got 3"),
    (lambda: claim("It holds", source=3), TypeError, "a claim's source must be text; got 3"),
    (lambda: claim("It holds", quote=None), TypeError, "a claim's quote must be text; got None"),
    (lambda: claim("It holds", refuted=""), ValueError, "refuted needs the reason, a text with the figure"),
    (lambda: claim("It holds", inconclusive=True), ValueError, "inconclusive needs the reason, a text"),
    (lambda: claim("It holds", refuted="x", inconclusive="y"), ValueError, "got a reason for both"),
    (lambda: claim("It holds", first_seeds=0), ValueError, "first_seeds must be a whole number, at least 1; got 0"),
    (lambda: claim("It holds", max_seeds=-64), ValueError, "max_seeds must be a whole number, at least 1; got -64"),
    (lambda: claim("It holds", max_seeds=64.0), ValueError, "max_seeds must be a whole number, at least 1; got 64.0"),
    (lambda: claim("It holds", step="x"), ValueError, "step must be a whole number, at least 1; got 'x'"),
    (lambda: claim("It holds", exact="yes"), TypeError, "exact must be True or False; got 'yes'"),
    (lambda: claim("It holds")(3), TypeError, "claim is for a test function, or a class of tests, with a name; got 3"),
    (lambda: claim("It holds")(lambda: 0), TypeError, "or a class of tests, with a name; got <function"),
    (lambda: claim("One")(claim("Two")(test_a_claim)), TypeError, "test_a_claim is a claim already"),
    (lambda: Expectation.known("refuted", 3), ValueError, "refuted needs the reason, a text with the figure"),
)
def test_a_claim(call, error, sentence):
    refused(call, error, sentence)


KNOWN = "metric must be one of any_dead_layer, constant, converged, converged_at, dead_fraction, "


@rows(
    (lambda: metric("foo"), ValueError, KNOWN),
    (lambda: metric(["converged"]), ValueError, "or a Metric; got ['converged']"),
    (lambda: Metric(3, len), TypeError, "a metric's name must be text; got 3"),
    (lambda: Metric("a", 3), TypeError, "function of metric a must be a function; got 3"),
    (lambda: Metric("a", len, (0, 1)), TypeError, "bounds of metric a must be a function; got (0, 1)"),
    (lambda: IDLE.rate(TINY, "foo"), ValueError, KNOWN),
    (lambda: IDLE.rate(TINY, 3), TypeError, "a metric is a name or a Metric; got 3"),
    (lambda: IDLE.rate("late", "converged"), TypeError, "a population is an Experiment, or has a text `label` and"),
    (lambda: IDLE.rate(Coin, "heads"), TypeError, "`label` and `sample(seeds)`; got <class"),
    (lambda: IDLE.rate(Coin(), "heads", given=3), TypeError, "a metric is a name or a Metric; got 3"),
    (lambda: IDLE.paired_rate(Coin(), 3, "heads"), TypeError, "`label` and `sample(seeds)`; got 3"),
    (
        lambda: IDLE.mean(TINY, "loss"),
        ValueError,
        "the mean of loss needs bounds=(low, high), which no value can leave",
    ),
    (
        lambda: IDLE.mean(Coin(), "n", bounds=3),
        ValueError,
        "bounds of n must be finite, (low, high) with low <= high; got 3",
    ),
    (lambda: IDLE.mean(Coin(), "n", bounds=(1, 0)), ValueError, "with low <= high; got (1, 0)"),
    (lambda: IDLE.mean(Coin(), "n", bounds=(0, math.inf)), ValueError, "with low <= high; got (0, inf)"),
    (lambda: IDLE.mean(Coin(), "n", bounds=(0, 1, 2)), ValueError, "with low <= high; got (0, 1, 2)"),
    (lambda: IDLE.mean(Coin(), "n", bounds=("a", "b")), ValueError, "with low <= high; got ('a', 'b')"),
    (lambda: IDLE.mean_difference(Coin(), Coin(), "n", bounds=(5, 1)), ValueError, "with low <= high; got (5, 1)"),
    (lambda: IDLE.quantile(Coin(), "n", 0), ValueError, "q must be strictly between 0 and 1; got 0"),
    (lambda: IDLE.quantile(Coin(), "n", math.nan), ValueError, "q must be strictly between 0 and 1; got nan"),
    (lambda: IDLE.quantile(Coin(), "n", "x"), ValueError, "q must be strictly between 0 and 1; got 'x'"),
    (lambda: Measure(unsampled, alpha=0), ValueError, "alpha must lie strictly between 0 and 1, not 0"),
    (lambda: Measure(unsampled, alpha="x"), TypeError, "alpha must be a number, not 'x'"),
    (lambda: Measure(unsampled, first_seeds=0), ValueError, "whole numbers, 1 <= first_seeds <= max_seeds; got 0"),
    (lambda: Measure(unsampled, max_seeds=0), ValueError, "whole numbers, 1 <= first_seeds <= max_seeds; got 0"),
    (lambda: Measure(unsampled, quantities=0), ValueError, "quantities must be at least 1, not 0"),
    (
        lambda: Measure(unsampled, seed_offset=-1),
        ValueError,
        "seed_offset must be a whole number from 0 to 2**63; got -1",
    ),
    (
        lambda: Measure(unsampled, seed_offset="x"),
        ValueError,
        "seed_offset must be a whole number from 0 to 2**63; got 'x'",
    ),
)
def test_a_request_to_measure(call, error, sentence):
    refused(call, error, sentence)


@rows(
    (lambda: str(BUSY.rate(Coin(), "tails")), ValueError, "one of heads, n, nan, short, text; got 'tails'"),
    (lambda: str(BUSY.rate(Coin(), "n")), TypeError, "n must be boolean here; its values are float64"),
    (lambda: str(BUSY.rate(Coin(), "heads", given="n")), TypeError, "n must be boolean here; its values are float64"),
    (
        lambda: str(BUSY.rate(Coin(), "short")),
        ValueError,
        "short of coin must have shape (8,), one value per seed; got (1,)",
    ),
    (lambda: str(BUSY.mean(Coin(), "n", bounds=(0, 1))), ValueError, "values must lie in [0.0, 1.0]; got 2 for n"),
    (lambda: str(BUSY.mean(Coin(), "nan", bounds=(0, 1))), ValueError, "nan must be numbers; 8 of 8 values are NaN"),
    (lambda: str(BUSY.median(Coin(), "text")), TypeError, "text must be numbers; its values are <U1"),
    (
        lambda: str(BUSY.mean_difference(Coin(), Coin(), "n", given="heads", bounds=(0, 1))),
        ValueError,
        "values must lie in [0.0, 1.0]; got 2 for n",
    ),
    (
        lambda: str(Measure(lambda *_: None).rate(Coin(), "heads")),
        ValueError,
        "those that were sampled, and none was; got 'heads'",
    ),
)
def test_what_was_sampled(call, error, sentence):
    refused(call, error, sentence)

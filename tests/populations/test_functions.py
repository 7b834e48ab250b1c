"""Populations written as a function of a seed: their labels, settings, values and failures."""

from __future__ import annotations

import enum
import math
from pathlib import Path

import numpy as np
import pytest

from lrn.claims import population
from lrn.claims._contract import MeasurementError, label_of
from lrn.claims._populations import Draw, RecentSamples, columns, counts_of
from lrn.claims._rows import Failure


class Kind(enum.Enum):
    PLAIN = 1


@population
def digits(seed: int, *, depth: int = 2, norm: bool = False, lr: float = 1e-3) -> dict[str, float | bool]:
    """One training."""
    u = np.random.default_rng([seed, depth, norm]).random()
    return {"accuracy": u, "diverged": u < 0.1, "dead": int(10 * u)}


def activation(x):
    return x


def test_a_population_is_the_function_with_settings():
    assert digits().label == "digits(depth=2, norm=False, lr=0.001)"
    assert digits(norm=True, depth=4).label == "digits(depth=4, norm=True, lr=0.001)"
    assert digits(depth=4).settings == {"depth": 4, "norm": False, "lr": 0.001}
    assert repr(digits(depth=4)) == str(digits(depth=4)) == label_of(digits(depth=4))
    assert digits(depth=4) == digits(depth=4) != digits()
    assert len({digits(), digits(depth=2), digits(depth=3)}) == 2


def test_the_function_itself_stays_at_hand():
    assert digits.function(3, depth=2)["accuracy"] == digits().observe(3)["accuracy"]
    assert digits.__doc__ == "One training."
    assert repr(digits) == "digits"


def test_a_grid_is_all_combinations():
    assert digits.grid(depth=[2, 4], norm=[False, True]) == [
        digits(depth=2, norm=False),
        digits(depth=2, norm=True),
        digits(depth=4, norm=False),
        digits(depth=4, norm=True),
    ]
    assert digits.grid() == [digits()]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (np.float32(0.5), "0.5"),
        (np.int64(3), "3"),
        (np.True_, "True"),
        ([1, [2]], "(1, (2,))"),
        ("text", "'text'"),
        (None, "None"),
        (Kind.PLAIN, "Kind.PLAIN"),
        (activation, "activation"),
        (Path, "Path"),
        (Path("a/b"), "'a/b'"),
    ],
)
def test_settings_are_shown_as_they_are_written(value, shown):
    assert digits(lr=value).label == f"digits(depth=2, norm=False, lr={shown})"


def test_settings_may_be_named_by_whoever_calls():
    @population(name="any")
    def function(seed, **settings):
        return {"x": settings["a"]}

    assert function(a=1, b=2).label == "any(a=1, b=2)"
    assert function(a=1, b=2).observe(0) == {"x": 1}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: digits(dept=3),
            "digits takes the settings depth, norm, lr; got an unexpected keyword argument 'dept'",
        ),
        (lambda: digits(lr=lambda: 1), "lr of digits must be plain"),
        (lambda: digits(lr=np.zeros(3)), "lr of digits must be plain"),
        (lambda: digits(lr={"a": 1}), "lr of digits must be plain"),
        (lambda: digits.grid(depth=3), "depth must be a list of values, not empty; got 3"),
        (lambda: digits.grid(depth=[]), "depth must be a list of values, not empty"),
        (lambda: digits.grid(depth="23"), "depth must be a list of values"),
        (lambda: population(3), "population is for a function with a name that takes a seed; got 3"),
        (lambda: population(lambda seed: {}), "population is for a function with a name"),
        (lambda: population(no_seed), "no_seed must take the seed as its first argument"),
        (lambda: population(star), r"the settings of star must have names; got \*rest"),
        (lambda: population(later), "population is for a plain function"),
        (lambda: population(name="")(activation), "name must be text that is not empty"),
        (lambda: population(version=3)(activation), "version must be text that is not empty"),
        (lambda: population(depends="data.csv")(activation), "depends must be a list of files and packages"),
        (lambda: population(failed="ignore")(activation), "failed must be one of error, count, exclude, or a mapping"),
        (lambda: population(varies="seconds")(activation), "varies must be a list of metrics, or True"),
        (lambda: population(gpu="cuda")(activation), "gpu must be True, False or None"),
        (lambda: population(threads=0)(activation), "threads must be a whole number of at least 1; got 0"),
        (lambda: label_of(digits), r"digits must be called with its settings to be a population, such as digits\(\)"),
    ],
)
def test_what_is_not_a_population_is_refused_in_one_sentence(call, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        call()


def no_seed():
    return {}


def star(seed, *rest):
    return {}


async def later(seed):
    return {}


def test_values_are_columns_of_one_kind():
    accuracy, diverged, dead = columns(RecentSamples(Draw(None)), digits(), ["accuracy", "diverged", "dead"], range(20))
    assert (accuracy.dtype, diverged.dtype, dead.dtype) == (np.float64, np.bool_, np.int64)
    assert accuracy.tolist() == [digits().observe(seed)["accuracy"] for seed in range(20)]


class Tensor:
    """A number as another library may define it."""

    shape = ()

    def item(self):
        return 0.5


def observed(returned, **options):
    @population(**options)
    def one(seed):
        return returned(seed)

    return columns(RecentSamples(Draw(None)), one(), ["x"], range(8))[0]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (np.float32(0.5), np.float64),
        (np.array(0.5), np.float64),
        (Tensor(), np.float64),
        (np.int8(3), np.int64),
        (np.True_, np.bool_),
        (math.inf, np.float64),
        (math.nan, np.float64),
        (2**70, np.float64),
    ],
)
def test_numbers_of_any_library_are_numbers(value, dtype):
    assert observed(lambda seed: {"x": value}).dtype == dtype


def test_whole_numbers_and_others_are_numbers():
    assert observed(lambda seed: {"x": seed if seed % 2 else seed + 0.5}).tolist()[:3] == [0.5, 1, 2.5]


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (lambda seed: 0.5, r"one\(\) must return a dictionary of metrics, .*; got 0.5 for seed 0"),
        (lambda seed: {}, r"one\(\) must return a dictionary of metrics"),
        (lambda seed: None, r"one\(\) must return a dictionary of metrics, .*; got None for seed 0"),
        (lambda seed: {"x": "a"}, r"x of one\(\) must be a number or a truth; got 'a' for seed 0"),
        (lambda seed: {"x": np.zeros(3)}, r"x of one\(\) must be a number or a truth"),
        (lambda seed: {"x": 1j}, r"x of one\(\) must be a number or a truth"),
        (lambda seed: {1: 1}, r"the metrics of one\(\) must have names that are text; got 1 for seed 0"),
        (
            lambda seed: {"x": 1} if seed < 5 else {"y": 1},
            "must return the same metrics for all seeds; got x for seed 0",
        ),
        (lambda seed: {"x": True if seed < 5 else 0.5}, "x of one.. must be a truth for all seeds or for none"),
    ],
)
def test_what_a_function_may_not_return_is_refused_with_the_seed(returned, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        observed(returned)


# ---- seeds that fail ----


def three_fails(seed):
    if seed == 3:
        raise ValueError("no\nconvergence")
    return {"x": seed / 2, "good": True}


def failing(failed):
    return population(failed=failed, name="failing")(three_fails)()


def test_a_seed_that_fails_is_an_error_that_names_it():
    with pytest.raises(
        MeasurementError, match=r"failing\(\) failed for seed 3: ValueError: no convergence; @population"
    ):
        columns(RecentSamples(Draw(None)), failing("error"), ["x"], range(8))


def test_an_assertion_in_a_function_is_a_seed_that_fails():
    def asserts(seed):
        assert seed != 2
        return {"x": 1.0}

    with pytest.raises(MeasurementError, match=r"asserts\(\) failed for seed 2: AssertionError"):
        columns(RecentSamples(Draw(None)), population(asserts)(), ["x"], range(8))


def test_excluded_seeds_do_not_count():
    names = ["x", "good", "failed", "completed"]
    x, good, failed, completed = columns(RecentSamples(Draw(None)), failing("exclude"), names, range(8))
    assert counts_of(failing("exclude")) == "completed"
    assert np.flatnonzero(failed).tolist() == [3]
    assert np.array_equal(completed, ~failed)
    assert x[completed].tolist() == [0, 0.5, 1, 2, 2.5, 3, 3.5]
    assert math.isnan(x[3])
    assert good.dtype == np.bool_


def test_counted_seeds_are_false_and_have_no_number():
    x, good, failed = columns(RecentSamples(Draw(None)), failing("count"), ["x", "good", "failed"], range(8))
    assert counts_of(failing("count")) is None
    assert (good.dtype, good[3], failed[3]) == (np.bool_, False, True)
    assert math.isnan(x[3])


def test_a_failed_seed_may_have_a_value():
    x, good = columns(RecentSamples(Draw(None)), failing({"x": -1.0, "good": True}), ["x", "good"], range(8))
    assert (x[3], good[3], good.dtype) == (-1.0, True, np.bool_)
    with pytest.raises(ValueError, match=r"failed must name metrics of failing\(\) \(x, good\); got 'y'"):
        columns(RecentSamples(Draw(None)), failing({"y": 1.0}), ["x"], range(8))


def test_where_all_seeds_fail_it_is_an_error():
    def fails(seed):
        raise OSError("no data")

    with pytest.raises(MeasurementError, match=r"failed for seed 0: OSError: no data \(8 of 8 seeds failed\)"):
        columns(RecentSamples(Draw(None)), population(failed="exclude")(fails)(), ["x"], range(8))


@pytest.mark.parametrize("failed", ["count", "exclude", {"x": -1.0}])
@pytest.mark.parametrize("n", [8, 10])
def test_new_seeds_or_seeds_sampled_again_may_all_fail_where_others_did_not(failed, n):
    def odd_ones_fail(seed):
        if seed % 2 or seed >= 8:
            raise OSError("no data")
        return {"x": seed / 2, "good": True}

    sampler, own = RecentSamples(Draw(None)), population(failed=failed)(odd_ones_fail)()
    columns(sampler, own, ["failed"], range(8))  # samples seed 7 again, alone
    x, good, fails = columns(sampler, own, ["x", "good", "failed"], range(n))
    assert np.flatnonzero(~fails).tolist() == [0, 2, 4, 6]
    assert x[~fails].tolist() == [0, 1, 2, 3]
    assert (good.dtype, good[fails].any()) == (np.bool_, False)
    assert np.array_equal(x[fails], np.full(n - 4, -1.0 if isinstance(failed, dict) else np.nan), equal_nan=True)


def test_names_of_metrics_that_say_how_a_seed_ended_are_taken():
    with pytest.raises(TypeError, match="no metric of its own can be called failed or completed"):
        observed(lambda seed: {"x": 1.0, "failed": True}, failed="count")


def test_a_failure_is_data():
    assert failing("exclude").observe(3) == Failure("ValueError: no convergence")

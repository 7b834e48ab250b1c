"""Tables of machine learning: accuracies, runs, best runs, improvements, intervals, each right and wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lrn.audit import (
    NoPowerWarning,
    check_accuracy,
    check_best,
    check_error,
    check_improvement,
    check_interval,
    check_runs,
)


def test_accuracy_is_a_whole_number_of_images():
    assert check_accuracy("93.10", 1000)
    assert check_accuracy("93.17", 10_000 - 1)
    wrong = check_accuracy("93.17", 1000)
    assert not wrong
    assert wrong.message == "93.17 % cannot be a share of 1000; 93.10 % and 93.20 % can"
    assert check_accuracy("93.10 %", 1000).totals == (931,)


def test_accuracy_as_a_share_or_a_percentage():
    assert check_accuracy("0.931", 1000)
    assert not check_accuracy("0.9317", 1000)
    assert check_accuracy("0.93", 10_000), "93 of 10,000, if it is a percentage"
    assert not check_accuracy("0.933", 10_000, percent=True)
    assert check_accuracy("1.000", 1000)


def test_accuracy_of_several_runs_is_finer():
    assert not check_accuracy("93.17", 1000, runs=5)
    assert check_accuracy("93.16", 1000, runs=5)
    with pytest.warns(NoPowerWarning):
        assert check_accuracy("93.17", 1000, runs=10).verdict == "uninformative"


def test_error_and_accuracy_add_up():
    assert check_error("6.8", "93.17")
    assert not check_error("6.9", "93.17")
    assert check_error("0.07", "0.93")
    assert check_error("6.8 %", "93.2 %")
    assert check_error("0.08", "0.93"), "of 0.925, both halves rounded up"
    assert not check_error("0.09", "0.93")


@pytest.mark.parametrize(("error", "accuracy"), [("0.069", "93.1"), ("0.069", "93.1 %"), ("6.9 %", "0.931")])
def test_error_and_accuracy_may_be_on_different_scales(error, accuracy):
    assert check_error(error, accuracy)
    assert not check_error(error.replace("9", "7"), accuracy)


def test_runs_against_their_mean_and_spread():
    runs = ["93.0", "93.2", "93.4", "93.8"]
    assert "SD (n - 1)" in check_runs("93.35", "0.34", runs).message
    assert "SD (n)" in check_runs("93.35", "0.30", runs).message
    assert "standard error" in check_runs("93.35", "0.17", runs).message
    assert "half the range" in check_runs("93.35", "0.40", runs).message
    assert "do not have the spread 0.80" in check_runs("93.35", "0.80", runs).message
    assert "half a 95 % interval (t)" in check_runs("93.35", "0.54", runs).message
    assert "half a 95 % interval (z)" in check_runs("93.35", "0.33", runs).message
    with pytest.raises(TypeError, match="values must be several numbers as text"):
        check_runs("93", "1", "9394")
    assert check_runs("93.55", "0.34", runs).message == "4 runs have mean 93.35, not 93.55"


def test_best_lies_where_one_of_the_runs_can():
    assert check_best("93.4", "93.2", "0.2", 5)
    assert not check_best("95.0", "93.2", "0.2", 5)
    assert not check_best("93.1", "93.2", "0.2", 5), "the best is not below the mean"
    assert not check_best("93.20", "93.20", "0.50", 5), "nor at it, if runs differ"
    assert check_best("93.20", "93.20", "0.00", 5)
    assert check_best("6.6", "6.8", "0.2", 5, lower_is_better=True)
    assert not check_best("7.0", "6.8", "0.2", 5, lower_is_better=True)
    assert check_best("93.2", "93.2", "0.0", 1)


@pytest.mark.parametrize("runs", [2, 3, 7])
def test_extreme_runs_touch_the_bounds(runs):
    one_high = [0.0] * (runs - 1) + [1.0]
    mean = 1 / runs
    sd = np.std(one_high, ddof=1)
    assert check_best("1.0000", f"{mean:.4f}", f"{sd:.4f}", runs)
    assert check_best("1.0000", f"{1 - mean:.4f}", f"{sd:.4f}", runs)
    assert not check_best("1.0000", f"{mean - 0.3 * sd:.4f}", f"{sd * 0.9:.4f}", runs, standard_error=False)


def test_a_spread_may_be_a_standard_error():
    """Runs 0, 0, 0, 1 have mean 0.25, SD 0.5 and standard error 0.25."""
    answer = check_best("1.00", "0.25", "0.25", 4)
    assert answer
    assert "only if 0.25 is a standard error" in str(answer)
    assert check_best("1.00", "0.25", "0.25", 4, standard_error=True)
    assert not check_best("1.00", "0.25", "0.25", 4, standard_error=False)
    assert not check_best("1.00", "0.25", "0.20", 4)
    assert not check_best("1.00", "0.25", "0.80", 4, standard_error=True), "too small a best run for so large a spread"


@pytest.mark.parametrize(
    ("printed", "old", "new", "words"),
    [
        ("3.1 %", "80.0", "82.5", "a relative change of 3.125 %"),
        ("2.5", "80.0", "82.5", "2.5 points"),
        ("12.5 %", "80.0", "82.5", "an error reduction of 12.5 %"),
        ("2.0x", "10.0", "20.0", "a factor of 2"),
        ("2×", "20.0", "10.0", "a factor of 2"),
        ("20 %", "6.0", "4.8", "a relative change of 20 %"),
        ("25 %", "10.0", "8.0", "a change relative to the new number of 25 %"),
        ("−20 %", "6.0", "4.8", "a relative change of 20 %"),
        ("2.5 points", "80.0", "82.5", "2.5 points"),
        ("2.5 percentage points", "80.0", "82.5", "2.5 points"),
        ("+2.5 pp", "80.0", "82.5", "2.5 points"),
        ("2.5%p", "80.0", "82.5", "2.5 points"),
        ("1.5 times", "10.0", "15.0", "a factor of 1.5"),
        ("2-fold", "10.0", "20.0", "a factor of 2"),
        ("12.5 %", "0.80", "0.825", "an error reduction of 12.5 %"),
    ],
)
def test_improvements_of_every_kind(printed, old, new, words):
    answer = check_improvement(printed, old, new)
    assert answer, answer
    assert words in answer.message


def test_wrong_improvements_say_what_is_right():
    wrong = check_improvement("7 %", "80.0", "82.5")
    assert not wrong
    assert "from 80.0 to 82.5 is not 7 %" in wrong.message
    assert "a relative change of 3.125 %" in wrong.message
    assert not check_improvement("12.5 %", "80.0", "82.5", kind="relative")
    assert not check_improvement("3x", "10.0", "20.0")
    assert not check_improvement("12.5 points", "80.0", "82.5"), "it is 12.5 % of the error"
    with pytest.raises(ValueError, match="kind must be one of"):
        check_improvement("3", "10.0", "20.0", kind="double")


def test_intervals_by_t_by_z_and_of_standard_errors():
    assert check_interval("92.95", "93.45", "93.20", "0.20", 5).message.endswith(": t")
    assert check_interval("93.02", "93.38", "93.20", "0.20", 5).message.endswith(": z")
    assert "z (of a standard error)" in check_interval("92.81", "93.59", "93.20", "0.20", 5).message
    wrong = check_interval("92.0", "93.5", "93.20", "0.20", 5)
    assert not wrong
    assert "by Student's t it is 92.95 to 93.45" in wrong.message
    assert not check_interval("93.02", "93.38", "93.20", "0.20", 5, level=0.99)


def test_an_interval_of_scipy_fits_an_sd_of_numpy():
    runs = np.array([93.0, 93.2, 93.4, 93.8])
    half = stats.t.ppf(0.975, 3) * stats.sem(runs)
    low, high = f"{runs.mean() - half:.3f}", f"{runs.mean() + half:.3f}"
    answer = check_interval(low, high, "93.350", f"{runs.std():.3f}", 4)
    assert "t (of an SD by n)" in answer.message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: check_accuracy("101", 1000), "accuracy must be from 0 to 100 %"),
        (lambda: check_accuracy("-1", 1000), "accuracy must be from 0"),
        (lambda: check_accuracy("93.1", 0), "n must be at least 1"),
        (lambda: check_runs("93", "1", ["93"]), "at least 2 runs; got 1"),
        (lambda: check_best("93", "93", "1", 0), "runs must be at least 1"),
        (lambda: check_interval("1", "2", "1.5", "1", 1), "n must be at least 2"),
        (lambda: check_interval("1", "2", "1.5", "1", 5, level=95), "level must be between 0 and 1; got 95"),
        (lambda: check_improvement("much", "1", "2"), "must look like"),
    ],
)
def test_bad_questions_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""GRIMMER, DEBIT, SPRITE and bounds: exactly the SDs that some numbers have, by enumeration of all of them."""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from itertools import combinations_with_replacement, product

import pytest

from lrn.audit import debit, grimmer, sd_bounds, sprite


def deviation(values, ddof):
    mean = Fraction(sum(values), len(values))
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - ddof))


def all_pairs(n, low, high, items, ddof):
    """Return {mean as printed: SDs as printed} of all n scores, each a mean of `items` answers from low to high."""
    pairs = defaultdict(set)
    for sums in combinations_with_replacement(range(low * items, high * items + 1), n):
        scores = [Fraction(total, items) for total in sums]
        pairs[f"{float(sum(scores) / n):.2f}"].add(f"{deviation(scores, ddof):.2f}")
    return pairs


@pytest.mark.parametrize(
    ("n", "low", "high", "items", "ddof"),
    [(2, 1, 5, 1, 1), (3, 1, 5, 1, 0), (4, -2, 2, 1, 1), (5, 0, 3, 1, 0), (3, 1, 3, 2, 1), (6, 1, 3, 1, 0)],
)
def test_possible_are_exactly_the_sds_that_some_numbers_have(n, low, high, items, ddof):
    pairs = all_pairs(n, low, high, items, ddof)
    for mean, sds in pairs.items():
        for hundredths in range(260):
            sd = f"{hundredths / 100:.2f}"
            answer = grimmer(mean, sd, n, items=items, scale=(low, high), ddof=ddof)
            if sd in sds:
                assert answer, (mean, sd, answer)
            elif answer:  # only by another way to round a tie of the mean or the SD
                values = answer.sample
                assert abs(sum(values) / n - Fraction(mean)) <= Fraction(1, 200)
                assert abs(deviation(values, ddof) - float(sd)) <= 0.005 + 1e-6


def test_a_sample_is_what_it_is_said_to_be():
    answer = sprite("37.21", "20.01", 39, scale=(-2, 76))
    assert len(answer.sample) == 39
    assert min(answer.sample) >= -2
    assert max(answer.sample) <= 76
    assert f"{float(sum(answer.sample)) / 39:.2f}" == "37.21"
    assert f"{deviation(answer.sample, 1):.2f}" == "20.01"


def test_known_counts_are_kept():
    answer = sprite("2.31", "1.62", 35, scale=(0, 6), counts={4: 0, 2: 3})
    assert answer.sample.count(4) == 0
    assert answer.sample.count(2) == 3
    assert not sprite("3.0", "1.0", 10, scale=(1, 4), counts={1: 0, 2: 0, 3: 0})
    assert not sprite("4.5", "1.00", 10, scale=(1, 5), counts={1: 8})
    thirds = sprite("1.95", "1.55", 20, scale=(1, 5), items=3, counts={9: 0, 11: 2})
    assert thirds.sample.count(Fraction(11, 3)) == 2
    assert thirds.sample.count(3) == 0


@pytest.mark.parametrize(
    ("arguments", "options", "reason"),
    [
        (("5.19", "1.50", 28), {}, "mean"),
        (("2.00", "5.00", 10), {"scale": (1, 3)}, "bounds"),
        (("2.50", "0.00", 10), {}, "bounds"),
        (("3.44", "2.47", 18), {}, "parity"),
        (("1.50", "0.60", 2), {}, "bounds"),
        (("2.00", "1.41", 2), {"ddof": 1}, ""),
        (("2.00", "2.00", 2), {"ddof": 1}, "sample"),
        (("1.00", "0.20", 1), {"ddof": 1}, "bounds"),
    ],
)
def test_reasons(arguments, options, reason):
    answer = grimmer(*arguments, **options)
    assert bool(answer) == (reason == "")
    assert answer.reason == reason, answer


def test_either_divisor_will_do_unless_told():
    by_n = f"{deviation([1, 2, 2, 5], 0):.2f}"
    assert grimmer("2.50", by_n, 4).ddof == 0
    assert "divides by n, not n - 1" in grimmer("2.50", by_n, 4).warning
    assert not grimmer("2.50", by_n, 4, ddof=1)
    assert grimmer("2.50", f"{deviation([1, 2, 2, 5], 1):.2f}", 4).ddof == 1


def test_a_spread_may_be_a_standard_error():
    """28 answers with mean 5.18 and SD 1.59 have the standard error 0.30; no SD is as small as that."""
    assert not grimmer("5.18", "0.30", 28, scale=(1, 7))
    assert grimmer("5.18", "0.30", 28, scale=(1, 7), standard_error=True).ddof == 1
    either = grimmer("5.18", "0.30", 28, scale=(1, 7), standard_error=None)
    assert "only if 0.30 is a standard error" in str(either)
    assert grimmer("5.18", "1.61", 28, standard_error=None).warning == ""
    wrong = grimmer("5.18", "0.60", 28, scale=(1, 7), standard_error=True)
    assert "have the standard error 0.60: it lies between 0.07 and 0.52" in wrong.message
    assert grimmer("5.19", "0.30", 28, standard_error=None).reason == "mean"
    with pytest.raises(TypeError, match="standard_error must be True, False or None"):
        grimmer("5.18", "0.30", 28, standard_error="yes")


@pytest.mark.parametrize("standard_error", [True, None])
def test_every_honest_standard_error_is_possible(standard_error):
    for values in combinations_with_replacement(range(1, 5), 6):
        error = f"{deviation(values, 1) / math.sqrt(6):.3f}"
        assert grimmer(f"{sum(values) / 6:.2f}", error, 6, scale=(1, 4), standard_error=standard_error)


def test_means_over_seeds_are_of_right_answers_among_test_images():
    assert grimmer("93.17 %", "0.21", 5, items=10_000)
    assert grimmer("93.17 %", "0.21", 5, items=1000).reason == "mean"
    with pytest.raises(ValueError, match="items must say of how many each percentage is"):
        grimmer("93.17 %", "0.21", 5)


@pytest.mark.parametrize("n", [2, 3, 7, 20])
@pytest.mark.parametrize("ddof", [0, 1])
def test_zeros_and_ones_have_the_sd_of_their_mean_and_no_other(n, ddof):
    own = defaultdict(set)
    for ones in range(n + 1):
        share = Fraction(ones, n)
        own[f"{float(share):.3f}"].add(f"{math.sqrt(share * (1 - share) * n / (n - ddof)):.3f}")
    for mean, sds in own.items():
        tried = set(range(0, 720, 37))
        for sd, step in product(sds, range(-3, 4)):
            tried.add(max(round(float(sd) * 1000) + step, 0))
        for thousandths in sorted(tried):
            sd = f"{thousandths / 1000:.3f}"
            if bool(debit(mean, sd, n, ddof=ddof)) != (sd in sds):
                tie = any(abs(float(each) - float(sd)) < 0.0011 for each in sds)
                assert tie, (mean, sd, n)


def test_debit_says_the_right_sd():
    assert debit("0.35", "0.49", 20)
    assert debit("35 %", "49", 20)
    assert debit("35 %", "0.49", 20)
    assert not debit("35 %", "0.18", 20)
    assert debit("0.35", "0.18", 20).message.endswith("have the SD 0.49, not 0.18")
    assert debit("0.34", "0.47", 40).reason == "mean"
    with pytest.raises(ValueError, match=r"mean must be between 0 and 1 for zeros and ones; got '1\.5'"):
        debit("1.5", "0.5", 20)


@pytest.mark.parametrize(("n", "low", "high"), [(3, 1, 5), (4, 0, 3), (5, -1, 2)])
def test_bounds_are_those_of_all_numbers(n, low, high):
    by_mean = defaultdict(list)
    for values in combinations_with_replacement(range(low, high + 1), n):
        by_mean[Fraction(sum(values), n)].append(deviation(values, 1))
    for mean, sds in by_mean.items():
        least, most = sd_bounds(f"{float(mean):.4f}", n, scale=(low, high))
        assert (least, most) == pytest.approx((min(sds), max(sds)))


def test_bounds_without_a_scale():
    assert sd_bounds("3.00", 4) == (0, pytest.approx(6)), "0, 0, 0 and 12"
    assert sd_bounds("-3.00", 4) == (0, pytest.approx(6))
    assert sd_bounds("3.00", 4, scale=(None, None))[1] == math.inf
    with pytest.raises(ValueError, match=r"mean must be possible; got '3\.01' for n = 4"):
        sd_bounds("3.01", 4)


def test_negative_values_are_allowed_where_no_scale_is_given():
    assert grimmer("0.24", "6.43", 34)
    assert not grimmer("0.24", "6.43", 34, scale=(0, 40))


@pytest.mark.parametrize("n", [10**5, 10**9])
def test_very_many_people_take_no_time(n):
    assert "left open" in grimmer("5.19", "2.5", n).warning
    assert grimmer("5.19", "9.1", n, scale=(1, 7)).reason == "bounds"
    assert grimmer("5.19", "0.1", n).reason == "bounds"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: grimmer("5.19", "-1", 28), ValueError, "sd must be a number of at least 0; got '-1'"),
        (lambda: grimmer("5.19", "< 1", 28), ValueError, "sd must be a number"),
        (lambda: grimmer("5.19", 1.5, 28), TypeError, "as text"),
        (lambda: grimmer("5.19", "1.50", 28, sd_decimals=1), ValueError, "more than decimals = 1"),
        (lambda: grimmer("5.18", "1.50", 28, ddof=2), ValueError, "ddof must be 1, 0 or None for either; got 2"),
        (lambda: sprite("5.18", "1.50", 28, counts={3: -1}), ValueError, r"counts\[3\] must be at least 0"),
        (lambda: sprite("5.18", "1.50", 28, item=2), TypeError, "sprite takes .*; got item"),
        (lambda: sd_bounds("5", 1), ValueError, "n must be at least 2"),
    ],
)
def test_bad_questions_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()

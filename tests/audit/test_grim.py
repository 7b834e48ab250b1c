"""GRIM: which means and percentages whole numbers can have, and the words of the answer."""

from __future__ import annotations

import warnings
from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrn.audit import (
    NoPowerWarning,
    grim,
    grim_probability,
    largest_at_least,
    possible_counts,
    possible_totals,
)


def printed(k, n, decimals, rounding, trim=False):
    """Return the mean k / n as a table prints it."""
    text = str((Decimal(k) / Decimal(n)).quantize(Decimal(1).scaleb(-decimals), rounding))
    return text.rstrip("0").rstrip(".") if trim and "." in text else text


# GRIM


@pytest.mark.parametrize(
    ("mean", "n", "totals"),
    [
        ("3.33", 6, (20,)),
        ("17.12", 8, (137,)),
        ("17.13", 8, (137,)),
        ("0", 4, (0, 1, 2)),
        ("2.50", 2, (5,)),
        ("0.00", 4, (0,)),
    ],
)
def test_possible_mean_gives_its_total(mean, n, totals):
    assert possible_totals(mean, n) == totals


@pytest.mark.parametrize(("mean", "n"), [("3.34", 6), ("17.11", 8), ("17.14", 8), ("4.71", 3), ("0.01", 40)])
def test_impossible_mean_has_no_total(mean, n):
    assert possible_totals(mean, n) == ()


def test_dropped_zeros_make_the_check_stricter():
    assert possible_totals("1.7", 3) == (5,)
    assert possible_totals("1.70", 3) == possible_totals("1.7", 3, decimals=2) == ()


def test_coarse_mean_can_have_several_totals():
    assert possible_totals("3", 3) == (8, 9, 10)


@settings(deadline=None)  # a busy machine is not a bug
@given(
    k=st.integers(0, 10_000),
    n=st.integers(1, 500),
    decimals=st.integers(0, 4),
    rounding=st.sampled_from([ROUND_HALF_EVEN, ROUND_HALF_UP]),
    trim=st.booleans(),
)
def test_mean_of_whole_numbers_always_passes(k, n, decimals, rounding, trim):
    assert k in possible_totals(printed(k, n, decimals, rounding, trim), n, decimals, percent=False)


@pytest.mark.parametrize("n", range(1, 13))
def test_totals_are_exactly_those_that_print_the_mean(n):
    shown = {}
    for k in range(2 * n + 2):
        for rounding in (ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_HALF_DOWN):
            shown.setdefault(printed(k, n, 2, rounding), set()).add(k)
    for hundredths in range(200):
        mean = str(Decimal(hundredths).scaleb(-2))
        assert set(possible_totals(mean, n)) == shown.get(mean, set())


def test_possible_counts_lists_every_number_of_runs():
    assert possible_counts("4.71", 20) == (7, 14, 17)
    assert possible_counts("0.01", 20) == ()
    assert possible_counts("0.5", 7) == (2, 4, 6)


@settings(deadline=None)  # a busy machine is not a bug
@given(values=st.lists(st.integers(0, 60), min_size=1, max_size=12))
def test_largest_is_at_least_what_the_mean_says(values):
    mean = printed(sum(values), len(values), 2, ROUND_HALF_EVEN)
    assert largest_at_least(mean, len(values)) <= max(values)


def test_largest_is_the_mean_rounded_up():
    assert largest_at_least("22.67", 3) == 23
    assert largest_at_least("6", 3, decimals=2) == 6
    with pytest.raises(ValueError, match=r"'22\.68' is not possible for n = 3"):
        largest_at_least("22.68", 3)


@pytest.mark.parametrize(
    ("mean", "n", "decimals", "error", "message"),
    [
        (0.4, 5, None, TypeError, "as text"),
        ("four", 5, None, ValueError, "must look like"),
        ("nan", 5, None, ValueError, "finite"),
        ("0.40", 5, 1, ValueError, "has 2 decimals, more than decimals = 1"),
        ("0.4", 0, None, ValueError, "n must be at least 1, not 0"),
        ("0.4", 2.5, None, TypeError, "n must be a whole number"),
    ],
)
def test_bad_means_are_refused(mean, n, decimals, error, message):
    with pytest.raises(error, match=message):
        possible_totals(mean, n, decimals)


def test_possible_counts_round_to_the_decimals_given():
    assert possible_counts("0.5", 3) == (2,)
    assert possible_counts("0.3", 3) == (3,)
    assert possible_counts("0.3", 3, decimals=2) == ()
    assert possible_counts("4", 1) == (1,)


def test_the_largest_rounds_to_the_decimals_given():
    assert largest_at_least("0.3", 3) == 1
    with pytest.raises(ValueError, match="not possible for n = 3"):
        largest_at_least("0.3", 3, decimals=2)


# percentages, items, scales, signs


@pytest.mark.parametrize(
    ("text", "options", "totals"),
    [
        ("67.4", {"percent": True}, ()),
        ("67.4 %", {}, ()),
        ("67.3 %", {}, (101,)),
        ("67.3%*", {}, (101,)),
        ("100 %", {}, (150,)),
        ("0.0 %", {}, (0,)),
    ],
)
def test_percentages_count_people(text, options, totals):
    assert possible_totals(text, 150, **options) == totals


def test_a_percentage_read_as_a_mean_is_said_to_show_nothing():
    with pytest.warns(
        NoPowerWarning, match=r"67\.4 % cannot be a share of 150: if it is a percentage, say percent=True"
    ):
        assert grim("67.4", 150).verdict == "uninformative"
    with pytest.warns(NoPowerWarning, match="nothing for n = 150; if it is a percentage"):
        assert grim("67.3", 150).verdict == "uninformative"


def test_a_number_that_can_be_a_mean_but_no_percentage_does_not_pass_in_silence():
    with pytest.warns(NoPowerWarning, match=r"67\.4 % cannot be a share of 150"):
        assert possible_totals("67.4", 150)
    assert possible_totals("67.4", 150, percent=False)
    assert possible_totals("67.3", 150)
    assert possible_totals("67.4", 9)
    assert possible_totals("5.1", 20)
    assert possible_totals("16", 3)


def test_an_unknown_n_that_any_number_fits_shows_nothing():
    with pytest.warns(NoPowerWarning, match="possible for every n from 100 to 120, so GRIM shows nothing"):
        assert grim("5.19", range(100, 121)).verdict == "uninformative"
    assert grim("5.19", range(90, 121)).verdict == "possible"


def test_items_make_the_grain_finer():
    assert possible_totals("3.48", 20) == ()
    assert possible_totals("3.48", 20, items=2) == (139,)
    assert largest_at_least("3.48", 20, items=2) == 4


def test_a_scale_bounds_the_mean():
    assert possible_totals("8.00", 10) == (80,)
    assert possible_totals("8.00", 10, scale=(0, 7)) == ()
    assert possible_totals("0.1", 10, decimals=2, scale=(1, 7)) == ()
    assert possible_totals("0.01", 400, scale=(0, 1)) == (2, 3, 4, 5, 6)
    assert grim("8.00", 10, scale=(0, 7)).nearest == ("7.00",)
    assert grim("0.10", 10, scale=(1, 7)).nearest == ("1.00",)


def test_means_may_be_negative():
    assert possible_totals("-1.85", 34) == possible_totals("−1.85", 34, scale=(-8, 4)) == (-63,)
    assert possible_totals("-1.86", 34) == ()
    assert possible_totals("-0.00", 300) == (-1, 0)
    assert possible_totals("0.00", 300) == (0, 1)
    assert possible_totals("0.00", 300, scale=(-3, 3)) == (-1, 0, 1)
    assert possible_totals("-1.85", 34, scale=(0, None)) == ()


@pytest.mark.parametrize(
    ("rounding", "prints_2_67", "prints_2_68"),
    [
        ("half_up", False, True),
        ("half_even", False, True),
        ("up", False, True),
        ("half_down", True, False),
        ("truncate", True, False),
        ("down", True, False),
        ("lenient", True, True),
        ("binary", True, True),  # format prints 2.67, numpy.round 2.68
    ],
)
def test_each_way_of_rounding_prints_what_it_prints(rounding, prints_2_67, prints_2_68):
    """The mean is 107 / 40 = 2.675."""
    assert bool(possible_totals("2.67", 40, rounding=rounding)) == prints_2_67
    assert bool(possible_totals("2.68", 40, rounding=rounding)) == prints_2_68


def test_ways_of_rounding_go_to_the_even_digit_and_treat_signs_alike():
    assert possible_totals("0.12", 8, rounding="binary") == (1,)
    assert possible_totals("0.13", 8, rounding="binary") == (), "1 / 8 is exact in binary, and goes to the even digit"
    assert possible_totals("-2.67", 40, rounding="down") == ()
    assert possible_totals("-2.67", 40, rounding="truncate") == possible_totals("-2.67", 40, rounding="up") == (-107,)
    assert possible_totals("-2.68", 40, rounding="half_up") == (-107,)


def test_the_answer_says_which_conventions_fit():
    assert grim("2.67", 40).conventions == ("half_down", "binary")
    assert grim("2.68", 40).conventions == ("half_up", "half_even", "binary")
    assert grim("2.65", 40).conventions == ("half_up", "half_even", "half_down", "binary")
    assert "if rounded half down or in binary" in grim("2.67", 40).message
    assert "it could, if rounded half down" in grim("2.67", 40, rounding="half_up").message
    assert grim("5.20", 28, rounding="truncate").conventions == ()
    assert grim("5.17", 28, rounding="truncate").conventions == ("truncate",)
    assert grim("5.17", 28, rounding=["half up", "Truncation"])
    assert grim("2.68", 40, rounding="ROUND_HALF_UP")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda: grim("5.19", 28), "5.19 cannot be the mean of 28 whole numbers; 5.18 and 5.21 can"),
        (lambda: grim("67.4 %", 150, rounding="half up"), "67.4 % cannot be a share of 150; 67.3 % and 68.0 % can"),
        (lambda: grim("8.00", 9, scale=(0, 7)), "8.00 cannot be the mean of 9 whole numbers from 0 to 7; 7.00 can"),
        (lambda: grim("3.49", 20, items=2), "3.49 cannot be the mean of 20 answers to 2 items; 3.48 and 3.50 can"),
        (lambda: grim("5.18", 28), "5.18 can be the mean of 28 whole numbers: 145 of 28"),
        (lambda: grim("4.71", range(15, 26)), "4.71 is possible for n = 17, 21, 24"),
        (lambda: grim("0.01", range(15, 26)), "0.01 is impossible for every n from 15 to 25"),
    ],
)
def test_the_message_says_why_in_words(answer, message):
    assert answer().message.startswith(message)
    assert str(answer()) in repr(answer())


def test_a_failed_claim_shows_the_message():
    with pytest.raises(AssertionError, match=r"5\.18 and 5\.21 can"):
        assert grim("5.19", 28)


# power


@pytest.mark.parametrize("rounding", ["lenient", "half_up"])
@pytest.mark.parametrize("decimals", [1, 2])
def test_probability_is_the_share_of_numbers_that_fail(decimals, rounding):
    endings = 10**decimals
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoPowerWarning)
        for n in (1, 3, 7, 8, 10, 16, 25, 40, 64, 80, 99, 100, 101, 200):
            failed = 0
            for ending in range(endings):
                failed += not grim(f"{3 + ending / endings:.{decimals}f}", n, rounding=rounding)
            assert grim_probability(n, decimals, rounding=rounding) == pytest.approx(failed / endings)


def test_probability_of_percentages_and_items():
    assert grim_probability(150, 1, percent=True, rounding="half_up") == 0.85
    assert grim_probability(28, 2) == grim("5.19", 28).probability == 0.72
    assert grim_probability(14, 2, items=2) == 0.72
    assert grim_probability(200, 2) == 0


def test_power_ends_at_ten_to_the_decimals():
    assert grim("5.19", 99).verdict != "uninformative"
    for n in (100, 1000):
        with pytest.warns(NoPowerWarning, match="every mean with 2 decimals"):
            assert grim("5.19", n).verdict == "uninformative"
    for hundredths in range(700):
        assert possible_totals(f"{hundredths / 100:.2f}", 200)


def test_very_many_people_take_no_time():
    with pytest.warns(NoPowerWarning):
        assert len(grim("5.19", 3 * 10**9).totals) > 10**6


def test_possible_counts_of_several_means():
    assert possible_counts(["4.71", "5.29"], 30) == (7, 14, 17, 21, 24, 28)
    assert possible_counts("67.4 %", 60) == (43, 46)
    assert possible_counts("4.71", 30, min_n=15) == (17, 21, 24, 28)
    # Bauer and Francis (2021) split 40 into 17 and 23.
    assert 17 in possible_counts("4.71", 39)
    assert 23 in possible_counts("5.3", 39)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: grim("5.19", 28, rounding="nearest"),
            ValueError,
            "rounding must be lenient, .*'nearest'",
        ),
        (lambda: grim("5.19", 28, rounding=()), ValueError, "rounding must be"),
        (lambda: grim("5.19", 28, rounding=3), TypeError, "rounding must be a name, or several; got 3"),
        (lambda: grim("5.19", 28, scale=7), ValueError, "scale must be two numbers"),
        (lambda: grim("5.19", 28, scale=(7, 1)), ValueError, "scale must begin with its lowest answer"),
        (lambda: grim("5.19", 28, scale=(1.5, 7)), TypeError, "scale's lowest must be a whole number"),
        (lambda: grim("5.19", 28, items=0), ValueError, "items must be at least 1"),
        (lambda: grim("5.19", 28, percent=2), TypeError, "percent must be True, False or None; got 2"),
        (lambda: grim("71 %", 28, percent=False), ValueError, "percent must be True for a number with a percent sign"),
        (lambda: grim("< 5.19", 28), ValueError, "a mean must be a number, not a bound"),
        (lambda: grim("5.19", []), ValueError, "n must be a whole number, or several; got none"),
        (lambda: grim("5.19", "28"), TypeError, "n must be a whole number"),
        (lambda: grim("5.19", None), TypeError, "n must be a whole number"),
        (lambda: grim(5.19, 28), TypeError, "must be given as text, as printed"),
    ],
)
def test_bad_questions_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()

"""Sums, totals, means of means and repeated values: exact, with the slack of rounding and no more."""

from __future__ import annotations

import pytest

from lrn.audit import check_mean_of_means, check_total, repeated_values, wrong_totals


def test_right_totals_pass_and_a_wrong_one_is_named():
    parts = {"plain": ["4", "2", "0"], "late": ["0.1", "0.2"]}
    assert wrong_totals(parts, {"plain": "6", "late": "0.30"}) == {}
    assert wrong_totals(parts, {"plain": "7", "late": "0.3"}) == {"plain": ("6", "7")}


def test_totals_need_their_parts():
    with pytest.raises(ValueError, match="only one of them has late"):
        wrong_totals({"plain": ["1"]}, {"plain": "1", "late": "2"})
    with pytest.raises(ValueError, match="must look like"):
        wrong_totals({"plain": ["one"]}, {"plain": "1"})


def test_rounded_parts_need_not_add_up():
    assert wrong_totals({"all": ["45", "9", "45"]}, {"all": "100"}) == {}
    assert wrong_totals({"all": ["33.3", "33.3", "33.3"]}, {"all": "100.0"}) == {}
    assert wrong_totals({"all": ["45 %", "9 %", "45 %"]}, {"all": "100 %"}) == {}
    assert wrong_totals({"all": ["45 %", "9 %", "45 %"]}, {"all": "99 %"}) == {}


def test_slack_is_half_a_unit_per_number_and_no_more():
    assert check_total(["33.3", "33.3", "33.3"], "100.1")
    assert not check_total(["33.3", "33.3", "33.3"], "100.2")
    assert check_total(["45", "9", "44"], "100")
    assert not check_total(["45", "9", "43"], "100")
    assert "rounding explains up to 2" in check_total(["45", "9", "43"], "100").message


def test_counts_must_add_up_exactly():
    assert not check_total(["4", "2", "0"], "7")
    assert check_total(["4", "2", "0"], "7", rounded=True)
    assert not check_total(["45", "9", "45"], "100", rounded=False)
    assert wrong_totals({"all": ["1,024.5", "−4"]}, {"all": "1020.5"}) == {}


def test_one_text_in_place_of_several_is_refused():
    with pytest.raises(TypeError, match="parts must be several numbers as text"):
        check_total("123", "6")
    with pytest.raises(TypeError, match="means must be several numbers as text"):
        check_mean_of_means("5", "5")


def test_truncated_parts_lose_more():
    assert not check_total(["0.33", "0.33", "0.33"], "1.02")
    assert check_total(["0.33", "0.33", "0.33"], "1.02", rounding="truncate")
    assert not check_total(["0.33", "0.33", "0.33"], "0.97", rounding="truncate")


def test_mean_of_means_weighs_by_size():
    assert check_mean_of_means(["4.0", "6.0"], "5.5", sizes=[10, 30])
    assert check_mean_of_means(["4.0", "6.0"], "5.0")
    answer = check_mean_of_means(["4.0", "6.0"], "5.0", sizes=[10, 30])
    assert not answer
    assert "give 5.5 (5.45 to 5.55), not 5.0" in answer.message
    assert check_mean_of_means(["4.0", "6.0"], "5.6", sizes=[10, 30]), "5.55 may be printed as 5.6"
    assert not check_mean_of_means(["4.0", "6.0"], "5.7", sizes=[10, 30])


def test_repeated_values_need_digits():
    cells = {"a": "4.22", "b": "4.22", "c": "0.5", "d": "0.5", "e": "4.220", "f": "7"}
    (repeated,) = repeated_values(cells)
    assert (repeated.value, repeated.cells) == ("4.22", ("a", "b"))
    assert len(repeated_values(cells, digits=1)) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wrong_totals({"a": [], "b": []}, {}), "a, b"),
        (lambda: check_total(["1", "x"], "2"), "must look like"),
        (lambda: check_total(["< 1.5", "1.0"], "2.0"), "not a bound"),
        (lambda: check_mean_of_means([], "2"), "at least one mean"),
        (lambda: check_mean_of_means(["1"], "2", sizes=[1, 2]), "sizes must be as many as the means"),
        (lambda: check_mean_of_means(["1"], "2", sizes=[0]), "not all 0"),
        (lambda: repeated_values({"a": "1.0"}, digits=0), "digits must be at least 1"),
    ],
)
def test_bad_sums_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

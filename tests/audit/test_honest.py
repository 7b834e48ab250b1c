"""No honest author is accused: whatever software prints of whole numbers is possible."""

from __future__ import annotations

import math
import warnings
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import cache
from itertools import product

import numpy as np
import pytest
from scipy import stats as scipy_stats

from lrn.audit import (
    NoPowerWarning,
    check_accuracy,
    check_best,
    check_error,
    check_improvement,
    check_interval,
    check_mean_of_means,
    check_p_from_counts,
    check_p_from_means,
    check_p_value,
    check_runs,
    check_share,
    check_table,
    check_text,
    check_total,
    compare_counts,
    debit,
    grim,
    grimmer,
    possible_totals,
    recompute_p,
)

MOST_N = 100
HIGHEST = 7  # totals up to 7 n


def by_decimal(total, n, scale, decimals, rounding):
    exact = Decimal(scale * total) / Decimal(n)
    return str(exact.quantize(Decimal(1).scaleb(-decimals), rounding))


def printed(total, n, scale, decimals):
    """Return what format, numpy.round, decimal and float32 print of a mean (scale 1) or percentage (100)."""
    single = np.float32(total) / np.float32(n) * np.float32(scale)
    texts = set()
    for value in (total / n * scale, scale * total / n, single, np.float32(scale * total) / np.float32(n)):
        texts.add(f"{float(value):.{decimals}f}")
        texts.add(f"{float(np.round(value, decimals)):.{decimals}f}")
    for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN):
        texts.add(by_decimal(total, n, scale, decimals, rounding))
    return texts


def cut(total, n, scale, decimals):
    """Return what truncation prints, exactly, in doubles and in float32."""
    unit = 10**decimals
    single = np.float32(total) / np.float32(n) * np.float32(scale)
    return {
        f"{math.trunc(total / n * scale * unit) / unit:.{decimals}f}",
        f"{math.trunc(scale * total / n * unit) / unit:.{decimals}f}",
        f"{float(np.trunc(single * np.float32(unit)) / np.float32(unit)):.{decimals}f}",
        by_decimal(total, n, scale, decimals, ROUND_DOWN),
    }


def accused(n, scale, decimals, printing, rounding):
    """Return the printed numbers of n whole numbers that are called impossible, with their totals."""

    @cache
    def possible(text):
        limits = {"percent": True, "scale": (0, HIGHEST)} if scale == 100 else {}
        return frozenset(possible_totals(text, n, rounding=rounding, **limits))

    wrong = []
    for total in range(HIGHEST * n + 1):
        for text in printing(total, n, scale, decimals):
            if total not in possible(text):
                wrong.append((text, total))
    return wrong


@pytest.mark.parametrize("scale", [1, 100], ids=["mean", "percentage"])
@pytest.mark.parametrize("block", range(5))
def test_every_honest_number_is_possible(block, scale):
    """Every k / n with n up to 100 and k up to 7 n, to two decimals as a mean, to one as a percentage."""
    decimals = 2 if scale == 1 else 1
    for n in range(1 + block, MOST_N + 1, 5):
        assert accused(n, scale, decimals, printed, "lenient") == []
        assert accused(n, scale, decimals, cut, "truncate") == []


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1, 100], ids=["mean", "percentage"])
@pytest.mark.parametrize("decimals", range(5))
def test_every_honest_number_is_possible_to_any_decimals(decimals, scale):
    for n in range(1, MOST_N + 1):
        assert accused(n, scale, decimals, printed, "lenient") == []
        assert accused(n, scale, decimals, cut, "truncate") == []


@pytest.mark.parametrize("n", [3, 7, 40, 64])
@pytest.mark.parametrize("decimals", [0, 3, 4])
def test_other_decimals(n, decimals):
    for scale in (1, 100):
        assert accused(n, scale, decimals, printed, "lenient") == []
        assert accused(n, scale, decimals, cut, "truncate") == []


@pytest.mark.parametrize("n", [20, 40, 80])
def test_negative_means_are_possible_too(n):
    for total in range(-3 * n, 0):
        for text in printed(total, n, 1, 2):
            assert total in possible_totals(text, n), (total, text)
            assert total in possible_totals(text.replace("-", "\u2212"), n, scale=(-3, 3))


def spreads(values):
    """Return the SDs that software computes: by n - 1 and by n, in double and single precision."""
    double, single = np.array(values, np.float64), np.array(values, np.float32)
    return double.std(ddof=1), double.std(), single.std(ddof=1), single.std()


def as_printed(values, decimals, unit=""):
    """Return the values as a table prints them, with so many decimals."""
    return [f"{value:.{decimals}f}{unit}" for value in values]


@pytest.mark.parametrize("items", [1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_every_honest_sd_is_possible(seed, items):
    rng = np.random.default_rng([seed, items])
    for _ in range(60):
        n, low = int(rng.integers(2, 60)), int(rng.integers(-3, 3))
        high = low + int(rng.integers(1, 9))
        scores = rng.integers(low, high + 1, (n, items)).mean(axis=1)
        for sd in spreads(scores):
            mean, shown = f"{scores.mean():.2f}", f"{sd:.2f}"
            assert grimmer(mean, shown, n, items=items, scale=(low, high)), (mean, shown, n, low, high)
            assert grimmer(mean, shown, n, items=items)


@pytest.mark.parametrize("decimals", [2, 3])
def test_every_honest_pair_of_zeros_and_ones_is_possible(decimals):
    for n in (2, 3, 8, 20, 37):
        for ones in range(n + 1):
            values = [1] * ones + [0] * (n - ones)
            for sd in spreads(values):
                assert debit(f"{ones / n:.{decimals}f}", f"{sd:.{decimals}f}", n)


@pytest.mark.parametrize(
    ("statistic", "df"), [("t", 28), ("F", (2, 28)), ("F", (1, 9)), ("r", 17), ("z", None), ("chi2", 3)]
)
def test_every_honest_p_value_fits(statistic, df):
    rng = np.random.default_rng(7)
    for value in rng.uniform(0, 0.99 if statistic == "r" else 5, 60):
        p = recompute_p(statistic, repr(float(value)), df)[0]
        shown = f"{value:.2f}"
        for text in (f"{p:.2f}", f"p = {p:.3f}", f"< {min(1, math.ceil(p * 1000 + 1) / 1000)}"):
            assert check_p_value(statistic, shown, text, df=df), (value, text)
            half = f"{p / 2:.3f}"
        if statistic != "F" or df[0] == 1:
            assert statistic == "chi2" or check_p_value(statistic, shown, half, df=df)


@pytest.mark.parametrize("test", ["fisher", "boschloo", "barnard", "pearson", "yates"])
def test_every_test_of_counts_fits_its_own_p_value(test):
    for k1, k2 in [(0, 4), (2, 7), (5, 5), (9, 1)]:
        for sided in (1, 2):
            p = compare_counts(k1, 10, k2, 10, test, sided=sided)
            assert check_p_from_counts(k1, 10, k2, 10, f"{p:.3f}")


def test_honest_runs_fit_their_summaries():
    rng = np.random.default_rng(3)
    for _ in range(200):
        runs = rng.normal(93, rng.uniform(0.01, 2), int(rng.integers(2, 12)))
        mean, n = f"{runs.mean():.2f}", len(runs)
        for sd in (runs.std(), runs.std(ddof=1)):
            assert check_runs(mean, f"{sd:.2f}", as_printed(runs, 1))
            assert check_best(f"{runs.max():.1f}", mean, f"{sd:.1f}", n)
            assert check_best(f"{runs.min():.2f}", mean, f"{sd:.2f}", n, lower_is_better=True)
        for factor in (2.0, 1.959964):
            half = factor * runs.std(ddof=1) / math.sqrt(n)
            ends = f"{runs.mean() - half:.2f}", f"{runs.mean() + half:.2f}"
            level = 0.95 if factor != 2.0 else math.erf(2.0 / math.sqrt(2))
            assert check_interval(*ends, mean, f"{runs.std(ddof=1):.2f}", n, level=level)


def test_honest_runs_on_images_fit_whatever_stands_behind_plus_minus():
    rng = np.random.default_rng(9)
    for _ in range(60):
        images, k, decimals = int(rng.choice([500, 1319, 10_000])), int(rng.integers(2, 9)), int(rng.integers(0, 4))
        runs = 100 * rng.binomial(images, rng.uniform(0.05, 0.99), k) / images
        shown = as_printed(runs, decimals)
        mean, best = f"{runs.mean():.{decimals}f}", f"{runs.max():.{decimals}f}"
        error = runs.std(ddof=1) / math.sqrt(k)
        half = scipy_stats.t.ppf(0.975, k - 1) * error
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NoPowerWarning)
            for text in shown:
                assert check_accuracy(text, images), (text, images)
            assert check_accuracy(mean, images, runs=k)
        for spread in (runs.std(), runs.std(ddof=1), error):
            text = f"{spread:.{decimals}f}"
            assert check_best(best, mean, text, k)
            ends = f"{runs.mean() - half:.{decimals}f}", f"{runs.mean() + half:.{decimals}f}"
            assert check_interval(*ends, mean, text, k), (ends, mean, text, k)
        for spread in (runs.std(), runs.std(ddof=1), error, np.ptp(runs) / 2, half, 1.96 * error):
            assert check_runs(mean, f"{spread:.{decimals}f}", shown)
        assert check_error(f"{1 - runs[0] / 100:.{decimals + 2}f}", f"{shown[0]} %")


@pytest.mark.parametrize("n", [7, 40, 63, 150])
def test_every_honest_count_fits_its_percentage(n):
    for count, decimals in product(range(n + 1), range(3)):
        for text in printed(count, n, 100, decimals):
            assert check_share(text, count, n), (text, count, n)


def test_honest_results_in_text_fit():
    rng = np.random.default_rng(10)
    for _ in range(60):
        t, df, shrunk = abs(rng.normal(0, 2)), int(rng.integers(2, 100)), rng.uniform(0.5, 1)
        welch, p = df + rng.random(), 2 * scipy_stats.t.sf(t, df)
        corrected = scipy_stats.f.sf(t * t, 2 * shrunk, df * shrunk)
        for text in (
            f"t({df}) = {t:.2f}, p = {p:.3f}",
            f"t({df}) = {t:.2f}, p = {p:.2e}",
            f"t({df}) = {t:.2f}, p = {p / 2:.3f}",
            f"t({welch:.1f}) = {t:.3f}, p = {2 * scipy_stats.t.sf(t, welch):.4f}",
            f"F(1, {df}) = {t * t:.2f}, p = {p:.3f}",
            f"F({2 * shrunk:.2f}, {df * shrunk:.2f}) = {t * t:.2f}, p = {corrected:.3f}",
        ):
            (answer,) = check_text(text)
            assert answer, answer


def test_honest_improvements_and_errors_fit():
    rng = np.random.default_rng(4)
    for old, new in rng.uniform(1, 99, (300, 2)):
        shown = f"{old:.1f}", f"{new:.1f}"
        assert check_improvement(f"{100 * abs(new - old) / old:.1f} %", *shown)
        assert check_improvement(f"{100 * (new - old) / (100 - old):.0f} %", *shown, kind="error reduction")
        assert check_improvement(f"{new - old:.1f}", *shown, kind="points")
        assert check_improvement(f"{max(new / old, old / new):.2f}x", *shown)
        assert check_error(f"{100 - old:.2f}", f"{old:.1f}")


def test_honest_sums_and_means_of_means_fit():
    rng = np.random.default_rng(5)
    for _ in range(200):
        counts = rng.integers(1, 50, int(rng.integers(2, 9)))
        shares = 100 * counts / counts.sum()
        assert check_total(as_printed(shares, 0), "100")
        assert check_total(as_printed(shares, 1, " %"), "100 %")
        assert check_total(list(map(str, counts)), str(counts.sum()))
        means = rng.uniform(0, 7, len(counts))
        overall = (means * counts).sum() / counts.sum()
        assert check_mean_of_means(as_printed(means, 2), f"{overall:.2f}", sizes=counts.tolist())


def summary(group, ddof):
    return f"{group.mean():.2f}", f"{group.std(ddof=ddof):.2f}", len(group)


def test_honest_t_tests_fit():
    rng = np.random.default_rng(6)
    for _ in range(60):
        one, two = rng.normal(0, 1, 12), rng.normal(0.5, 2, 20)
        for equal, ddof in product((True, False), (0, 1)):
            p = scipy_stats.ttest_ind(one, two, equal_var=equal).pvalue
            assert check_p_from_means(*summary(one, ddof), *summary(two, ddof), f"{p:.3f}")


def test_honest_tables_pass():
    rng = np.random.default_rng(8)
    rows, all_people, all_hits = [], 0, 0
    for group in range(20):
        answers = rng.integers(1, 8, int(rng.integers(5, 90)))
        hits = int((answers > 4).sum())
        spread = f"{answers.mean():.2f} ({answers.std(ddof=1):.2f})"
        share = f"{100 * hits / len(answers):.1f} %"
        rows.append({"group": str(group), "n": str(len(answers)), "mean": spread, "share": share, "hits": str(hits)})
        all_people += len(answers)
        all_hits += hits
    rows.append({"group": "all", "n": str(all_people), "mean": "", "share": "", "hits": str(all_hits)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoPowerWarning)
        report = check_table(
            rows, n="n", means=["mean"], percents=["share"], label="group", scale=(1, 7), total_row="all"
        )
    assert report, report


def test_a_check_without_power_warns_and_says_so():
    with pytest.warns(NoPowerWarning, match="GRIM shows nothing for n = 200"):
        answer = grim("5.19", 200)
    assert answer
    assert answer.verdict == "uninformative"

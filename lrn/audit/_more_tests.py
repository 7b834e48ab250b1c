"""Two-sided p-values of k1 of n1 against k2 of n2 that statistics programs print beside the usual tests."""

from __future__ import annotations

from math import sqrt

import scipy  # whose modules load when they are first used: stats takes a second

from lrn.audit._counts import compare_counts

__all__ = ["other_tests"]


def other_tests(k1: int, n1: int, k2: int, n2: int) -> dict[str, float]:
    """Return {test: p-value} of the less usual tests of two shares; {} if only one outcome was seen.

    They are the likelihood-ratio test (G), Pearson's with n - 1 in place of n, the z-test with unpooled variances
    (Wald), and three variants of Fisher's exact test: doubled tails, mid-p of doubled tails, and mid-p of the
    two-sided test.
    """
    if k1 + k2 in (0, n1 + n2):
        return {}
    table = [[k1, n1 - k1], [k2, n2 - k2]]
    pearson = scipy.stats.chi2_contingency(table, correction=False).statistic
    ratio = scipy.stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    tail, at = compare_counts(k1, n1, k2, n2, sided=1), _probability(k1, n1, k2, n2)
    n = n1 + n2
    tests = {
        "likelihood ratio": float(ratio.pvalue),
        "pearson by n - 1": float(scipy.stats.chi2.sf(pearson * (n - 1) / n, 1)),
        "fisher, doubled": min(1.0, 2 * tail),
        "fisher, doubled, mid-p": min(1.0, 2 * tail - at),
        "fisher, mid-p": compare_counts(k1, n1, k2, n2) - at / 2,
    }
    variance = k1 * (n1 - k1) / n1**3 + k2 * (n2 - k2) / n2**3
    if variance:
        tests["z of unpooled shares"] = 2 * float(scipy.stats.norm.sf(abs(k1 / n1 - k2 / n2) / sqrt(variance)))
    return tests


def _probability(k1: int, n1: int, k2: int, n2: int) -> float:
    """Return the hypergeometric probability of the table itself."""
    return float(scipy.stats.hypergeom.pmf(k1, n1 + n2, k1 + k2, n1))

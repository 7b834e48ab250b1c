"""DEBIT: zeros and ones have the standard deviation that their mean gives them, and no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import repeat

from lrn.audit._deviations import Deviation, answer_to, question_of, square_root
from lrn.audit._means import shown
from lrn.audit._moments import MeanAndSd
from lrn.audit._numbers import parse_number
from lrn.audit._rounding import written

__all__ = ["debit"]


def debit(
    mean: str,
    sd: str,
    n: int,
    *,
    decimals: int | None = None,
    sd_decimals: int | None = None,
    percent: bool | None = None,
    ddof: int | None = None,
    rounding: str | Iterable[str] = "lenient",
) -> Deviation:
    """Check the mean and SD of n zeros and ones, whose SD is √(p (1 - p) n / (n - 1)), p being their mean.

    Args:
        mean: the mean as printed, from 0 to 1; or a percentage.
        sd: the standard deviation as printed, on the same scale.
        n: how many zeros and ones.
        decimals: as in `grimmer`, like all that follows.
        sd_decimals: the decimals to which SDs are rounded.
        percent: whether both are percentages.
        ddof: 1 if the SD divides by n - 1, 0 if by n; None allows both.
        rounding: how the table was rounded.

    Source:
        Heathers and Brown (2019), DEBIT, OSF preprint.

    Example:
        >>> print(debit("0.35", "0.18", 20))
        20 zeros and ones with mean 0.35 have the SD 0.49, not 0.18
    """
    is_percent = parse_number(mean).percent or bool(percent)
    highest = 100 if is_percent else 1
    for name, text in (("mean", mean), ("sd", sd)):
        if not 0 <= parse_number(text).value <= highest:
            raise ValueError(f"{name} must be between 0 and {highest} for zeros and ones; got {text!r}")
    question = question_of(mean, sd, n, decimals, sd_decimals, percent, 1, (0, 1), rounding, {})
    answer = answer_to(question, ddof)
    if not answer and is_percent and not parse_number(sd).percent and question.sd.value <= 1:
        share = replace(question.sd, value=100 * question.sd.value, decimals=question.sd.decimals - 2)
        answer = answer_to(replace(question, sd=share), ddof) or answer  # 35 % with an SD of 0.48
    if answer or answer.reason == "mean":
        return answer
    own_sds = map(square_root, _sds_of_shares(question)[:3])
    printed = " or ".join(dict.fromkeys(map(written, own_sds, repeat(question.sd.decimals))))
    message = f"{n} zeros and ones with mean {shown(question.of)} have the SD {printed}, not {sd}"
    return Deviation(verdict="impossible", message=message, reason="bounds")


def _sds_of_shares(question: MeanAndSd) -> list[Fraction]:
    """Return the squared SDs that the possible means give, in printed units."""
    n, scale = question.of.n, question.of.scale
    least = max(1, n - 1)
    return [Fraction(scale**2 * total * (n - total), n * least) for total in question.totals()]

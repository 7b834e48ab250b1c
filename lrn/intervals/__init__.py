"""Intervals that hold the true value at every number of seeds at once, and decisions made on nothing but them.

The promise
-----------
A suite of claims has one error budget, alpha (0.001 by default): with probability at least 1 - alpha, *every* decision
ever made from these intervals is right. The argument has three steps, each of them exact; docs/guarantee.md proves
them.

1. *One end of one interval.* A gambler who bets against a mean that is true multiplies the stake by K / alpha, at any
   number of observations, with probability at most alpha / K (Ville's inequality). So a mean is rejected where the
   stake has grown so much. One may look after every seed, and stop when the answer is there. There is no normal
   approximation, so nothing has to be "large enough". Needed are independent observations of one distribution within
   known bounds, such as those of different seeds of one experiment.
2. *A comparison is measured directly.* `A > B + 0.2` asks for the mean of A - B, one value per seed
   (:class:`Expression`), and A and B may depend on one another in any way. Means over different seeds, such as those
   that converged, are compared by :func:`conditional_difference_sequence`.
3. *All decisions at once.* K ends share the budget. A comparison with one number can be wrong at one end only, so it
   takes one share; several numbers, or arithmetic with the interval, take two. A suite that takes more than K is
   refused. Adding up needs no independence. Where all of these ends hold, comparisons and interval arithmetic
   (:class:`Estimate`) give only true statements, and Kleene's logic (:class:`Decision`) combines true statements into
   true ones: so neither the number of claims, nor their order, nor the reason to stop matters.

The two errors
--------------
*A wrong verdict* (true for a false claim, or false for a true one) has probability at most alpha, for the whole suite.
Both directions are alike: a claim is never SUPPORTED merely because there is too little data against it.

*No verdict* is the other error: nothing is decided when the observations run out. Its probability is planned, not
bounded: :func:`seeds_needed` says before any training how many seeds a comparison takes, :func:`detectable` what can be
shown with those that one can afford, and :class:`Undecided`, raised when an open decision is asked for its truth, how
many it would take from here. A decision whether one measured quantity exceeds another that in truth equals it stays
open for ever; no number of observations can show that two rates are equal.

Three things are not promised: that the observations match the words of a claim, that the code which made them is right,
or that a claim chosen after looking at the same observations holds.

Example
-------
>>> late = Estimate.measured("late", 180 / 256, *rate_sequence(180, 256, alpha=0.001), n=256)
>>> plain = Estimate.measured("plain", 20 / 256, *rate_sequence(20, 256, alpha=0.001), n=256)
>>> bool(late > plain + 0.2)
True
>>> bool((late > 0.9) | (plain > 0.3))
False
>>> (late > 0.7).undecided
('late',)

The same from the seeds themselves, where one interval for the difference is narrower than the difference of two:

>>> late = [1, 1, 0, 1, 1, 1, 0, 1] * 32
>>> plain = [0, 1, 0, 0, 1, 0, 0, 1] * 32
>>> low, high = mean_sequence([a - b for a, b in zip(late, plain)], -1, 1, alpha=0.001)
>>> 0.2 < low < 0.375 < high < 0.55
True

Before any training: how many seeds of each show that 0.75 exceeds 0.375, nine times out of ten, if K = 64?

>>> 100 < seeds_needed(0.75, 0.375, alpha=0.001) < 200
True
>>> 0.3 < detectable(0.75, seeds=150, alpha=0.001) < 0.45
True
"""

from __future__ import annotations

from lrn.intervals._assumed import (
    normal_capital,
    normal_ends,
    normal_sequence,
    subgaussian_capital,
    subgaussian_ends,
    subgaussian_sequence,
)
from lrn.intervals._betting import (
    best_growth,
    log_capital,
    mean_ends,
    mean_sequence,
    quantile_ends,
    quantile_sequence,
    rate_sequence,
)
from lrn.intervals._combining import every, some
from lrn.intervals._comparing import within
from lrn.intervals._compatibility import binomial_compatibility
from lrn.intervals._conditional import (
    ConditionalStakes,
    Side,
    conditional_capital,
    conditional_difference_sequence,
    conditional_ends,
)
from lrn.intervals._decision import Decision, Undecided
from lrn.intervals._estimate import Estimate
from lrn.intervals._exact import mean_interval, quantile_interval, rate_interval
from lrn.intervals._expression import Evidence, Expression, Source, Terms
from lrn.intervals._noting import NotedDecisions, note_decisions
from lrn.intervals._planning import QUANTITIES, detectable, goal_of, seeds_needed, with_power
from lrn.intervals._symmetric import symmetric_capital, symmetric_ends, symmetric_sequence

__all__ = [
    "QUANTITIES",
    "ConditionalStakes",
    "Decision",
    "Estimate",
    "Evidence",
    "Expression",
    "NotedDecisions",
    "Side",
    "Source",
    "Terms",
    "Undecided",
    "best_growth",
    "binomial_compatibility",
    "conditional_capital",
    "conditional_difference_sequence",
    "conditional_ends",
    "detectable",
    "every",
    "goal_of",
    "log_capital",
    "mean_ends",
    "mean_interval",
    "mean_sequence",
    "normal_capital",
    "normal_ends",
    "normal_sequence",
    "note_decisions",
    "quantile_ends",
    "quantile_interval",
    "quantile_sequence",
    "rate_interval",
    "rate_sequence",
    "seeds_needed",
    "some",
    "subgaussian_capital",
    "subgaussian_ends",
    "subgaussian_sequence",
    "symmetric_capital",
    "symmetric_ends",
    "symmetric_sequence",
    "with_power",
    "within",
]

"""Intervals that hold the true value at every number of seeds at once, and decisions made on nothing but them.

What is promised
----------------
A suite of claims has one error budget, alpha (0.001 by default): with probability at least 1 - alpha, *every* decision
ever made from these intervals is right. The argument has three steps, each of them exact.

1. *One interval.* :func:`rate_sequence`, :func:`mean_sequence`, :func:`quantile_sequence` and
   :func:`conditional_difference_sequence` are confidence sequences: the probability that one of them *ever* misses the
   true value, at any number of observations, is at most its level. So one may look as often as one likes, and stop when
   the answer is there. There is no normal approximation, so nothing has to be "large enough". What they need is
   independent observations of one distribution, which is what different seeds of one experiment are. What is compared
   is measured directly: `A > B + 0.2` asks for the mean of A - B, one value per seed (:class:`Expression`), and A and B
   may depend on one another in any way.
2. *All intervals at once.* K quantities share the budget, and each may spend alpha / K on each end of its interval. A
   comparison with one number can be wrong at one end only, and takes one share; a suite that takes more than K is
   refused. Adding up needs no independence: quantities may share their seeds, their weights, or everything.
3. *All decisions.* Where the intervals hold, interval arithmetic and comparisons give only true statements
   (:class:`Estimate`), and Kleene's logic combines true statements into true ones (:class:`Decision`). So it does not
   matter how claims are combined, how many there are, or in which order they are tested.

The two errors
--------------
*A wrong verdict* (true for a false claim, or false for a true one) has probability at most alpha, for the whole suite.
Both directions are alike: no claim stands merely for want of data against it.

*No verdict* is the other error: nothing is decided when the observations run out. :func:`seeds_needed` says before any
training how many seeds a comparison takes, :func:`detectable` what can be shown with those that one can afford, and
:class:`Undecided`, raised when an open decision is asked for its truth, how many it would take from here. Asked whether
one measured quantity exceeds another that in truth equals it, a decision stays open for ever, with probability at least
1 - alpha; no number of observations can show that two rates are equal.

What is not promised: that what was observed is what the words of a claim mean, or that the code which observed it is
right.

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
"""

from __future__ import annotations

from lrn.intervals._betting import (
    best_growth,
    log_capital,
    mean_ends,
    mean_sequence,
    quantile_ends,
    quantile_sequence,
    rate_sequence,
)
from lrn.intervals._compatibility import binomial_compatibility
from lrn.intervals._conditional import (
    ConditionalStakes,
    Side,
    conditional_capital,
    conditional_difference_sequence,
    conditional_ends,
)
from lrn.intervals._decision import Asked, Decision, Undecided, asked, every, some
from lrn.intervals._estimate import Estimate
from lrn.intervals._exact import mean_interval, quantile_interval, rate_interval
from lrn.intervals._expression import Evidence, Expression, Source, Terms
from lrn.intervals._planning import QUANTITIES, detectable, goal_of, seeds_needed

__all__ = [
    "QUANTITIES",
    "Asked",
    "ConditionalStakes",
    "Decision",
    "Estimate",
    "Evidence",
    "Expression",
    "Side",
    "Source",
    "Terms",
    "Undecided",
    "asked",
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
    "quantile_ends",
    "quantile_interval",
    "quantile_sequence",
    "rate_interval",
    "rate_sequence",
    "seeds_needed",
    "some",
]

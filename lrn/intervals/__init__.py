"""Intervals that hold the true value, and decisions made on nothing but them.

What is promised
----------------
A suite of claims has one error budget, alpha (0.001 by default): with probability at least 1 - alpha,
*every* decision ever made from these intervals is right. The argument has three steps, each of them exact.

1. *One interval.* :func:`rate_interval`, :func:`quantile_interval` and :func:`mean_interval` miss the true
   value with probability at most their level, for every number of observations and every distribution that
   the quantity can have. There is no normal approximation, so nothing has to be "large enough". What they
   need is independent observations of one distribution, which is what different seeds of one experiment
   are.
2. *All intervals at once.* Each measured quantity may spend :func:`quantity_alpha` (alpha / 4096), and its
   look k may spend :func:`look_alpha`, a part 1 / (k (k + 1)) of that. The shares add up to at most alpha,
   so with probability at least 1 - alpha all intervals of all quantities hold at all looks. Adding up needs
   no independence: quantities may share their seeds, their weights, or everything.
3. *All decisions.* Where the intervals hold, interval arithmetic and comparisons give only true statements
   (:class:`Estimate`), and Kleene's logic combines true statements into true ones (:class:`Decision`). So
   it does not matter how claims are combined, how many there are, in which order they are asked, how often
   one has looked before, or that looking stops as soon as the answer is there.

A quantity measured on the seeds that meet a condition (dead neurons of networks that converged) has a
random number of observations. Given which seeds those are, they are independent observations of the
conditional distribution, so its interval misses with probability at most its level too.

The two errors
--------------
*A wrong verdict* (true for a false claim, or false for a true one) has probability at most alpha, for the
whole suite. Both directions are alike: no claim stands merely for want of data against it.

*No verdict* is the other error: the intervals still overlap when the observations run out. Wider intervals
are the price of the promise. The half-width for a rate p at n observations is roughly ``sqrt(2 p (1 - p)
log(2 / level) / n)``; sharing the budget among 4096 quantities makes intervals about 1.4 times as wide as a
single quantity would have, which costs twice the observations. :func:`detectable_difference` says what n
observations can tell apart, :func:`observations_needed` how many a margin takes, and :class:`Undecided`,
raised when an open decision is asked for its truth, how many it would take from here. Asked whether one
measured quantity exceeds another that in truth equals it, a decision stays open at every look, with
probability at least 1 - alpha; no number of observations can show that two rates are equal.

What is not promised: that what was observed is what the words of a claim mean, or that the code which
observed it is right.

Example
-------
>>> level = look_alpha(quantity_alpha(0.001), 256)
>>> late = Estimate.measured("late", 180 / 256, *rate_interval(180, 256, level), n=256)
>>> plain = Estimate.measured("plain", 20 / 256, *rate_interval(20, 256, level), n=256)
>>> late > plain + 0.2
Decision(true: 0.7031 [0.5291, 0.8441] > 0.2781 [0.2161, 0.4087])
>>> (late > 0.9) | (plain > 0.3)
Decision(false: 0.7031 [0.5291, 0.8441] > 0.9 or 0.07812 [0.0161, 0.2087] > 0.3)
>>> (late > 0.6).undecided[0].key
'late'
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

"""Coins whose truth is known, and how a claim about them must end, which each claim says in its `reading`.

The suites under test run copies of the files in this folder. Coins fall on heads as often as their number says; what
asserts nothing about it must be an ERROR, whatever it looks like.
"""

from populations import Coin

from lrn.claims import claim

GOOD, BAD, HALF, SAME = Coin(0.9), Coin(0.2), Coin(0.5), Coin(0.5, "same", stream=1)
COINS = [Coin(p) for p in (0.7, 0.75, 0.8, 0.85)]


def supported(what, **more):
    return claim(what, reading="SUPPORTED", max_seeds=1024, **more)


def refuted(what, **more):
    return claim(what, reading="REFUTED", max_seeds=1024, **more)


def undecided(what, **more):
    return claim(what, reading="INCONCLUSIVE", max_seeds=64, **more)


def error(what, **more):
    return claim(what, reading="ERROR", max_seeds=64, **more)


def heads(measure, coin):
    return measure.rate(coin, "heads")

"""Populations without training, and how their samples grow."""

from __future__ import annotations

from lrn.claims._populations import Draw, RecentSamples, columns
from tests.plugin.populations import uniform


class Net:
    """The natural mistake: a label without the setting."""

    label = "net"

    def __init__(self, p):
        self.p = p

    def sample(self, seeds):
        return {"hit": uniform(seeds) < self.p, "u": uniform(seeds)}


class Pop:
    def __init__(self, sample, label="pop", **attributes):
        self.sample, self.label = sample, label
        vars(self).update(attributes)


def growing(most):
    """Numbers of seeds, from 8 to less than `most`, that grow by a quarter."""
    n = 8
    while n < most:
        yield n
        n += n // 4


def grown(population, metric):
    """The notes on a population whose sample grows."""
    samples = RecentSamples(Draw(None))
    for n in growing(200):
        columns(samples, population, [metric], range(n))
    return samples.notes

"""A sample that grows: observations in consecutive parts, and the values of metrics in them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrn.claims._contract import is_experiment
from lrn.claims._draw import Cost
from lrn.claims._metrics import Column, values_of

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.experiment.metrics import Metric

__all__ = ["Growing", "gathered", "merge", "of_networks", "rounded"]

ALIGNED = 64
"""Networks of an Experiment are trained in multiples of so many, which takes hardly longer than a few."""

ALIGNED_WIDE, WIDE = 16, 8
"""The same for networks of this width and more, each of which takes longer."""


@dataclass
class Growing:
    """The observations of one population.

    Attributes:
        population: kept, so that no other object can come to have its id.
        parts: consecutive seeds and their observations.
        again: the observations of seeds that were sampled again.
        turn: how often seeds were sampled again.
        checked: the number of seeds when that was last done.
        cost: seeds sampled and seconds spent.
        on_disk: whether the observations are on disk too.
        metrics: for networks, each metric (kept, so that no other can come to have its id) and its values so far.
        rechecked: whether seeds were sampled again for the option `--recheck`.
    """

    population: Any
    parts: list[tuple[range, Any]] = field(default_factory=list)
    again: list[tuple[range, Any]] = field(default_factory=list)
    turn: int = 0
    checked: int = 0
    cost: Cost = field(default_factory=Cost)
    seconds_again: float = 0.0
    metrics: dict[Hashable, tuple[Any, NDArray[Any]]] = field(default_factory=dict)
    on_disk: bool = False
    rechecked: bool = False

    def __len__(self) -> int:
        return self.parts[-1][0].stop - self.parts[0][0].start if self.parts else 0


def rounded(population: Any, seeds: range) -> int:
    """The seed to stop sampling before: experiments are trained in blocks that are measured together."""
    if not is_experiment(population):
        return seeds.stop
    size = _block(population, len(seeds) - 1)
    return min(seeds.start - (-len(seeds) // size) * size, 1 << 64)


def of_networks(growing: Growing, metric: Metric | Column, seeds: range, label: str) -> NDArray[Any]:
    """A metric's values (S,) for networks, of which only those not known yet are computed.

    They are computed in blocks that depend on the seeds alone, since sums may depend on how many networks share them.
    """
    key = metric.name, id(metric.function)
    _, cached = growing.metrics.get(key, (metric, None))
    done, values = 0 if cached is None else len(cached), [] if cached is None else [cached]
    while done < len(seeds):
        stop = min(done + _block(growing.population, done), len(growing))
        block = range(seeds.start + done, seeds.start + stop)
        values.append(values_of(metric, _selected(growing.parts, block), block, label))
        done += len(block)
    if len(values) > 1 or cached is None:
        growing.metrics[key] = metric, np.concatenate(values)
    return growing.metrics[key][1][: len(seeds)]


def _block(experiment: Experiment, done: int) -> int:
    """How many networks are measured together, from this one on; the sampled ones always end where a block does."""
    least = ALIGNED if experiment.width < WIDE else ALIGNED_WIDE
    return least if done < 1 << 14 else max(least, 1024)


def _selected(parts: list[tuple[range, Any]], block: range) -> Any:
    """The networks of a block: Runs, or what another sampler gives in their place."""
    chosen = []
    for part, runs in parts:
        start, stop = max(block.start, part.start), min(block.stop, part.stop)
        if start < stop:
            chosen.append(_slice(runs, slice(start - part.start, stop - part.start)))
    if len(chosen) == 1:
        return chosen[0]
    if isinstance(chosen[0], Mapping):
        return {name: np.concatenate(list(map(itemgetter(name), chosen))) for name in chosen[0]}
    return type(chosen[0]).join(chosen)


def _slice(runs: Any, chosen: slice) -> Any:
    if isinstance(runs, Mapping):
        return {name: values[chosen] for name, values in runs.items()}
    return runs.select(chosen)


def gathered(growing: Growing, metric: Metric | Column, seeds: range, label: str) -> NDArray[Any]:
    """A metric's values for seeds of a population that is not an Experiment."""
    values = []
    for part, sample in growing.parts:
        if part.start >= seeds.stop:
            break
        part, sample = _cut(part, sample, seeds.stop)
        values.append(values_of(metric, sample, part, label)[: seeds.stop - part.start])
    return values[0] if len(values) == 1 else np.concatenate(values)


def _cut(part: range, sample: Any, stop: int) -> tuple[range, Any]:
    """The beginning of a part, with as few seeds after `stop` as its kind allows."""
    end = min(part.stop, -(-stop // ALIGNED) * ALIGNED)
    is_whole = end == part.stop
    if is_whole or not (hasattr(sample, "select") or _has_columns_of(len(part), sample)):
        return part, sample
    return part[: end - part.start], _slice(sample, slice(0, end - part.start))


def _has_columns_of(length: int, sample: Any) -> bool:
    return isinstance(sample, Mapping) and all(np.shape(values)[:1] == (length,) for values in sample.values())


def merge(parts: list[tuple[range, Any]]) -> None:
    """Joins the last parts as long as the one before is not larger, so that there are few however often they grow."""
    while len(parts) > 1 and len(parts[-2][0]) <= 2 * len(parts[-1][0]):
        (first, earlier), (second, later) = parts[-2:]
        both = _joined(first, earlier, second, later)
        if both is None:
            return
        parts[-2:] = [(range(first.start, second.stop), both)]


def _joined(first: range, earlier: Any, second: range, later: Any) -> Any:
    """Two samples as one; None if they cannot be joined."""
    if type(earlier) is type(later) and hasattr(earlier, "select") and hasattr(type(earlier), "join"):  # Runs
        return type(earlier).join([earlier, later])
    if not (_has_columns_of(len(first), earlier) and _has_columns_of(len(second), later)):
        return None
    if list(earlier) != list(later):
        return None
    columns = {}
    for name in earlier:
        pair = (earlier[name], later[name])
        is_masked = isinstance(earlier[name], np.ma.MaskedArray) or isinstance(later[name], np.ma.MaskedArray)
        columns[name] = np.ma.concatenate(pair) if is_masked else np.concatenate(pair)
    return columns

"""Quantities and expressions as the record names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lrn.claims._metrics import name_of
from lrn.claims._populations import Population, counts_of, is_experiment, label_of
from lrn.claims._samples import Sample
from lrn.intervals import Terms
from lrn.verdicts import MeasuredQuantity, Quantity, expression_key, expression_name

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.experiment.metrics import Metric

__all__ = ["key_of_terms", "measured", "name_of_terms", "quantity_of"]


def quantity_of(
    statistic: str,
    populations: Sequence[Population | Experiment],
    metric: str | Metric,
    condition: str | Metric | None,
    bounds: tuple[float, float] | None = None,
    q: float | None = None,
    assume: str | None = None,
    sd: float | None = None,
) -> Quantity:
    """Returns the quantity as data; see `Quantity` for the arguments, of which `condition` is there called `given`."""
    own = None if condition is None else name_of(condition)
    conditions = filter(None, dict.fromkeys([own, *map(counts_of, populations)]))
    return Quantity(
        statistic,
        name_of(metric),
        tuple(map(label_of, populations)),
        " and ".join(conditions) or None,
        bounds,
        q,
        tuple(population.key if is_experiment(population) else "" for population in populations),
        assume,
        sd,
    )


def key_of_terms(terms: Terms) -> str:
    """Returns the identity of an expression in the record."""
    return _named(terms, expression_key)


def name_of_terms(terms: Terms) -> str:
    """Returns the name of an expression, for people."""
    return _named(terms, expression_name)


def measured(terms: Terms, sample: Sample) -> MeasuredQuantity:
    """Returns an expression as it was measured; it is only shown, and takes no share of the error budget."""
    low, high = sample.ends
    quantity: Any = terms[0][0] if _is_quantity(terms) else None
    name, key = name_of_terms(terms), key_of_terms(terms)
    return MeasuredQuantity(
        key, name, sample.point, low, high, sample.n, sample.seeds, (), 0, quantity, assumption=sample.assumption
    )


def _named(terms: Any, name: Callable[[Any], str]) -> str:
    """The name or key of an expression; a single quantity has its own."""
    if not _is_quantity(terms):
        return name(terms)
    quantity: Quantity = terms[0][0]
    return quantity.name if name is expression_name else quantity.key


def _is_quantity(terms: Terms) -> bool:
    return len(terms) == 1 and terms[0][1] == 1

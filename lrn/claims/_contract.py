"""The contract of a population, and the errors that break it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeGuard

from numpy.typing import NDArray

from lrn.intervals import Undecided
from lrn.verdicts.text import check_text

if TYPE_CHECKING:
    from lrn.experiment import Experiment

__all__ = [
    "MeasurementError",
    "NoMoreSeeds",
    "Population",
    "PopulationError",
    "Remembering",
    "Sampler",
    "Source",
    "is_experiment",
    "label_of",
    "shielded",
]


class Population(Protocol):
    """Anything that can be observed for a range of seeds, written as a class.

    For an ordinary training, `lrn.claims.population` on a function of one seed is shorter. The class form is for
    observations that are made for many seeds at once. It may have further attributes:

    - `version`: text that names the code, the arithmetic and the data behind the observations. With it they are kept on
      disk between runs, and made again when it changes; `sample` must then return a mapping of numbers or truths.
    - `seeds_per_block`: how many seeds to ask for at once (a power of two), where one takes as long as all of them, or
      where that must not depend on how long one takes.
    - `counts`: name of a boolean metric; only seeds for which it is true count, whatever is measured.
    - `most`: how many seeds there are, from 0 on, where there are not as many as one likes.
    - `varies`: names of metrics that may come out otherwise when a seed is sampled again, such as seconds; or True
      for all of them, where training cannot be made deterministic.

    Attributes:
        label: unique and stable text with every setting in it; it identifies the population in every process and run.
    """

    @property
    def label(self) -> str:
        """Unique and stable text."""
        ...

    def sample(self, seeds: range) -> Any:
        """Observes each seed.

        The observations of a seed must depend on that seed alone, not on the others.

        Args:
            seeds: a range of step 1.

        Returns:
            A mapping (or a data frame, or an object with attributes) from metric to array (S,).
        """
        ...


class Remembering(Protocol):
    """A sampler that remembers its samples (`lrn.claims._store.RecentSamples`)."""

    def values(self, population: Any, metrics: Sequence[Any], seeds: range) -> list[NDArray[Any]]:
        """The values (S,) of each metric."""
        ...


Source: TypeAlias = "Callable[[Population | Experiment, range, bool], Any]"
"""(population, seeds, whether the loss of every epoch is needed) -> the observations."""

Sampler: TypeAlias = "Source | Remembering"


FROZEN, TIME_OVER = "nothing is trained (--frozen)", "the hours allowed are over"
"""Why seeds are missing that could be trained: how such reasons begin."""


class MeasurementError(RuntimeError):
    """Measuring failed, which says nothing about the claim."""


class PopulationError(MeasurementError):
    """A population that breaks its contract, so that no measurement of it can be trusted."""


class NoMoreSeeds(RuntimeError):
    """Seeds that are needed cannot be had: they were not recorded, nothing may be trained, or time is over.

    The known seeds stay known, so the claim may be judged on them.
    """


class shielded:
    """A context in which a failed assertion, which would refute the claim, becomes a MeasurementError.

    Args:
        doing: the activity, such as "sampling net".
    """

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (AssertionError, Undecided)):
            raise MeasurementError(f"{self._doing} failed: {error!r}") from error


def is_experiment(population: object) -> TypeGuard[Experiment]:
    """Whether it is an Experiment, without loading the module that defines them."""
    module = sys.modules.get("lrn.experiment")
    return module is not None and isinstance(population, module.Experiment)


def label_of(population: Any) -> str:
    """Its label.

    Raises:
        TypeError: it is not a population.
        ValueError: its label cannot be written to a file.
        MeasurementError: an assertion failed in its `label`.
    """
    with shielded(f"the label of {type(population).__name__}"):
        label = getattr(population, "label", None)
        if is_experiment(population) and isinstance(label, str):
            return label
        sampled = callable(getattr(population, "sample", None)) and not isinstance(population, type)
    if callable(population) and hasattr(population, "grid"):
        raise TypeError(f"{population!r} must be called with its settings to be a population, such as {population!r}()")
    if not sampled or not isinstance(label, str):
        raise TypeError(f"a population is an Experiment, or has a text `label` and `sample(seeds)`; got {population!r}")
    return check_text("the label of a population", label)

"""The sampler of a session: where observations come from."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrn.claims._contract import Population, is_experiment
from lrn.claims._state import State, settings_of

if TYPE_CHECKING:
    from lrn.experiment import Experiment
    from lrn.ledger import Ledger
    from lrn.ledger.samples import Samples

__all__ = ["Cost", "Draw"]


@dataclass
class Cost:
    """What sampling a population has cost this session.

    Attributes:
        seeds: how many were sampled, not read.
        seconds: how long that took.
    """

    seeds: int = 0
    seconds: float = 0.0

    @property
    def per_seed(self) -> float:
        """Seconds per seed; 0 where nothing was sampled."""
        return self.seconds / self.seeds if self.seeds else 0.0

    def add(self, seeds: int, seconds: float) -> None:
        """Adds what some seeds took."""
        self.seeds += seeds
        self.seconds += seconds


@dataclass(frozen=True)
class Draw:
    """The sampler of a session: an Experiment and a population with a version through the ledger, any other directly.

    Attributes:
        ledger: folder of the ledger; None remembers nothing.
        engine: what trains, as in `lrn.train`.
        device: where, as in `lrn.train`.
        threads: processor threads; None for as many as this process may use.
        scheduler: of a Dask cluster that trains experiments; all else is observed here.
    """

    ledger: Path | None
    engine: str = "auto"
    device: str = "cpu"
    threads: int | None = None
    scheduler: str | None = None
    _settings: dict[str, State] = field(default_factory=dict, init=False, repr=False, compare=False)
    _costs: dict[str, Cost] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __call__(self, population: Population | Experiment, seeds: range, trace: bool) -> Any:
        """What was observed for each seed."""
        if is_experiment(population):
            return self._trained.runs(population, seeds, trace)
        other: Any = population
        version = getattr(other, "version", None)
        if version is None or self.ledger is None:
            return self.again(other, seeds)

        def draw(part: range) -> Any:
            return self.again(other, part)

        label: str = other.label
        # As they were at first: sampling may count, or remember.
        settings = self._settings.setdefault(label, settings_of(other))
        block = getattr(other, "block", None)
        return self._samples.sample(label, version, draw, seeds, block=block, settings=settings)

    def again(self, population: Any, seeds: range) -> Any:
        """What is observed for each seed now, whatever the ledger says."""
        start = time.perf_counter()
        sample = population.sample(seeds)
        self.cost(population.label).add(len(seeds), time.perf_counter() - start)
        return sample

    def cost(self, label: str) -> Cost:
        """What sampling a population has cost so far."""
        return self._costs.setdefault(label, Cost())

    def close(self) -> None:
        """Lets go of the cluster, if there is one."""
        if "_trained" in vars(self):
            self._trained.close()

    @cached_property
    def _samples(self) -> Samples:
        from lrn.ledger.samples import Samples

        assert self.ledger is not None
        return Samples(self.ledger)

    @cached_property
    def _trained(self) -> Ledger:
        from lrn.ledger import Ledger

        return Ledger(
            self.ledger, engine=self.engine, device=self.device, threads=self.threads, scheduler=self.scheduler
        )

"""The results of a training, for every seed of an experiment."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import starmap
from operator import attrgetter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lrn.experiment._experiment import CONVERGED_RMSE, Experiment

__all__ = ["Runs"]


@dataclass(frozen=True, eq=False, repr=False)
class Runs:
    """Trained networks of one experiment, the seed axis S leading; errors are in original units.

    Attributes:
        experiment: how they were trained.
        seeds: shape (S,), uint64.
        rmse: root mean squared error over all samples after the last epoch, shape (S,).
        rmse_initial: the same before the first, shape (S,).
        converged_at: number of epochs after which the RMSE stays at or below 0.07 to the end; -1 if never. Shape (S,).
        dead: neurons whose post-ReLU output is exactly zero on every sample after training, shape (S, D, W), bool.
        prediction: output for each sample after training, shape (S, N), in original units.
        trace: RMSE over the samples that each epoch trained on, shape (S, epochs), or None if it was not asked for.
        parameters: trained weights and biases, shape (S, P), or None if they were not asked for.
    """

    experiment: Experiment
    seeds: NDArray[np.uint64]
    rmse: NDArray[np.floating]
    rmse_initial: NDArray[np.floating]
    converged_at: NDArray[np.int32]
    dead: NDArray[np.bool_]
    prediction: NDArray[np.floating]
    trace: NDArray[np.floating] | None = None
    parameters: NDArray[np.floating] | None = None

    def __len__(self) -> int:
        return len(self.seeds)

    def __repr__(self) -> str:
        summary = self._summary()
        del summary["networks"]
        about = "".join(starmap("; {} {}".format, summary.items()))
        return f"<{len(self):,} networks of {self.experiment.label}{about}>"

    def _repr_html_(self) -> str:
        """A small table, for notebooks."""
        rows = {"experiment": self.experiment.label, **self._summary()}
        cells = (f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in rows.items())
        return f"<table>{''.join(cells)}</table>"

    def _summary(self) -> dict[str, str]:
        """The results of the networks, for people."""
        if not len(self):
            return {"networks": "0"}
        hits = int(self.converged.sum())
        first, last = int(self.seeds[0]), int(self.seeds[-1])
        summary = {"networks": f"{len(self):,}", "seeds": str(first) if len(self) == 1 else f"{first} to {last}"}
        if not np.array_equal(self.seeds, np.arange(len(self), dtype=np.uint64) + self.seeds[0]):
            summary["seeds"] = f"{len(self)} of {int(self.seeds.min())} to {int(self.seeds.max())}"
        summary["converged"] = f"{hits:,} of {len(self):,} ({hits / len(self):.1%})"
        summary["dead neurons"] = f"{self.dead_neurons.mean():.2f} of {self.experiment.neurons} on average"
        summary["dead layers"] = f"{self.dead_layers.mean():.2f} of {self.experiment.depth} on average"
        return summary

    @property
    def converged(self) -> NDArray[np.bool_]:
        """RMSE at most 0.07 after the last epoch, shape (S,). NaN has not converged."""
        return self.rmse <= CONVERGED_RMSE

    @property
    def dead_neurons(self) -> NDArray[np.int64]:
        """Dead neurons of each network, shape (S,)."""
        return self.dead.sum(axis=(1, 2))

    @property
    def dead_layers(self) -> NDArray[np.int64]:
        """Layers all of whose neurons are dead, shape (S,)."""
        return self.dead.all(axis=2).sum(axis=1)

    def select(self, index: Any) -> Self:
        """The networks at `index`: a slice, a mask or positions along the seed axis."""
        columns: dict[str, Any] = {}
        for field in fields(self):
            values = getattr(self, field.name)
            columns[field.name] = values[index] if isinstance(values, np.ndarray) else values
        return type(self)(**columns)

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Runs of one experiment, one after another.

        Raises:
            ValueError: there are none, they are of several experiments, or some lack what others have.
        """
        if not parts:
            raise ValueError("Runs.join needs at least one part; got none")
        labels = dict.fromkeys(map(attrgetter("experiment.label"), parts))
        if len(labels) > 1:
            raise ValueError(f"Runs.join needs parts of one experiment; got {' and '.join(labels)}")
        for name in ("trace", "parameters"):
            if len({getattr(part, name) is None for part in parts}) > 1:
                raise ValueError(f"Runs.join needs {name} in every part or in none; got some with and some without")
        if len(parts) == 1:
            return parts[0]
        columns: dict[str, Any] = {}
        for field in fields(cls):
            values = list(map(attrgetter(field.name), parts))
            columns[field.name] = np.concatenate(values) if isinstance(values[0], np.ndarray) else values[0]
        return cls(**columns)

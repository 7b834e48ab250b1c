"""What `dead_units` found, as data and as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import starmap
from math import isnan
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DeadReport", "LayerUnits"]


@dataclass(frozen=True, eq=False)
class LayerUnits:
    """The units of one ReLU-like activation.

    Attributes:
        name: path of the activation module ("features.1"), or of the module whose code makes the call, with
            the operation and brackets ("features.relu()"); others of the same name get "#2", "#3", ...
        kind: class of the activation module ("ReLU"), or the operation ("relu").
        dead: which units never fired, (W,) bool, read-only, in the order of the outputs of the layer that feeds them.
        shape: of the activation's output, "N" standing for the samples.
        fed_by: the layers whose outputs it reads.
        zeros: share of its values that were zero, from 0 to 1; NaN where it was not counted.
        has_nan: whether it gave NaN, which is not zero.
        scores: with `tau`, mean size of each unit's value over the mean of all units, (W,).
    """

    name: str
    kind: str
    dead: NDArray[np.bool_]
    shape: tuple[int | str, ...] = ()
    fed_by: tuple[str, ...] = ()
    zeros: float = float("nan")
    has_nan: bool = False
    scores: NDArray[np.float64] | None = None

    @property
    def units(self) -> int:
        """The number of units W."""
        return len(self.dead)

    @property
    def dead_neurons(self) -> int:
        """The number of units that never fired."""
        return int(self.dead.sum())

    @property
    def is_dead(self) -> bool:
        """Whether every unit is dead."""
        return bool(self.dead.all())

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types; the dead units as their positions."""
        return {
            "name": self.name,
            "kind": self.kind,
            "units": self.units,
            "dead": np.flatnonzero(self.dead).tolist(),
            "is_dead": self.is_dead,
            "shape": list(self.shape),
            "fed_by": list(self.fed_by),
            "zeros": None if isnan(self.zeros) else self.zeros,
            "has_nan": self.has_nan,
        }


@dataclass(frozen=True, eq=False)
class DeadReport:
    """What `dead_units` found: the layers in the order they were called, and the number of samples looked at.

    `str()` gives a table to read, `to_dict()` the same for machines, and `found["name"]` one layer.

    Attributes:
        layers: one for each activation.
        samples: how many samples were looked at.
        not_counted: activations whose units could not be counted, by name, and why.
        criterion: what "dead" means here: "dead", "at most 0.01" or "dormant (tau 0.1)".
        remarks: which positions did not count, as padding does not, one sentence each.
    """

    layers: tuple[LayerUnits, ...]
    samples: int
    not_counted: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    criterion: str = "dead"
    remarks: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each layer."""
        return tuple(map(attrgetter("name"), self.layers))

    @property
    def masks(self) -> tuple[NDArray[np.bool_], ...]:
        """Which units are dead, (W,) bool for each layer."""
        return tuple(map(attrgetter("dead"), self.layers))

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of dead units of each layer."""
        return tuple(map(attrgetter("dead_neurons"), self.layers))

    @property
    def units(self) -> int:
        """The number of units of all layers."""
        return sum(map(attrgetter("units"), self.layers))

    @property
    def dead_neurons(self) -> int:
        """The number of dead units of all layers."""
        return sum(self.counts)

    @property
    def dead_layers(self) -> int:
        """The number of layers of which every unit is dead."""
        return sum(map(attrgetter("is_dead"), self.layers))

    @property
    def nan_layers(self) -> tuple[str, ...]:
        """The names of the layers that gave NaN."""
        return tuple(layer.name for layer in self.layers if layer.has_nan)

    def __getitem__(self, name: str) -> LayerUnits:
        """The layer of this name; KeyError with the names there are."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(f"no layer {name!r}; there are {', '.join(self.names)}")

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types."""
        return {
            "samples": self.samples,
            "units": self.units,
            "dead_neurons": self.dead_neurons,
            "dead_layers": self.dead_layers,
            "layers": list(map(LayerUnits.to_dict, self.layers)),
            "not_counted": dict(self.not_counted),
            "criterion": self.criterion,
            "remarks": list(self.remarks),
        }

    def __str__(self) -> str:
        total = f"{self.dead_neurons} of {self.units} units and {self.dead_layers} of {len(self.layers)} layers"
        lines = [f"{total} are {self.criterion} on {self.samples} samples"]
        if self.nan_layers:
            lines.append(f"{len(self.nan_layers)} of {len(self.layers)} layers give NaN, which is not zero")
        lines += [*self.remarks, *_table(self.layers)]
        if self.not_counted:
            lines.append("not counted:")
            lines += starmap("  {}: {}".format, self.not_counted.items())
        return "\n".join(lines)


_LEFT = 4  # columns of words, aligned at the left


def _table(layers: tuple[LayerUnits, ...]) -> list[str]:
    rows = [("layer", "kind", "fed by", "shape", "units", "dead", "%", "zeros"), *map(_row, layers)]
    columns = []
    for number, column in enumerate(zip(*rows, strict=True)):
        width = max(map(len, column))
        columns.append([f"{cell:<{width}}" if number < _LEFT else f"{cell:>{width}}" for cell in column])
    lines = []
    for cells, remark in zip(zip(*columns, strict=True), ["", *map(_remark, layers)], strict=True):
        lines.append(f"{'  '.join(cells)}{remark}".rstrip())
    return lines


def _row(layer: LayerUnits) -> tuple[str, ...]:
    fed_by = ", ".join(layer.fed_by[:2]) + (f" and {len(layer.fed_by) - 2} more" if len(layer.fed_by) > 2 else "")
    shape = "x".join(map(str, layer.shape))
    share = f"{100 * layer.dead_neurons / max(layer.units, 1):.0f}"
    zeros = "-" if isnan(layer.zeros) else f"{100 * layer.zeros:.0f} %"
    return layer.name, layer.kind, fed_by or "-", shape or "-", str(layer.units), str(layer.dead_neurons), share, zeros


def _remark(layer: LayerUnits) -> str:
    return ("  dead layer" if layer.is_dead else "") + ("  NaN" if layer.has_nan else "")

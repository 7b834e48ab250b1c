"""The networks that the thesis draws: for each of Figures 4.4 to 4.20 that plots one, its set-up and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from claims.audit.published import LABELS, caption, network
from claims.thesis.grid import cell
from lrn import Experiment

__all__ = ["DRAWN", "Drawn"]


@dataclass(frozen=True)
class Drawn:
    """One plot of a loss and a prediction.

    Attributes:
        figure: its number.
        experiment: the one that its caption, and the subsection it stands in, describe.
        converges: whether the thesis says that the network drawn converged.
        caption: the caption.
    """

    figure: str
    experiment: Experiment
    converges: bool
    caption: str


def _drawn(figure: str) -> Drawn:
    drawn = network(figure)
    depth, optimizer, lr = int(drawn["depth"]), drawn["optimizer"].lower(), float(drawn["learning_rate"])
    experiment = cell(drawn["connection"], depth, optimizer, lr, drawn["training_style"])
    return Drawn(figure, experiment, bool(drawn["converges"]), caption(figure).quote)


DRAWN = {label.figure: _drawn(label.figure) for label in LABELS.values() if "converges" in label.fields}
"""The plots by figure: 4.4, 4.5, 4.7, 4.8, 4.10, 4.11, 4.13, 4.14, 4.16, 4.17, 4.19, 4.20."""

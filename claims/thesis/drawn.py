"""The networks that the thesis draws: for each of Figures 4.4 to 4.20 that plots one, its set-up and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from claims.audit.published import LABELS
from claims.thesis.grid import pair
from lrn import Experiment

__all__ = ["DRAWN", "Drawn"]


@dataclass(frozen=True)
class Drawn:
    """One plot of a loss and a prediction.

    Attributes:
        figure: its number.
        experiment: what its caption, and the subsection it stands in, say that was trained.
        converges: whether the thesis says that the network drawn converged.
        caption: the caption.
    """

    figure: str
    experiment: Experiment
    converges: bool
    caption: str


def _drawn(figure: str) -> Drawn:
    labels = {label.section: label for label in LABELS.values() if label.figure == figure}
    said = labels["caption"].fields
    (text,) = (label.fields for section, label in labels.items() if section.startswith("§"))
    both = pair(int(said["depth"]), text["optimizer"].lower(), float(said["learning_rate"]), said["training_style"])
    experiment = both[said["connection"] == "late"]
    return Drawn(figure, experiment, bool(said["converges"]), labels["caption"].quote)


_FIGURES = dict.fromkeys(label.figure for label in LABELS.values() if "converges" in label.fields)

DRAWN = {figure: _drawn(figure) for figure in _FIGURES}
"""The plots by figure: 4.4, 4.5, 4.7, 4.8, 4.10, 4.11, 4.13, 4.14, 4.16, 4.17, 4.19, 4.20."""

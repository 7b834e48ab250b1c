"""The file in an experiment's folder that holds the experiment behind the folder's key."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

from lrn.experiment import Experiment
from lrn.ledger.errors import first_line
from lrn.ledger.files import read_note, replace, set_aside

__all__ = ["FILE", "describe", "is_described", "read_described"]

FILE = "experiment.json"


def describe(experiment: Experiment, directory: Path) -> None:
    """Writes the description of an experiment into its folder, if it is missing or wrong."""
    if type(experiment) is Experiment and not is_described(experiment, directory):
        replace(directory / FILE, json.dumps(dataclasses.asdict(experiment), indent=1).encode())


def is_described(experiment: Experiment, directory: Path) -> bool:
    """Whether its description is there; that of a subclass could not be read back, so none is written."""
    if type(experiment) is not Experiment:
        return True
    path = directory / FILE
    present = os.path.lexists(path) if isinstance(path, Path) else path.exists()
    return present and read_described(path) == experiment


def read_described(path: Path) -> Experiment | None:
    """The experiment that a file describes; None, and the file is set aside, if it describes none."""
    facts = read_note(path, "description of an experiment", 1 << 16)
    if facts is None:
        return None
    try:
        experiment = Experiment(**facts)
        if experiment.key != path.parent.name:
            raise ValueError("its folder is another one's")
        return experiment
    except (ValueError, TypeError) as error:
        set_aside(path, f"no description of an experiment ({first_line(error)})")
        return None

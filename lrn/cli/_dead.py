"""`lrn dead`: dead units of a saved model, without running any code that the file brings."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from lrn.cli._options import Formatter, whole

__all__ = ["add", "main"]

FOUND = 1

DESCRIPTION = """\
Finds the units of a saved torch model that are exactly zero on all of the data, layer
by layer, and ends with exit code 1 if there are any.

MODEL.pt is what torch.save wrote: a model made of torch.nn's own layers, or, with
--class, the state_dict of a model of your own. Nothing else in it is ever run: the file
is read with torch's weights_only loading. DATA.npy is an array with the samples first."""

EPILOG = """\
examples:
  lrn dead model.pt data.npy                     torch.save(model, "model.pt")
  lrn dead weights.pt data.npy --class mine:Net  torch.save(model.state_dict(), "weights.pt")
  lrn dead model.pt data.npy --json | jq .dead_neurons"""


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "dead", help="find the dead units of a saved model", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=Formatter,
    )  # fmt: skip
    parser.add_argument("model", metavar="MODEL.pt", help="a model of torch.nn's layers, or a state_dict (--class)")
    parser.add_argument("data", metavar="DATA.npy", help="inputs, the samples in dimension 0")
    parser.add_argument(
        "--class",
        dest="factory",
        metavar="MODULE:NAME",
        help="a class or function of yours that makes the model without arguments; run from where it can be imported",
    )
    parser.add_argument("--batch-size", type=whole(1), metavar="N", help="samples in one pass (all of them)")
    parser.add_argument(
        "--json", action="store_true", help="print JSON: each layer and the positions of its dead units"
    )
    parser.set_defaults(main=main)


def main(given: argparse.Namespace) -> int:
    """Runs the command."""
    for path in (given.model, given.data):
        if not Path(path).is_file():
            raise ValueError(f"there is no file {path}")
    data = _data(given.data)

    from lrn.cli._loading import load_model
    from lrn.dead import dead_units

    model = load_model(given.model, given.factory)
    try:
        found = dead_units(model, data, batch_size=given.batch_size)
    except (RuntimeError, IndexError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"the model cannot read data of shape {data.shape} and type {data.dtype}: {reason}") from error
    print(json.dumps(found.to_dict(), indent=1) if given.json else found)
    return FOUND if found.dead_neurons else 0


def _data(path: str) -> Any:
    import numpy as np

    try:
        data = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError):
        data = None
    if not isinstance(data, np.ndarray) or data.dtype.kind not in "biuf" or data.ndim == 0:
        raise ValueError(f"{path} must hold one array of numbers with the samples first, as numpy.save writes it")
    return data

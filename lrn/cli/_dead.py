"""`lrn dead`: dead units of a saved model, without running any code that the file brings."""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

from lrn.cli._options import Formatter, whole
from lrn.verdicts.text import plain_text

__all__ = ["add", "main"]

DEAD_OR_NAN = 1
BATCH_SIZE = 256

DESCRIPTION = """\
Finds the units of a saved torch model that are exactly zero on all of the data, layer
by layer, and ends with exit code 1 if there are any, or if the model gives NaN.

MODEL is what torch.save wrote: a model made of torch.nn's own layers, or, with --class,
the weights of a model of your own: a state_dict, a checkpoint that has one (also of
Lightning, DataParallel or torch.compile), or a safetensors file. Nothing else in it is
ever run: the file is read with torch's weights_only loading.

DATA has the samples first: an array (.npy, .npz), tensors (.pt, .safetensors), a table
(.csv), or a folder of images of one size. Several arrays in one file are inputs by name."""

EPILOG = """\
examples:
  lrn dead model.pt data.npy                     torch.save(model, "model.pt")
  lrn dead weights.pt data.npy --class mine:Net  torch.save(model.state_dict(), "weights.pt")
  lrn dead last.ckpt images/ --class mine:Net    a Lightning checkpoint, a folder of images
  lrn dead model.pt data.npy --json | jq .dead_neurons"""


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "dead", help="find the dead units of a saved model", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=Formatter,
    )  # fmt: skip
    parser.add_argument("model", metavar="MODEL", help="a model of torch.nn's layers, or weights (--class)")
    parser.add_argument("data", metavar="DATA", help="inputs, the samples in dimension 0")
    parser.add_argument(
        "--class",
        dest="factory",
        metavar="MODULE:NAME",
        help="a class or function of yours that makes the model without arguments; run from where it can be imported",
    )
    parser.add_argument("--key", metavar="KEY", help="where in a checkpoint the weights are (model_state_dict)")
    parser.add_argument("--strip", metavar="PREFIX", help="what names of weights begin with that the model's do not")
    parser.add_argument(
        "--batch-size", type=whole(1), metavar="N", default=BATCH_SIZE, help=f"samples in one pass ({BATCH_SIZE})"
    )
    parser.add_argument("--ignore", action="append", metavar="NAME", default=[], help="leave out these activations")
    parser.add_argument(
        "--tau", type=_positive, metavar="X", help="count units of at most X times their layer's mean size as dead"
    )
    parser.add_argument(
        "--unit-dim", action="append", type=_unit_dim, metavar="NAME=DIM", default=[],
        help="the dimension of an activation's output that holds its units",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", help="print JSON: each layer and the positions of its dead units"
    )
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Runs the command."""
    for path in (options.model, options.data):
        if not Path(path).is_file() and not (path == options.data and Path(path).is_dir()):
            raise ValueError(f"there is no file {path}")
    with _prints_aside():
        report = _report_of(options)
    print(json.dumps(report.to_dict(), indent=1) if options.json else _harmless(report))
    return DEAD_OR_NAN if report.dead_neurons or report.nan_layers else 0


def _report_of(options: argparse.Namespace) -> Any:
    from lrn.cli._inputs import load_data, shape_of

    data = load_data(options.data, options.batch_size)

    from lrn.cli._loading import load_model
    from lrn.dead import dead_units

    model = load_model(options.model, options.factory, options.key, options.strip)
    try:
        return dead_units(
            model,
            data,
            batch_size=options.batch_size,
            ignore=options.ignore,
            tau=options.tau,
            unit_dims=dict(options.unit_dim),
        )
    except (Exception, SystemExit) as error:
        if not _is_the_models(error):
            raise
        reason = (str(error).strip().split("\n") or [""])[0]
        kind = "" if isinstance(error, RuntimeError) and reason else f"{type(error).__name__}: "
        message = f"the model cannot read data of {shape_of(data)}: {kind}{reason}".rstrip(": ")
        raise ValueError(message) from error


def _is_the_models(error: BaseException) -> bool:
    """Whether an error comes from the model's code, or from torch's below it, and not from ours."""
    file = traceback.extract_tb(error.__traceback__)[-1].filename
    ours = str(Path(__file__).parents[1]) + os.sep
    return not file.startswith(ours) or file.startswith(ours + "nets" + os.sep)


@contextmanager
def _prints_aside() -> Iterator[None]:
    """Sends the output of the model's code to standard error, so that standard output has the result alone."""
    sys.stdout.flush()
    try:
        number = sys.stdout.fileno()
        original = os.dup(number)
    except (OSError, ValueError):  # standard output is not a file
        with redirect_stdout(sys.stderr):
            yield
        return
    try:
        with redirect_stdout(sys.stderr):
            os.dup2(sys.stderr.fileno(), number)
            yield
    finally:
        os.dup2(original, number)
        os.close(original)


def _harmless(report: Any) -> Any:
    """The report with names that a terminal or a workflow takes for nothing but text: they come from the file."""
    layers = tuple(map(_harmless_layer, report.layers))
    reasons = {plain_text(name): plain_text(reason) for name, reason in report.not_counted.items()}
    return replace(report, layers=layers, not_counted=reasons, remarks=_plain(report.remarks))


def _harmless_layer(layer: Any) -> Any:
    return replace(layer, name=plain_text(layer.name), kind=plain_text(layer.kind), fed_by=_plain(layer.fed_by))


def _plain(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(plain_text, texts))


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of at least 0; got {text!r}")
    return value


def _unit_dim(text: str) -> tuple[str, int]:
    name, _, dim = text.rpartition("=")
    if not name or not dim.lstrip("-").isdigit():
        raise argparse.ArgumentTypeError(f"must be NAME=DIM, such as relu()=1; got {text!r}")
    return name, int(dim)

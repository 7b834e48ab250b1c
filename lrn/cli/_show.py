"""`lrn show`: one network, drawn with its dead neurons crossed out, its loss and its prediction."""

from __future__ import annotations

import argparse
from typing import Any

from lrn.cli._options import Formatter, add_fields, add_training, fields_of, target, whole

__all__ = ["add", "main"]

DESCRIPTION = """\
Trains one network and shows it as the thesis does (Figures 4.2, 4.4 and 4.5): its
neurons with the dead ones crossed out, its loss, its prediction against the target.
A seed names the same network everywhere, on every machine."""

EPILOG = """\
examples:
  lrn show --depth 10 --connection late --seed 17
  lrn show --depth 10 --connection plain --seed 17 --out plain.svg

A picture (PNG, SVG or PDF, by the file's ending) needs matplotlib: pip install 'lrn-claims[plots]'."""


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "show", help="draw one network", description=DESCRIPTION, epilog=EPILOG, formatter_class=Formatter
    )
    add_fields(parser)
    parser.add_argument("--seed", type=whole(0, 2**64 - 1), default=0, metavar="N", help="which network (0)")
    parser.add_argument("--out", type=_picture, metavar="FILE", help="draw it into FILE (.png, .svg or .pdf)")
    add_training(parser)
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from lrn.engines.training import train
    from lrn.experiment import Experiment

    experiment = Experiment(**fields_of(arguments))
    if arguments.out is not None:
        from lrn.cli import _drawing

        _drawing.check(experiment)
    options = {"engine": arguments.engine, "device": arguments.device, "threads": arguments.threads}
    runs = train(experiment, [arguments.seed], trace=True, **options)

    from lrn.cli._summary import summary

    print(summary(runs))
    if arguments.out is not None:
        _drawing.draw(runs, arguments.out)
        print(f"\nDrawn in {arguments.out}")
    return 0


def _picture(text: str) -> str:
    if not text.lower().endswith((".png", ".svg", ".pdf")):
        raise argparse.ArgumentTypeError(f"must end in .png, .svg or .pdf; got {text!r}")
    return target(text)

"""`lrn report`: the page about what held and what did not, from verdicts and a ledger that are there already."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from lrn.cli._options import Formatter

__all__ = ["add", "main"]

DESCRIPTION = """\
Writes the report of a suite that was checked: index.html, REPRODUCTION.md and badge.json.
It trains nothing. (pytest claims/ --report checks the claims and writes it in one go.)"""

EPILOG = """\
examples:
  lrn report --suite claims
  lrn report --verdicts mine.json --out public

It needs jinja2 and matplotlib: pip install 'lrn-claims[report]'."""


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "report",
        help="write the report of a suite that was checked",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Formatter,
    )
    parser.add_argument(
        "--verdicts",
        default="reports/verdicts.json",
        metavar="FILE",
        help="how they ended (reports/verdicts.json)",
    )
    parser.add_argument(
        "--suite",
        metavar="DIR",
        help="the suite's folder: its sentences are judged, its report.py is run and adds sections (none)",
    )
    parser.add_argument("--ledger", default=".ledger", metavar="DIR", help="what was trained (.ledger)")
    parser.add_argument("--out", default="reports", metavar="DIR", help="where to write (reports)")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    if not Path(arguments.verdicts).exists():
        raise ValueError(
            f"there is no file of verdicts {arguments.verdicts}; pytest claims/ --verdicts FILE writes one"
        )
    if arguments.suite is not None and not Path(arguments.suite).is_dir():
        raise ValueError(f"--suite must be a folder of claims; got {arguments.suite!r}")
    from lrn.report import write_report

    print(
        write_report(verdicts=arguments.verdicts, ledger=arguments.ledger, folder=arguments.out, suite=arguments.suite)
    )
    missing = list(filter(os.path.exists, ("claims/sentences", "claims/report.py")))
    if arguments.suite is None and missing:
        sys.stderr.write(f"lrn: without {' and '.join(missing)}; --suite claims adds what they say\n")
    return 0

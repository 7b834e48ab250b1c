"""`lrn claims`: the claims of a suite and where they stand, without checking any."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from lrn.cli._options import Formatter

__all__ = ["add", "main"]

VERDICTS = "reports/verdicts.json"

DESCRIPTION = """\
Lists the claims of a suite: what each says, how it ended when last checked, and in which
file and line it stands. It checks none; to check them: pytest claims/ -n auto"""

EPILOG = """\
examples:
  lrn claims                               every case of the suite in claims/
  lrn claims --group C --verdict REFUTED   what chapter 4.2 says that is not so
  lrn claims --search "dead layer"         in the statement, the quotation, the reason
  lrn claims other/suite --json"""


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "claims",
        help="list the claims of a suite and their verdicts",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Formatter,
    )
    parser.add_argument("folder", nargs="?", default="claims", metavar="FOLDER", help="the suite (claims)")
    parser.add_argument("--group", metavar="ID", help="claims whose id begins so: C, C1, A")
    parser.add_argument("--verdict", metavar="NAME", help="those that ended SUPPORTED, REFUTED, INCONCLUSIVE, ...")
    parser.add_argument("--search", metavar="TEXT", help="those that have TEXT in what they say or quote")
    parser.add_argument("--verdicts", metavar="FILE", help=f"how they ended ({VERDICTS}, if there is such a file)")
    parser.add_argument("--json", action="store_true", help="print JSON, with quotations and reasons")
    parser.set_defaults(main=main)


def main(given: argparse.Namespace) -> int:
    """Runs the command."""
    from lrn.verdicts.registry import as_json, as_text, registry

    verdicts = given.verdicts or (VERDICTS if Path(VERDICTS).is_file() else None)
    if given.verdict is not None and verdicts is None:
        raise ValueError(f"--verdict needs a file of verdicts (--verdicts FILE); there is no {VERDICTS} here")
    cases = registry(given.folder, verdicts, group=given.group, search=given.search, verdict=given.verdict)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100_000  # a pipe cuts nothing
    print(as_json(cases) if given.json else as_text(cases, width))
    return 0

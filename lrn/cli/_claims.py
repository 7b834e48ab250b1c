"""`lrn claims`: the claims of a suite and where they stand, without checking any."""

from __future__ import annotations

import argparse
import shutil
import sys
from operator import attrgetter
from pathlib import Path
from typing import Any

from lrn.cli._options import Formatter
from lrn.cli._settings import SUITE, suite_folder

__all__ = ["add", "main"]

VERDICTS = "reports/verdicts.json"
SENTENCES = "sentences"

DESCRIPTION = """\
Lists the claims of a suite: what each says, how it ended when last checked, and in which
file and line it stands. It checks none; to check them: pytest claims/ -n auto

With --sentences: the sentences of the documents that the claims are about, with one verdict
each. A sentence holds, holds in part, is overstated (one reading of it holds, a stricter one
does not), stands against its own table, is refuted (in every reading), or is open."""

EPILOG = """\
examples:
  lrn claims                               every case of the suite in claims/
  lrn claims --group C --verdict REFUTED   what chapter 4.2 says that is not so
  lrn claims --search "dead layer"         in the statement, the quotation, the reason
  lrn claims --sentences                   every sentence with its verdict and readings
  lrn claims --sentences --verdict overstated --weight central
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
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help=f"the suite ({SUITE})")
    parser.add_argument("--group", metavar="ID", help="claims whose id begins so: C, C1, A")
    parser.add_argument(
        "--verdict",
        metavar="NAME",
        help="those that ended SUPPORTED, REFUTED, INCONCLUSIVE, ...; of sentences: holds, overstated, ...",
    )
    parser.add_argument("--search", metavar="TEXT", help="those that have TEXT in what they say or quote")
    parser.add_argument("--verdicts", metavar="FILE", help=f"how they ended ({VERDICTS}, if there is such a file)")
    parser.add_argument(
        "--sentences",
        nargs="?",
        const=True,
        metavar="PATH",
        help="list sentences, of a TOML file or a folder of them (sentences/ of the suite); --group is a document",
    )
    parser.add_argument("--weight", metavar="NAME", help="with --sentences: central, supporting or detail")
    parser.add_argument("--json", action="store_true", help="print JSON, with quotations and reasons")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    arguments.folder = arguments.folder or suite_folder()
    if arguments.sentences is not None:
        return _sentences(arguments)
    if arguments.weight is not None:
        raise ValueError("--weight is for sentences; it needs --sentences")
    from lrn.verdicts.registry import as_json, as_text, registry

    verdicts = arguments.verdicts or (VERDICTS if Path(VERDICTS).is_file() else None)
    if arguments.verdict is not None and verdicts is None:
        raise ValueError(f"--verdict needs a file of verdicts (--verdicts FILE); there is no {VERDICTS} here")
    cases = registry(
        arguments.folder, verdicts, group=arguments.group, search=arguments.search, verdict=arguments.verdict
    )
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100_000  # a pipe cuts nothing
    print(as_json(cases) if arguments.json else as_text(cases, width))
    return 0


def _sentences(arguments: argparse.Namespace) -> int:
    """Lists sentences."""
    from lrn.verdicts import SuiteVerdicts
    from lrn.verdicts.sentence_tables import as_json, as_text, judged_documents
    from lrn.verdicts.sentences import read_documents

    ours = arguments.sentences is True  # named without a path
    path = Path(arguments.folder, SENTENCES) if ours else Path(arguments.sentences)
    verdicts = Path(arguments.verdicts or VERDICTS)
    if not path.exists():
        raise ValueError(f"--sentences must name a TOML file of sentences or a folder of them; there is no {path}")
    if not verdicts.is_file():
        raise ValueError(f"--sentences needs a file of verdicts (--verdicts FILE); there is no {verdicts}")
    documents = judged_documents(read_documents(path), SuiteVerdicts.read(verdicts))
    names = list(map(attrgetter("document.name"), documents))
    if arguments.group not in (None, *names):
        raise ValueError(f"--group must be one of {', '.join(names)} with --sentences; got {arguments.group!r}")
    chosen = []
    for judged in documents:
        if arguments.group in (None, judged.document.name):
            chosen.append(judged.only(standing=arguments.verdict, search=arguments.search, weight=arguments.weight))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 120
    print(as_json(chosen) if arguments.json else as_text(chosen, width))
    return 0

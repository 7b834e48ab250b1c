"""`lrn explain`: everything about one claim, with the numbers of each of its cases."""

from __future__ import annotations

import argparse
import math
import shlex
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrn.cli._options import Formatter, suggestion
from lrn.cli._settings import SUITE, suite_folder

if TYPE_CHECKING:
    from lrn.cli._pilot import Plan
    from lrn.verdicts.registry import Case

__all__ = ["add", "main"]

VERDICTS = "reports/verdicts.json"

_POWER = 0.9
"""The probability of a verdict by the number of seeds shown, as in `lrn plan`."""

DESCRIPTION = """\
Tells everything about one claim: what it says, in whose words, where it stands, and how each
of its cases ended when it was last checked, with every number that was measured."""

EPILOG = """\
examples:
  lrn explain C3
  lrn explain "C2[10-batch]"               one case alone
  lrn explain A7 other/suite --verdicts mine.json"""


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "explain",
        help="tell everything about one claim",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Formatter,
    )
    parser.add_argument("claim", metavar="ID", help="the claim's id, or that of one case")
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help=f"the suite ({SUITE})")
    parser.add_argument("--verdicts", metavar="FILE", help=f"how claims ended ({VERDICTS}, where it is there)")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    arguments.folder = arguments.folder or suite_folder()
    from lrn.verdicts.registry import registry

    known = arguments.verdicts or (VERDICTS if Path(VERDICTS).exists() else None)
    cases = registry(arguments.folder, known)
    selected = [case for case in cases if arguments.claim in (case.id, case.claim, case.test)]
    if not selected:
        ids = dict.fromkeys([case.claim or case.id for case in cases])
        raise ValueError(
            f"there is no claim {arguments.claim!r} in {arguments.folder}{suggestion(arguments.claim, ids)}"
        )
    width = min(shutil.get_terminal_size().columns, 100) if sys.stdout.isatty() else 100
    plans = {} if known is None else _plans(known)
    print("\n".join(_lines(selected, plans, width)))
    return 0


def _plans(file: str) -> dict[str, Plan]:
    """The seeds that each undecided claim of a file of verdicts needs, by test."""
    from lrn.cli._pilot import planned
    from lrn.verdicts import SuiteVerdicts

    plans = filter(attrgetter("is_open"), planned(SuiteVerdicts.read(Path(file)), _POWER))
    return {plan.verdict.test: plan for plan in plans}


def _lines(cases: Sequence[Case], plans: Mapping[str, Plan], width: int) -> Iterator[str]:
    cases_of: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        cases_of[case.test.partition("[")[0]].append(case)
    for n, of_one_test in enumerate(cases_of.values()):
        if n:
            yield ""
        yield from _claim(of_one_test, plans, width)


def _claim(cases: Sequence[Case], plans: Mapping[str, Plan], width: int) -> Iterator[str]:
    """One test function: its statement, then its cases."""
    from lrn.verdicts.text import plain_text, visible, wrapped

    first = cases[0]
    yield from wrapped(f"{first.claim or first.id}: {plain_text(first.statement)}", width, "")
    about = {"source": first.source, "quote": first.quote, "reading": first.reading, "known": first.known}
    for name, text in {**about, "test": f"{first.file}:{first.line}"}.items():
        if text:
            yield from wrapped(f"{name + ':':9} {plain_text(text)}", width, " " * 10)
    if not any(map(attrgetter("verdict"), cases)):
        yield "It has not been checked; pytest checks it, and --verdicts FILE names what it wrote."
    for case in cases:
        yield from _case(case, width)
        if case.test in plans:
            yield from wrapped(f"  {plain_text(_needed(plans[case.test]))}", width, "  ")
    again = first.test if len(cases) == 1 else first.test.partition("[")[0]
    yield ""
    yield f"check again: pytest {visible(shlex.quote(again))}"


def _needed(plan: Plan) -> str:
    """The seeds of a verdict, as `lrn plan` tells them."""
    if not any(map(attrgetter("seeds"), plan.verdict.estimates)):
        return "needs its first seeds: none is known yet"
    if math.isinf(plan.seeds):
        return "needs more seeds than can be said, as its estimate lies at the margin"
    more = ", ".join(f"{seeds:,.0f} more of {label}" for label, seeds in plan.lacking.items())
    return (
        f"needs about {plan.seeds:,.0f} seeds of each for a verdict with probability {_POWER:g}, if the estimates are "
        f"true: {more}"
    )


def _case(case: Case, width: int) -> Iterator[str]:
    """How a case ended, and its numbers."""
    from lrn.verdicts.text import ending, plain_text, wrapped

    verdict = case.verdict
    if verdict is None:
        return
    yield ""
    yield f"{plain_text(case.id)}: {ending(verdict.verdict, verdict.expected)}"
    if verdict.reason:
        yield from wrapped(f"  {plain_text(verdict.reason)}", width, "  ")
    for q in verdict.estimates:
        seeds = f"{q.seeds:,} seeds" if q.n == q.seeds else f"{q.n:,} of {q.seeds:,} seeds"
        yield from wrapped(f"  {plain_text(q.name)}", width, "    ")
        yield f"      {plain_text(q.shown())}  {seeds}"

"""`lrn comment`: the effect of a change on the verdicts of a suite, as a comment for a pull request."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import filterfalse
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrn.cli._options import Formatter, target

if TYPE_CHECKING:
    from lrn.verdicts import SuiteVerdicts, Verdict
    from lrn.verdicts.comparison import Comparison

__all__ = ["add", "comment", "main"]

DESCRIPTION = """\
Writes, in Markdown, how the verdicts of a suite differ between two records: which claims
changed, vanished or are new, with their intervals before and after, and the sentences of
the documents that stand otherwise. It checks nothing and needs no network: give its
output to your code host."""

EPILOG = """\
examples:
  lrn comment main.json reports/verdicts.json
  lrn comment main.json reports/verdicts.json --out comment.md
  git show main:reports/verdicts.json > main.json

exit codes:
  0    no verdict changed
  1    a verdict changed, or a claim vanished"""

MARK = "<!-- lrn comment -->"
"""First line, by which a job finds its own comment again, to renew it."""

_MOST_CHARACTERS = 60_000  # GitHub's comments may have 65,536
_MOST_MOVED = 50


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "comment",
        help="write a pull request's comment: verdicts before and after",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Formatter,
    )
    parser.add_argument("before", metavar="BEFORE", help="the verdicts before, such as main's")
    parser.add_argument("after", metavar="AFTER", help="the verdicts now")
    parser.add_argument("--sentences", metavar="PATH", help="a TOML file of sentences, or a folder of them (none)")
    parser.add_argument("--out", type=target, default="-", metavar="FILE", help="where to write (- prints it)")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from lrn.files import replace_file
    from lrn.verdicts import SuiteVerdicts
    from lrn.verdicts.comparison import compare

    for name in ("before", "after"):
        if not Path(getattr(arguments, name)).is_file():
            raise ValueError(f"{name.upper()} must be a file of verdicts; there is no {getattr(arguments, name)}")
        if (
            arguments.out != "-"
            and Path(arguments.out).exists()
            and os.path.samefile(arguments.out, getattr(arguments, name))
        ):
            raise ValueError(f"--out must not be the file of verdicts {name.upper()}; got {arguments.out}")
    before, after = SuiteVerdicts.read(arguments.before), SuiteVerdicts.read(arguments.after)
    partial = [] if after.complete else ["it did not run to its end, or not all of it ran"]
    comparison = compare(before, after.claims, partial)
    text = comment(before, after, comparison, _sentences(arguments.sentences, before, after))
    if arguments.out == "-":
        print(text, end="")
    else:
        replace_file(arguments.out, text)
    return int(comparison.failed)


def comment(before: SuiteVerdicts, after: SuiteVerdicts, comparison: Comparison, sentences: Sequence[str] = ()) -> str:
    """Returns the comment, short enough for a code host.

    Args:
        before: the verdicts before.
        after: the verdicts now.
        comparison: what differs.
        sentences: lines about the documents' sentences.
    """
    head = [MARK, f"## Claims: {_headline(comparison)}", "", *_totals(before, after), ""]
    parts = [*head, *sentences, *_differences(comparison), *_unexpected(after, comparison)]
    details = _details(before, after)
    text = "\n".join([*parts, *details]) + "\n"
    if len(text) <= _MOST_CHARACTERS:
        return text
    fitting = []
    room = _MOST_CHARACTERS - 100
    for line in parts:
        room -= len(line) + 1
        if room < 0:
            break
        fitting.append(line)
    return "\n".join([*fitting, "", "The rest does not fit into a comment; `lrn comment` prints it.", ""])


def _headline(comparison: Comparison) -> str:
    counts = {"changed": comparison.changed, "vanished": comparison.vanished, "new": comparison.new}
    parts = [f"{len(verdicts)} {name}" for name, verdicts in counts.items() if verdicts]
    return ", ".join(parts) or "no verdict changed"


def _totals(before: SuiteVerdicts, after: SuiteVerdicts) -> Iterator[str]:
    """How many ended in which way, before and after."""
    old, new = before.totals, after.totals
    names = ["supported", "refuted", "inconclusive", "errors", "skipped"]
    names = [name for name in names if old[name] or new[name]]
    yield f"| | {' | '.join(names)} | claims | seeds |"
    yield f"|---{'|---:' * (len(names) + 2)}|"
    for title, suite, count in (("before", before, old), ("after", after, new)):
        cells = map("{:,}".format, map(count.__getitem__, names))
        yield f"| {title} | {' | '.join(cells)} | {len(suite.claims):,} | {count['seeds']:,} |"
    unexpected = len(list(filterfalse(attrgetter("as_expected"), after.claims)))
    if unexpected:
        yield ""
        yield f"{unexpected} of the verdicts now {'is' if unexpected == 1 else 'are'} not as expected."
    if not after.complete:
        yield ""
        yield "Only a part of the suite ran, so it cannot be told which claims vanished."


def _differences(comparison: Comparison) -> Iterator[str]:
    """The claims that changed, vanished or are new."""
    if comparison.changed:
        yield from ("### Changed", "", "| claim | before | after | measured before | measured after |")
        yield "|---|---|---|---|---|"
        for old, new in comparison.changed:
            yield _row(_named(new), old.verdict, new.verdict, _measured(old), _measured(new))
        yield ""
    for title, verdicts in (("Vanished", comparison.vanished), ("New", comparison.new)):
        if verdicts:
            yield from (f"### {title}", "", "| claim | verdict | measured |", "|---|---|---|")
            for verdict in verdicts:
                yield _row(_named(verdict), verdict.verdict, _measured(verdict))
            yield ""


def _unexpected(after: SuiteVerdicts, comparison: Comparison) -> Iterator[str]:
    """The claims that ended otherwise than their author says, but for those that are listed as changed or new."""
    listed = set(map(attrgetter("test"), [*map(itemgetter(1), comparison.changed), *comparison.new]))
    rest = [verdict for verdict in after.claims if not verdict.as_expected and verdict.test not in listed]
    if not rest:
        return
    yield from ("### Not as expected, as before", "", "| claim | verdict | expected | measured |", "|---|---|---|---|")
    for verdict in rest[:_MOST_MOVED]:
        yield _row(_named(verdict), verdict.verdict, verdict.expected, _measured(verdict))
    yield from ["", f"{_MOST_MOVED} of {len(rest)} are shown."] if len(rest) > _MOST_MOVED else []
    yield ""


def _details(before: SuiteVerdicts, after: SuiteVerdicts) -> list[str]:
    """Claims of the same verdict whose numbers moved, folded."""
    earlier = {verdict.test: verdict for verdict in before.claims}
    moved = []
    for new in after.claims:
        old = earlier.get(new.test)
        if old is not None and old.verdict is new.verdict and _measured(old) != _measured(new):
            moved.append(_row(new.case, new.verdict, _measured(old), _measured(new)))
    if not moved:
        return []
    rows = moved[:_MOST_MOVED]
    cut = ["", f"{_MOST_MOVED} of {len(moved)} are shown."] if len(moved) > _MOST_MOVED else []
    title = f"<details><summary>Numbers that moved, with the same verdict: {len(moved)}</summary>"
    return [title, "", "| claim | verdict | before | after |", "|---|---|---|---|", *rows, *cut, "", "</details>"]


def _sentences(path: str | None, before: SuiteVerdicts, after: SuiteVerdicts) -> list[str]:
    """The sentences that stand otherwise now."""
    if path is None:
        return []
    from lrn.verdicts.sentence_tables import judged_documents
    from lrn.verdicts.sentences import read_documents

    if not Path(path).exists():
        raise ValueError(f"--sentences must name a TOML file of sentences or a folder of them; there is no {path}")
    documents = read_documents(path)

    old = dict(_standings(judged_documents(documents, before)))
    new = dict(_standings(judged_documents(documents, after)))
    rows = []
    for key, (quote, standing) in new.items():
        if old[key][1] != standing:
            rows.append(_row(quote, old[key][1], standing))
    if not rows:
        return [f"All {len(new)} sentences of the documents stand as before.", ""]
    return ["### Sentences that stand otherwise", "", "| sentence | before | after |", "|---|---|---|", *rows, ""]


def _standings(documents: Iterable[Any]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    for judged in documents:
        for sentence in judged.sentences:
            yield (judged.document.name, sentence.sentence.id), (sentence.sentence.text, str(sentence.standing))


def _named(verdict: Verdict) -> str:
    source = f" ({verdict.source})" if verdict.source else ""
    return f"{verdict.case}: {verdict.statement}{source}"


def _measured(verdict: Verdict) -> str:
    """The first estimate, with its interval."""
    if not verdict.estimates:
        return ""
    first, more = verdict.estimates[0], len(verdict.estimates) - 1
    text = f"{first.shown(3)}, {first.seeds:,} seeds"
    return f"{text}, and {more} more" if more else text


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    from lrn.verdicts.text import markdown_text

    # A code host tells people of a name behind an @, whoever wrote it; what stands between is not shown.
    return markdown_text(text).replace("@", "@<!-- -->")

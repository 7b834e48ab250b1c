"""The claims of a suite as data, without checking any: their statements, their places, and how they ended before.

    from lrn.verdicts.registry import registry

    for case in registry("claims", "reports/verdicts.json", group="C2"):
        print(case.id, case.verdict, case.statement)

pytest itself collects the suite, in a process of its own, so every parameter is a case, whatever made it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

from lrn.verdicts import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts._record import by_test
from lrn.verdicts.text import ending, plain_text, shortened

__all__ = ["Case", "as_json", "as_text", "registry"]

_LEGIBLE = 40


@dataclass(frozen=True)
class Case:
    """One case of a claim.

    Attributes:
        id: unique in the suite, and stable: the claim's id and pytest's parameters, such as "C2[10-batch]". A claim
            without an id goes by its test's name; claims that share an id and parameters by "id:test".
        claim: the claim's id, which cases and tests may share; may be "".
        statement: the claim in one sentence.
        source: where the document says it.
        quote: the document's own words.
        reading: how they were read.
        expected: how its author says that it ends.
        known: why, if not SUPPORTED.
        test: pytest's node id.
        file: its file, from pytest's root folder.
        line: its first line there.
        verdict: how it ended, where a file of verdicts has it.
    """

    id: str
    claim: str
    statement: str
    source: str
    quote: str
    reading: str
    expected: Outcome
    known: str | None
    test: str
    file: str
    line: int
    verdict: Verdict | None = None

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, if that is known."""
        return None if self.verdict is None else self.verdict.verdict

    def to_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold; the verdict by its name alone."""
        return {**vars(self), "verdict": self.outcome}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The case from its JSON form, as the collecting process wrote it."""
        return cls(**{**data, "expected": Outcome(data["expected"])})


def registry(
    folder: str | os.PathLike[str],
    verdicts: SuiteVerdicts | str | os.PathLike[str] | None = None,
    *,
    group: str | None = None,
    search: str | None = None,
    verdict: Outcome | str | None = None,
) -> list[Case]:
    """The cases of a suite of claims, in pytest's order.

    Args:
        folder: the suite: a folder or a file of tests.
        verdicts: how the claims ended, or the file that says so.
        group: keep claims whose id begins so: "C" keeps C1 and C19, "C1" keeps C1-literal but not C19.
        search: keep cases that have this text, in any case of letters, in their id, statement, source, quote, reading
            or known reason.
        verdict: keep cases that ended so.

    Raises:
        TypeError: `group` or `search` is not text.
        FileNotFoundError: there is no such folder, or no such file of verdicts.
        ValueError: the file holds no verdicts, `verdict` is unknown or needs a file of verdicts, or pytest cannot
            collect the suite; the message has its first error.
    """
    suite = verdicts if verdicts is None or isinstance(verdicts, SuiteVerdicts) else _read(Path(verdicts))
    outcome = None if verdict is None else _outcome(verdict)
    for name, text in (("group", group), ("search", search)):
        if text is not None and not isinstance(text, str):
            raise TypeError(f"{name} must be text; got {text!r}")
    if outcome is not None and suite is None:
        raise ValueError(f"cases that ended {outcome} can be told only with a file of verdicts; got none")
    ended = {} if suite is None else by_test(suite.claims)
    selected = []
    for collected in _collected(Path(folder)):
        case = dataclasses.replace(collected, verdict=ended.get(collected.test))
        if _is_selected(case, group, search, outcome):
            selected.append(case)
    return selected


def _is_selected(case: Case, group: str | None, search: str | None, outcome: Outcome | None) -> bool:
    return (
        (group is None or _in_group(case.claim, group))
        and (search is None or search.casefold() in _text(case))
        and (outcome is None or case.outcome is outcome)
    )


def _in_group(claim: str, group: str) -> bool:
    """Whether a claim's id is the group's name, or goes on from it with a number after a letter or a new part."""
    if not claim.startswith(group):
        return False
    last, following = group[-1:], claim[len(group) : len(group) + 1]
    return not (last.isdigit() and following.isdigit()) and not (last.isalpha() and following.isalpha())


def as_text(cases: Sequence[Case], width: int = 120) -> str:
    """A table with one line per case, then how many there are.

    Args:
        cases: what to show.
        width: characters of a line. Statements are shortened to fit; where they would hardly be legible, the last
            of the columns id, verdict ("-" for none), statement, file and line is left out.
    """
    rows = list(map(_row, cases))
    ids, endings, statements, locations = _widths(rows)
    legible = min(_LEGIBLE, statements)
    room = min(width - ids - endings - locations - 6, statements)
    shows_location = room >= legible
    if not shows_location:
        room = max(min(width - ids - endings - 4, statements), legible)
    lines = []
    for id, ended, statement, location in rows:
        line = f"{id:{ids}}  {ended:{endings}}  {shortened(statement, room):{room}}"
        lines.append(f"{line}  {location}" if shows_location else line.rstrip())
    return "\n".join([*lines, _count_line(cases)])


def as_json(cases: Sequence[Case]) -> str:
    """The cases as a JSON list; invisible characters are escaped."""
    text = json.dumps(list(map(Case.to_json, cases)), indent=1, ensure_ascii=False)
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if character == "\n" or character.isprintable() else json.dumps(character)[1:-1]


def _row(case: Case) -> tuple[str, str, str, str]:
    ended = "-" if case.outcome is None else ending(case.outcome, case.expected)
    return plain_text(case.id), ended, plain_text(case.statement), f"{plain_text(case.file)}:{case.line}"


def _widths(rows: Iterable[tuple[str, str, str, str]]) -> list[int]:
    """The length of the longest text in each column."""
    widths = [0, 0, 0, 0]
    for row in rows:
        widths = list(map(max, widths, map(len, row)))
    return widths


def _count_line(cases: Sequence[Case]) -> str:
    """How many cases there are, of how many claims, and how many ended in which way."""
    tests: set[str] = set()
    outcomes: Counter[str] = Counter()
    for case in cases:
        tests.add(case.test.partition("[")[0])
        if case.outcome is not None:
            outcomes[str(case.outcome)] += 1
    parts = [f"{len(cases)} cases of {len(tests)} claims"]
    for outcome, count in sorted(outcomes.items()):
        parts.append(f"{count} {outcome}")
    return ", ".join(parts)


def _text(case: Case) -> str:
    parts = (case.id, case.statement, case.source, case.quote, case.reading, case.known or "")
    return "\n".join(parts).casefold()


def _outcome(name: Outcome | str) -> Outcome:
    try:
        return Outcome(str(name).upper())
    except ValueError:
        raise ValueError(f"verdict must be one of {', '.join(Outcome)}; got {str(name)!r}") from None


def _read(path: Path) -> SuiteVerdicts:
    if not path.exists():
        raise FileNotFoundError(f"there is no file of verdicts {path}")
    return SuiteVerdicts.read(path)


def _collected(folder: Path) -> list[Case]:
    """The cases that pytest collects, in a process of its own, since it loads modules and settings of the suite's."""
    if not folder.exists():
        raise FileNotFoundError(f"the suite must be a folder of claims; there is no {folder}")
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "claims.json"
        command = [sys.executable, "-m", "lrn.plugin.collecting", str(folder), str(target)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
        if not target.is_file():
            raise ValueError(
                f"pytest could not collect {folder}: {plain_text(_first_error(done.stdout + done.stderr))}"
            )
        cases = list(map(Case.from_json, json.loads(target.read_text(encoding="utf-8"))))
    return _distinct(cases)


def _first_error(output: str) -> str:
    """What pytest says went wrong, on one line: its first exception, else its first error, else its last line."""
    lines = list(filter(None, map(str.strip, output.splitlines())))
    exceptions, errors = [], []
    for line in lines:
        if re.match(r"E\s+\S|ERROR:? ", line):
            error = re.sub(r"^(E|ERROR:?)\s+", "", line)
            errors.append(error)
            if re.match(r"[\w.]+(Error|Exception|Warning|Exit)\b", error):
                exceptions.append(error)
    return [*exceptions, *errors, *reversed(lines), "it said nothing"][0]


def _distinct(cases: list[Case]) -> list[Case]:
    """The cases, with longer ids for all those that would share one."""
    for longer in (_with_test, attrgetter("test")):
        times = Counter(map(attrgetter("id"), cases))
        for i, case in enumerate(cases):
            if times[case.id] > 1:
                cases[i] = dataclasses.replace(case, id=longer(case))
    return cases


def _with_test(case: Case) -> str:
    name, bracket, parameters = case.test.partition("[")
    return f"{case.claim}:{name.rpartition('::')[2]}{bracket}{parameters}"

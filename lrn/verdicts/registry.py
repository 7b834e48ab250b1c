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
from pathlib import Path
from typing import Any, Self

from lrn.verdicts import Outcome, SuiteVerdicts, Verdict
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
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**fields, "verdict": self.outcome}

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
    outcome_wanted = None if verdict is None else _outcome(verdict)
    for name, text in (("group", group), ("search", search)):
        if text is not None and not isinstance(text, str):
            raise TypeError(f"{name} must be text; got {text!r}")
    if outcome_wanted is not None and suite is None:
        raise ValueError(f"cases that ended {outcome_wanted} can be told only with a file of verdicts; got none")
    ended = {} if suite is None else {known.test: known for known in suite.claims}
    cases = [dataclasses.replace(case, verdict=ended.get(case.test)) for case in _collected(Path(folder))]
    if group is not None:
        cases = [case for case in cases if _in_group(case.claim, group)]
    if search is not None:
        cases = [case for case in cases if search.casefold() in _text(case)]
    if outcome_wanted is not None:
        cases = [case for case in cases if case.outcome is outcome_wanted]
    return cases


def _in_group(claim: str, group: str) -> bool:
    """Whether a claim's id is the group's name, or goes on from it with a number after a letter or a new part."""
    if not claim.startswith(group):
        return False
    last, following = group[-1:], claim[len(group) : len(group) + 1]
    return not (last.isdigit() and following.isdigit()) and not (last.isalpha() and following.isalpha())


def as_text(cases: Sequence[Case], width: int = 120) -> str:
    """A table with one line a case, then how many there are.

    Args:
        cases: what to show.
        width: characters of a line. Statements are shortened to fit; where they would hardly be legible, the last
            of the columns id, verdict ("-" for none), statement, file and line is left out.
    """
    rows = [
        (plain_text(case.id), _ending(case), plain_text(case.statement), f"{plain_text(case.file)}:{case.line}")
        for case in cases
    ]
    ids, endings, statements, locations = (max((len(row[i]) for row in rows), default=0) for i in range(4))
    room = min(width - ids - endings - locations - 6, statements)
    if room < min(_LEGIBLE, statements):
        rows = [(*row[:3], "") for row in rows]
        room = max(min(width - ids - endings - 4, statements), min(_LEGIBLE, statements))
    lines = [
        f"{id:{ids}}  {ending:{endings}}  {shortened(statement, room):{room}}  {location}".rstrip()
        for id, ending, statement, location in rows
    ]
    counts = Counter(str(case.outcome) for case in cases if case.outcome is not None)
    ended = "".join(f", {count} {outcome}" for outcome, count in sorted(counts.items()))
    claims = len({case.test.partition("[")[0] for case in cases})
    return "\n".join([*lines, f"{len(cases)} cases of {claims} claims{ended}"])


def as_json(cases: Sequence[Case]) -> str:
    """The cases as a JSON list; invisible characters are escaped."""
    text = json.dumps([case.to_json() for case in cases], indent=1, ensure_ascii=False)
    return "".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _ending(case: Case) -> str:
    return "-" if case.outcome is None else ending(case.outcome, case.expected)


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
        cases = [Case.from_json(case) for case in json.loads(target.read_text(encoding="utf-8"))]
    return list(_distinct(cases))


def _first_error(output: str) -> str:
    """What pytest says went wrong, on one line: its first exception, else its first error, else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [re.sub(r"^(E|ERROR:?)\s+", "", line) for line in lines if re.match(r"E\s+\S|ERROR:? ", line)]
    exceptions = [line for line in errors if re.match(r"[\w.]+(Error|Exception|Warning|Exit)\b", line)]
    return [*exceptions, *errors, *reversed(lines), "it said nothing"][0]


def _distinct(cases: Sequence[Case]) -> Iterable[Case]:
    """The cases, with longer ids for all those that would share one."""
    for longer in (_with_test, lambda case: case.test):
        count = Counter(case.id for case in cases)
        cases = [dataclasses.replace(case, id=longer(case)) if count[case.id] > 1 else case for case in cases]
    return cases


def _with_test(case: Case) -> str:
    name, bracket, parameters = case.test.partition("[")
    return f"{case.claim}:{name.rpartition('::')[2]}{bracket}{parameters}"

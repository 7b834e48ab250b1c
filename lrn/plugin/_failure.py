"""The text about a claim that did not end as its author says: its statement, its comparisons, and the next step.

It stands in place of a traceback, which would show how lrn works inside. An error keeps its traceback, without the
parts that lie in lrn.
"""

from __future__ import annotations

import linecache
import math
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

import lrn
from lrn.plugin._labels import ShortLabels
from lrn.verdicts import MeasuredQuantity, Outcome, Verdict
from lrn.verdicts.text import plain_text, visible, wrapped

if TYPE_CHECKING:
    from lrn.claims._measure import Measure

__all__ = [
    "CodeLine",
    "about",
    "changed",
    "code_lines_of",
    "explained",
    "remedy_of",
    "reproduce",
    "shorten",
    "shown_as",
    "without_lrn",
]

_WIDTH = 78
_MOST_QUANTITIES, _MOST_LINES = 6, 12
_LIBRARY = Path(lrn.__file__).parent
_ON_THE_COMMAND_LINE = ("alpha", "quantities", "first-seeds", "max-seeds", "seed-offset", "engine", "device")


@dataclass(frozen=True)
class CodeLine:
    """A line of a test, or of a function that it calls."""

    path: str
    line: int

    @property
    def source(self) -> str:
        """The line itself; "" where it cannot be read."""
        return linecache.getline(self.path, self.line).strip()


def explained(verdict: Verdict, error: BaseException | None, measure: Measure | None, command: str) -> str:
    """Returns the text about a claim that did not end as its author says.

    Args:
        verdict: how it ended.
        error: its test's exception.
        measure: its `Measure`.
        command: that tests it again.
    """
    expectation = f", but it is said to be {verdict.expected} ({verdict.known})" if verdict.known else ""
    lines = _wrapped(plain_text(f"{verdict.case} is {verdict.verdict}{expectation}"), "")
    lines += ["", *_about(verdict), "", *_source_lines(error), ""]
    if verdict.verdict is Outcome.INCONCLUSIVE:
        lines += [*_undecided(verdict, measure), ""]
    elif verdict.estimates and verdict.verdict is not Outcome.ERROR:
        lines += [*_compared(verdict), ""]
    else:
        lines += [*_message(verdict, error), ""]
    remedy = remedy_of(measure.lack) if measure is not None else ""
    return "\n".join([*lines, *(_advice(verdict) if not remedy else []), command])


def about(verdict: Verdict, command: str) -> str:
    """Returns a claim's statement, to stand below the traceback of its error."""
    return "\n".join([*_about(verdict), "", command])


def shown_as(text: str, path: str, line: int, message: str) -> Any:
    """Returns a text as pytest's representation of a failure, which xdist can carry and JUnit's file takes.

    Args:
        text: the text to show.
        path: the file that failed.
        line: where in it.
        message: the same in short; it is shown on one line.
    """
    try:
        raise pytest.fail.Exception(text)
    except pytest.fail.Exception:
        shown: Any = pytest.ExceptionInfo.from_current().getrepr(style="native")
    shown.reprtraceback.reprentries[0].lines = [f"{text}\n"]
    shown.reprcrash.path, shown.reprcrash.lineno, shown.reprcrash.message = path, line, plain_text(message)
    return shown


def code_lines_of(error: BaseException | None) -> list[CodeLine]:
    """Returns where an error was raised: the test's line, then those of called functions but for lrn's and pytest's."""
    trace = None if error is None else without_lrn(error.__traceback__)
    frames = []
    while trace is not None:
        frames.append(CodeLine(trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    return frames


def without_lrn(trace: TracebackType | None) -> TracebackType | None:
    """Returns a traceback without the frames that lie in lrn and in pytest."""
    own_frames = []
    while trace is not None:
        own_frames += [] if _is_inside(trace.tb_frame.f_code.co_filename) else [trace]
        trace = trace.tb_next
    shorter: TracebackType | None = None
    for frame in reversed(own_frames):
        shorter = TracebackType(shorter, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return shorter


def changed(verdict: Verdict, was: str, command: str) -> str:
    """Returns the text about a claim that ended as its author says, but otherwise than recorded.

    Args:
        verdict: how it ended.
        was: how it ended before, and where that is recorded.
        command: that tests it again.
    """
    lines = _wrapped(plain_text(f"{verdict.case} was {was}, and is {verdict.verdict}"), "")
    decided = _compared(verdict) if verdict.estimates else _reason(verdict)
    return "\n".join([*lines, "", *_about(verdict), "", *decided, "", command])


def shorten(error: BaseException) -> None:
    """Takes lrn's and pytest's frames out of the tracebacks of what led to an error."""
    visited = {id(error)}
    cause = error.__cause__ or error.__context__
    while cause is not None and id(cause) not in visited:
        visited.add(id(cause))
        cause.__traceback__ = without_lrn(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__


def reproduce(config: pytest.Config, test: str) -> str:
    """Returns the line with the command that tests one claim again, with the options that its verdict depends on."""
    path, separator, rest = test.partition("::")
    file = os.path.relpath(config.rootpath / path, config.invocation_params.dir)
    options = []
    for name in _ON_THE_COMMAND_LINE:
        value = config.getoption(f"lrn_{name.replace('-', '_')}")
        options += [] if value is None else [f"--{name}={value}"]
    return f"reproduce: {visible(shlex.join(['pytest', f'{file}{separator}{rest}', *options]))}"


def _about(verdict: Verdict) -> list[str]:
    texts = {
        "claim": verdict.statement,
        "quote": f"“{verdict.quote}”" if verdict.quote else "",
        "source": verdict.source,
        "reading": verdict.reading,
    }
    lines = []
    for name, text in texts.items():
        lines += _wrapped(f"{name:9}{plain_text(text)}", " " * 9) if text else []
    return lines


def _source_lines(error: BaseException | None) -> list[str]:
    lines = []
    for frame in code_lines_of(error):
        lines.append(f"{visible(os.path.relpath(frame.path))}:{frame.line}")
        lines += [f"  > {visible(frame.source)}"] if frame.source else []
    return lines


def _compared(verdict: Verdict) -> list[str]:
    """What decided it, then everything that was measured."""
    lines = _wrapped(f"compared {plain_text(verdict.reason)}", " " * 9)
    truth = {Outcome.REFUTED: "is false", Outcome.SUPPORTED: "is true"}.get(verdict.verdict, "is undecided")
    if len(verdict.estimates) == 1:
        return [*lines, f"{'':9}{truth}, after {_seeds(verdict.estimates[0])}"]
    return [*lines, f"{'':9}{truth}", "measured", *_quantities(verdict.estimates)]


def _undecided(verdict: Verdict, measure: Measure | None) -> list[str]:
    """The open decision, and the seeds that would settle it."""
    wide = list(filter(attrgetter("is_open"), verdict.estimates)) or list(verdict.estimates)
    has_seeds = any(map(attrgetter("seeds"), wide))
    lines = _without_seeds(wide) if wide and not has_seeds else _too_wide(verdict, wide)
    if measure is not None:
        lack = ShortLabels.of(measure.populations).text(measure.lack)
        lines += _wrapped(
            f"allowed  {lack or f'{measure.max_seeds:,} seeds (lrn_max_seeds, or max_seeds= of @claim)'}", " " * 9
        )
        remedy = remedy_of(measure.lack)
        lines += _wrapped(f"next     {remedy}", " " * 9) if remedy else []
    for note in verdict.notes:
        lines += _wrapped(f"note     {plain_text(note)}", " " * 9)
    return lines


def remedy_of(lack: str) -> str:
    """Returns what to do about seeds that are missing, where that is another run; else "".

    Args:
        lack: why they are missing.
    """
    from lrn.claims._contract import FROZEN, TIME_OVER

    remedies = {
        FROZEN: "run it again without --frozen, which trains what is missing",
        TIME_OVER: "run it again with more --hours; it goes on from the seeds in the ledger",
    }
    for reason, remedy in remedies.items():
        if lack.startswith(reason):
            return remedy
    return ""


def _without_seeds(quantities: Sequence[MeasuredQuantity]) -> list[str]:
    names = "; ".join(map(plain_text, map(attrgetter("name"), quantities)))
    return _wrapped(f"so far   there are no seeds for {names}", " " * 9)


def _too_wide(verdict: Verdict, wide: Sequence[MeasuredQuantity]) -> list[str]:
    if len(wide) == 1:
        lines = [*_wrapped(f"too wide {plain_text(verdict.reason)}", " " * 9), f"{'':9}after {_seeds(wide[0])}"]
    else:
        lines = [*_wrapped(f"open     {plain_text(verdict.reason)}", " " * 9)]
        lines += ["too wide", *_quantities(wide)] if wide else []
    needed = verdict.seeds_needed
    if needed is None or math.isinf(needed):
        lines.append("needed   no number of seeds can be said to decide it")
    else:
        lines.append(f"needed   about {needed:,.0f} seeds of each")
    return lines


def _quantities(quantities: Sequence[MeasuredQuantity]) -> Iterator[str]:
    for q in quantities[:_MOST_QUANTITIES]:
        yield from _wrapped(f"  {plain_text(q.name)}", " " * 4)
        yield f"      {plain_text(q.shown())}  {_seeds(q)}"
    if len(quantities) > _MOST_QUANTITIES:
        yield f"  and {len(quantities) - _MOST_QUANTITIES} more"


def _seeds(quantity: MeasuredQuantity) -> str:
    counted = "" if quantity.n == quantity.seeds else f"{quantity.n:,} of "
    return f"{counted}{quantity.seeds:,} seeds"


def _message(verdict: Verdict, error: BaseException | None) -> list[str]:
    """Why there is no verdict; of a check that measures nothing, its assertion's message."""
    message = str(error).splitlines() if isinstance(error, AssertionError) and not verdict.estimates else []
    if verdict.verdict is Outcome.ERROR:
        return _reason(verdict)
    shown = [f"E  {visible(line)}" for line in message[:_MOST_LINES]]
    return [*shown, *(["E  ..."] if len(message) > _MOST_LINES else [])] or _reason(verdict)


def _reason(verdict: Verdict) -> list[str]:
    return _wrapped(f"because  {plain_text(verdict.reason)}", " " * 9)


def _advice(verdict: Verdict) -> list[str]:
    """What to write where the verdict is a result."""
    if verdict.verdict not in (Outcome.REFUTED, Outcome.INCONCLUSIVE, Outcome.SUPPORTED):
        return []
    word = verdict.verdict.lower()
    if verdict.verdict is Outcome.SUPPORTED:
        return [f"If this is a result, take {verdict.expected.lower()}='...' out of the claim.", ""]
    lines = [
        "If this is a result, write so, and the suite expects it:",
        f'  @claim(..., {word}="why: the figure or the number that shows it")',
    ]
    if "[" in verdict.test:
        lines.append(f'  pytest.param(..., marks=pytest.mark.{word}("why"))   for this case alone')
    return [*lines, ""]


def _wrapped(text: str, indent: str) -> list[str]:
    return wrapped(text, _WIDTH, indent)


def _is_inside(path: str) -> bool:
    """Whether a file is lrn's or pytest's."""
    parts = Path(path).parts
    return Path(path).is_relative_to(_LIBRARY) or "_pytest" in parts or "pluggy" in parts

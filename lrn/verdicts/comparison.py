"""The differences between two records of one suite. Only verdicts count: intervals may move with seeds and machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lrn.verdicts import SuiteVerdicts, Verdict
from lrn.verdicts._record import by_test

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """The differences between a record and the verdicts of a session.

    Attributes:
        changed: the recorded and the new verdict of each claim that ended otherwise.
        vanished: recorded claims that are no longer there; only a session of the whole suite can tell.
        new: claims that the record does not have. They are not failures: the record holds nothing to compare them with.
        compared: how many claims are in both.
        recorded: how many the record has.
        partial: why the session is not the whole suite; empty if it is.
    """

    changed: tuple[tuple[Verdict, Verdict], ...]
    vanished: tuple[Verdict, ...]
    new: tuple[Verdict, ...]
    compared: int
    recorded: int
    partial: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether a verdict changed or a claim vanished."""
        return bool(self.changed or self.vanished)

    @property
    def summary(self) -> str:
        """The counts, on one line."""
        counts = f"{len(self.changed)} changed, {len(self.vanished)} vanished, {len(self.new)} new"
        text = f"{self.compared} of {self.recorded} recorded claims compared: {counts}"
        return f"{text}; a part of the suite ({', '.join(self.partial)})" if self.partial else text


def compare(record: SuiteVerdicts, verdicts: Iterable[Verdict], partial: Sequence[str] = ()) -> Comparison:
    """What differs.

    Args:
        record: the verdicts to compare with.
        verdicts: those of the session.
        partial: why the session is not the whole suite; empty if it is.
    """
    old, now = by_test(record.claims), by_test(verdicts)
    changed = []
    in_both = sorted(old.keys() & now.keys())
    for test in in_both:
        if old[test].verdict is not now[test].verdict:
            changed.append((old[test], now[test]))
    return Comparison(
        changed=tuple(changed),
        vanished=() if partial else _without(old, now),
        new=_without(now, old),
        compared=len(in_both),
        recorded=len(old),
        partial=tuple(partial),
    )


def _without(verdicts: dict[str, Verdict], others: dict[str, Verdict]) -> tuple[Verdict, ...]:
    """The verdicts of tests that the others lack, sorted by test."""
    return tuple(verdicts[test] for test in sorted(verdicts.keys() - others.keys()))

"""The content of a claim: a statement, its source, and how it is expected to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple, Self, TypeVar

import pytest

from lrn.verdicts import Outcome
from lrn.verdicts.text import check_text

__all__ = ["Claim", "Expectation", "claim"]

_Test = TypeVar("_Test", bound="Callable[..., Any]")


class Expectation(NamedTuple):
    """The end that a claim's author expects, and the reason if that is not SUPPORTED."""

    outcome: Outcome
    why: str | None

    @classmethod
    def known(cls, mark: str, why: object) -> Self:
        """The expectation in a mark of that name, "refuted" or "inconclusive". Raises ValueError without a reason."""
        if not isinstance(why, str) or not why.strip():
            raise ValueError(f"{mark} needs the reason, a text with the figure that shows it; got {why!r}")
        return cls(Outcome(mark.upper()), why)


@dataclass(frozen=True)
class Claim:
    """The content of a claim; see `claim` for the fields.

    Raises:
        TypeError: a field has the wrong type.
        ValueError: the statement is empty, a reason is missing or one too many, or a number of seeds is out of range.
    """

    statement: str
    source: str = ""
    quote: str = ""
    reading: str = ""
    id: str = ""
    refuted: str | None = None
    inconclusive: str | None = None
    first_seeds: int | None = None
    max_seeds: int | None = None
    step: int | None = None
    exact: bool = False

    def __post_init__(self) -> None:
        for name in ("statement", "source", "quote", "reading", "id"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"a claim's {name} must be text; got {getattr(self, name)!r}")
        check_text("a claim's id", self.id)
        if not self.statement.strip():
            raise ValueError("a claim's statement must say something; got none")
        self.expectation  # noqa: B018 - raises for reasons that make no sense
        for name in ("first_seeds", "max_seeds", "step"):
            n = getattr(self, name)
            if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
                raise ValueError(f"a claim's {name} must be a whole number, at least 1; got {n!r}")
        if not isinstance(self.exact, bool):
            raise TypeError(f"a claim's exact must be True or False; got {self.exact!r}")

    @property
    def expectation(self) -> Expectation:
        """How its author says that it ends."""
        if self.refuted is not None and self.inconclusive is not None:
            raise ValueError("a claim is known to be refuted or inconclusive; got a reason for both")
        if self.refuted is not None:
            return Expectation.known("refuted", self.refuted)
        if self.inconclusive is not None:
            return Expectation.known("inconclusive", self.inconclusive)
        return Expectation(Outcome.SUPPORTED, None)


def claim(
    statement: str,
    *,
    source: str = "",
    quote: str = "",
    reading: str = "",
    id: str = "",
    refuted: str | None = None,
    inconclusive: str | None = None,
    first_seeds: int | None = None,
    max_seeds: int | None = None,
    step: int | None = None,
    exact: bool = False,
) -> Callable[[_Test], _Test]:
    """Makes a test function (or all tests of a class) a claim.

    Args:
        statement: the claim in one sentence, as the test checks it.
        source: where the document says it: section, figure.
        quote: the document's own words, exactly.
        reading: how they were read, where they allow more than one reading ("literal", "practical", a margin).
        id: a short name, such as "C2"; tests may share one.
        refuted: why it is known to be false, with the figure. The test then passes exactly while it is REFUTED.
        inconclusive: why the seeds allowed are known not to settle it; it then passes exactly while INCONCLUSIVE.
        first_seeds: seeds that each comparison starts with, in place of `--first-seeds`.
        max_seeds: most seeds of each comparison, in place of the default; `--max-seeds` can only lower it.
        step: most seeds that are added at once; 1 for expensive experiments.
        exact: whether it checks something without measuring: arithmetic, quotations, tables. Any other claim must ask
            for `measure`.

    Raises:
        TypeError: an argument has the wrong type, or the function is a claim already.
        ValueError: the statement is empty, a reason is missing or one too many, or a number of seeds is out of range.
    """
    stated = Claim(statement, source, quote, reading, id, refuted, inconclusive, first_seeds, max_seeds, step, exact)

    def mark(test: _Test) -> _Test:
        if getattr(test, "__name__", "<lambda>") == "<lambda>":  # which pytest would take for an argument of the mark
            raise TypeError(f"claim is for a test function, or a class of tests, with a name; got {test!r}")
        if "claim" in map(attrgetter("name"), vars(test).get("pytestmark", [])):
            raise TypeError(f"{test.__name__} is a claim already; write a test for each statement")
        return pytest.mark.claim.with_args(stated)(test)

    return mark

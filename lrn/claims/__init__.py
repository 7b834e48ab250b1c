"""Claims: sentences of a document as tests that end SUPPORTED, REFUTED or INCONCLUSIVE.

A claim is a pytest test whose assertion compares measured intervals:

    from lrn.claims import Experiment, claim

    @claim("Late networks converge more often at depth 10", source="thesis §4.2.1", quote="drastically improves")
    def test_late_converges_more_often(measure):
        late = Experiment(depth=10, connection="late")
        plain = late.replace(connection="plain")
        assert measure.rate(late, "converged") > measure.rate(plain, "converged") + 0.2

While the intervals are too wide to decide, the function is called again with more seeds, so it must only measure and
assert; its fixtures are set up once. `Measure` says what can be measured, `lrn.intervals` how intervals compare.

A sentence that is known to be false is a result too. `@claim(..., refuted="why, with the figure")`, or the mark
`pytest.mark.refuted("why")` on the test or on one `pytest.param`, lets the test pass exactly while it is REFUTED.
In the same way `inconclusive` is for what is known to be too close to a margin to be settled by the seeds allowed.

Claims about anything else than an `Experiment` need an object with a label and a `sample` method (`Population`):

    class Coin:
        label = "a fair coin"

        def sample(self, seeds):
            return {"heads": [numpy.random.default_rng(s).random() < 0.5 for s in seeds]}
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

import pytest

from lrn.claims._measure import Measure
from lrn.claims._populations import MeasurementError, Population
from lrn.intervals import (
    Decision,
    Estimate,
    Quantity,
    Undecided,
    asked,
    binomial_compatibility,
    every,
    look_index,
    some,
)
from lrn.verdicts import Outcome, Verdict

if TYPE_CHECKING:
    from lrn.experiment import Experiment

__all__ = [
    "Claim",
    "Decision",
    "Estimate",
    "Expectation",
    "Experiment",
    "Judgement",
    "Measure",
    "MeasurementError",
    "Population",
    "Quantity",
    "Undecided",
    "binomial_compatibility",
    "claim",
    "every",
    "judge",
    "some",
    "unjudged",
]

_Test = TypeVar("_Test", bound="Callable[..., Any]")


class Expectation(NamedTuple):
    """How a claim is said to end, and why if that is not SUPPORTED."""

    outcome: Outcome
    why: str | None

    @classmethod
    def known(cls, mark: str, why: object) -> Self:
        """What a mark of that name, "refuted" or "inconclusive", says. Raises ValueError if it gives no reason."""
        if not isinstance(why, str) or not why.strip():
            raise ValueError(f"{mark} needs the reason, a text with the figure that shows it; got {why!r}")
        return cls(Outcome(mark.upper()), why)


@dataclass(frozen=True)
class Claim:
    """What a claim says; see `claim` for the fields.

    Raises:
        TypeError: a field has the wrong type.
        ValueError: the statement is empty, a reason is missing or one too many, or a number of seeds is no look.
    """

    statement: str
    source: str = ""
    quote: str = ""
    reading: str = ""
    id: str = ""
    refuted: str | None = None
    inconclusive: str | None = None
    first_look: int | None = None
    max_seeds: int | None = None

    def __post_init__(self) -> None:
        for name in ("statement", "source", "quote", "reading", "id"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"a claim's {name} must be text; got {getattr(self, name)!r}")
        if not self.statement.strip():
            raise ValueError("a claim's statement must say something; got none")
        self.expectation  # noqa: B018 - raises for reasons that make no sense
        for n in (self.first_look, self.max_seeds):
            if n is not None:
                look_index(n)

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

    @classmethod
    def of(cls, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Self:
        """The claim in the arguments of a `claim` mark."""
        return cls(*arguments, **keywords)


def claim(
    statement: str,
    *,
    source: str = "",
    quote: str = "",
    reading: str = "",
    id: str = "",
    refuted: str | None = None,
    inconclusive: str | None = None,
    first_look: int | None = None,
    max_seeds: int | None = None,
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
        first_look: seeds that each quantity starts with, in place of `--first-look`: 64 times a power of two.
        max_seeds: most seeds of each quantity, in place of the default; `--max-seeds` can only lower it.

    Raises:
        TypeError: an argument has the wrong type, or the function is a claim already.
        ValueError: the statement is empty, a reason is missing or one too many, or a number of seeds is no look.
    """
    said = Claim(statement, source, quote, reading, id, refuted, inconclusive, first_look, max_seeds)
    # Not dataclasses.asdict: a mark carries what its author wrote.
    keywords = {field.name: getattr(said, field.name) for field in dataclasses.fields(said)}

    def mark(test: _Test) -> _Test:
        if getattr(test, "__name__", "<lambda>") == "<lambda>":  # which pytest would take for an argument of the mark
            raise TypeError(f"claim is for a test function, or a class of tests, with a name; got {test!r}")
        if any(known.name == "claim" for known in vars(test).get("pytestmark", [])):
            raise TypeError(f"{test.__name__} is a claim already; write a test for each statement")
        return pytest.mark.claim(**keywords)(test)

    return mark


@dataclass(frozen=True)
class Judgement:
    """How a claim ended.

    Attributes:
        verdict: which of the outcomes.
        reason: what decided it, on one line.
        looks: how often the claim was asked.
        undecided: what was still open, if INCONCLUSIVE.
        error: the exception that ended it, if there was one.
    """

    verdict: Outcome
    reason: str
    looks: int
    undecided: Undecided | None = None
    error: BaseException | None = None

    def outlook(self, verdict: Verdict, measure: Measure | None) -> str:
        """What an INCONCLUSIVE verdict lacks, on one line."""
        open_keys = {quantity.key for quantity in self.undecided.quantities} if self.undecided else set()
        wide = [
            f"{q.name}, {q.point:.4g} [{q.low:.4g}, {q.high:.4g}] at {q.seeds} seeds"
            for q in verdict.estimates
            if q.key in open_keys
        ]
        needed = verdict.seeds_needed
        if needed is None or needed == math.inf:
            outlook = "no number of seeds can be said to settle it"
        else:
            outlook = f"about {needed:.0f} seeds of each would settle it"
        allowed = f", and {measure.max_seeds} are allowed" if measure else ""
        shown = "; ".join(wide) or "nothing that was measured"
        return f"INCONCLUSIVE after {verdict.looks} looks: {verdict.reason}; too wide: {shown}; {outlook}{allowed}"

    def record(self, said: Claim, test: str, expectation: Expectation, measure: Measure | None) -> Verdict:
        """The verdict to keep.

        Args:
            said: the claim.
            test: pytest's node id.
            expectation: how it is said to end.
            measure: what it measured with.
        """
        needed = None
        if self.verdict is Outcome.INCONCLUSIVE:
            needed = measure.seeds_needed(self.undecided) if measure and self.undecided else math.inf
            needed = float(math.ceil(needed)) if needed < math.inf else needed
        return Verdict(
            id=said.id,
            test=test,
            statement=said.statement,
            source=said.source,
            quote=said.quote,
            reading=said.reading,
            verdict=self.verdict,
            expected=expectation.outcome,
            known=expectation.why,
            reason=self.reason,
            looks=self.looks,
            estimates=measure.quantities if measure else (),
            seeds_needed=needed,
        )


def judge(body: Callable[[], object], measure: Measure | None) -> Judgement:
    """Asks a claim, with more seeds where it is undecided, until it is decided or asking again has no point.

    Args:
        body: the claim's test function. A failed assertion refutes the claim; no other exception does.
        measure: what it measures with; None if it does not ask for one.

    Raises:
        KeyboardInterrupt, and pytest's own exceptions that skip a test or end the session: they are no verdict.
    """
    looks = 0
    while True:
        looks += 1
        try:
            with asked() as decisions:
                returned = body()
        except Undecided as error:
            if measure is None or not measure.widen(error):
                return Judgement(Outcome.INCONCLUSIVE, error.decision.reason, looks, error, error)
        except AssertionError as error:
            return Judgement(Outcome.REFUTED, _refutation(error), looks, error=error)
        except (KeyboardInterrupt, pytest.skip.Exception, pytest.exit.Exception):
            raise
        except BaseException as error:
            return Judgement(Outcome.ERROR, _line(f"{type(error).__name__}: {error}"), looks, error=error)
        else:
            return _passed(returned, measure, looks, bool(decisions))


def unjudged(error: BaseException | str, skipped: bool) -> Judgement:
    """The judgement of a claim that was never asked: it was skipped, or its set-up failed."""
    text = str(error) if skipped or isinstance(error, str) else f"{type(error).__name__}: {error}"
    return Judgement(Outcome.SKIPPED if skipped else Outcome.ERROR, _line(text), 0)


def _passed(returned: object, measure: Measure | None, looks: int, asserted: bool) -> Judgement:
    """The judgement of a claim whose assertions all held, if it made any."""
    if returned is not None:
        return Judgement(Outcome.ERROR, f"it must assert, not return; it returned {_line(repr(returned))}", looks)
    if measure is None:
        return Judgement(Outcome.SUPPORTED, "", looks)
    if not measure.quantities:
        return Judgement(Outcome.ERROR, "it asked for measure, but measured nothing", looks)
    if not asserted:
        reason = "it measured, but asserted no comparison of what it measured: its verdict would rest on nothing"
        return Judgement(Outcome.ERROR, reason, looks)
    shown = "; ".join(f"{q.name}: {q.point:.4g} [{q.low:.4g}, {q.high:.4g}]" for q in measure.quantities)
    return Judgement(Outcome.SUPPORTED, _line(shown), looks)


def _refutation(error: AssertionError) -> str:
    """What decided against a claim: the decision that was false, else the first line of the message."""
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    # pytest's rewritten assertions keep their parts as locals, whereas their message depends on how verbose pytest is.
    parts = [part for name, part in frames.tb_frame.f_locals.items() if name.startswith("@py_")] if frames else []
    false = [part.reason for part in parts if isinstance(part, Decision) and part.value is False]
    return _line(false[-1] if false else str(error)) or "an assertion without a message failed"


def _line(text: str) -> str:
    """The first line, without what differs from one process to the next."""
    line = next(iter(text.strip().splitlines()), "")
    line = re.sub(r" at 0x[0-9a-fA-F]+", "", line)
    return line if len(line) <= 300 else f"{line[:299]}…"


def __getattr__(name: str) -> Any:
    if name != "Experiment":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lrn.experiment import Experiment

    return Experiment

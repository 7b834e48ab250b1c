"""What the sections draw from: verdicts, quantities by name, and networks of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from lrn import Experiment
from lrn.ledger import Ledger
from lrn.report import Quantities, anchor_of, environment
from lrn.runs import Runs
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.sentences import matches

__all__ = ["Context"]

TEMPLATES = Path(__file__).parent / "templates"
SEEDS = 4096
"""Networks of the ledger that a section looks at, at most."""


class Context:
    """The verdicts and the ledger, as the sections ask for them.

    Args:
        suite: the verdicts.
        ledger: what was trained; None for none.
    """

    def __init__(self, suite: SuiteVerdicts, ledger: Ledger | None) -> None:
        self.suite, self.ledger = suite, ledger
        self.quantities = Quantities(suite)

    @cached_property
    def claims(self) -> Mapping[str, list[Verdict]]:
        """The verdicts of each claim, by its id."""
        found: dict[str, list[Verdict]] = {}
        for verdict in self.suite.claims:
            if verdict.id:
                found.setdefault(verdict.id, []).append(verdict)
        return found

    def cases(self, name: str) -> list[Verdict]:
        """The verdicts of a claim by its id, or of some of its cases: "D5-dead-column[*-0.001-*]"."""
        verdicts = self.claims.get(name.partition("[")[0], [])
        return [v for v in verdicts if matches(name, v.id, v.test.partition("[")[2].removesuffix("]"))]

    def anchor(self, name: str) -> str:
        """Where the page shows the claim."""
        return anchor_of(self.cases(name)[0].test)

    def ended(self, name: str) -> Outcome | None:
        """How all these cases of the claim ended; None if they differ, or there are none."""
        ends = {verdict.verdict for verdict in self.cases(name)}
        return next(iter(ends)) if len(ends) == 1 else None

    def rate(self, experiment: Experiment, metric: str = "converged", given: str = "") -> MeasuredQuantity | None:
        """A measured rate; None if it was not measured."""
        return self.quantities.find("rate", metric, experiment.label, given=given or None)

    def mean(self, experiment: Experiment, metric: str, given: str = "") -> MeasuredQuantity | None:
        """A measured mean; None if it was not measured."""
        return self.quantities.find("mean", metric, experiment.label, given=given or None)

    def median(self, experiment: Experiment, metric: str, given: str = "") -> MeasuredQuantity | None:
        """A measured median; None if it was not measured."""
        return self.quantities.find("median", metric, experiment.label, given=given or None)

    def runs(self, experiment: Experiment, trace: bool = False) -> Runs | None:
        """Networks that were trained already, from the suite's first seed on; None if there are none."""
        if self.ledger is None:
            return None
        first = self.suite.seed_offset
        return self.ledger.remembered(experiment, range(first, first + (256 if trace else SEEDS)), trace)

    def render(self, template: str, **values: Any) -> str:
        """One of the sections' templates, filled."""
        return str(environment(TEMPLATES).get_template(template).render(**values))

"""Sources of the sections: verdicts, quantities by name, and networks of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Any

from lrn import Experiment
from lrn.experiment.runs import Runs
from lrn.ledger import Ledger
from lrn.report import Addresses, Quantities, environment, link_to, number_view, value_text
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.sentences import matches

__all__ = ["Context", "Missing"]

TEMPLATES = Path(__file__).parent / "templates"
SEEDS = 4096
"""Networks of the ledger that a section looks at, at most."""
_DIFFERENCE = (1.0, -1.0)


class Missing(LookupError):
    """A figure was not measured."""


class Context:
    """The verdicts and the ledger, as the sections ask for them.

    Args:
        suite: the verdicts.
        ledger: the trained networks; None for none.
    """

    def __init__(self, suite: SuiteVerdicts, ledger: Ledger | None) -> None:
        self.suite, self.ledger = suite, ledger
        self.quantities = Quantities(suite)
        self.addresses = Addresses(suite.claims)

    @property
    def certain(self) -> float:
        """The probability, in percent, that all intervals of the record hold at once."""
        return 100 * (1 - self.suite.alpha)

    @cached_property
    def claims(self) -> Mapping[str, list[Verdict]]:
        """The verdicts of each claim, by its id."""
        by_id: dict[str, list[Verdict]] = {}
        for verdict in self.suite.claims:
            if verdict.id:
                by_id.setdefault(verdict.id, []).append(verdict)
        return by_id

    @cached_property
    def shown(self) -> Mapping[tuple[str, str, str | None, str], tuple[MeasuredQuantity, Verdict]]:
        """The quantities that stand on the page with an address, each where it has the most seeds."""
        shown: dict[tuple[str, str, str | None, str], tuple[MeasuredQuantity, Verdict]] = {}
        for leaf, verdict in self._leaves():
            quantity = leaf.quantity
            if quantity is None or len(quantity.populations) != 1:
                continue
            key = quantity.statistic, quantity.metric, quantity.given, quantity.populations[0]
            if key not in shown or leaf.seeds > shown[key][0].seeds:
                shown[key] = leaf, verdict
        return shown

    def _leaves(self) -> Iterator[tuple[MeasuredQuantity, Verdict]]:
        for verdict in self.suite.claims:
            for quantity in verdict.estimates:
                if not quantity.terms:
                    yield quantity, verdict
                elif quantity.coefficients == _DIFFERENCE:
                    yield from zip(quantity.terms, repeat(verdict))

    def cases(self, name: str) -> list[Verdict]:
        """The verdicts of a claim by its id, or of some of its cases: "D5-dead-column[*-0.001-*]"."""
        verdicts = self.claims.get(name.partition("[")[0], [])
        return [v for v in verdicts if matches(name, v.id, v.test.partition("[")[2].removesuffix("]"))]

    def anchor(self, name: str) -> str:
        """Where the page shows the claim, or the case where the name means one."""
        cases = self.cases(name)
        return self.addresses.case(cases[0].test) if len(cases) == 1 else self.addresses.claim(cases[0].test)

    def ended(self, name: str) -> Outcome | None:
        """How all these cases of the claim ended; None if they differ, or there are none."""
        ends = {verdict.verdict for verdict in self.cases(name)}
        return next(iter(ends)) if len(ends) == 1 else None

    def cited(self, name: str, number: int = 0) -> str:
        """The first number of a case, as a link to it. Raises Missing if it measured nothing, or is not one case."""
        cases = self.cases(name)
        if len(cases) != 1 or number >= len(cases[0].estimates):
            raise Missing(name)
        text = number_view(cases[0].estimates[number], (0.0, 1.0)).text
        return link_to(text, self.addresses.case(cases[0].test))

    def cited_rate(
        self, experiment: Experiment, metric: str = "converged", condition: str | None = None, *, most: bool = False
    ) -> str:
        """A measured rate, or the high end of its interval, as a link to where it stands. Raises Missing without one."""
        quantity, verdict = self._shown("rate", metric, condition, experiment)
        text = value_text(quantity.high if most else quantity.point, "%")
        return link_to(text, self.addresses.case(verdict.test))

    def cited_mean(self, experiment: Experiment, metric: str, condition: str | None = None) -> str:
        """A measured mean as a link to where it stands. Raises Missing without one."""
        quantity, verdict = self._shown("mean", metric, condition, experiment)
        return link_to(value_text(quantity.point, ""), self.addresses.case(verdict.test))

    def _shown(
        self, statistic: str, metric: str, condition: str | None, experiment: Experiment
    ) -> tuple[MeasuredQuantity, Verdict]:
        try:
            return self.shown[statistic, metric, condition, experiment.label]
        except KeyError:
            raise Missing(f"{statistic} of {metric} in {experiment.label}") from None

    def rate(self, experiment: Experiment, metric: str = "converged", condition: str = "") -> MeasuredQuantity | None:
        """A measured rate; None if it was not measured."""
        return self._measured("rate", experiment, metric, condition)

    def mean(self, experiment: Experiment, metric: str, condition: str = "") -> MeasuredQuantity | None:
        """A measured mean; None if it was not measured."""
        return self._measured("mean", experiment, metric, condition)

    def _measured(self, statistic: str, experiment: Experiment, metric: str, condition: str) -> MeasuredQuantity | None:
        return self.quantities.find(statistic, metric, experiment.label, given=condition or None)

    def runs(self, experiment: Experiment) -> Runs | None:
        """Networks that were trained already, from the suite's first seed on; None if there are none."""
        if self.ledger is None:
            return None
        first = self.suite.seed_offset
        return self.ledger.remembered(experiment, range(first, first + SEEDS))

    def render(self, template: str, **values: Any) -> str:
        """One of the sections' templates, filled."""
        return str(environment(TEMPLATES).get_template(template).render(**values))

"""Claims: sentences of a document as tests that end SUPPORTED, REFUTED or INCONCLUSIVE.

A claim is a pytest test whose assertion compares measured quantities:

    from lrn.claims import Experiment, claim

    @claim("Late networks converge more often at depth 10", source="thesis §4.2.1", quote="drastically improves")
    def test_late_converges_more_often(measure):
        late = Experiment(depth=10, connection="late")
        plain = late.replace(connection="plain")
        assert measure.rate(late, "converged") > measure.rate(plain, "converged") + 0.2

While too little has been observed to decide, the function is called again with more seeds, so it must only measure and
assert; its fixtures are set up once. `Measure` says what can be measured, `lrn.intervals` how it is compared.

A sentence that is known to be false is a result, too. `@claim(..., refuted="why, with the figure")`, or the mark
`pytest.mark.refuted("why")` on the test or on one `pytest.param`, lets the test pass exactly while it is REFUTED.
In the same way `inconclusive` is for a claim known to be too close to a margin for the seeds allowed to settle it.

Claims about anything other than an `Experiment` need an object with a label and a `sample` method (`Population`):

    class Coin:
        label = "a fair coin"

        def sample(self, seeds):
            return {"heads": [numpy.random.default_rng(s).random() < 0.5 for s in seeds]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lrn.claims._claim import Claim, Expectation, claim
from lrn.claims._function import population
from lrn.claims._judge import Judgement, asserts, judge, resume, unjudged
from lrn.claims._mean_table import table
from lrn.claims._measure import Measure
from lrn.claims._populations import MeasurementError, Population
from lrn.claims._ratio import Ratio
from lrn.claims._recorded import recorded
from lrn.claims._words import equal, ranking, reproduces, trend, vanishes
from lrn.intervals import Decision, Estimate, Undecided, binomial_compatibility, every, some

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
    "Ratio",
    "Undecided",
    "asserts",
    "binomial_compatibility",
    "claim",
    "equal",
    "every",
    "judge",
    "population",
    "ranking",
    "recorded",
    "reproduces",
    "resume",
    "some",
    "table",
    "trend",
    "unjudged",
    "vanishes",
]


def __getattr__(name: str) -> Any:
    if name != "Experiment":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lrn.experiment import Experiment

    return Experiment

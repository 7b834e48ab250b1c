"""Going on from the last run: a claim whose seeds are all known is tested once, where that run ended.

A claim that is judged from the start is tested after 8 seeds, after 10, after 13 and so on, a dozen times or more. The
record says where it ended. The verdict there must be the recorded one in everything, else the claim is judged from the
start.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrn.files import read_text
from lrn.verdicts import Verdict

if TYPE_CHECKING:
    from lrn.claims import Claim, Expectation, Judgement
    from lrn.claims._measure import Measure
    from lrn.plugin._options import Settings

__all__ = ["Earlier"]

_LARGEST_FILE = 1 << 27
_SETTINGS = ("alpha", "quantities", "seed_offset", "first_seeds", "max_seeds")


class Earlier:
    """The verdicts of the last run.

    Args:
        path: its record; where there is none, or it is damaged, no claim is known.
        settings: of this run; with others, every claim is judged from the start.
    """

    def __init__(self, path: Path | None, settings: Settings) -> None:
        self._by_test: dict[str, dict[str, Any]] = {}

        if path is None:
            return
        try:
            suite = json.loads(read_text(path, _LARGEST_FILE))
            if all(suite[name] == getattr(settings, name) for name in _SETTINGS):
                self._by_test = {verdict["test"]: verdict for verdict in suite["claims"]}
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return

    def judgement(
        self,
        body: Callable[[], object],
        measure: Measure,
        claim: Claim,
        expectation: Expectation,
        test: str,
    ) -> tuple[Judgement, Verdict] | None:
        """The judgement and the verdict of a claim where the last run ended; None if it must be judged from the start.

        Args:
            body: the claim's test function.
            measure: its `Measure`, which has measured nothing so far.
            claim: the claim.
            expectation: how its author expects it to end.
            test: pytest's node id.
        """
        from lrn.claims import resume

        was = self._read(test)
        if was is None:
            return None
        judgement = resume(body, measure, was)
        if judgement is not None:
            verdict = judgement.record(claim, test, expectation, measure)
            if verdict.to_json() == self._by_test[test]:
                return judgement, verdict
        measure.restart()
        return None

    def _read(self, test: str) -> Verdict | None:
        """The last verdict of a test, if it rests on measurements."""
        try:
            verdict = Verdict.from_json(self._by_test[test])
        except (ValueError, KeyError, TypeError):
            return None
        return verdict if verdict.estimates and verdict.looks > 1 else None

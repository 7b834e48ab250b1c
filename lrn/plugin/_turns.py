"""Where hours are limited, the claim that is nearest to a verdict trains next.

Each claim has its first seeds. From then on a claim that needs more training waits for its turn, and next comes the
claim that is likely to take the fewest seconds of training to a verdict. That order decides the most claims in a given
time. A claim goes on until it is decided, or until it turns out to take more than twice as long as another that waits.
Claims for which the seeds allowed are not likely to bring a verdict come last. When time is over, those that still wait
are judged on the seeds that there are.

With pytest-xdist, each worker does so with the claims that it was given.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import runtestprotocol

from lrn.plugin._carrying import STARTED
from lrn.plugin._crashes import WAITS
from lrn.plugin._items import claim_of, started

if TYPE_CHECKING:
    from lrn.claims._outlook import Outlook

__all__ = ["Turns"]

_PATIENCE = 2.0  # estimates from few seeds are rough, and each change runs a claim's test anew


@dataclass
class _Waiting:
    """A claim that waits.

    Attributes:
        outlook: the seeds that it lacks.
        spent: seconds that its test has taken so far.
    """

    outlook: Outlook
    spent: float = 0.0


@dataclass(eq=False)
class Turns:
    """Runs the claims of this process in the order in which they are near to a verdict.

    Args:
        deadline: of the clock `time.monotonic`, after which nothing is trained.
    """

    deadline: float
    _waiting: dict[pytest.Item, _Waiting] = field(default_factory=dict)
    _all_have_begun: bool = False

    def wait(self, item: pytest.Item, outlook: Outlook) -> None:
        """Raises PutOff where another claim is to train before this one."""
        from lrn.claims._outlook import PutOff

        if time.monotonic() >= self.deadline or outlook.is_free:
            return
        if self._all_have_begun and outlook.cost() <= self._least_cost(_PATIENCE):
            return
        self._waiting[item] = _Waiting(outlook)
        raise PutOff

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Runs a claim's test, and reports it unless it waits."""
        if not _measures(item):
            return None
        before = self._waiting.pop(item, None)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        call = _call_of(reports)
        if call is not None:
            call.duration += 0.0 if before is None else before.spent
        if item in self._waiting and call is not None:
            self._waiting[item].spent = call.duration
            if not self._all_have_begun:
                self._report(item, [_as_waiting(call, item)])
        else:
            self._report(item, reports)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """When all claims have begun, runs those that wait, the nearest to a verdict first."""
        finished = yield
        self._all_have_begun = True
        while self._waiting and not (session.shouldfail or session.shouldstop):
            nearest = min(self._waiting, key=lambda item: self._waiting[item].outlook.cost())
            _point_xdist_to(session, nearest)
            session.config.hook.pytest_runtest_protocol(item=nearest, nextitem=None)
        if not hasattr(session.config, "workerinput"):  # xdist stops its workers itself
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        return finished

    def _least_cost(self, factor: float) -> tuple[bool, float]:
        """The cost of the claim nearest to a verdict of those that wait, multiplied."""
        return min((waiting.outlook.cost(factor) for waiting in self._waiting.values()), default=(True, math.inf))

    def _report(self, item: pytest.Item, reports: list[pytest.TestReport]) -> None:
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _measures(item: pytest.Item) -> bool:
    """Whether it is a claim that may train."""
    try:
        claim = claim_of(item)
    except TypeError:  # which its set-up says
        return False
    return claim is not None and not claim.exact


def _call_of(reports: Iterable[pytest.TestReport]) -> pytest.TestReport | None:
    """The report of the test itself; None where its set-up failed."""
    for report in reports:
        if report.when == "call":
            return report
    return None


def _as_waiting(call: pytest.TestReport, item: pytest.Item) -> pytest.TestReport:
    """The report that a claim waits, with the verdict that stands if its process dies meanwhile."""
    call.outcome = WAITS  # type: ignore[assignment]
    call.duration = 0.0
    call.sections = []
    call.user_properties = [(STARTED, json.dumps(started(item).to_json()))]
    return call


def _point_xdist_to(session: pytest.Session, item: pytest.Item) -> None:
    """Tells a worker of xdist which test its next reports are about: it numbers them."""
    for plugin in session.config.pluginmanager.get_plugins():
        if type(plugin).__name__ == "WorkerInteractor":
            plugin.item_index = session.items.index(item)

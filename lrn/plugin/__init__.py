"""The pytest plugin: options, the `measure` fixture, and how a claim's test is run and reported.

What a claim and its verdict are is in `lrn.claims`, what a session makes of all verdicts in `lrn.plugin._session`.
Every pytest session of an environment with lrn loads this module, so all that is heavy is imported where a claim
needs it.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from lrn.plugin._crashes import Crashes
from lrn.plugin._options import RUN_RECORD, Settings, add_options, read_settings
from lrn.plugin._order import longest_first, seconds_of, workers
from lrn.plugin._session import PROPERTY, STARTED, Deselection, Session
from lrn.plugin._status import Status, Telling, teller_of
from lrn.plugin._training import Training, add_training_options, read_training, sampler_of
from lrn.verdicts import Outcome, Verdict, case_name

if TYPE_CHECKING:
    from lrn.claims import Claim, Expectation, Judgement
    from lrn.claims._measure import Measure
    from lrn.claims._populations import RecentSamples

__all__ = ["measure"]

_SETTINGS = pytest.StashKey[Settings]()
_TRAINING = pytest.StashKey[Training]()
_SAMPLER: pytest.StashKey[RecentSamples] = pytest.StashKey()
_MEASURE: pytest.StashKey[Measure] = pytest.StashKey()
_VERDICT = pytest.StashKey[Verdict]()
_ENDED_BY = pytest.StashKey[BaseException | None]()  # what a claim's test raised, if that is not shown as it is

_MARKS = (
    "claim(statement, source, quote, reading, id, ...): put on a test by @lrn.claims.claim",
    "refuted(why): the claim is known to be false; the test passes exactly while it is REFUTED",
    "inconclusive(why): the claim is known to be too close to call; the test passes exactly while it is INCONCLUSIVE",
)


_KNOWN = ("refuted", "inconclusive")
_REFUSED_FIXTURES = ("subtests",)
_IN_FIXTURE = "a fixture is set up once, but claims ask again with more seeds; measure in the test itself"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    add_options(parser)
    add_training_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Reads the options and, in the process that reports, starts to collect verdicts."""
    settings = config.stash[_SETTINGS] = read_settings(config)
    config.stash[_TRAINING] = read_training(config)
    for mark in _MARKS:
        config.addinivalue_line("markers", mark)
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(Deselection(config), "lrn-deselection")
        config.pluginmanager.register(Telling(config), "lrn-telling")
        return
    if config.option.lrn_ledger is not None:
        # Workers get the options as they are now, and may start in another folder.
        config.option.lrn_ledger = str(settings.ledger)
    crashes = Crashes(config, settings)
    config.pluginmanager.register(crashes, "lrn-crashes")
    config.pluginmanager.register(Session(config, settings, crashes), "lrn-session")
    config.pluginmanager.register(Status(config, settings), "lrn-status")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Has the claims that took longest in the last run begin first."""
    record = config.stash[_SETTINGS].default_verdicts
    seconds = seconds_of(record.with_name(RUN_RECORD)) if record is not None else {}
    if seconds:
        items[:] = longest_first(items, seconds, workers())


def pytest_itemcollected(item: pytest.Item) -> None:
    """Lets `-k` select claims by id too."""
    mark = item.get_closest_marker("claim")
    if mark is not None and mark.args and isinstance(getattr(mark.args[0], "id", None), str):
        item.extra_keyword_matches.add(mark.args[0].id)


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    """Measures rates, means and quantiles over seeds, for a claim; see `lrn.claims.Measure`."""
    claim, settings = claim_of(request.node), request.config.stash[_SETTINGS]
    if claim is None:
        pytest.fail("measure is for claims: put @claim(...) of lrn.claims on the test", pytrace=False)
    from lrn.claims._measure import Measure

    measuring = request.node.stash[_MEASURE] = Measure(
        _sampler(request.config),
        alpha=settings.alpha,
        quantities=settings.quantities,
        first_seeds=claim.first_seeds or settings.first_seeds,
        max_seeds=settings.most_seeds(claim.max_seeds),
        step=claim.step,
        seed_offset=settings.seed_offset,
    )
    measuring.close(
        "a fixture cannot measure, as it is set up once and claims ask again with more seeds; measure in the test"
    )
    return measuring


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuses marks that make no sense, before any fixture is set up."""
    for key in (_VERDICT, _ENDED_BY):  # the test may run once more
        if key in item.stash:
            del item.stash[key]
    known = [name for name in _KNOWN if item.get_closest_marker(name)]
    if known and not item.get_closest_marker("claim"):
        pytest.fail(f"{known[0]} is for claims: put @claim(...) of lrn.claims on the test", pytrace=False)
    try:
        expectation_of(item)
    except (TypeError, ValueError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    if item.get_closest_marker("claim"):
        refusal = _refusal(item)
        if refusal:
            pytest.fail(refusal, pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a claim's test until it is decided; leaves all other tests alone."""
    __tracebackhide__ = True
    claim, expectation = claim_of(pyfuncitem), expectation_of(pyfuncitem)
    if claim is None or expectation is None:
        return None
    from lrn.claims import judge

    measuring = pyfuncitem.stash.get(_MEASURE, None)
    if measuring is not None:
        measuring.reopen()
        teller = teller_of(pyfuncitem.config)
        if teller is not None:
            teller.start(pyfuncitem.nodeid, case_name(claim.id, pyfuncitem.nodeid))
    judgement = judge(functools.partial(_call, pyfuncitem), measuring)
    if measuring is not None:
        measuring.close("the claim that measured this has ended; measure in the test itself")
    verdict = judgement.record(claim, pyfuncitem.nodeid, expectation, measuring)
    pyfuncitem.stash[_VERDICT] = verdict
    _conclude(judgement, verdict, pyfuncitem)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Puts the verdict into the report, which xdist carries to the process that reports."""
    report = yield
    if item.get_closest_marker("claim") is None or call.when == "teardown":
        return report
    if call.when == "setup" and report.passed:
        report.user_properties.append((STARTED, json.dumps(_started(item).to_json())))
        return report
    verdict = item.stash.get(_VERDICT, None) or _unjudged(item, call, report)
    if hasattr(report, "wasxfail"):  # no claim passes by being expected to fail
        del report.wasxfail
        report.outcome = "failed"
        report.longrepr = verdict.reason
    if report.failed and call.excinfo is not None:
        _show(report, item, call.excinfo.value, verdict)
    if report.skipped and isinstance(report.longrepr, tuple):
        report.longrepr = (str(item.path), (item.location[1] or 0) + 1, report.longrepr[2])
    report.user_properties.append((PROPERTY, json.dumps(verdict.to_json())))
    # JUnit's file takes the properties that the item has at its teardown.
    item.user_properties[:] = [p for p in item.user_properties if not str(p[0]).startswith("claim.")]
    item.user_properties += _properties(verdict)
    return report


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Shows the intervals of a comparison that failed."""
    intervals = sys.modules.get("lrn.intervals")
    sides = [] if intervals is None else [side for side in (left, right) if isinstance(side, intervals.Estimate)]
    if not sides or op not in ("<", "<=", ">", ">=", "==", "!="):
        return None
    return [f"{left} {op} {right}", *(f"{side}: {side.name or 'computed'}, n = {side.n}" for side in sides)]


def claim_of(item: pytest.Item) -> Claim | None:
    """What a test's mark claims; None for a test that is no claim."""
    mark = item.get_closest_marker("claim")
    if mark is None:
        return None
    from lrn.claims import Claim

    if len(mark.args) != 1 or mark.kwargs or not isinstance(mark.args[0], Claim):
        raise TypeError("a claim is made by @claim(...) of lrn.claims, not by the mark; got pytest.mark.claim")
    return mark.args[0]


def expectation_of(item: pytest.Item) -> Expectation | None:
    """How the claim is said to end: by the closest mark, else by the claim itself."""
    claim = claim_of(item)
    if claim is None:
        return None
    from lrn.claims import Expectation

    for mark in item.iter_markers():
        if mark.name in _KNOWN:
            return Expectation.known(mark.name, mark.args[0] if len(mark.args) == 1 and not mark.kwargs else None)
    return claim.expectation


def _sampler(config: pytest.Config) -> RecentSamples:
    """The sampler of this process."""
    if _SAMPLER not in config.stash:
        config.stash[_SAMPLER] = sampler_of(config, config.stash[_SETTINGS], config.stash[_TRAINING])
    return config.stash[_SAMPLER]


def _refusal(item: pytest.Item) -> str:
    """Why a claim cannot be judged at all; empty if it can."""
    from lrn.claims import asserts

    claim = claim_of(item)
    assert claim is not None
    names = getattr(item, "fixturenames", ())
    if item.get_closest_marker("xfail"):
        return "a claim cannot be marked xfail; one that is known to be false says so by refuted='why'"
    for name in _REFUSED_FIXTURES:
        if name in names:
            return (
                f"a claim cannot use {name}, which hides failed assertions; use pytest.mark.parametrize or every(...)"
            )
    if "measure" not in names and not claim.exact:
        return "it measures nothing: ask for the fixture measure, or say exact=True if it checks arithmetic or texts"
    if claim.exact and "measure" in names:
        return "a claim that measures is not exact: leave out exact=True, or measure"
    if claim.exact and not asserts(getattr(item, "obj", None)):
        return "it asserts nothing, so it could not fail"
    return ""


def _call(item: pytest.Function) -> Any:
    """Calls the test function, as pytest does."""
    __tracebackhide__ = True
    if inspect.iscoroutinefunction(item.obj) or inspect.isasyncgenfunction(item.obj):
        raise TypeError("a claim must be a plain function, not an async one")
    return item.obj(**{name: item.funcargs[name] for name in item._fixtureinfo.argnames})


def _conclude(judgement: Judgement, verdict: Verdict, item: pytest.Function) -> None:
    """Lets the test pass, fail or be skipped; what is shown of a failure is said in `_show`."""
    if verdict.as_expected:
        return
    from lrn.plugin._failure import without_lrn

    if judgement.undecided is not None and item.config.stash[_SETTINGS].skip_inconclusive:
        pytest.skip(f"INCONCLUSIVE: {verdict.reason}")
    error = judgement.error
    hidden = not item.config.option.fulltrace
    trace = None if error is None else without_lrn(error.__traceback__) if hidden else error.__traceback__
    if error is not None and verdict.verdict is Outcome.ERROR and not isinstance(error, AssertionError):
        raise error.with_traceback(trace)
    item.stash[_ENDED_BY] = error
    raise pytest.fail.Exception(f"{verdict.verdict}: {verdict.reason}").with_traceback(trace)


def _show(report: pytest.TestReport, item: pytest.Item, error: BaseException, verdict: Verdict) -> None:
    """Puts what a person reads of a claim's failure into its report."""
    from lrn.plugin import _failure

    command = _failure.reproduce(item)
    if _ENDED_BY not in item.stash or item.config.option.fulltrace:
        report.sections.append(("claim", _failure.about(verdict, command)))
        return
    ended_by = item.stash[_ENDED_BY]
    text = _failure.explained(verdict, ended_by, item.stash.get(_MEASURE, None), command)
    places = _failure.places_of(ended_by)
    path, line = (places[0].path, places[0].line) if places else (str(item.path), (item.location[1] or 0) + 1)
    known = f"said to be {verdict.expected}: " if verdict.known else ""
    report.longrepr = _failure.shown_as(text, path, line, f"{known}{verdict.verdict}: {verdict.reason}")


def _properties(verdict: Verdict) -> list[tuple[str, object]]:
    """The verdict as properties for a test report, such as JUnit's."""
    texts = {name: getattr(verdict, name) for name in ("id", "statement", "source", "verdict", "expected", "reason")}
    found = [(f"claim.{name}", str(text)) for name, text in texts.items() if text]
    found += [
        ("claim.measured", f"{q.name}: {q.point:.6g} [{q.low:.6g}, {q.high:.6g}], n = {q.n} of {q.seeds} seeds")
        for q in verdict.estimates
    ]
    # Workers send what UTF-8 can write.
    return [(name, text.encode(errors="backslashreplace").decode()) for name, text in found]


def _started(item: pytest.Item) -> Verdict:
    """The verdict of a claim that is about to be tested, which stands if its process dies."""
    from lrn.claims import unjudged

    claim, expectation = claim_of(item), expectation_of(item)
    assert claim is not None
    assert expectation is not None
    died = "the process that tested it died"
    return unjudged(died, skipped=False).record(claim, item.nodeid, expectation, None)


def _unjudged(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Verdict:
    """The verdict of a claim whose test never came to one."""
    from lrn.claims import Claim, unjudged

    if report.passed:
        report.outcome = "failed"
        report.longrepr = "a claim must be a function, or a method of a class that is no unittest.TestCase"
    error = str(report.longrepr) if call.excinfo is None else call.excinfo.value
    try:
        claim = claim_of(item) or Claim(item.name)
        expectation = expectation_of(item) or claim.expectation
    except (TypeError, ValueError):
        claim = Claim(item.name)
        expectation = claim.expectation
    skipped = report.skipped and not hasattr(report, "wasxfail")
    return unjudged(error, skipped).record(claim, item.nodeid, expectation, item.stash.get(_MEASURE, None))

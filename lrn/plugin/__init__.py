"""The pytest plugin: options, the `measure` fixture, and how a claim's test is run and reported.

`lrn.claims` defines a claim and its verdict; `lrn.plugin._session` judges all verdicts of a session together.
Every pytest session of an environment with lrn loads this module, so all that is heavy is imported where a claim
needs it.
"""

from __future__ import annotations

import functools
import gc
import inspect
import json
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lrn.plugin._carrying import EXPERIMENTS, LACK, PER_SEED, PROPERTY, STARTED, Deselection
from lrn.plugin._comparisons import JUDGED, pytest_assertrepr_compare
from lrn.plugin._crashes import Crashes
from lrn.plugin._earlier import MODULES, SURROUNDINGS, Earlier, Modules
from lrn.plugin._items import (
    KNOWN,
    claim_of,
    expectation_of,
    is_claim,
    put_properties,
    refusal_of,
    started,
    unjudged_verdict,
)
from lrn.plugin._labels import ShortLabels
from lrn.plugin._options import RUN_RECORD, Settings, add_options, read_settings
from lrn.plugin._order import longest_first, seconds_of, workers
from lrn.plugin._reads import READS, Reads
from lrn.plugin._session import Session
from lrn.plugin._standing import NOTHING, RestsOn, rests_on
from lrn.plugin._status import Status, Telling, teller_of
from lrn.plugin._surroundings import surroundings
from lrn.plugin._training import Training, add_training_options, read_training, sampler_of
from lrn.plugin._turns import Turns
from lrn.verdicts import Outcome, Verdict, case_name

if TYPE_CHECKING:
    from lrn.claims import Claim, Expectation, Judgement
    from lrn.claims._measure import Measure
    from lrn.claims._populations import RecentSamples

__all__ = ["measure", "pytest_assertrepr_compare"]

_SETTINGS = pytest.StashKey[Settings]()
_TRAINING = pytest.StashKey[Training]()
_SAMPLER: pytest.StashKey[RecentSamples] = pytest.StashKey()
_EARLIER = pytest.StashKey[Earlier]()
_MEASURE: pytest.StashKey[Measure] = pytest.StashKey()
_TURNS = pytest.StashKey[Turns]()
_VERDICT = pytest.StashKey[Verdict]()
_WAITS = pytest.StashKey[bool]()
_STANDS = pytest.StashKey[RestsOn]()  # behind a verdict of the last run that was not tested again
_ENDED_BY = pytest.StashKey[BaseException | None]()  # what a claim's test raised, if that is not shown as it is

_MARKS = (
    "claim(statement, source, quote, reading, id, ...): put on a test by @lrn.claims.claim",
    "refuted(why): the claim is known to be false; the test passes exactly while it is REFUTED",
    "inconclusive(why): the claim is known to be too close to call; the test passes exactly while it is INCONCLUSIVE",
)


_IN_FIXTURE = "a fixture is set up once, but claims ask again with more seeds; measure in the test itself"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    add_options(parser)
    add_training_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Reads the options and, in the process that reports, starts to collect verdicts."""
    settings = config.stash[_SETTINGS] = read_settings(config)
    training = config.stash[_TRAINING] = read_training(config)
    config.stash[MODULES] = Modules(config)
    reads = config.stash[READS] = Reads(config.rootpath, _compared(settings))
    config.add_cleanup(reads.close)
    config.stash[SURROUNDINGS] = ""
    if training.deadline is not None:
        config.stash[_TURNS] = Turns(training.deadline)
        config.pluginmanager.register(config.stash[_TURNS], "lrn-turns")
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


def pytest_sessionstart(session: pytest.Session) -> None:
    """Notes the environment as it is before any claim is loaded."""
    config = session.config
    settings = config.stash[_SETTINGS]
    if settings.claims.is_dir():
        config.stash[SURROUNDINGS] = surroundings(settings, config.stash[_TRAINING].stale)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Notes the files that the claims were loaded from, as they may be changed while they run."""
    if any(map(is_claim, session.items)):
        session.config.stash[MODULES].note()
        gc.freeze()  # all that is loaded will stay: the collector need not look through it at each turn


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Notes for the run's record how long seeds took to train, and joins the ledger's files before."""
    config, seconds = session.config, dict[str, float]()
    if _SAMPLER in config.stash:
        seconds = config.stash[_SAMPLER].seconds_per_seed
        config.stash[_SAMPLER].tidy()
    if hasattr(config, "workeroutput"):
        config.workeroutput[PER_SEED] = seconds
    else:
        reporting: Any = config.pluginmanager.getplugin("lrn-session")
        reporting.per_seed |= seconds
    yield


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
    if _VERDICT in item.stash:  # the test runs once more
        del item.stash[_VERDICT]
    if _ENDED_BY in item.stash:
        del item.stash[_ENDED_BY]
    if _WAITS in item.stash:
        del item.stash[_WAITS]
    if _STANDS in item.stash:
        del item.stash[_STANDS]
    known = [name for name in KNOWN if item.get_closest_marker(name)]
    if known and not item.get_closest_marker("claim"):
        pytest.fail(f"{known[0]} is for claims: put @claim(...) of lrn.claims on the test", pytrace=False)
    try:
        expectation_of(item)
    except (TypeError, ValueError) as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    if item.get_closest_marker("claim"):
        refusal = refusal_of(item)
        if refusal:
            pytest.fail(refusal, pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a claim's test until it is decided; leaves all other tests alone."""
    __tracebackhide__ = True
    claim, expectation = claim_of(pyfuncitem), expectation_of(pyfuncitem)
    if claim is None or expectation is None:
        return None
    measuring = pyfuncitem.stash.get(_MEASURE, None)
    if measuring is not None:
        measuring.reopen()
        teller = teller_of(pyfuncitem.config)
        if teller is not None:
            teller.start(pyfuncitem.nodeid, case_name(claim.id, pyfuncitem.nodeid))
    ended = _judged(pyfuncitem, claim, expectation, measuring)
    if measuring is not None:
        measuring.close("the claim that measured this has ended; measure in the test itself")
        pyfuncitem.config.stash[_SAMPLER].write()
    if ended is None:
        pyfuncitem.stash[_WAITS] = True
        return True
    pyfuncitem.stash[_VERDICT] = ended[1]
    _conclude(*ended, pyfuncitem)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Puts the verdict into the report, which xdist carries to the process that reports."""
    report = yield
    if item.get_closest_marker("claim") is None or call.when == "teardown" or _WAITS in item.stash:
        return report
    if call.when == "setup" and report.passed:
        report.user_properties.append((STARTED, json.dumps(started(item).to_json())))
        return report
    verdict = item.stash.get(_VERDICT, None) or unjudged_verdict(item, call, report, item.stash.get(_MEASURE, None))
    if hasattr(report, "wasxfail"):  # no claim passes by being expected to fail
        del report.wasxfail
        report.outcome = "failed"
        report.longrepr = verdict.reason
    if report.failed and call.excinfo is not None:
        _show(report, item, call.excinfo.value, verdict)
    if report.skipped and isinstance(report.longrepr, tuple):
        report.longrepr = (str(item.path), (item.location[1] or 0) + 1, report.longrepr[2])
    report.user_properties.append((PROPERTY, json.dumps(verdict.to_json())))
    measuring = item.stash.get(_MEASURE, None)
    report.user_properties.append((EXPERIMENTS, json.dumps(_behind(item, measuring))))
    if verdict.verdict is Outcome.INCONCLUSIVE and measuring is not None:
        report.user_properties.append((LACK, measuring.lack))
    put_properties(item, verdict)
    return report


def _compared(settings: Settings) -> tuple[Path, ...]:
    """The folders whose files are compared otherwise: the suite's and the ledger's."""
    ledger = settings.ledger
    return (settings.claims, ledger) if isinstance(ledger, Path) else (settings.claims,)


def _behind(item: pytest.Item, measuring: Measure | None) -> dict[str, Any]:
    """The things that a claim rests on, and whether its verdict stands untested."""
    behind = item.stash.get(_STANDS, NOTHING)
    if not behind.stands and _VERDICT in item.stash and isinstance(item, pytest.Function):
        behind = rests_on(item, measuring, item.config.stash[_SETTINGS])
        if behind.plain and item.config.stash[READS].outside:
            behind = NOTHING
    return {"keys": behind.keys, "plain": behind.plain, "untested": _STANDS in item.stash}


def _sampler(config: pytest.Config) -> RecentSamples:
    """The sampler of this process."""
    if _SAMPLER not in config.stash:
        config.stash[_SAMPLER] = sampler_of(config, config.stash[_SETTINGS], config.stash[_TRAINING])
    return config.stash[_SAMPLER]


def _judged(
    item: pytest.Function, claim: Claim, expectation: Expectation, measuring: Measure | None
) -> tuple[Judgement, Verdict] | None:
    """The judgement and the verdict of a claim; None where it must wait for others to train."""
    __tracebackhide__ = True
    from lrn.claims import judge
    from lrn.claims._outlook import PutOff

    body = functools.partial(_call, item)
    try:
        stands = _last_run(item.config).untested(claim, expectation, item.nodeid)
        if stands is not None:
            judgement, verdict, item.stash[_STANDS] = stands
            return judgement, verdict
        if measuring is not None:
            if _TURNS in item.config.stash:
                measuring.on_growth = functools.partial(item.config.stash[_TURNS].wait, item)
            ended = _last_run(item.config).judgement(body, measuring, claim, expectation, item.nodeid)
            if ended is not None:
                return ended
        judgement = judge(body, measuring)
    except PutOff:
        return None
    return judgement, judgement.record(claim, item.nodeid, expectation, measuring)


def _last_run(config: pytest.Config) -> Earlier:
    """The verdicts of the last run, read when the first claim is judged."""
    if _EARLIER not in config.stash:
        config.stash[_EARLIER] = Earlier(config, config.stash[_SETTINGS], again=bool(config.stash[_TRAINING].recheck))
    return config.stash[_EARLIER]


def _call(item: pytest.Function) -> Any:
    """Calls the test function, as pytest does."""
    __tracebackhide__ = True
    if inspect.iscoroutinefunction(item.obj) or inspect.isasyncgenfunction(item.obj):
        raise TypeError("a claim must be a plain function, not an async one")
    item.config.stash[JUDGED] = True
    try:
        return item.obj(**{name: item.funcargs[name] for name in item._fixtureinfo.argnames})
    finally:
        item.config.stash[JUDGED] = False


def _conclude(judgement: Judgement, verdict: Verdict, item: pytest.Function) -> None:
    """Lets the test pass, fail or be skipped; `_show` writes the text of a failure."""
    if verdict.as_expected:
        return
    __tracebackhide__ = True
    from lrn.plugin._failure import shorten, without_lrn

    if judgement.undecided is not None and item.config.stash[_SETTINGS].skip_inconclusive:
        pytest.skip(f"INCONCLUSIVE: {verdict.reason}")
    error = judgement.error
    hidden = not item.config.option.fulltrace
    trace = None if error is None else without_lrn(error.__traceback__) if hidden else error.__traceback__
    failed = isinstance(error, AssertionError)
    if error is not None and trace is not None and verdict.verdict is Outcome.ERROR and not failed:
        if hidden:
            shorten(error)
        raise error.with_traceback(trace)
    item.stash[_ENDED_BY] = error
    raise pytest.fail.Exception(f"{verdict.verdict}: {verdict.reason}").with_traceback(trace)


def _show(report: pytest.TestReport, item: pytest.Item, error: BaseException, verdict: Verdict) -> None:
    """Puts the text about a claim's failure into its report."""
    from lrn.plugin import _failure

    command = _failure.reproduce(item.config, item.nodeid)
    if _ENDED_BY not in item.stash or item.config.option.fulltrace:
        report.sections.append(("claim", _failure.about(verdict, command)))
        return
    ended_by = item.stash[_ENDED_BY]
    measuring = item.stash.get(_MEASURE, None)
    if measuring is not None:
        verdict = ShortLabels.of(measuring.populations).verdict(verdict)
    text = _failure.explained(verdict, ended_by, measuring, command)
    frames = _failure.code_lines_of(ended_by)
    path, line = (frames[0].path, frames[0].line) if frames else (str(item.path), (item.location[1] or 0) + 1)
    expectation = f"said to be {verdict.expected}: " if verdict.known else ""
    report.longrepr = _failure.shown_as(text, path, line, f"{expectation}{verdict.verdict}: {verdict.reason}")

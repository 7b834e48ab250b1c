"""A session and its verdicts: it counts them, judges the whole, and writes the files."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator, Iterator, Sequence
from itertools import chain, repeat
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from lrn.files import write_json
from lrn.plugin._against import Record, mark_changed, print_comparison, read_record, vanished_report
from lrn.plugin._carrying import (
    DESELECTED,
    EXPERIMENTS,
    LACK,
    LOADED,
    PER_SEED,
    PROPERTY,
    READ,
    STARTED,
    SURROUNDED,
    carried,
)
from lrn.plugin._crashes import Crashes
from lrn.plugin._earlier import MODULES, SURROUNDINGS, asked_by, digest_of
from lrn.plugin._options import RUN_RECORD, Settings
from lrn.plugin._reads import READS
from lrn.plugin._run_record import about_run
from lrn.plugin._standing import blocks_of
from lrn.plugin._words import Shown, word_of
from lrn.verdicts import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.comparison import Comparison, compare

__all__ = ["EXIT_INCONCLUSIVE", "Session"]

EXIT_INCONCLUSIVE = 10
"""Exit code of a session whose only failures are INCONCLUSIVE claims."""

_SLOW = "the native engine is not built, so torch did the training, slower (python -m lrn.engines tells more)"


class Session:
    """Collects the verdicts of a session, in the process that reports, and ends the session with them.

    Args:
        config: pytest's.
        settings: the session's options.
        crashes: counts the tests whose process died.

    Attributes:
        per_seed: seconds that a seed took to train, by the population's label.

    Raises:
        pytest.UsageError: `--against` names no file of verdicts.
    """

    def __init__(self, config: pytest.Config, settings: Settings, crashes: Crashes) -> None:
        self._config = config
        self._settings = settings
        # Read before anything runs: the session may write to the same file.
        self._record: Record | None = None if settings.against is None else read_record(settings.against)
        self._comparison: Comparison | None = None
        self._changed: dict[str, Verdict] = {}  # the recorded verdicts of claims that ended otherwise
        self._verdicts: dict[str, Verdict] = {}
        self._seconds: dict[str, float] = {}
        self._lacks: dict[str, str] = {}  # why undecided claims had no more seeds
        self.per_seed: dict[str, float] = {}
        self._workers: set[str] = set()
        self._experiments: dict[str, list[str]] = {}
        self._plain: set[str] = set()
        self._files: dict[str, str] = {}
        self._surroundings: set[str] = set()
        self._untested = 0
        self._asked_by = ""
        self._modules: dict[str, str] = {}
        self._deselected = 0
        self._uncollected = 0
        self._crashes = crashes
        self._other_failures = 0
        self._started = time.perf_counter()
        self._notes: list[str] = []
        self._written: str | None = None
        self._summing_up = False

    def pytest_sessionstart(self) -> None:
        """Notes the claims' sources, as they may be changed while they run."""
        if self._settings.claims.is_dir():
            self._asked_by = asked_by(self._config, self._settings)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        """Takes the verdict out of a report, and lets a test fail whose verdict differs from the record."""
        verdict, started = carried(report, PROPERTY), carried(report, STARTED)
        if started is not None:
            self._crashes.running[report.nodeid] = started
        verdict = self._crashes.take(report) or verdict
        if verdict is not None:
            self._verdicts[report.nodeid] = verdict
            self._seconds[report.nodeid] = report.duration
            self._rests_on(report)
            self._lacks[report.nodeid] = str(dict(report.user_properties).get(LACK, ""))
            self._workers.add(getattr(report, "worker_id", "main"))
            if self._record is not None:
                self._changed |= mark_changed(report, verdict, self._record, self._config)
        undecided = verdict is not None and verdict.verdict is Outcome.INCONCLUSIVE
        self._other_failures += report.failed and not undecided
        yield

    def _rests_on(self, report: pytest.TestReport) -> None:
        """Notes the things behind a verdict."""
        text = dict(report.user_properties).get(EXPERIMENTS)
        if text is not None:
            behind = json.loads(str(text))
            self._experiments[report.nodeid] = behind["keys"]
            (self._plain.add if behind["plain"] else self._plain.discard)(report.nodeid)
            self._untested += behind["untested"]

    def pytest_report_teststatus(self, report: pytest.TestReport) -> Shown | None:
        """Shows a claim's verdict in place of pytest's words."""
        test = report.nodeid
        return word_of(report, self._verdicts.get(test), self._changed.get(test), ended=self._summing_up)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Counts what could not be collected."""
        self._uncollected += not report.passed
        self._other_failures += report.failed

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Counts deselected tests, where tests run in this process."""
        self._deselected += len(items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Takes over a worker's count (all collect the same), its modules, and claims that waited in it."""
        output = getattr(node, "workeroutput", None) or {}
        self.per_seed |= output.get(PER_SEED, {})
        self._deselected = max(self._deselected, output.get(DESELECTED, 0))
        for own, theirs in ((self._modules, output.get(LOADED, {})), (self._files, output.get(READ, {}))):
            for name, digest in theirs.items():
                if own.setdefault(name, digest) != digest:
                    own[name] = ""  # it was changed while the suite ran
        self._surroundings.add(output.get(SURROUNDED, ""))
        if error:
            lost = self._crashes.left_waiting(node.gateway.id)
            self._verdicts |= lost
            self._other_failures += len(lost)
            self._notes += [f"{verdict.case}: {verdict.reason}" for verdict in lost.values()]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Sets the exit code and writes the files."""
        if not self._workers - {"main"}:
            self._modules |= self._config.stash[MODULES].all()
            self._files |= self._config.stash[READS].files
            self._surroundings.add(self._config.stash[SURROUNDINGS])
        if self._crashes.lost:
            self._other_failures += 1
        if self._crashes.count:
            _fail(session)
        if not self._verdicts and (self._record is None or self._config.getoption("collectonly")):
            return
        gaps = list(self._gaps(session, int(exitstatus)))
        suite = self._suite(complete=not gaps)
        refusal = _refusal(suite)
        if self._record is not None:
            self._comparison = compare(self._record.suite, suite.claims, gaps)
            for was in self._comparison.vanished:
                self._config.hook.pytest_runtest_logreport(report=vanished_report(was, self._record))
        if refusal:
            self._notes.append(refusal)
        if refusal or (self._comparison and self._comparison.failed):
            _fail(session)
        elif exitstatus == pytest.ExitCode.TESTS_FAILED and not self._other_failures:
            session.exitstatus = EXIT_INCONCLUSIVE
        try:
            self._write(suite, [*gaps, *([refusal] if refusal else [])])
        except OSError as error:
            file = _shown(Path(error.filename)) if error.filename else "the verdicts"
            self._notes.append(f"{file} could not be written: {error.strerror or error}")
            _fail(session)
        self._report(session, suite, [*gaps, *([refusal] if refusal else [])])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Prints the table of claims, and the differences from the record."""
        self._summing_up = True
        if self._verdicts:
            from lrn.plugin._summary import Ending, fit_short_summary, print_summary, seeds_lacking

            oddities = dict.fromkeys(chain.from_iterable(map(attrgetter("notes"), self._verdicts.values())))
            self._notes = [*oddities, *seeds_lacking(self._lacks.values()), *self._notes]

            suite = self._suite(complete=False)
            notes = [*([_SLOW] if self._slow(suite) else []), *self._notes]
            ending = Ending(suite, self._seconds, self._changed.keys(), not _refusal(suite), notes, self._written)
            print_summary(terminalreporter, ending)
            fit_short_summary(terminalreporter, self._verdicts)
        if self._comparison is not None and self._record is not None:
            print_comparison(terminalreporter, self._comparison, _shown(self._record.path))

    def _slow(self, suite: SuiteVerdicts) -> bool:
        """Whether torch trained only because nothing faster is installed."""
        settings = self._settings
        if (settings.engine, settings.device) != ("auto", "cpu") or not any(map(_trained_networks, suite.claims)):
            return False
        from lrn.engines import native

        return not native.available()

    def _suite(self, complete: bool) -> SuiteVerdicts:
        settings = self._settings
        return SuiteVerdicts.of(
            self._verdicts.values(),
            alpha=settings.alpha,
            quantities=settings.quantities,
            seed_offset=settings.seed_offset,
            first_seeds=settings.first_seeds,
            max_seeds=settings.max_seeds,
            complete=complete,
        )

    def _gaps(self, session: pytest.Session, exitstatus: int) -> Iterator[str]:
        """Why the session is not the whole suite, if it is not."""
        stopped = session.shouldstop or session.shouldfail
        if stopped or exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            yield "the session was stopped"
        if self._crashes.count:
            yield f"{self._crashes.count} tests crashed"
        if self._deselected:
            yield f"{self._deselected} tests were deselected"
        if self._uncollected:
            yield f"{self._uncollected} files could not be collected"
        if self._narrowed():
            yield f"not all of {self._settings.claims.name}/ was asked for"

    def _narrowed(self) -> bool:
        """Whether the command line leaves out a part of the suite's folder."""
        config, claims = self._config, self._settings.claims
        folder = config.invocation_params.dir
        selected = [(folder / argument).resolve() for argument in config.args]
        options = ("ignore", "ignore_glob", "lf", "deselect")
        if any(map(config.getoption, options, repeat(None))) or not claims.is_dir():
            return True
        return not any(map(claims.is_relative_to, selected))

    def _write(self, suite: SuiteVerdicts, gaps: Sequence[str]) -> None:
        path = self._settings.verdicts
        if not self._verdicts:
            return
        if path is None:
            path = self._settings.default_verdicts
            if path is None:
                return
            if self._settings.seed_offset:
                gaps = [*gaps, f"the seeds begin at {self._settings.seed_offset}"]
            if gaps:
                self._notes.append(f"{_shown(path)} stays as it was: {', '.join(gaps)}")
                return
        must_stay = self._must_stay(path)
        if must_stay:
            self._notes.append(f"{_shown(path)} stays as it was, as verdicts differ from it")
            path = path.with_name(f"{path.stem}.new{path.suffix}")
        content = suite.write(path)
        if path.is_file():  # beside a pipe or a device stands nothing of ours
            rests_on = {"asked_by": self._asked_by, "record": digest_of(content), "modules": self._modules}
            blocks = blocks_of(self._settings, set(chain.from_iterable(self._experiments.values())))
            rests_on |= {"experiments": self._experiments, "blocks": blocks, "plain": sorted(self._plain)}
            surroundings = self._surroundings.pop() if len(self._surroundings) == 1 else ""
            rests_on |= {"files": self._files, "surroundings": surroundings}
            write_json(path.with_name(RUN_RECORD), self._about_run() | rests_on)
        if self._untested:
            count = f"{self._untested:,} of {len(self._verdicts):,}"
            self._notes.append(
                f"{count} verdicts stand as in the last run: nothing behind them has changed (--rejudge tests all)"
            )
        self._notes.append(f"verdicts written to {_shown(path)}")
        self._written = _shown(path)

    def _report(self, session: pytest.Session, suite: SuiteVerdicts, gaps: Sequence[str]) -> None:
        """Writes the report and the summary of a job, where options name them."""
        if not self._verdicts:
            return
        from lrn.plugin import _report

        if self._settings.seed_offset and self._settings.verdicts is None:
            gaps = [*gaps, f"the seeds begin at {self._settings.seed_offset}"]
        if self._comparison and self._comparison.failed:
            gaps = [*gaps, "verdicts differ from the record"]
        try:
            note = _report.write(self._settings, suite, self._config.rootpath, gaps, self._about_run())
            self._notes += [note] if note else []
            _report.append_step_summary(self._settings, suite, self._notes)
        except Exception as error:  # a suite's own sections may raise anything; the verdicts stand
            self._notes.append(f"the report could not be written: {type(error).__name__}: {error}")
            _fail(session)

    def _about_run(self) -> dict[str, Any]:
        seconds = time.perf_counter() - self._started
        return about_run(self._settings, len(self._workers), seconds, self._seconds, self.per_seed)

    def _must_stay(self, path: Path) -> bool:
        """Whether to leave a file as it is: a record that failed the comparison is for a person to replace."""
        if self._record is None or self._comparison is None or not self._comparison.failed:
            return False
        records = filter(None, (self._record.path, self._settings.default_verdicts))
        return path.resolve() in map(Path.resolve, records)


def _trained_networks(verdict: Verdict) -> bool:
    """Whether a claim measured networks that this package trained."""
    for measured in chain.from_iterable(map(attrgetter("leaves"), verdict.estimates)):
        if measured.quantity is not None and any(measured.quantity.digests):
            return True
    return False


def _refusal(suite: SuiteVerdicts) -> str | None:
    """Why the suite's error budget does not hold, if it does not."""
    if suite.shares <= suite.quantities:
        return None
    return (
        f"{suite.shares} shares of the error budget were needed, and it is shared by {suite.quantities}: no verdict of "
        f"this run is certain; write --quantities {suite.shares}, or lrn_quantities = {suite.shares} in the ini file"
    )


def _fail(session: pytest.Session) -> None:
    if session.exitstatus in (pytest.ExitCode.OK, EXIT_INCONCLUSIVE):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _shown(path: Path) -> str:
    return os.path.relpath(path)

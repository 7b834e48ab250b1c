"""Going on from the last run: a claim whose seeds are all known is tested once, where that run ended, or not at all.

A claim that is judged from the start is tested after 8 seeds, after 10, after 13 and so on, a dozen times or more. The
record says where it ended, provided that the last run wrote it with the same sources and options. This one test must
give the recorded verdict in everything, else the claim is judged from the start. A verdict on experiments whose blocks
nobody has touched stands without a test (`lrn.plugin._standing`).
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from itertools import filterfalse
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lrn.files import read_regular, read_text
from lrn.plugin._options import RUN_RECORD
from lrn.plugin._reads import READS, state_of_path
from lrn.plugin._standing import RestsOn, standing
from lrn.plugin._surroundings import options, version_of
from lrn.verdicts import Verdict

if TYPE_CHECKING:
    from lrn.claims import Claim, Expectation, Judgement
    from lrn.claims._measure import Measure
    from lrn.plugin._options import Settings

__all__ = ["MODULES", "SURROUNDINGS", "Earlier", "Modules", "asked_by", "digest_of"]

_LARGEST_FILE = 1 << 27
_READ_WHOLE = 1 << 20
_PACKAGE = Path(__file__).resolve().parents[1]
_SETTINGS = ("alpha", "quantities", "seed_offset", "first_seeds", "max_seeds", "capped")
_INSTALLED = {"site-packages", "dist-packages"}
_STANDARD_LIBRARY = sysconfig.get_path("stdlib")


def asked_by(config: pytest.Config, settings: Settings) -> str:
    """Returns a digest of all that a run's verdicts rest on but observations: options, claims and this package."""
    digest = hashlib.sha256(repr(attrgetter(*_SETTINGS)(settings)).encode())
    digest.update(repr(options(config)).encode(errors="backslashreplace"))
    digest.update(repr([sys.version, *map(version_of, ("numpy", "scipy", "torch"))]).encode())
    for path in _sources(config, settings):
        digest.update(repr((_named(path, config), _content(path))).encode())
    return digest.hexdigest()


def digest_of(content: bytes) -> str:
    """Returns the digest of a file's content."""
    return hashlib.sha256(content).hexdigest()


class Modules:
    """The files of the modules that this process has loaded, but for this package and installed ones.

    Claims call helpers that lie anywhere. After the last test each file has the content that it had when the tests were
    collected, as it may be changed while they run.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._collected: dict[str, str] = {}
        self._adopted: dict[str, str] = {}

    def note(self) -> None:
        """Notes the modules that are loaded now."""
        self._collected = self._loaded()

    def all(self) -> dict[str, str]:
        """The files of all modules, each with the digest of its content."""
        return self._adopted | self._loaded() | self._collected

    def adopt(self, modules: dict[str, str]) -> None:
        """Takes over those of an earlier run whose verdicts stand: its tests may have loaded more than this run."""
        self._adopted = modules

    def are_those_of(self, run: dict[str, str]) -> bool:
        """Whether the files are those of another run, which may have loaded more of them."""
        root = self._config.rootpath
        return self._collected.items() <= run.items() and all(run[name] == _content(root / name) for name in run)

    def _loaded(self) -> dict[str, str]:
        paths = sorted(set(filterfalse(_is_installed, _sources_of_modules())))
        return {_named(path, self._config): _content(path) for path in paths}


def _sources_of_modules() -> Iterator[Path]:
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith((".py", ".so", ".pyd")):
            yield Path(file)


MODULES = pytest.StashKey[Modules]()

SURROUNDINGS = pytest.StashKey[str]()
"""The digest of `surroundings` when this process began."""


class Earlier:
    """The verdicts of the last run; none where its sources or options were others, or its record was changed since.

    Args:
        config: pytest's.
        settings: of this run.
        again: whether networks are trained again, so that no verdict may stand untested.
    """

    def __init__(self, config: pytest.Config, settings: Settings, again: bool) -> None:
        self._by_test: dict[str, dict[str, Any]] = {}
        self._standing: dict[str, RestsOn] = {}
        if settings.default_verdicts is None or config.getoption("lrn_rejudge"):
            return
        self._read_record(settings.default_verdicts, config, settings, again)

    def _read_record(self, record: Path, config: pytest.Config, settings: Settings, again: bool) -> None:
        try:
            run = json.loads(read_text(record.with_name(RUN_RECORD), _LARGEST_FILE))
            content = read_regular(record, _LARGEST_FILE)
            same = run["record"] == digest_of(content) and config.stash[MODULES].are_those_of(run["modules"])
            if not same or run["asked_by"] != asked_by(config, settings):
                return
            self._by_test = {verdict["test"]: verdict for verdict in json.loads(content)["claims"]}
            files, root = run["files"], config.rootpath
            if not again and all(was and was == state_of_path(root / name) for name, was in files.items()):
                self._standing = standing(run, settings, run["surroundings"] == config.stash[SURROUNDINGS] != "")
            if self._standing:
                config.stash[MODULES].adopt(run["modules"])
                config.stash[READS].adopt(files)
        except (OSError, ImportError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return

    def untested(self, claim: Claim, expectation: Expectation, test: str) -> tuple[Judgement, Verdict, RestsOn] | None:
        """The judgement and the verdict that stand as in the last run, and the things behind them; None if none does.

        A verdict that fails its test is found again, as its failure shows values.

        Args:
            claim: the claim.
            expectation: how its author expects it to end.
            test: pytest's node id.
        """
        from lrn.claims import Judgement

        behind = self._standing.get(test)
        verdict = self._read(test) if behind is not None else None
        if verdict is None or behind is None or not verdict.as_expected or verdict.id != claim.id:
            return None
        if (verdict.expected, verdict.known) != (expectation.outcome, expectation.why):
            return None
        return Judgement(verdict.verdict, verdict.reason, verdict.looks), verdict, behind

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
        if was is None or not was.estimates or was.looks == 1:
            return None
        judgement = resume(body, measure, was)
        if judgement is not None:
            verdict = judgement.record(claim, test, expectation, measure)
            if verdict.to_json() == self._by_test[test]:
                return judgement, verdict
        measure.restart()
        return None

    def _read(self, test: str) -> Verdict | None:
        """The last verdict of a test."""
        try:
            return Verdict.from_json(self._by_test[test])
        except (ValueError, KeyError, TypeError):
            return None


def _sources(config: pytest.Config, settings: Settings) -> Iterator[Path]:
    """The files of the suite and of this package, and pytest's settings."""
    yield from sorted(_PACKAGE.rglob("*.py"))
    results = None if settings.default_verdicts is None else settings.default_verdicts.parent
    yield from sorted(_files_in(settings.claims, results))
    for path in (config.inipath, config.rootpath / "conftest.py"):
        if path is not None and path.is_file():
            yield path


def _files_in(folder: Path, results: Path | None) -> Iterator[Path]:
    """The files of a suite, without hidden folders, environments, caches and the folder that results are written to."""
    for name, folders, files in os.walk(folder):
        inside = Path(name)
        folders[:] = [each for each in folders if _holds_sources(inside / each) and inside / each != results]
        for path in map(inside.joinpath, files):
            if path.suffix != ".pyc" and path.is_file():
                yield path


def _holds_sources(folder: Path) -> bool:
    """Whether a folder is neither hidden, nor a cache, nor an environment."""
    return not (folder.name.startswith(".") or folder.name == "__pycache__" or (folder / "pyvenv.cfg").exists())


def _is_installed(path: Path) -> bool:
    """Whether a module is of this package, of Python itself, or was installed."""
    own = path.is_relative_to(_PACKAGE) or path.is_relative_to(_STANDARD_LIBRARY)
    return own or not _INSTALLED.isdisjoint(path.parts)


def _named(path: Path, config: pytest.Config) -> str:
    """A file's path from the root folder, so that a copy of the folder is the same suite."""
    return path.relative_to(config.rootpath).as_posix() if path.is_relative_to(config.rootpath) else str(path)


def _content(path: Path) -> str:
    """A digest of a file's content; the age of a large file, and the reason where one cannot be read."""
    try:
        status = path.stat()
        return f"since {status.st_mtime_ns}" if status.st_size > _READ_WHOLE else digest_of(read_regular(path))
    except OSError as error:
        return f"not to be read: {error.strerror}"

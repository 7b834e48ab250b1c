"""Going on from the last run: a claim whose seeds are all known is tested once, where that run ended.

A claim that is judged from the start is tested after 8 seeds, after 10, after 13 and so on, a dozen times or more. The
record says where it ended, provided that the last run wrote it with the same sources and options. The verdict there
must be the recorded one in everything, else the claim is judged from the start.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lrn.files import read_text
from lrn.plugin._options import RUN_RECORD
from lrn.verdicts import Verdict

if TYPE_CHECKING:
    from lrn.claims import Claim, Expectation, Judgement
    from lrn.claims._measure import Measure
    from lrn.plugin._options import Settings

__all__ = ["Earlier", "asked_by", "written"]

_LARGEST_FILE = 1 << 27
_READ_WHOLE = 1 << 20
_PACKAGE = Path(__file__).resolve().parents[1]
_SETTINGS = ("alpha", "quantities", "seed_offset", "first_seeds", "max_seeds", "capped")


def asked_by(config: pytest.Config, settings: Settings) -> str:
    """Names all that a run's verdicts rest on, apart from the observations: the options, the claims, this package."""
    digest = hashlib.sha256(repr([getattr(settings, name) for name in _SETTINGS]).encode())
    digest.update(repr([importlib.metadata.version(name) for name in ("numpy", "scipy")]).encode())
    for path in _sources(config, settings):
        large = path.stat().st_size > _READ_WHOLE
        digest.update(repr((str(path), path.stat().st_mtime_ns)).encode() if large else path.read_bytes())
    return digest.hexdigest()


def written(record: Path) -> str:
    """Names the content of a record."""
    return hashlib.sha256(record.read_bytes()).hexdigest()


class Earlier:
    """The verdicts of the last run; none where its sources or options were others, or its record was changed since.

    Args:
        config: pytest's.
        settings: of this run.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._by_test: dict[str, dict[str, Any]] = {}
        record = settings.default_verdicts
        if record is None:
            return
        try:
            run = json.loads(read_text(record.with_name(RUN_RECORD), _LARGEST_FILE))
            if (run["asked_by"], run["record"]) == (asked_by(config, settings), written(record)):
                suite = json.loads(read_text(record, _LARGEST_FILE))
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


def _sources(config: pytest.Config, settings: Settings) -> Iterator[Path]:
    """The files of the suite and of this package, and pytest's settings."""
    yield from sorted(_PACKAGE.rglob("*.py"))
    yield from sorted(path for path in settings.claims.rglob("*") if path.is_file() and path.suffix != ".pyc")
    for path in (config.inipath, config.rootpath / "conftest.py"):
        if path is not None and path.is_file():
            yield path

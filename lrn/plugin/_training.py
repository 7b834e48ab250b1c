"""Options of training: workers, time, and the treatment of results that exist."""

from __future__ import annotations

import functools
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lrn.plugin._screen import speak
from lrn.plugin._status import teller_of

if TYPE_CHECKING:
    from lrn.claims._populations import RecentSamples
    from lrn.plugin._options import Settings

__all__ = ["Training", "add_training_options", "read_training", "sampler_of"]

_STALE = ("retrain", "use", "fail")
_STARTED = time.monotonic()


@dataclass(frozen=True)
class Training:
    """The values of the options that concern training.

    Attributes:
        workers: seeds of expensive functions that run at once on this machine; None for one per core.
        hours: after which nothing starts any more; None for no end.
        stale: how to treat seeds that earlier code has trained.
        frozen: whether nothing may be trained.
        recheck: how many seeds of each population to train again and compare.
    """

    workers: int | None
    hours: float | None
    stale: str
    frozen: bool
    recheck: int

    @property
    def deadline(self) -> float | None:
        """On the clock `time.monotonic`; None for none."""
        return None if self.hours is None else _STARTED + 3600 * self.hours


def add_training_options(parser: pytest.Parser) -> None:
    """Adds the options, and the ini values of the same names."""
    group = parser.getgroup("lrn")
    for name, metavar, text in (
        ("workers", "N", "seeds of an expensive function that run at once on this machine (one per core)"),
        (
            "hours",
            "H",
            "start no seed that would end after so many hours; the claim nearest to a verdict trains first (no end)",
        ),
        ("stale", "|".join(_STALE), "what becomes of seeds that earlier code has trained (retrain)"),
        ("recheck", "N", "train N seeds of each population again, and compare (0)"),
    ):
        group.addoption(f"--{name}", dest=f"lrn_{name}", metavar=metavar, default=None, help=text)
        parser.addini(f"lrn_{name}", f"the same as --{name}", default="")
    group.addoption("--frozen", dest="lrn_frozen", action="store_true", help="train nothing; judge what the ledger has")


def read_training(config: pytest.Config) -> Training:
    """The options' values. Raises pytest.UsageError, one sentence, for one that is out of range."""

    def read(name: str, parse: Callable[[str, str], Any], default: Any) -> Any:
        text = config.getoption(f"lrn_{name}")
        if text is not None:
            return parse(f"--{name}", text)
        written = str(config.getini(f"lrn_{name}")).strip()
        return parse(f"lrn_{name}", written) if written else default

    return Training(
        workers=read("workers", _at_least_one, None),
        hours=read("hours", _hours, None),
        stale=read("stale", _stale, "retrain"),
        frozen=config.getoption("lrn_frozen"),
        recheck=read("recheck", _count, 0),
    )


def sampler_of(config: pytest.Config, settings: Settings, training: Training) -> RecentSamples:
    """The sampler of this process, which lets go of its resources when pytest ends."""
    from lrn.claims._populations import Draw, RecentSamples

    in_worker = hasattr(config, "workerinput")
    teller = teller_of(config)
    draw = Draw(
        settings.ledger,
        settings.engine,
        settings.device,
        threads=1 if in_worker else None,
        scheduler=settings.scheduler,
        workers=training.workers,
        slots=_slots(settings.ledger, in_worker),
        processes=int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) if in_worker else 1,
        stale=training.stale,
        frozen=training.frozen,
        deadline=training.deadline,
        waits=True,
        say=functools.partial(speak, config) if teller is None else teller.say,
        watch=None if teller is None else teller.step,
    )
    config.add_cleanup(draw.close)
    return RecentSamples(draw, recheck=training.recheck)


def _slots(ledger: Path | None, in_worker: bool) -> str | None:
    """The folder of the locks that processes share: beside the ledger, else one for this run."""
    if ledger is not None and type(ledger).__module__.partition(".")[0] == "pathlib":
        return str(ledger.absolute() / "slots")
    if not in_worker:
        return None
    return str(Path(tempfile.gettempdir()) / f"lrn-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getppid())}")


def _at_least_one(option: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 4096:
        raise pytest.UsageError(f"{option} must be a whole number from 1 to 4,096; got {text!r}")
    return int(text)


def _count(option: str, text: str) -> int:
    if not text.isdecimal() or int(text) > 1_000_000:
        raise pytest.UsageError(f"{option} must be a whole number of at least 0; got {text!r}")
    return int(text)


def _hours(option: str, text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours < 1e6:
        raise pytest.UsageError(f"{option} must be a number of hours, at least 0; got {text!r}")
    return hours


def _stale(option: str, text: str) -> str:
    if text not in _STALE:
        raise pytest.UsageError(f"{option} must be one of {', '.join(_STALE)}; got {text!r}")
    return text

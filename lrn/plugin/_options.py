"""The plugin's options: their names, how they are read, and the values that are refused before anything runs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import pytest

from lrn.plugin._reading import RUN_RECORD, blocked, count, fail_or_skip, fraction, offset, verdicts_file

__all__ = ["RUN_RECORD", "Settings", "add_options", "read_settings"]

_ALPHA, _QUANTITIES, _FIRST_SEEDS, _MAX_SEEDS = 0.001, 64, 8, 131072
_IN_INI = (
    "alpha",
    "quantities",
    "first-seeds",
    "max-seeds",
    "seed-offset",
    "inconclusive",
    "engine",
    "device",
    "ledger",
)
_OLD = {"first-look": "--first-seeds"}

_T = TypeVar("_T")


@dataclass(frozen=True)
class Settings:
    """The values of the options.

    Attributes:
        alpha: error budget of the suite.
        quantities: how many quantities share it.
        first_seeds: seeds that a comparison starts with, where the claim does not say.
        max_seeds: most seeds of one comparison, where the claim does not say.
        capped: whether the command line set `max_seeds`, so that no claim may exceed it.
        seed_offset: the first seed.
        skip_inconclusive: whether an INCONCLUSIVE claim is skipped instead of failed.
        engine: what trains.
        device: where.
        ledger: its folder, or None for none.
        scheduler: of the Dask cluster that trains, or None.
        verdicts: the file that `--verdicts` names, or None.
        default_verdicts: the file to write when the whole suite ran, or None.
        against: the file of verdicts to compare with, or None.
        claims: folder of the suite.
        report: folder for the report; "" for that of the verdicts when the whole suite ran; None for no report.
    """

    alpha: float
    quantities: int
    first_seeds: int
    max_seeds: int
    capped: bool
    seed_offset: int
    skip_inconclusive: bool
    engine: str
    device: str
    ledger: Path | None
    scheduler: str | None
    verdicts: Path | None
    default_verdicts: Path | None
    against: Path | None
    claims: Path
    report: Path | Literal[""] | None

    def most_seeds(self, own: int | None) -> int:
        """The most seeds for a claim that asks for `own`."""
        if own is None:
            return self.max_seeds
        return min(own, self.max_seeds) if self.capped else own


def add_options(parser: pytest.Parser) -> None:
    """Adds the options and ini values; they are read, and refused, by `read_settings`."""
    group = parser.getgroup("lrn", "claims on measured intervals (lrn)")
    for name, metavar, text in (
        ("alpha", "A", f"error budget of the suite: every verdict is right with probability 1 - A ({_ALPHA})"),
        ("quantities", "K", f"how many quantities share the error budget ({_QUANTITIES})"),
        ("first-seeds", "N", f"seeds a comparison starts with ({_FIRST_SEEDS})"),
        ("max-seeds", "N", f"most seeds of one comparison ({_MAX_SEEDS})"),
        ("seed-offset", "N", "the first seed (0)"),
        ("inconclusive", "fail|skip", "what an INCONCLUSIVE claim does (fail)"),
        ("engine", "NAME", "what trains: auto, native, cuda, reference (auto)"),
        ("device", "NAME", "where it trains: cpu, cuda, or with the reference engine any torch device (cpu)"),
        ("verdicts", "FILE", "write the verdicts of this run to FILE, even if it is only a part of the suite"),
        ("against", "FILE", "fail where a verdict differs from that in FILE, or a claim of FILE is gone"),
        ("ledger", "DIR", "folder, or s3://..., that remembers what was trained (.ledger in the root folder)"),
        ("scheduler", "ADDRESS", "let the workers of this Dask scheduler train, such as tcp://10.0.0.1:8786"),
    ):
        group.addoption(f"--{name}", dest=_destination(name), metavar=metavar, default=None, help=text)
        if name in _IN_INI:
            parser.addini(_destination(name), f"the same as --{name}", default="")
    for old, new in _OLD.items():
        group.addoption(f"--{old}", dest=_destination(old), default=None, help=f"no longer there: use {new}")
    group.addoption("--no-ledger", dest="lrn_no_ledger", action="store_true", help="remember nothing on disk")
    group.addoption(
        "--rejudge",
        dest="lrn_rejudge",
        action="store_true",
        help="judge every claim from its first seeds, whatever the last run ended with; nothing is trained twice",
    )
    group.addoption(
        "--report",
        dest="lrn_report",
        metavar="DIR",
        nargs="?",
        const="",
        default=None,
        help="write a report of this run, as --report=DIR to DIR, else beside the verdicts if the whole suite ran",
    )
    parser.addini("lrn_claims", "folder of the suite of claims, from the root folder", default="claims")
    parser.addini("lrn_verdicts", "file for the verdicts when the whole suite ran; empty for none", default="")


def read_settings(config: pytest.Config) -> Settings:
    """The settings. Raises pytest.UsageError, one sentence, for an option that is out of range."""

    def read(name: str, parse: Callable[[str, str], _T], default: _T) -> _T:
        text = config.getoption(_destination(name))
        if text is not None:
            return parse(f"--{name}", text)
        written = str(config.getini(_destination(name))).strip() if name in _IN_INI else ""
        return parse(_destination(name), written) if written else default

    for old, new in _OLD.items():
        if config.getoption(_destination(old)) is not None:
            raise pytest.UsageError(f"--{old} is no longer there: any number of seeds can be tested; use {new}")
    first_seeds, max_seeds = read("first-seeds", count, _FIRST_SEEDS), read("max-seeds", count, _MAX_SEEDS)
    if first_seeds > max_seeds:
        raise pytest.UsageError(f"--first-seeds must not exceed --max-seeds; got {first_seeds} and {max_seeds}")
    engine, device = read("engine", _engine, "auto"), read("device", _device, "cpu")
    if (engine, device) != ("auto", "cpu") or os.environ.get("LRN_VARIANT"):
        _check_engine(engine, device)
    scheduler = config.getoption(_destination("scheduler"))
    if scheduler is not None and not hasattr(config, "workerinput"):
        _check_scheduler(scheduler, engine, device)
    return Settings(
        alpha=read("alpha", fraction, _ALPHA),
        quantities=read("quantities", count, _QUANTITIES),
        first_seeds=first_seeds,
        max_seeds=max_seeds,
        capped=config.getoption(_destination("max-seeds")) is not None,
        seed_offset=read("seed-offset", offset, 0),
        skip_inconclusive=read("inconclusive", fail_or_skip, "fail") == "skip",
        engine=engine,
        device=device,
        ledger=_ledger(config),
        scheduler=scheduler,
        verdicts=_verdicts(config),
        default_verdicts=_default_verdicts(config),
        against=_against(config),
        claims=_claims(config),
        report=_report(config),
    )


def _check_engine(engine: str, device: str) -> None:
    """Refuses an engine or device that cannot train here before any test starts."""
    from lrn.engines import choose

    try:
        choose(engine, device=device)
    except (ValueError, RuntimeError) as error:
        named = (engine, device) != ("auto", "cpu")
        raise pytest.UsageError(f"--engine {engine} --device {device}: {error}" if named else str(error)) from None


def _check_scheduler(address: str, engine: str, device: str) -> None:
    """Refuses a cluster that cannot train, or not as this machine does, before any test starts."""
    from lrn.ledger import Ledger

    try:
        Ledger(None, engine=engine, device=device, scheduler=address).close()
    except (ImportError, RuntimeError) as error:
        raise pytest.UsageError(f"--scheduler: {error}") from None


def _destination(name: str) -> str:
    return f"lrn_{name.replace('-', '_')}"


def _engine(option: str, text: str) -> str:
    from lrn.engines import ENGINES

    if text not in ENGINES:
        raise pytest.UsageError(f"{option} must be one of {', '.join(ENGINES)}; got {text!r}")
    return text


def _device(option: str, text: str) -> str:
    if not re.fullmatch(r"[a-z]+(:[0-9]+)?", text):
        raise pytest.UsageError(f"{option} must name a torch device, such as cpu, cuda or cuda:1; got {text!r}")
    return text


def _ledger(config: pytest.Config) -> Path | None:
    text = config.getoption("lrn_ledger")
    written = str(config.getini("lrn_ledger")).strip()
    if config.getoption("lrn_no_ledger"):
        if text is not None:
            raise pytest.UsageError("--ledger and --no-ledger exclude each other; give one of them")
        return None
    if text is not None and "://" in text:
        return _remote(text)
    if text is None and "://" in written:
        return _remote(written)
    path = config.rootpath / (written or ".ledger") if text is None else config.invocation_params.dir / text
    if text == "" or blocked("--ledger", path / "block"):
        raise pytest.UsageError(f"--ledger must be a folder; got {str(path) if text is None else text!r}")
    return path


def _remote(text: str) -> Path:
    from lrn.ledger.files import folder

    try:
        return folder(text)
    except (ValueError, ImportError, OSError) as error:
        raise pytest.UsageError(f"--ledger: {error}") from None


def _claims(config: pytest.Config) -> Path:
    written = config.rootpath / str(config.getini("lrn_claims"))
    try:
        return written.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a name that no file can have
        raise pytest.UsageError(f"lrn_claims must be a folder; got {str(written)!r} ({error})") from None


def _against(config: pytest.Config) -> Path | None:
    text = config.getoption("lrn_against")
    if text == "":
        raise pytest.UsageError("--against must be a file of verdicts; got ''")
    if text is not None:
        blocked("--against", config.invocation_params.dir / text)
    return None if text is None else config.invocation_params.dir / text


def _verdicts(config: pytest.Config) -> Path | None:
    text = config.getoption("lrn_verdicts")
    if text is None:
        return None
    if not text:
        raise pytest.UsageError(f"--verdicts must be a file not called {RUN_RECORD}; got ''")
    return verdicts_file("--verdicts", text, config.invocation_params.dir)


def _default_verdicts(config: pytest.Config) -> Path | None:
    text = str(config.getini("lrn_verdicts")).strip()
    return verdicts_file("lrn_verdicts", text, config.rootpath) if text else None


def _report(config: pytest.Config) -> Path | Literal[""] | None:
    text = config.getoption("lrn_report")
    if not text:
        if text is not None:
            _check_report()
        return "" if text is not None else None
    path = config.invocation_params.dir / text
    if blocked("--report", path / "index.html") or any(path.glob("test_*.py")) or (path / "report.py").exists():
        # `--report claims/` would otherwise take the tests' folder for the report's.
        raise pytest.UsageError(f"--report=DIR must be a folder without tests; got {text!r} (write --report last)")
    _check_report()
    return path


def _check_report() -> None:
    """Refuses a report that cannot be drawn before any test starts."""
    from lrn.report import ReportError, check_installed

    try:
        check_installed()
    except ReportError as error:
        raise pytest.UsageError(f"--report: {error}") from None

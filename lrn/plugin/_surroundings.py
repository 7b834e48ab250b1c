"""Things that a verdict may rest on besides sources and files: options, the environment, the machine, the packages."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import site
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrn.plugin._options import Settings

__all__ = ["options", "surroundings", "version_of"]

_SHELL = {"_", "COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL"}
"""Variables of the environment that change from one command to the next."""

_SHOWN_OR_SELECTED = """
    basetemp cacheclear cacheshow capture code_highlight collectonly color continue_on_collection_errors debug
    deselect dist distload durations durations_min failedfirst file_or_dir fold_skipped force_short_summary fulltrace
    help ignore ignore_glob junitprefix keyword last_failed_no_failures lf loadgroup loadscopereorder looponfail
    markers markexpr maxfail maxprocesses maxschedchunk maxworkerrestart newfirst no_header no_summary numprocesses
    pastebin px quiet reportchars rsyncdir rsyncignore setuponly setupplan setupshow show_fixtures_per_test
    showcapture showfixtures showlocals stepwise stepwise_reset stepwise_skip tbstyle testrunuid trace traceconfig tx
    usepdb usepdb_cls verbose version xfail_tb xmlpath
"""
_HARMLESS = frozenset(_SHOWN_OR_SELECTED.split())
"""Options of pytest and xdist on which no verdict rests: about output, the choice of tests, and processes."""

_IN_WORKERS = "no:terminal"  # which xdist adds to their plugins


def options(config: pytest.Config) -> list[str]:
    """The options of the command line that a claim may rest on: those of a suite's own, and of unknown plugins.

    Args:
        config: pytest's; those of this package are in `Settings`.
    """
    values = []
    for name, value in sorted(vars(config.option).items()):
        if name == "plugins":
            values.append(f"plugins={sorted(set(value or ()) - {_IN_WORKERS})}")
        elif name not in _HARMLESS and not name.startswith(("lrn_", "log_")):
            values.append(f"{name}={value!r}")
    return values


def surroundings(settings: Settings, stale: str) -> str:
    """Returns a digest of the environment, the machine, the installed packages and the compiled kernel.

    Args:
        settings: of this run.
        stale: how it treats seeds that earlier code has trained.
    """
    parts: list[Any] = [settings.engine, settings.device, str(settings.ledger), stale, sys.executable, os.getcwd()]
    parts += [platform.node(), platform.machine(), os.cpu_count(), sorted(_environment()), sorted(_installed())]
    return hashlib.sha256(repr(parts).encode(errors="backslashreplace")).hexdigest()


def version_of(package: str) -> str | None:
    """The installed version of a package; None for one that is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _environment() -> Iterator[tuple[str, str]]:
    for name, value in os.environ.items():
        if name not in _SHELL and not name.startswith("PYTEST_"):
            yield name, value


def _installed() -> Iterator[tuple[str, int]]:
    """The packages and their versions, by the names and times of the files that installers leave; and the kernel."""
    for folder in {*site.getsitepackages(), *filter(_is_packages, sys.path)}:
        if os.path.isdir(folder):
            for entry in os.scandir(folder):
                if entry.name.endswith((".dist-info", ".egg-info", ".pth")):
                    yield entry.name, entry.stat().st_mtime_ns
    for file in (Path(__file__).parents[1] / "engines" / "native").glob("_native*"):
        yield file.name, file.stat().st_mtime_ns


def _is_packages(folder: str) -> bool:
    return folder.endswith(("site-packages", "dist-packages"))

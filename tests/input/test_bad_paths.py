"""Paths that cannot be used are one usage error of pytest, before any test runs."""

from __future__ import annotations

import os
import sys

import pytest

import lrn.claims
import lrn.experiment.metrics
import lrn.plugin

# pytester forgets what was imported in its session, and numpy's and scipy's parts cannot be loaded twice.
import lrn.plugin._session
import lrn.plugin._summary
from lrn.engines import native

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")

LONG = "x" * 300


@pytest.fixture
def refused(pytester, monkeypatch):
    """Runs pytest, which must refuse in one sentence; returns it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("raise SystemExit('it ran')")

    def run(*options):
        result = pytester.runpytest_inprocess(*options, plugins=[lrn.plugin])
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        (line,) = filter(None, result.errlines)
        assert len(line) < 500
        return line

    return run


@pytest.mark.parametrize("option", ["--ledger", "--verdicts", "--against", "--report"])
@pytest.mark.parametrize("path", [LONG, f"a/{LONG}/b", "a/" * 3000 + "b", "nul\0byte"])
def test_names_that_no_file_can_have(refused, option, path):
    assert refused(f"{option}={path}").startswith(f"ERROR: {option}: ")


@pytest.mark.parametrize("option", ["--ledger", "--verdicts", "--against", "--report"])
def test_folders_that_may_not_be_entered(refused, option, monkeypatch):
    stat = os.stat

    def closed(path, **options):
        if "closed" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(os, "stat", closed)  # root may enter everywhere
    assert refused(f"{option}=closed/v").endswith("(Permission denied)")


@pytest.mark.parametrize("make", ["pipe", "sparse", "link"])
def test_a_record_that_is_not_a_file(refused, pytester, make):
    path = pytester.path / "record"
    if make == "sparse":
        with path.open("wb") as file:
            file.truncate(20 << 30)
    else:
        os.mkfifo(pytester.path / "pipe")
        path.symlink_to("pipe")
    assert refused("--against=record").startswith("ERROR: --against must be a file of verdicts; ")


@pytest.mark.skipif(not native.available(), reason="the native engine was not built")
def test_an_unknown_variant_is_one_usage_error(refused, monkeypatch):
    monkeypatch.setenv("LRN_VARIANT", "nope")
    assert refused().startswith("ERROR: LRN_VARIANT must be one of ")

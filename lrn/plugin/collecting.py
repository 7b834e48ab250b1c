"""Collects a suite for `lrn.verdicts.registry`.

`python -m lrn.plugin.collecting FOLDER FILE` writes the claims in FOLDER to FILE as JSON.

The file is written only if all of the suite could be collected.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import lrn.plugin
from lrn.plugin._items import claim_of, expectation_of, is_claim
from lrn.verdicts import case_name

__all__ = ["Collecting", "collect"]


class Collecting:
    """Notes the claims that pytest collects, before anything is deselected."""

    def __init__(self) -> None:
        self.claims: list[dict[str, Any]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> None:
        """Loads the plugin of claims where the installation did not."""
        if not early_config.pluginmanager.is_registered(lrn.plugin):
            early_config.pluginmanager.register(lrn.plugin, "lrn")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        """Reads each claim's statement from its marks."""
        self.claims = list(map(_case, filter(is_claim, items)))


def collect(folder: str, target: Path) -> int:
    """Writes the claims in a folder to a file; returns pytest's exit code."""
    collecting = Collecting()
    # An editable installation's finder is loaded before pytest, which says nothing about the suite.
    quiet = "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"
    arguments = [folder, "--collect-only", "-q", "-p", "no:cacheprovider", "-W", quiet]
    code = pytest.main(arguments, plugins=[collecting])
    if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        target.write_text(json.dumps(collecting.claims), encoding="utf-8")
    return int(code)


def _case(item: pytest.Item) -> dict[str, Any]:
    try:
        claim, expectation = claim_of(item), expectation_of(item)
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from None
    assert claim is not None
    assert expectation is not None
    path, line, _ = item.location
    fields = {name: getattr(claim, name) for name in ("statement", "source", "quote", "reading")}
    case = case_name(claim.id, item.nodeid)
    return {
        "id": case,
        "claim": claim.id,
        **fields,
        "expected": expectation.outcome,
        "known": expectation.why,
        "test": item.nodeid,
        "file": path.replace(os.sep, "/"),
        "line": (line or 0) + 1,
    }


if __name__ == "__main__":
    sys.exit(collect(sys.argv[1], Path(sys.argv[2])))

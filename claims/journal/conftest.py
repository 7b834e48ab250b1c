"""Gives the journal's claims their networks, and says of known verdicts which images they are known for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from claims.journal.networks import BUDGETS, Networks
from lrn.data import load_images

CACHE = ".ledger/images"
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def cnns(pytestconfig):
    """The networks that `--images` and `--budget` ask for."""
    source = pytestconfig.getoption("images")
    cache = pytestconfig.rootpath / CACHE
    images = None if source is None else load_images(pytestconfig.invocation_params.dir / source, (32, 32), cache=cache)
    return Networks(images, BUDGETS[pytestconfig.getoption("budget")])


def pytest_collection_modifyitems(config, items):
    """On other images a claim is expected to end as on the digits; the reason's figures are those of the digits."""
    if config.getoption("images") is not None:
        for item in items:
            if HERE in item.path.parents:
                item.own_markers[:] = map(_of_the_digits, item.own_markers)


def _of_the_digits(mark):
    """The mark, whose reason says that it was measured on the digits."""
    if mark.name == "refuted":
        return pytest.mark.refuted(_on_digits(mark.args[0])).mark
    if mark.name == "claim" and mark.args[0].refuted:
        (claim,) = mark.args
        return pytest.mark.claim.with_args(dataclasses.replace(claim, refuted=_on_digits(claim.refuted))).mark
    return mark


def _on_digits(reason):
    return f"on the 8x8 digits: {reason}"

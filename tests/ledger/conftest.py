"""A ledger of its own for each test, which trains exactly the requested seeds unless a test is marked otherwise."""

import pytest
from counting import counting

import lrn.ledger.batches


@pytest.fixture(autouse=True)
def one_by_one(request, monkeypatch):
    """Batches of one seed, so that a test sees the requested seeds only; `@pytest.mark.batches` keeps the kernel's."""
    if not request.node.get_closest_marker("batches"):
        monkeypatch.setattr(lrn.ledger.batches, "BATCH", 1)


@pytest.fixture
def ledger(tmp_path):
    return counting(tmp_path / "ledger")

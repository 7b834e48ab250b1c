"""A ledger of its own for each test, which trains exactly what is asked for where a test says nothing else."""

import pytest
from counting import counting

import lrn.ledger._ledger


@pytest.fixture(autouse=True)
def one_by_one(request, monkeypatch):
    """Batches of one seed, so that a test sees what was asked for; `@pytest.mark.batches` keeps those of the kernel."""
    if not request.node.get_closest_marker("batches"):
        monkeypatch.setattr(lrn.ledger._ledger, "BATCH", 1)


@pytest.fixture
def ledger(tmp_path):
    return counting(tmp_path / "ledger")

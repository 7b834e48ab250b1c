"""A ledger of its own for each test."""

import pytest
from counting import counting


@pytest.fixture
def ledger(tmp_path):
    return counting(tmp_path / "ledger")

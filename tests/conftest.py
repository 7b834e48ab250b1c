"""What several tests need of the project itself."""

from pathlib import Path

import pytest

from lrn.registry import registry

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def project_cases():
    """Every case of the project's own claims, with its recorded verdict."""
    return registry(ROOT / "claims", ROOT / "reports" / "verdicts.json")

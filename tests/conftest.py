"""What several tests need of the project itself."""

from pathlib import Path

import pytest

from lrn.registry import registry

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser):
    """Adds the option that runs what takes minutes."""
    parser.addoption("--slow", action="store_true", help="run the tests marked slow, and only those")


def pytest_collection_modifyitems(config, items):
    """Keeps the slow tests apart from the quick ones."""
    chosen, others = [], []
    for item in items:
        (chosen if ("slow" in item.keywords) == config.getoption("slow") else others).append(item)
    config.hook.pytest_deselected(items=others)
    items[:] = chosen


@pytest.fixture(scope="session")
def project_cases():
    """Every case of the project's own claims, with its recorded verdict."""
    return registry(ROOT / "claims", ROOT / "reports" / "verdicts.json")

"""What several tests need of the project itself."""

from pathlib import Path

import pytest

from lrn.verdicts.registry import registry

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


def pytest_terminal_summary(terminalreporter):
    """Prints what slow tests counted: their property `counted` is what and how often."""
    counted = [
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "counted"
    ]
    if counted:
        terminalreporter.section("counted")
        for what, times in [*counted, ("in all", sum(times for _, times in counted))]:
            terminalreporter.write_line(f"{times:5}  {what}")


@pytest.fixture(scope="session")
def project_cases():
    """Every case of the project's own claims, with its recorded verdict."""
    return registry(ROOT / "claims", ROOT / "reports" / "verdicts.json")

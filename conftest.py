"""For the whole repository: makes `claims` and `benchmarks` importable, and shares tests fairly among workers."""

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Lets idle workers take over tests: a claim takes from a millisecond to a minute."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None

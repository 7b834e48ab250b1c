"""For the whole repository: makes `claims` and `benchmarks` importable, shares tests among workers, adds options."""

import os
from pathlib import Path

import pytest

# Workers share the cores already, and sums must not depend on how many there are. Torch reads it when it is imported.
os.environ["OMP_NUM_THREADS"] = "1"


def pytest_addoption(parser):
    """Adds what the journal's claims can be asked to train on."""
    group = parser.getgroup("journal", "what the journal's networks train on (claims/journal)")
    group.addoption("--budget", choices=("small", "large"), default="small", help="large: larger and longer, for hours")
    group.addoption("--images", metavar="DIR", help="MNIST's files, or a folder of images for each class (digits)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Tells the workers, and keeps the record of the usual run apart from that of another."""
    chosen = {"LRN_BUDGET": config.getoption("budget"), "LRN_IMAGES": config.getoption("images")}
    if chosen["LRN_IMAGES"] and not Path(chosen["LRN_IMAGES"]).is_dir():
        raise pytest.UsageError(f"--images must be a folder; got {chosen['LRN_IMAGES']}")
    if chosen == {"LRN_BUDGET": "small", "LRN_IMAGES": None} or hasattr(config, "workerinput"):
        return
    os.environ.update({name: value for name, value in chosen.items() if value})
    if config.option.lrn_verdicts is None:
        config.option.lrn_verdicts = "reports/other/verdicts.json"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Lets idle workers take over tests: a claim takes from a millisecond to a minute."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None

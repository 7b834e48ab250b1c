"""For the whole repository: makes `claims` and `benchmarks` importable, shares tests among workers, adds options."""

import os

import pytest

# Workers share the cores already, and sums must not depend on how many there are. Torch reads it when it is imported.
os.environ["OMP_NUM_THREADS"] = "1"


BUDGETS = {"small": "the default", "medium": "1,000 images, for half an hour", "large": "wider networks, for hours"}


def pytest_addoption(parser):
    """Adds the options for the images that the journal's claims train on; their fixture `cnns` reads it."""
    group = parser.getgroup("journal", "what the journal's networks train on (claims/journal)")
    texts = "; ".join(f"{name}: {text}" for name, text in BUDGETS.items())
    group.addoption("--budget", choices=tuple(BUDGETS), default="small", help=texts)
    group.addoption("--images", metavar="DIR", help="MNIST's files, or a folder of images for each class (digits)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Refuses a folder that is not there, and keeps the record of the usual run apart from that of another."""
    budget, images = config.getoption("budget"), config.getoption("images")
    if images is not None and not (config.invocation_params.dir / images).is_dir():
        raise pytest.UsageError(f"--images must be a folder; got {images}")
    unusual = (budget, images) != ("small", None)
    if unusual and config.option.lrn_verdicts is None and not hasattr(config, "workerinput"):
        config.option.lrn_verdicts = "reports/other/verdicts.json"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Lets idle workers take over tests: a claim takes from a millisecond to a minute."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None

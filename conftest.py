"""For the whole repository: makes `claims` and `benchmarks` importable, shares tests among workers, adds options."""

import os
from pathlib import Path

import pytest

# Workers share the cores already, and sums must not depend on how many there are. Torch reads it when it is imported.
os.environ["OMP_NUM_THREADS"] = "1"

LONG = (  # what takes long and cannot be shared out, the longest first
    "test_wider_networks_keep_more_neurons_alive[plain-30]",
    "test_wider_networks_keep_more_neurons_alive[plain-25]",
    "test_converged_late_networks_have_fewer_dead_neurons[2]",
    "test_most_neurons_of_converged_late_networks_are_dead[batch-20]",
    "test_5_discussion.py::test_late_networks_have_fewer_dead_neurons",
    "test_wider_networks_keep_more_neurons_alive[plain-20]",
    "test_late_connections_help_most[residual-10-0.01]",
    "test_late_converges_more_often_in_wider_networks[32-30]",
    "test_late_networks_keep_most_channels_alive",
    "test_gradients_vanish_during_training",
    "test_wider_networks_keep_more_neurons_alive[late-30]",
    "test_residual_networks_converge_in_fewer_epochs[56]",
)


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


def pytest_collection_modifyitems(items):
    """Has every worker begin with its share of what takes long, so that none waits for it at the end."""
    place = {item: next((i for i, name in enumerate(LONG) if item.nodeid.endswith(name)), -1) for item in items}
    long = sorted((item for item in items if place[item] >= 0), key=place.__getitem__)
    short = [item for item in items if place[item] < 0]
    workers, left, items[:] = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), len(items), []
    for worker in range(workers):  # which are given equal parts of the list
        mine = long[worker::workers]
        part = left // (workers - worker)
        items += mine + [short.pop(0) for _ in range(min(part - len(mine), len(short)))]
        left -= part
    items += short


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Lets idle workers take over tests: a claim takes from a millisecond to a minute."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None

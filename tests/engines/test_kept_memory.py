"""The native engine keeps memory between trainings: never much, never another training's numbers."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from native_variants import needs_native
from test_bitwise import DEEP, EXPERIMENTS, assert_same_bits, bits, train

from lrn import Experiment
from lrn.engines.native import NativeEngine

MEGABYTE = 2**20
LIMIT = 96 * MEGABYTE  # the same as in memory.cpp
WIDE = Experiment(depth=10, width=32, epochs=2)  # parameters, moments and gradients of 16 networks: 2.6 MB
GROUPS = [DEEP.replace(width=4), WIDE, *EXPERIMENTS[:6]]

pytestmark = needs_native


def resident():
    """Bytes of this process that are in the machine's memory."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says here how much memory a process has")
def test_only_so_much_memory_is_kept():
    """Each training takes twice as much as the one before; if all of it were kept, there would be 250 MB in the end."""
    lanes = NativeEngine().variant.lanes  # networks that share memory
    train(WIDE)
    before = resident()
    for depth in (8, 16, 32, 64, 128, 256, 512):
        train(WIDE.replace(depth=depth * 16 // lanes, epochs=1), [1])
    assert resident() - before < LIMIT + 16 * MEGABYTE


def test_the_next_training_takes_the_memory_of_the_one_before():
    deep = WIDE.replace(depth=128, epochs=1)  # 40 MB: more than the C library would keep by itself
    train(deep, [1])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        train(deep, [1])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 50  # pages that the system had to hand out


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: f"{e.label} x{e.data.x.shape[1]}")
def test_what_others_left_in_memory_changes_nothing(experiment):
    """A network that is not a number leaves memory full of those, in the very block that the next training gets."""
    expected = train(experiment)
    assert np.isnan(train(experiment, initial=np.full((37, experiment.parameters), np.nan)).rmse).all()
    assert_same_bits(train(experiment), expected)


def test_trainings_at_once_do_not_share_memory():
    expected = [bits(train(experiment)) for experiment in GROUPS]
    with ThreadPoolExecutor(len(GROUPS)) as pool:
        for _ in range(5):
            trained = pool.map(lambda experiment: bits(train(experiment, threads=2)), GROUPS)
            assert list(trained) == expected


def _send_bits(to):
    to.send(bits(train(WIDE)))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # other libraries have threads
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_of_a_fork_trains_on():
    expected = bits(train(WIDE))
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_send_bits, args=(sender,))
    child.start()
    assert receiver.poll(60)
    assert receiver.recv() == expected
    child.join()
    assert_same_bits(train(WIDE), train(WIDE))

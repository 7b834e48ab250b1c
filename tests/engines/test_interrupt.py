"""Long trainings: Ctrl-C, progress, and machines without enough memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from native_variants import needs_native

from lrn import Experiment
from lrn.engines import native
from lrn.engines.native import NativeEngine
from lrn.engines.reference import ReferenceEngine

pytestmark = needs_native

LONG = """
import sys
from lrn import Experiment, train
sys.stderr.write("training\\n")
try:
    train(Experiment({fields}), range(10_000_000), threads=2)
except KeyboardInterrupt:
    sys.exit(77)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("fields", ["depth=10", "depth=10, connection='plain'", "depth=10, width=128"])
def test_ctrl_c_stops_within_a_second(fields):
    process = subprocess.Popen(
        [sys.executable, "-c", LONG.format(fields=fields)], stderr=subprocess.PIPE, preexec_fn=listen_to_sigint
    )
    try:
        assert process.stderr.readline() == b"training\n"
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGINT)
        interrupted = time.monotonic()
        assert process.wait(timeout=30) == 77
        assert time.monotonic() - interrupted < 3, (
            "it stops within a second, and a busy machine may take a little longer"
        )
    finally:
        process.kill()
        process.communicate()


def listen_to_sigint():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it


def some(n):
    return np.arange(n, dtype=np.uint64)


class Stop(Exception):
    pass


@pytest.mark.parametrize(
    "engine", [NativeEngine(threads=2), ReferenceEngine(threads=1, block=8)] if native.available() else []
)
@pytest.mark.parametrize("connection", ["plain", "late"])
def test_an_exception_of_the_progress_callback_reaches_the_caller(engine, connection):
    def progress(done):
        raise Stop(f"after {done}")

    experiment = Experiment(depth=30, connection=connection, epochs=20_000 if engine.name == "native" else 3)
    with pytest.raises(Stop, match="after"):
        engine.train(experiment, some(1000), progress=progress)


def test_progress_counts_networks_upwards():
    counts = []
    NativeEngine(threads=2).train(Experiment(depth=30, epochs=10_000), some(1500), progress=counts.append)
    assert counts, "a training of a second has to say something"
    assert counts == sorted(counts)
    assert counts[0] >= 0
    assert counts[-1] <= 1500

    counts = []
    ReferenceEngine(threads=1, block=10).train(Experiment(depth=2, epochs=2), some(25), progress=counts.append)
    assert counts == [10, 20, 25]


def test_progress_changes_no_result():
    experiment = Experiment(depth=5, epochs=100)
    watched = NativeEngine(threads=1).train(experiment, some(64), progress=lambda done: None)
    assert np.array_equal(watched.rmse, NativeEngine(threads=1).train(experiment, some(64)).rmse)


HUGE = """
import resource
from lrn import Experiment, train
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + 2**29, now + 2**29))
try:
    train(Experiment(width=2000, depth=4, epochs=1), range(16), threads=1)
except MemoryError:
    print("refused")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_too_little_memory_is_an_exception_and_not_the_end_of_the_process():
    done = subprocess.run([sys.executable, "-c", HUGE], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "refused\n", "")


ENDING = """
import atexit, sys, threading, time
import numpy as np
from lrn import Experiment, train
from lrn.classifiers import Classifiers
from lrn.data import Images
from lrn.engines.native import NativeEngine

images = Images("noise", np.zeros((80, 1, 8, 8), np.float32), np.arange(80) % 2, ("a", "b"))

def forever(call):
    while True:
        call()

calls = {
    "fleet": lambda: train(Experiment(depth=30), range(1_000_000), threads=1),
    "progress": lambda: NativeEngine().train(
        Experiment(depth=30), np.arange(1_000_000, dtype=np.uint64), progress=lambda done: time.sleep(0.05)
    ),
    "images": lambda: Classifiers(images=images, train=64, test=16, epochs=100_000).sample(range(16)),
    "many": lambda: train(Experiment(depth=1, epochs=1), range(1), threads=1),
}
atexit.register(lambda: print(len(train(Experiment(epochs=10), range(5), threads=2).rmse)))
if sys.argv[1] == "images":  # so that no thread still imports torch when the interpreter ends: Python forbids that
    Classifiers(images=images, train=64, test=16, epochs=1).sample(range(1))
for _ in range(2):
    threading.Thread(target=forever, args=(calls[sys.argv[1]],), daemon=True).start()
time.sleep(0.5)
"""


@pytest.mark.parametrize("call", ["fleet", "progress", "images", "many"])
def test_the_interpreter_ends_while_daemon_threads_train(call):
    """As those of a Dask worker do; and functions registered with atexit may train."""
    done = subprocess.run([sys.executable, "-c", ENDING, call], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")

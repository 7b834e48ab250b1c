"""`lrn check population`: its findings, its messages, and its refusals."""

from __future__ import annotations

import re

import pytest

from lrn.cli import _apart, _check, main

FILE = """
import numpy as np
from lrn.claims import population

class Coin:
    def __init__(self, p=0.5):
        self.p, self.label = p, f"coin {p}"

    def sample(self, seeds):
        return {"heads": np.array([np.random.default_rng(s).random() < self.p for s in seeds])}

coin = Coin(0.25)

@population
def good(seed, *, depth=2, name="a"):
    return {"x": np.random.default_rng([seed, depth]).random(), "seconds": 1.0}

@population
def unseeded(seed):
    return {"x": np.random.random()}

@population
def seeded(seed):
    np.random.seed(seed)
    return {"x": np.random.random()}

@population(varies=["x"])
def varies(seed):
    return {"x": np.random.default_rng().random(), "y": seed}

@population
def breaks(seed):
    raise ValueError("no data")

@population(failed="count")
def sometimes(seed):
    if seed == 1:
        raise ValueError("diverged")
    return {"x": 1.0}

class Together:
    label = "together"

    def sample(self, seeds):
        return {"x": np.arange(len(seeds)) / len(seeds)}

together = Together()
"""


EXITS = """
import ctypes, os, sys, threading
from lrn.claims import population

@population
def exits(seed):
    sys.exit(0)

@population
def ends(seed, *, code):
    os._exit(code)

@population
def crashes(seed):
    ctypes.string_at(0)

@population
def ends_a_thread(seed):
    thread = threading.Thread(target=sys.exit)
    thread.start()
    thread.join()
    return {"x": 1.0}

@population
def leaves_a_child(seed):
    if os.fork() == 0:
        import time
        time.sleep(10)
    os._exit(0)
"""


def in_this_process(command, options):
    options.note = lambda text: None
    return command(options)


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Runs the command on a population of the file; its exit code and its output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(FILE)
    (tmp_path / "exits.py").write_text(EXITS)
    (tmp_path / "exits_at_once.py").write_text("import sys; sys.exit(0)")
    monkeypatch.setattr(_apart, "apart", in_this_process)
    monkeypatch.setattr(_check, "_in_processes", lambda population, n: None)

    def run(*arguments):
        code = main(["check", "population", *arguments])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


@pytest.mark.parametrize(
    "target", ["mine.py::good", "mine.py::coin", "mine.py::Coin", "mine.py::varies", "mine.py::sometimes"]
)
def test_a_sound_population_passes(check, target):
    code, text = check(target)
    assert code == 0
    assert re.search(r"one seed takes [\d.e-]+ s; seed 0 gives \{", text)
    assert "asked for again, alone: the same" in text
    assert "asked for together: the same" in text


def test_settings_are_given_as_python_writes_them(check):
    code, text = check("mine.py::good", "depth=4", "name=late")
    assert (code, text.splitlines()[0]) == (0, "good(depth=4, name='late')")
    assert check("mine.py::Coin", "p=0.75")[1].startswith("coin 0.75")


def test_its_version_and_what_that_rests_on_are_shown(check):
    _, text = check("mine.py::good")
    assert re.search(r"  version [0-9a-f]{12}\n    function good \([0-9a-f]{12}\)\n", text)
    assert "no version: nothing is kept on disk between runs" in check("mine.py::coin")[1]


@pytest.mark.parametrize("name", ["unseeded", "together"])
def test_a_broken_one_is_found(check, name):
    code, text = check(f"mine.py::{name}")
    assert code == 1
    assert "BROKEN: " in text


def test_global_generators_are_named(check):
    assert "it uses the global generator of numpy, which it must seed" in check("mine.py::unseeded")[1]


def test_a_global_generator_that_is_seeded_is_no_fault(check):
    code, text = check("mine.py::seeded")
    assert code == 0
    assert "it uses the global generator of numpy, and seeds it, as the results are the same" in text
    assert "must" not in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.py"], "the target must be a Python file, or FILE::NAME; got 'none.py'"),
        (["mine.py::nothing"], "mine.py must define nothing; it does not"),
        (["mine.py::np"], "a population is an Experiment, or has a text `label`"),
        (["mine.py::good", "depth"], "a setting must be NAME=VALUE; got 'depth'"),
        (["mine.py::good", "width=3"], "good takes the settings depth, name; got an unexpected keyword argument"),
        (["mine.py::coin", "p=3"], "coin is one population and takes no settings"),
        (["mine.py", "depth=3"], "settings are for one population; mine.py has"),
        (["exits.py::exits"], "code that it ran ended it (SystemExit: 0)"),
        (["exits_at_once.py"], "code that it ran ended it (SystemExit: 0)"),
        (["mine.py::breaks"], "breaks() failed for seed 0: ValueError: no data"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(check, arguments, sentence):
    code, text = check(*arguments)
    assert code in (2, 70)
    assert sentence in text


@pytest.fixture
def check_apart(tmp_path, monkeypatch, capfd):
    """Runs the command in a process of its own, as it does outside of tests."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exits.py").write_text(EXITS)
    (tmp_path / "ends_at_once.py").write_text("import os; os._exit(0)")

    def run(*arguments):
        code = main(["check", "population", *arguments])
        return code, capfd.readouterr().err

    return run


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["exits.py::ends", "code=0"], "ends(code=0) ended the process that ran it (exit code 0); its code must"),
        (["exits.py::ends", "code=3"], "ends(code=3) ended the process that ran it (exit code 3)"),
        (["exits.py::crashes"], "crashes() ended the process that ran it (SIGSEGV)"),
        (["exits.py::leaves_a_child"], "leaves_a_child() ended the process that ran it (exit code 0)"),
        (["ends_at_once.py"], "ends_at_once.py ended the process that ran it (exit code 0)"),
        (["exits.py::exits"], "code that it ran ended it (SystemExit: 0)"),
    ],
)
def test_a_population_that_ends_the_process_is_named(check_apart, arguments, sentence):
    code, text = check_apart(*arguments)
    assert code == 2
    assert sentence in text


def test_a_population_that_ends_a_thread_of_its_own_passes(check_apart):
    assert check_apart("exits.py::ends_a_thread", "--seeds", "1") == (0, "")


def test_seeds_run_in_other_processes_too(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alone.py").write_text(
        "from lrn.claims import population\n\n\n@population\n"
        "def hashes(seed):\n    return {'x': hash(f'text {seed}') % 1000}\n"
    )
    assert main(["check", "population", "alone.py", "--seeds", "2"]) == 1
    assert "BROKEN: hashes() does not depend on its seeds alone" in capfd.readouterr().out

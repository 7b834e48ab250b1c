"""Seeds run in processes of their own: each is kept as soon as it is finished, whatever is killed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time

import numpy as np
import pytest
from filelock import FileLock

from tests.populations.project import Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


EXPECTED = [float.hex(float(np.random.default_rng(seed).random())) for seed in range(30)]


def test_all_cores_run_the_seeds_of_an_expensive_population(project):
    values, _ = project.observe("slow", 10, 2)
    assert values == EXPECTED[:10]
    assert sorted(project.events("end")) == list(range(10))
    assert project.stored_seeds() == list(range(10))
    pids = {line.split()[2] for line in project.notes.read_text().splitlines() if line.startswith("end")}
    assert len(pids) == 3, "the first seed here, the others in two workers"
    project.observe("slow", 12, 2)
    assert sorted(project.events("end")) == list(range(12)), "only new seeds run"


def test_what_several_processes_need_runs_once(project):
    for process in (project.start("slow", 12), project.start("slow", 12)):
        output, errors = process.communicate(timeout=120)
        assert output.split() == EXPECTED[:12], errors
    assert sorted(project.events("end")) == list(range(12))
    assert project.stored_seeds() == list(range(12))


@pytest.mark.skipif(os.name == "nt", reason="sends SIGTERM")
def test_workers_end_with_the_process_that_sent_them_and_hold_nothing_up(project):
    process = project.start("lasting", 6, 2, slots="slots")
    while len(project.events("begin")) < 3:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    for number in range(2):
        with FileLock(project.folder / "slots" / f"slot-{number}.lock", timeout=60):
            pass
    process.communicate(timeout=60)
    assert project.events("end") == [0]


def test_a_seed_that_fails_leaves_its_neighbours_kept_and_is_tried_again(project):
    for _ in range(2):
        process = project.start("breaks", 8, 2)
        _, error = process.communicate(timeout=120)
        assert process.returncode == 1
        assert "MeasurementError: breaks(at=3) failed for seed 3: ValueError: diverged" in error
        assert sorted(project.events("end")) == project.stored_seeds(), "nothing that ended is lost, and none ran twice"
    (project.folder / "mine.py").write_text((project.folder / "mine.py").read_text().replace("at=3", "at=99"))


def test_a_worker_that_dies_is_reported_in_one_sentence(project):
    process = project.start("dies", 8, 2)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "a process that trained dies() died (killed, or out of memory); finished seeds are kept" in error


def killed(project, seconds, number=signal.SIGKILL, event="begin", events=1, process=None):
    """Kills a process, and all that it started, some seconds after so many events; returns its standard error."""
    last = len(project.events(event)) + events
    process = process or project.start("slow", 30, 2)
    deadline = time.monotonic() + 60
    while len(project.events(event)) < last and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    _, error = process.communicate(timeout=60)
    return error


def check_kills(project, kills, seed):
    rng = random.Random(seed)
    for _ in range(kills):
        before = project.stored_seeds()
        killed(project, rng.uniform(0, 0.1), events=rng.randint(1, 12))
        assert set(before) <= set(project.stored_seeds())
        ended, stored = project.events("end"), project.stored_seeds()
        assert len(set(ended) - set(stored)) <= 3 * kills, "more seeds were lost than those not yet written"
    values, _ = project.observe("slow", 30, 2)
    assert values == EXPECTED
    assert project.stored_seeds() == list(range(30))
    assert len(project.events("end")) <= 30 + 3 * kills


def test_killed_at_any_moment_every_finished_seed_is_kept(project):
    check_kills(project, 2, 5)


@pytest.mark.slow
def test_killed_fifty_times_every_finished_seed_is_kept(project):
    check_kills(project, 50, 2)


def two_projects(folder):
    for name in ("killed", "left_alone"):
        (folder / name).mkdir()
    return Project(folder / "killed"), Project(folder / "left_alone")


def check_verdicts_after_kills(project, other, kills, seed, most_seeds):
    """A suite that was killed many times comes to the same file of verdicts, to the byte, as one that never was."""
    rng, trained = random.Random(seed), []
    for _ in range(kills):
        before = project.stored_seeds()
        killed(project, rng.uniform(0, 0.5), process=project.start_suite(most_seeds))
        assert set(before) <= set(project.stored_seeds())
        trained.append(len(project.stored_seeds()))
    assert trained == sorted(trained)
    assert trained[-1] > 0, "it was killed while it trained"
    assert project.verdicts(most_seeds) == other.verdicts(most_seeds)
    assert project.stored_seeds() == other.stored_seeds()


def test_a_suite_killed_at_any_moment_comes_to_the_same_verdicts(tmp_path):
    check_verdicts_after_kills(*two_projects(tmp_path), 2, 1, most_seeds=24)


@pytest.mark.slow
def test_a_suite_killed_fifty_times_comes_to_the_same_verdicts(tmp_path):
    check_verdicts_after_kills(*two_projects(tmp_path), 50, 2, most_seeds=400)


def test_interrupted_it_keeps_what_was_finished_and_says_so(project):
    error = killed(project, 0.2, signal.SIGINT, "end")
    assert project.stored_seeds()
    if "interrupted" in error:  # it is not where all had ended by then
        assert "interrupted; the finished seeds of slow(seconds=0.06) are kept" in error
    values, _ = project.observe("slow", 30, 2)
    assert values == EXPECTED
    assert len(project.events("end")) <= 33

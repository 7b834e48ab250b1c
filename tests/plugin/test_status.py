"""How far a session is, while it runs: its counts, and its lines on a terminal and in a log."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lrn.plugin._board import Board

pytest_plugins = ["pytester"]

SLOW = """
    import time
    from lrn.claims import population

    @population
    def slow(seed):
        time.sleep(0.06)
        return {"heads": seed % 4 > 0}

    @claim("Slow ones show heads", id="C1")
    def test_slow(measure):
        assert measure.rate(slow(), "heads") > 0.3

    @claim("Coins show heads", id="C2", refuted="they do so half of the time")
    def test_quick(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.8
"""
LINE = " of 2 claims, "


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("lrn.plugin._board.time.monotonic", lambda: now[0])
    return now


def step(label, start, done, total, left=None):
    return SimpleNamespace(label=label, start=start, done=done, total=total, left=left)


def board(recorded=None, tests="abcdefgh", **more):
    made = Board(recorded or {}, **more)
    made.expect(tests)
    return made


def test_the_line_is_empty_before_there_is_a_claim(clock):
    assert Board({}).line() == ""
    assert board().line() == ""


def test_the_line_says_what_is_trained_and_how_many_seeds_there_are(clock):
    status = board(seed_offset=1000)
    status.start("main", "a", "C1[2]")
    clock[0] += 3
    assert status.line() == "0 of 8 claims, 3 s so far; C1[2]"
    status.step("main", step("late,\x1b[2J depth 2", 1512, 0, 64))
    assert status.line() == "0 of 8 claims, 3 s so far; C1[2]: 512 of 576 seeds of late,\\x1b[2J depth 2"
    status.step("main", step("mine(lr=1)", 1000, 3, 30, 60.0))
    assert status.line() == "0 of 8 claims, 3 s so far; C1[2]: 3 of 30 seeds of mine(lr=1), these in about 60 s"


def test_of_several_workers_the_claim_that_has_run_longest_is_shown(clock):
    status = board()
    for worker, test in enumerate("abc"):
        status.start(f"gw{worker}", test, test.upper())
        clock[0] += 1
    status.step("gw1", step("mine()", 0, 0, 8))
    assert status.line().endswith("; B and 2 more: 0 of 8 seeds of mine()")
    status.finish("b", 2.0)
    assert status.line().startswith("1 of 8 claims")
    assert status.line().endswith("; A and 1 more")


def test_what_a_worker_tells_late_does_not_come_back(clock):
    status = board()
    status.finish("a", 1.0)
    status.start("gw0", "a", "A")
    assert "A" not in status.line()


def test_a_claim_that_starts_again_is_not_done(clock):
    status = board()
    status.start("gw0", "a", "A")
    status.finish("a", None)
    assert status.line().startswith("0 of 8 claims")


def test_the_time_left_comes_from_the_run_before_at_the_pace_of_this_one(clock):
    status = board(dict.fromkeys("abcdefgh", 100.0))
    status.start("gw0", "a", "A")
    status.start("gw1", "b", "B")
    assert "about 7 min left" in status.line()  # 800 s on two workers
    status.finish("a", 50.0)  # twice as fast: 51 s where 101 s were expected
    assert "about 3 min left" in status.line()  # 7 * 50.5 s on two workers


def test_without_a_run_before_the_claims_that_are_done_tell(clock):
    status = board()
    status.start("main", "a", "A")
    clock[0] += 50
    for test in "abcde":
        status.finish(test, 10.0)
    assert status.line() == "5 of 8 claims, about 30 s left"


def run(suite, columns, *arguments):
    from tests.pseudo_terminal import run

    options = ["-p", "lrn.plugin", "--no-ledger", *arguments]
    return run([sys.executable, "-m", "pytest", *options], columns, cwd=suite.pytester.path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("columns", "arguments"), [(80, []), (44, ["-v"]), (120, ["-p", "xdist", "-n2", "--workers=2"])]
)
def test_a_terminal_shows_one_line_that_leaves_nothing_behind(suite, columns, arguments):
    suite.write(SLOW)
    code, screen, states = run(suite, columns, *arguments)
    assert code == 0, screen.lines
    status = [state[-1] for state in states if state and LINE in state[-1]]
    assert columns < 50 or re.search(r"C1.* seeds of slow\(\)", "\n".join(status))
    assert 0 < max(map(len, status)) < columns
    # It is there before the first claim is done.
    first = next(text for text in map("\n".join, states) if LINE in text)
    for word in ("SUPPORTED", "claims/test_claims.py .", "expected"):
        assert word not in first
    assert LINE not in "\n".join(screen.lines)
    dots = [line.split()[0] for line in screen.lines if "[100%]" in line and "::" not in line]
    assert "-v" in arguments or dots[-1] == (".." if "-n2" in arguments else "claims/test_claims.py")


@pytest.mark.parametrize("arguments", [[], ["-v"], ["-p", "xdist", "-n1"]])
def test_a_log_gets_a_line_now_and_then_and_no_carriage_return(suite, arguments):
    suite.write(SLOW)
    suite.pytester.makeconftest("import lrn.plugin._screen\nlrn.plugin._screen.LOG_SECONDS = 0.2\n")
    result = suite.pytester.runpytest_subprocess("-p", "lrn.plugin", *arguments, timeout=300)
    assert result.ret == 0
    text = result.stdout.str() + result.stderr.str()
    assert "\r" not in text
    assert "\x1b" not in text
    status = [line for line in result.outlines if LINE in line]
    assert status
    for line in status:
        assert line[0].isdigit(), "each on a line of its own"
    if "-v" in arguments:
        result.stdout.fnmatch_lines(["claims/test_claims.py::test_slow SUPPORTED *"])


def test_the_files_of_workers_are_gone_afterwards(suite, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    suite.write('@claim("It is so", exact=True)\ndef test_it():\n    assert 1 + 1 == 2\n')
    assert suite.run_workers(workers=1).ret == 0
    assert not list(Path(tmp_path).glob("lrn-status-*"))

"""The command line's output on a terminal, in a pipe, and where nobody listens."""

from __future__ import annotations

import dataclasses
import math
import os
import signal
import subprocess
import sys

import pytest

from lrn.cli import main
from lrn.cli._fleet import _Progress
from lrn.cli._interrupt import check_interrupt, watched
from lrn.intervals import goal_of, with_power
from lrn.verdicts import MeasuredQuantity, Outcome, Quantity, SuiteVerdicts
from tests.cli.test_claims_command import suite, verdict, write_verdicts  # noqa: F401  a fixture
from tests.cli.test_run import Terminal

LONG = "A statement that goes on and on " * 12


def test_claims_in_a_pipe_are_not_cut(tmp_path, capsys):
    path = tmp_path / "claims" / "test_coins.py"
    path.write_text(path.read_text().replace("Coins fall", LONG.strip()))
    assert main(["claims"]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert LONG.strip() in line
    assert line.endswith("claims/test_coins.py:4")


def test_explain_tells_everything_about_one_claim(tmp_path, capsys):
    path = tmp_path / "claims" / "test_coins.py"
    path.write_text(path.read_text().replace("Coins fall", "Coins \\x1b[2J fall"))
    write_verdicts()
    assert main(["explain", "K1"]) == 0
    stdout = capsys.readouterr().out
    for text in (
        "K1: Coins \\x1b[2J fall",
        "§1",
        "they do",
        "test_coins.py:4",
        "SUPPORTED",
        "rate of heads",
        "64 seeds",
    ):
        assert text in stdout
    assert "0.5 [0.4321, 0.6]" in stdout
    assert "K2" not in stdout
    assert main(["explain", "K2"]) == 0
    assert "they do not" in capsys.readouterr().out


def test_explain_tells_the_seeds_that_an_undecided_claim_needs(capsys):
    write_undecided(point=0.6, seeds=10, seeds_needed=40.0)
    assert main(["explain", "K1"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    needed = math.ceil(with_power(40, goal_of(0.05, 12), 0.9))
    assert f"needs about {needed} seeds of each for a verdict with probability 0.9" in shown
    assert f"{needed - 10} more of a coin" in shown
    write_undecided(point=0.6, seeds=10, seeds_needed=math.inf)
    assert main(["explain", "K1"]) == 0
    assert "its estimate lies at the margin" in capsys.readouterr().out


def test_the_folder_of_the_suite_is_that_of_the_project(tmp_path, capsys):
    (tmp_path / "claims").rename(tmp_path / "paper")
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\nlrn_claims = "paper"\n')
    assert main(["explain", "K1"]) == 0
    assert "paper/test_coins.py" in capsys.readouterr().out
    assert main(["claims"]) == 0
    assert "paper/test_coins.py" in capsys.readouterr().out


def test_explain_of_a_claim_without_seeds_shows_no_number(capsys):
    write_undecided(point=math.nan, seeds=0, seeds_needed=math.inf)
    assert main(["explain", "K1"]) == 0
    shown = capsys.readouterr().out
    assert "needs its first seeds" in shown
    assert "nan" not in shown


def write_undecided(point, seeds, seeds_needed):
    """A record of one claim that is not decided."""
    heads = Quantity("rate", "heads", ("a coin",))
    measured = MeasuredQuantity("heads", "rate of heads", point, 0.2, 0.9, seeds, seeds, (0.5,), quantity=heads)
    undecided = dataclasses.replace(
        verdict("K1", "test_fall", Outcome.INCONCLUSIVE, None, (measured,)),
        expected=Outcome.SUPPORTED,
        known=None,
        seeds_needed=seeds_needed,
    )
    SuiteVerdicts.of(
        [undecided], alpha=0.05, seed_offset=0, quantities=12, first_seeds=5, max_seeds=30, complete=True
    ).write("reports/verdicts.json")


def test_explain_without_verdicts_says_so_and_an_unknown_claim_is_asked_about(capsys):
    assert main(["explain", "K1"]) == 0
    assert "It has not been checked" in capsys.readouterr().out
    assert main(["explain", "K11"]) == 2
    assert capsys.readouterr().err == "lrn: there is no claim 'K11' in claims; did you mean K1?\n"


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [
        ("run --sedes 5", "did you mean --seeds?"),
        ("exlpain C3", "there is no command 'exlpain'; did you mean explain?"),
        ("run --optimizers adan", "did you mean adam?"),
        ("run --activation rellu", "did you mean relu?"),
        ("run --styles itertive", "did you mean iterative?"),
    ],
)
def test_a_slip_is_asked_about(line, suggestion, capsys):
    with pytest.raises(SystemExit) as stop:
        main(line.split())
    assert stop.value.code == 2
    stderr = capsys.readouterr().err
    assert suggestion in stderr
    assert stderr.count("\n") == 1


def test_nothing_near_is_not_asked_about(capsys):
    with pytest.raises(SystemExit):
        main(["run", "--zebra", "5"])
    assert "did you mean" not in capsys.readouterr().err


def test_progress_is_cut_to_the_terminals_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys, "stderr", Terminal())
    _Progress([100.0], ["late, depth 30, width 2, adam 0.01, iterative, " * 3], silent=False)
    (shown,) = sys.stderr.getvalue().removeprefix("\r").removesuffix("\x1b[K").split("\r")
    assert len(shown) < 40


def test_run_says_what_it_is_going_to_do(tmp_path, monkeypatch):
    run = [
        "run",
        "--depths",
        "2",
        "--connections",
        "late",
        "--optimizers",
        "adam",
        "--styles",
        "batch",
        "--epochs",
        "3",
    ]
    for seeds, message in (
        (64, "1 cell of 64 networks each, seeds 0 to 63: 64 to train"),
        (128, "64 to train, 64 are in"),
    ):
        monkeypatch.setattr(sys, "stderr", Terminal())
        assert main([*run, "--seeds", str(seeds)]) == 0
        assert message in sys.stderr.getvalue().splitlines()[0]
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert main([*run, "--seeds", "128", "--quiet"]) == 0
    assert sys.stderr.getvalue() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="closes file descriptors")
@pytest.mark.parametrize("closed", [">&-", "2>&- >&-", "<&- >&-"])
def test_a_closed_output_is_bad_input_before_any_work(tmp_path, closed):
    command = f'"{sys.executable}" -m lrn run --depths 2 --epochs 3 --seeds 3 {closed}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".ledger").exists()
    assert "2>&-" in closed or done.stderr.startswith("lrn: standard output is closed")


def test_an_output_that_cannot_write_a_text_gets_its_escape(tmp_path):
    (tmp_path / "claims" / "test_coins.py").write_text(
        'from lrn.claims import claim\n@claim("π \\ud83d ☃")\ndef test_a():\n    assert True\n'
    )
    command = [sys.executable, "-m", "lrn", "claims"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=False)
    assert done.returncode == 0, done.stderr
    assert rb"\u03c0 \ud83d \u2603" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_a_ctrl_c_that_something_swallows_is_not_lost(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with watched():
            try:
                os.kill(os.getpid(), signal.SIGINT)
                signal.pthread_sigmask(signal.SIG_BLOCK, [])  # signals are handled here at the latest
            except KeyboardInterrupt:
                pass  # as Python does in __del__ and in callbacks
            with pytest.raises(KeyboardInterrupt):
                check_interrupt()
            check_interrupt()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)

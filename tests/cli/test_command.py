"""The command as a whole: help, version, errors, exit codes; mostly through a real process."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import lrn
from lrn.cli import _run as run_command
from lrn.cli import main, parser

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(next(a for a in parser()._actions if a.dest == "command").choices)


def process(*arguments, **options):
    command = [sys.executable, "-m", "lrn", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_version():
    done = process("--version")
    assert (done.returncode, done.stdout) == (0, f"lrn {lrn.__version__}\n")


def test_without_a_command_there_is_help(capsys):
    assert main([]) == 0
    assert "exit codes:" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_that_parse(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = capsys.readouterr().out
    examples = re.findall(rf"^  (lrn {command}.*?)(?:  +\S.*| [|>].*)?$", shown, flags=re.MULTILINE)
    assert examples
    for example in examples:
        parser().parse_args(example.split()[1:])


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help_loads_nothing_heavy(arguments):
    heavy = "'torch', 'scipy', 'pyarrow', 'matplotlib', 'pandas'"
    code = f"""
import sys
from lrn.cli import main
try:
    main({arguments!r})
except SystemExit as stop:
    assert stop.code == 0
sys.exit(str([name for name in ({heavy}) if name in sys.modules] or ''))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() in ("", "[]")


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train"])
    assert stop.value.code == 2
    assert "there is no command 'train'" in capsys.readouterr().err


def test_errors_have_no_traceback_unless_asked_for(tmp_path):
    bad = ["run", "--depths", "0", "--no-ledger"]
    quiet, loud = process(*bad, cwd=tmp_path), process("--traceback", *bad, cwd=tmp_path)
    assert quiet.returncode == 2
    assert quiet.stderr == "lrn: depth must be from 1 to 65,536; got 0\n"
    assert "Traceback" in loud.stderr


def test_an_error_of_lrns_own_is_told_from_bad_input(monkeypatch, capsys):
    monkeypatch.setattr(run_command, "grid", lambda _: {}["missing"])
    assert main(["run"]) == 70
    assert "KeyError" in capsys.readouterr().err


def test_an_interruption_before_any_training_is_130(monkeypatch, capsys):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_command, "grid", stop)
    assert main(["run"]) == 130
    assert capsys.readouterr().err == "lrn: interrupted\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes differ")
def test_a_reader_that_stops_early_is_no_error(tmp_path):
    command = f"{sys.executable} -m lrn run --epochs 2 --seeds 1 --no-ledger --json - | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "{\n")


def test_a_damaged_ledger_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["run", "--epochs", "5", "--depths", "2", "--seeds", "8", "--connections", "late", "--csv", "-"]
    assert main(command) == 0
    first = capsys.readouterr()
    for path in tmp_path.glob(".ledger/*/*/*.parquet"):
        path.write_bytes(b"torn")
    assert main(command) == 0
    again = capsys.readouterr()
    assert again.out == first.out
    assert again.err
    for line in again.err.splitlines():
        assert line.startswith("lrn: ")
        assert "set aside" in line


@pytest.mark.parametrize("arguments", [["report", "--out", ""], ["claims", ""], ["dead", "m.pt", ""], ["run", "--lr="]])
def test_an_empty_argument_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "must not be empty" in line


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_the_commands(shell, capsys):
    pytest.importorskip("shtab", reason="completion needs shtab")
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for command in COMMANDS:
        assert command in script
    assert "connections" in script


@pytest.mark.skipif(not os.path.exists("/bin/bash"), reason="needs bash")
def test_the_completion_script_is_sound_bash(tmp_path, capsys):
    pytest.importorskip("shtab", reason="completion needs shtab")
    main(["completion", "bash"])
    (tmp_path / "lrn").write_text(capsys.readouterr().out)
    assert subprocess.run(["bash", "-n", tmp_path / "lrn"], check=False).returncode == 0


def test_the_installed_command_is_this_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, name = project["scripts"]["lrn"].split(":")
    assert getattr(importlib.import_module(module), name) is main

"""`lrn init`: a folder of claims that pass, and no existing file is changed."""

from __future__ import annotations

import itertools
import json
import os
import resource
import subprocess
import sys
import tomllib
from operator import itemgetter
from pathlib import Path

import pytest

from lrn.cli import main

ROOT = Path(__file__).parents[2]
CLAIMS = ["claims/sentences/paper.toml", "claims/test_claims.py", "claims/trainings.py"]
WRITTEN = [".github/workflows/claims.yml", ".gitignore", *CLAIMS, "pyproject.toml"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder):
    """The bytes of each file, by its path in the folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_claims_it_writes_are_decided(folder, capsys):
    assert main(["init"]) == 0
    assert sorted(files(folder)) == WRITTEN
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    claims = json.loads((folder / "reports" / "verdicts.json").read_text())["claims"]
    assert list(map(itemgetter("verdict"), claims)) == ["SUPPORTED"] * 3
    assert "torch" not in done.stdout + done.stderr
    capsys.readouterr()
    assert main(["claims", "--sentences", "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert list(map(itemgetter("standing"), document["sentences"])) == ["holds", "holds"]
    readings = itertools.chain.from_iterable(map(itemgetter("readings"), document["sentences"]))
    assert any(map(itemgetter("holds"), readings))


def test_once_more_it_changes_nothing(folder, capsys):
    main(["init"])
    before = files(folder)
    assert main(["init"]) == 0
    assert files(folder) == before
    assert "claims/trainings.py exists and stays as it is" in capsys.readouterr().out


def test_settings_are_added_to_a_project_that_has_none_of_pytest(folder):
    (folder / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    (folder / ".gitignore").write_text("*.pyc")
    main(["init", "paper/claims"])
    settings = tomllib.loads((folder / "pyproject.toml").read_text())
    assert settings["project"]["name"] == "mine"
    assert settings["tool"]["pytest"]["ini_options"]["testpaths"] == ["paper/claims"]
    assert (folder / ".gitignore").read_text() == "*.pyc\n.ledger/\nreports/run.json\nreports/index.html\n"


@pytest.mark.parametrize("name", ["pyproject.toml", "pytest.ini"])
def test_settings_of_pytest_that_exist_are_left_alone(folder, name, capsys):
    text = "[tool.pytest.ini_options]\n" if name == "pyproject.toml" else "[pytest]\n"
    (folder / name).write_text(text)
    main(["init"])
    assert (folder / name).read_text() == text
    printed = capsys.readouterr().out
    assert f"{name} has settings of pytest and stays as it is; these are for claims:" in printed
    assert '    lrn_alpha = "0.05"' in printed


def test_the_badge_is_that_of_the_repository(folder, capsys):
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "remote", "add", "origin", "git@github.com:some/where.git"], check=True)
    main(["init"])
    assert "https://github.com/some/where/actions/workflows/claims.yml/badge.svg" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["../claims", "/tmp/claims", ".", "file"])
def test_a_folder_elsewhere_is_refused(folder, name, capsys):
    (folder / "file").write_text("")
    assert main(["init", name]) == 2
    assert "the folder must" in capsys.readouterr().err
    assert list(files(folder)) == ["file"]


@pytest.mark.parametrize(
    "name", ['my "best" paper', "two words", "new\nline", "a\\b", "$(x)", "-q", "\x1b[2J", "a/b;c"]
)
def test_a_name_that_settings_or_a_shell_would_read_otherwise_is_refused(folder, name, capsys):
    assert main(["init", "--", name]) == 2
    assert "the folder's name must be of letters" in capsys.readouterr().err
    assert files(folder) == {}


def test_a_full_disk_leaves_the_project_as_it_was(folder, capsys):
    text = "# a comment\n" * 500
    (folder / "pyproject.toml").write_text(text)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4500, limits[1]))
    try:
        code = main(["init"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert code == 2
    assert "pyproject.toml" in capsys.readouterr().err
    assert (folder / "pyproject.toml").read_text() == text


def test_line_ends_stay(folder):
    (folder / "pyproject.toml").write_bytes(b'[project]\r\nname = "mine"\r\n')
    main(["init"])
    data = (folder / "pyproject.toml").read_bytes()
    assert data.startswith(b'[project]\r\nname = "mine"\r\n\r\n[tool.pytest.ini_options]\r\n')
    assert data.count(b"\n") == data.count(b"\r\n")

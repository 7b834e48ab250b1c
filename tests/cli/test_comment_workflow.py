"""The workflow that writes a pull request's comment: its scripts run here, with a `gh` that notes its calls."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lrn.cli._comment import MARK
from lrn.verdicts import SuiteVerdicts
from tests.cli.test_comment import claim

yaml = pytest.importorskip("yaml", reason="reads the workflow")
WORKFLOW = Path(__file__).parents[2] / ".github" / "workflows" / "comment.yml"
GH = """#!/bin/sh
echo "$@" >> calls
case "$*" in *--paginate*) printf '%s' "$EXISTING" ;; esac
"""


@pytest.fixture(scope="module")
def jobs():
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]


def script(job, name):
    (step,) = (step for step in job["steps"] if step.get("name", "").startswith(name))
    return step["run"]


def run(text, folder, **variables):
    path = f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", text], cwd=folder, env={**os.environ, "PATH": path, **variables}
    ).returncode


def write(path, *claims):
    path.parent.mkdir(parents=True, exist_ok=True)
    SuiteVerdicts.of(
        claims, alpha=0.001, quantities=64, seed_offset=0, first_seeds=8, max_seeds=64, complete=True
    ).write(path)


@pytest.mark.parametrize("point", [0.5, 0.2])
def test_the_comment_is_written_and_stands_in_the_summary(jobs, tmp_path, point):
    outcome = "SUPPORTED" if point == 0.5 else "REFUTED"
    write(tmp_path / "before/reports/verdicts.json", claim("C1"))
    after = claim("C1", type(claim("C1").verdict)(outcome), point)
    write(tmp_path / "reports/verdicts.json", after)
    sentences = tmp_path / "claims/sentences"
    sentences.mkdir(parents=True)
    sentence = 'id = "a"\nsection = "1"\nquote = "A."\nweight = "central"\nreadings = [{words = "a", claims = ["C1"]}]'
    (sentences / "paper.toml").write_text(f'[document]\nname = "p"\ntitle = "P"\n\n[[sentence]]\n{sentence}\n')
    assert run(script(jobs["write"], "Compare"), tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "summary")) == 0
    text = (tmp_path / "comment.md").read_text(encoding="utf-8")
    assert text.startswith(MARK)
    assert (tmp_path / "summary").read_text(encoding="utf-8") == text
    assert ("| A. | holds | refuted |" in text) is (outcome == "REFUTED")


def test_a_record_that_is_none_fails_the_job(jobs, tmp_path):
    write(tmp_path / "before/reports/verdicts.json", claim("C1"))
    assert run(script(jobs["write"], "Compare"), tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "summary")) != 0


@pytest.mark.parametrize(
    ("existing", "call"),
    [("", "--method POST repos/o/r/issues/7/comments"), ("41\n42\n", "--method PATCH repos/o/r/issues/comments/41")],
)
def test_the_comment_is_posted_once_and_then_renewed(jobs, tmp_path, existing, call):
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    text = script(jobs["post"], "Write the comment")
    assert run(text, tmp_path, COMMENTS="repos/o/r/issues", NUMBER="7", EXISTING=existing) == 0
    calls = (tmp_path / "calls").read_text().splitlines()
    assert MARK in calls[0]
    assert calls[1:] == [f"api {call} --field body=@comment.md --silent"]


def test_the_job_that_may_write_runs_nothing_of_the_pull_request(jobs):
    assert jobs["post"]["permissions"] == {"pull-requests": "write"}
    assert "permissions" not in jobs["write"]
    used = [shlex.split(step["uses"])[0].partition("@")[0] for step in jobs["post"]["steps"] if "uses" in step]
    assert used == ["actions/download-artifact"]
    assert "github.repository" in jobs["post"]["if"]

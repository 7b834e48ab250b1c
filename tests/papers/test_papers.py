"""The projects in papers/: each stands alone, its record is of its claims, and its trainings run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from operator import attrgetter
from pathlib import Path

import pytest

from lrn.report import write_report
from lrn.verdicts import Outcome, SuiteVerdicts
from lrn.verdicts.registry import registry
from lrn.verdicts.sentences import Standing, counts, judge, read_document
from tests.environments import environment_without

PAPERS = Path(__file__).parents[2] / "papers"
NAMES = ("adaptive_methods", "dying_relu", "rectifier_init")
QUICK = {
    "adaptive_methods": "pytest -n 0 --no-ledger -k (random_start and AdaGrad) or (answer and RMSProp and 0.75)",
    "dying_relu": "pytest -n 0 --no-ledger -k width_five or (two_of_three and 2-10) or (very_deep_ones and 2-40)",
    "rectifier_init": "lrn check population claims/networks.py::trained layers=3 start=he epochs=1 --seeds 2",
}


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment_without("PYTEST_", "LRN_"),
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(params=NAMES)
def paper(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a project, as somebody would take it away."""
    copy = tmp_path / request.param
    shutil.copytree(
        PAPERS / request.param, copy, ignore=shutil.ignore_patterns(".ledger", "__pycache__", ".pytest_cache")
    )
    return copy


def test_all_papers_are_tried():
    assert {path.parent.name for path in PAPERS.glob("*/pyproject.toml")} == set(NAMES)


def test_it_names_nothing_outside_of_itself(paper):
    for file in paper.rglob("*.py"):
        text = file.read_text()
        assert not re.search(r"(from|import) (claims|benchmarks|tests)\b", text), file
        assert not re.search(r"(from|import) lrn[\w.]*\._", text), f"{file} imports what is not public"


def test_a_few_of_its_claims_can_be_checked(paper):
    command, _, expression = QUICK[paper.name].partition(" -k ")
    done = run([*command.split(), *(["-k", expression] if expression else [])], paper)
    assert done.returncode == 0, done.stdout + done.stderr
    if expression:
        assert re.search(r"\n[1-9] supported, 0 refuted", done.stdout)


def test_its_record_has_all_of_its_claims(paper):
    cases = registry(paper / "claims", paper / "reports" / "verdicts.json")
    assert cases
    for case in cases:
        assert case.outcome in (Outcome.SUPPORTED, Outcome.REFUTED, Outcome.INCONCLUSIVE), f"no verdict on {case}"


def test_its_sentences_name_claims_that_there_are(paper):
    suite = SuiteVerdicts.read(paper / "reports" / "verdicts.json")
    document = read_document(next((paper / "claims" / "sentences").glob("*.toml")))
    assert document.sentences
    standings = list(map(attrgetter("standing"), judge(document, suite)))
    assert len(standings) == len(document.sentences)
    assert set(standings) <= set(Standing)


def test_its_verdicts_are_said_in_its_readme(paper):
    suite = SuiteVerdicts.read(paper / "reports" / "verdicts.json")
    counted = Counter(map(attrgetter("verdict"), suite.claims))
    text = (paper / "README.md").read_text()
    words = ("supported", Outcome.SUPPORTED), ("refuted", Outcome.REFUTED), ("inconclusive", Outcome.INCONCLUSIVE)
    for word, outcome in words:
        assert f"{counted[outcome]} {word}" in text


def test_the_gallery_counts_its_sentences(paper):
    suite = SuiteVerdicts.read(paper / "reports" / "verdicts.json")
    document = read_document(next((paper / "claims" / "sentences").glob("*.toml")))
    words = {Standing.HOLDS: "hold"}
    counted = [f"{n} {words.get(standing, standing)}" for standing, n in counts(judge(document, suite)).items() if n]
    text = (PAPERS.parent / "docs" / "gallery.md").read_text(encoding="utf-8")
    section = text.partition(f"](../papers/{paper.name})")[0].rpartition("\n## ")[2].partition("\n")[0]
    (row,) = re.findall(rf"^\| \[{re.escape(section.partition(',')[0])}\].*", text, re.MULTILINE)
    assert row.endswith(f"| {', '.join(counted)} |")


def test_it_quotes_nothing_in_words_of_its_own(paper):
    document = read_document(next((paper / "claims" / "sentences").glob("*.toml")))
    for sentence in document.sentences:
        assert not sentence.quote.lower().startswith("in our words"), sentence.id
        assert sentence.quote == "" or sentence.quote.endswith((".", "!", "?")), sentence.id


def test_a_copy_of_it_commits_no_ledger(paper):
    assert ".ledger/" in (paper / ".gitignore").read_text().splitlines()


def test_its_settings_are_its_own():
    """In place, where the thesis's conftest.py lies two folders above: its options are not known."""
    done = run(["pytest", "--collect-only", "-q", "-p", "no:cacheprovider"], PAPERS / "adaptive_methods")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "claims/test_claims.py::test_gradient_descent_makes_no_error" in done.stdout
    done = run(["pytest", "--collect-only", "--budget", "large"], PAPERS / "adaptive_methods")
    assert done.returncode == 4
    assert "unrecognized arguments: --budget" in done.stderr


def test_the_suites_of_the_project_do_not_collect_them():
    settings = tomllib.loads((PAPERS.parent / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert settings["testpaths"] == ["tests"]
    assert settings["lrn_claims"] == "claims"


def test_its_report_needs_nothing_that_trains(paper, monkeypatch):
    """A suite without sections of its own: the ledger is not opened, so torch need not be installed."""

    def missing(*_, **__):
        raise ModuleNotFoundError("torch is not installed")

    monkeypatch.setattr("lrn.engines.choose", missing)
    monkeypatch.setattr("lrn.ledger._ledger.choose", missing)
    (paper / ".ledger").mkdir()
    record = paper / "reports" / "verdicts.json"
    page = write_report(record, paper / ".ledger", paper / "out", root=paper, suite=paper / "claims")
    assert "sentence" in page.read_text()

"""`lrn init`: a folder of claims to start from."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import re
import subprocess
import textwrap
from itertools import filterfalse
from pathlib import Path
from typing import Any

from lrn.cli._options import Formatter
from lrn.files import read_regular, read_text, replace_file

__all__ = ["add", "main"]

DESCRIPTION = """\
Writes a folder of claims to start from: a small training as a population, three claims about it, a file of the
paper's sentences that they test, settings for pytest, and a workflow for GitHub that checks the claims. What
exists already is never changed."""

EPILOG = """\
examples:
  lrn init                  claims/, pyproject.toml, .gitignore, .github/workflows/claims.yml
  lrn init paper/claims     the claims in another folder
  pytest claims/            checks them, in seconds
  lrn claims --sentences    one verdict for each sentence of the paper"""

POPULATION = '''\
"""What the paper trains: a function of a seed. Replace it by your own training, in any library."""

import numpy as np

from lrn.claims import population


@population
def regression(seed: int, *, momentum: float = 0.0, steps: int = 100) -> dict[str, float | bool]:
    """Linear regression on badly scaled inputs, by gradient descent."""
    rng = np.random.default_rng(seed)  # every random number comes from the seed
    inputs = rng.normal(size=(80, 10)) * np.geomspace(1, 10, 10)
    targets = inputs @ rng.normal(size=10)
    weights, velocity = np.zeros(10), np.zeros(10)
    for _ in range(steps):
        gradient = inputs.T @ (inputs @ weights - targets) / len(targets)
        velocity = momentum * velocity - 0.005 * gradient
        weights = weights + velocity
    loss = float(np.mean((inputs @ weights - targets) ** 2))
    return {"loss": loss, "learned": loss < 0.1}
'''

CLAIMS = '''\
"""The paper's claims. Each ends SUPPORTED, REFUTED or INCONCLUSIVE: pytest {folder}/

The sentence says                       ask for
"... learns more often than ..."        measure.rate(a, "learned") > measure.rate(b, "learned")
"... learns in most runs"               measure.rate(a, "learned") > 0.5
"... is better in most runs"            measure.paired_rate(a, b, "accuracy") > 0.5      (same seed)
"... typically reaches ..."             measure.median(a, "accuracy") > 0.9              (needs no bounds)
"... reaches ... on average"            measure.mean(a, "accuracy", bounds=(0, 1)) > 0.9
"... twice as often"                    measure.rate(a, "x") > 2 * measure.rate(b, "x")
"... among the runs that converged"     any of these with given="converged"
"... can", "sometimes"                  measure.rate(a, "x") > 0
"""

from {module} import regression

from lrn.claims import claim

PLAIN, MOMENTUM = regression(), regression(momentum=0.9)


@claim("Momentum lowers the loss in most runs", id="1", source="section 4", reading="in most runs")
def test_momentum_lowers_the_loss(measure):
    assert measure.paired_rate(PLAIN, MOMENTUM, "loss") > 0.5


@claim("Models learn more often with momentum", id="2", source="section 4", reading="by 20 points")
def test_momentum_learns_more_often(measure):
    assert measure.rate(MOMENTUM, "learned") > measure.rate(PLAIN, "learned") + 0.2


@claim("Without momentum most models do not learn", id="3", source="section 5", reading="fewer than half")
def test_plain_seldom_learns(measure):
    assert measure.rate(PLAIN, "learned") < 0.5
'''

SENTENCES = """\
# The paper's sentences, whole and word for word, each with its readings, the most charitable first. Each reading names
# the claims that test it, by id. One verdict per sentence: lrn claims{where} --sentences

[document]
name = "paper"                       # its short name
title = "A. Author, A Paper (2026)"

[[sentence]]
id = "momentum"
section = "section 4"
quote = "Momentum helps the models to learn."
weight = "central"                   # the paper stands on it; or supporting, or detail
readings = [
  {{ words = "the loss is lower in most runs", claims = ["1"] }},
  {{ words = "20 points more of the models learn", claims = ["2"] }},
]

[[sentence]]
id = "without"
section = "section 5"
paraphrase = "without momentum most models do not learn"   # in your words, where you could not read the paper's
weight = "supporting"
readings = [{{ words = "fewer than half", claims = ["3"] }}]

# Claims that are yours and not the paper's, for or against nobody:
# [[ours]]
# about = "why momentum helps"
# claims = ["O*"]
"""

SETTINGS = """
[tool.pytest.ini_options]
testpaths = ["{folder}"]
lrn_claims = "{folder}"
lrn_verdicts = "reports/verdicts.json"   # where a run of the whole suite writes them; commit it
# For a paper of about a dozen comparisons, and trainings of seconds to hours. Set these before you look at any result.
lrn_alpha = "0.05"         # every verdict of the suite holds with probability 95 %
lrn_quantities = "12"      # comparisons that share this; a suite with more is refused, with the number to write here
lrn_first_seeds = "5"      # seeds a comparison starts with; 8 where a seed takes milliseconds
lrn_max_seeds = "30"       # most seeds of a comparison; thousands where a seed takes milliseconds, or for "always"
lrn_hours = ""             # after which nothing is trained any more; empty for no end
lrn_ledger = ""            # where results are kept; empty for .ledger
"""

IGNORED = (".ledger/", "reports/run.json", "reports/index.html")

WORKFLOW = """\
name: claims
on: [push, pull_request]
permissions:
  contents: read
jobs:
  claims:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - uses: actions/cache@v4  # trained seeds are kept from run to run
        with:
          path: .ledger
          key: ledger-${{{{ github.sha }}}}
          restore-keys: ledger-
      - run: pip install {package}
      - run: pytest {folder}/ --inconclusive skip
"""


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "init",
        help="write a folder of claims to start from",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Formatter,
    )
    parser.add_argument("folder", nargs="?", default="claims", metavar="FOLDER", help="where claims are to be (claims)")
    parser.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    folder = Path(arguments.folder)
    if folder.is_absolute() or ".." in folder.parts or folder.name in ("", "."):
        raise ValueError(f"the folder must lie in this one, such as claims; got {arguments.folder!r}")
    if not all(map(re.compile(r"\w[\w.-]*").fullmatch, folder.parts)):  # settings and shells read it
        raise ValueError(f"the folder's name must be of letters, digits, _, . and -; got {arguments.folder!r}")
    if any(parent.exists() and not parent.is_dir() for parent in (folder, *folder.parents)):
        raise ValueError(f"the folder must be a folder; {folder} is a file")
    name, package = folder.as_posix(), _package()
    _write(folder / "trainings.py", POPULATION)
    _write(folder / "test_claims.py", CLAIMS.format(folder=name, module="trainings"))
    where = "" if name == "claims" else f" {name}"
    _write(folder / "sentences" / "paper.toml", SENTENCES.format(where=where))
    _settings(name)
    _ignore()
    _write(Path(".github/workflows/claims.yml"), WORKFLOW.format(folder=name, package=package))
    print(f"\nnext: pytest {name}/    then put your own training into {name}/trainings.py")
    print(f"one verdict per sentence of {name}/sentences/paper.toml: lrn claims{where} --sentences")
    print(f"before you train many seeds: lrn check population {name}/trainings.py::regression")
    print(f"badge for your README: {_badge()}")
    return 0


def _write(path: Path, text: str) -> None:
    if path.exists():
        print(f"{path} exists and stays as it is")
        return
    replace_file(path, text)
    print(f"{path} written")


def _append(path: Path, text: str) -> None:
    """Adds lines to a file, creating it if needed; its content and its line ends stay."""
    before = read_regular(path).rstrip() if path.exists() else b""
    end = b"\r\n" if b"\r\n" in before else b"\n"
    lines = text.lstrip("" if before else "\n").encode().replace(b"\n", end)
    replace_file(path, before + end + lines if before else lines)


def _settings(folder: str) -> None:
    """Adds the settings to pyproject.toml, unless pytest has settings somewhere."""
    path, section = Path("pyproject.toml"), SETTINGS.format(folder=folder)
    text = read_text(path) if path.exists() else ""
    others = list(filter(os.path.exists, ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml")))
    if "[tool.pytest" in text or others:
        where = others[0] if others else "pyproject.toml"
        print(f"{where} has settings of pytest and stays as it is; these are for claims:")
        print(textwrap.indent("\n".join(section.strip().splitlines()[2:]), " " * 4))
        return
    _append(path, section)
    print(f"{path}: settings added")


def _ignore() -> None:
    path = Path(".gitignore")
    present = read_text(path).splitlines() if path.exists() else []
    lines = list(filterfalse(present.__contains__, IGNORED))
    if lines:
        _append(path, "\n".join([*lines, ""]))
        print(f"{path}: {', '.join(lines)} added")


def _package() -> str:
    """What pip calls the package that lrn comes from."""
    names = importlib.metadata.packages_distributions().get("lrn", [])
    return names[0] if names else "lrn"


def _badge() -> str:
    """The badge of the workflow, for the repository that git knows as origin."""
    try:
        command = ["git", "remote", "get-url", "origin"]
        url = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        url = ""
    match = re.search(r"github\.com[:/]([\w.-]+/[\w.-]+?)(\.git)?\s*$", url)
    repository = match.group(1) if match else "OWNER/REPOSITORY"
    base = f"https://github.com/{repository}/actions/workflows/claims.yml"
    return f"[![claims]({base}/badge.svg)]({base})"

"""Seeds per decision, measured as a user would: a suite of claims, a run of pytest, and its verdicts.json."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.efficiency.rows import CORRELATION, QUANTITIES, ROWS, SD

__all__ = ["seeds_of_decisions"]

_ROOT = Path(__file__).parents[2]

_SUITE = """\
import pytest
from efficiency_populations import Bernoulli, Normal

from lrn.claims import claim

RATES = {rates!r}


@claim("A rate exceeds another", id="rate")
@pytest.mark.parametrize("repeat", range({repeats}))
@pytest.mark.parametrize("row", RATES)
def test_rate(measure, row, repeat):
    stream = 10_000 * (row + 1) + 2 * repeat
    first, second = (Bernoulli(rate, stream + i) for i, rate in enumerate(RATES[row]))
    assert measure.rate(first, "hit") > measure.rate(second, "hit")


@claim("A mean exceeds another", id="mean")
@pytest.mark.parametrize("repeat", range({repeats}))
@pytest.mark.parametrize("row", {means!r})
def test_mean(measure, row, repeat):
    stream = 10_000 * (row + 1) + 3 * repeat
    means = {means!r}[row]
    first, second = (Normal(mean, {sd}, {correlation}, stream, stream + 1 + i) for i, mean in enumerate(means))
    assert measure.mean(first, "value", bounds=(0, 1)) > measure.mean(second, "value", bounds=(0, 1))
"""


def seeds_of_decisions(alpha: float, repeats: int) -> dict[str, list[int]]:
    """Returns, for each row, the seeds that each repeat took until its claim was SUPPORTED.

    Every repeat stands for a claim of another suite, so the run as a whole spends more than the budget's 32 shares;
    the plugin says so at its end, after all verdicts are written.

    Raises:
        RuntimeError: pytest failed, or a claim ended otherwise.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(Path(__file__).with_name("populations.py"), folder / "efficiency_populations.py")
        rates, means = _rows(is_rate=True), _rows(is_rate=False)
        text = _SUITE.format(repeats=repeats, rates=rates, means=means, sd=SD, correlation=CORRELATION)
        (folder / "test_efficiency.py").write_text(text, encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        output = _run(folder, alpha)
        verdicts = folder / "verdicts.json"
        if not verdicts.exists():
            raise RuntimeError(f"pytest wrote no verdicts:\n{output}")
        claims = json.loads(verdicts.read_text(encoding="utf-8"))["claims"]
    seeds = {}
    for number, row in enumerate(ROWS):
        seeds[row.name] = [_seeds(claim) for claim in claims if f"[{number}-" in claim["test"]]
    return seeds


def _rows(*, is_rate: bool) -> dict[int, tuple[float, float]]:
    return {i: (row.first, row.second) for i, row in enumerate(ROWS) if row.is_rate is is_rate}


def _run(folder: Path, alpha: float) -> str:
    command = [sys.executable, "-m", "pytest", "test_efficiency.py", "-q", "-p", "no:cacheprovider", "--no-ledger"]
    options = ["--alpha", str(alpha), "--quantities", str(QUANTITIES), "--verdicts", "verdicts.json"]
    workers = ["-n", "2"] if importlib.util.find_spec("xdist") else []
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    paths = os.pathsep.join([str(folder), str(_ROOT)])
    done = subprocess.run(
        [*command, *options, *workers],
        cwd=folder,
        env=environment | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def _seeds(claim: dict[str, object]) -> int:
    if claim["verdict"] != "SUPPORTED":
        raise RuntimeError(f"{claim['test']} ended {claim['verdict']}: {claim['reason']}")
    (estimate,) = claim["estimates"]  # type: ignore[misc]
    return int(estimate["seeds"])

"""A paper of seven claims whose training takes 20 seconds per seed, with 30 seeds per setting and 300 trainings.

    python -m benchmarks.few_seeds              20 repetitions with other seeds, in about three minutes
    python -m benchmarks.few_seeds --write      and writes benchmarks/few_seeds.json

The suite is written as a reader of "Claims for your own paper" would write it, and pytest judges it. A cheap function
stands in for the training: its accuracies and failures to converge have the distributions below, so the truth is known.
It needs neither torch nor the kernel. The exit code is 1 if a verdict is wrong, a repetition takes more than 300
trainings, or decides fewer than four claims.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

REPETITIONS, LEAST_DECIDED, MOST_TRAININGS, SECONDS_PER_SEED, CORES = 20, 4, 300, 20, 2
RESULTS = Path(__file__).with_name("few_seeds.json")

TRAININGS = '''
import os
import numpy as np
from lrn.claims import population

LEVELS = {2: 0.930, 4: 0.921, 8: 0.900, 16: 0.860, 32: 0.800}
CONVERGES = {2: 1.00, 4: 0.97, 8: 0.45, 16: 0.15, 32: 0.02}


@population
def net(seed: int, *, depth: int, norm: bool = False) -> dict[str, float | bool]:
    """The accuracy, of which settings share a part by seed, and whether it converged."""
    shared, own = np.random.default_rng([seed, 7]).normal(), np.random.default_rng([seed, depth, norm]).normal()
    accuracy = LEVELS[depth] + 0.004 * (depth - 2) * norm + 0.006 * shared + 0.005 * own
    chance = max(CONVERGES[depth], 0.97 * norm)
    with open(os.environ["TRAINED"], "a") as file:
        file.write(f"{depth} {norm} {seed}\\n")
    return {"accuracy": accuracy, "converged": bool(np.random.default_rng([seed, depth, norm, 1]).uniform() < chance)}
'''
CLAIMS = """
from trainings import net
from lrn.claims import claim, equal, trend

P2, P4, P8, P16, P32 = net.grid(depth=[2, 4, 8, 16, 32])
N2, N4, N8, N16, N32 = net.grid(depth=[2, 4, 8, 16, 32], norm=[True])
NORMAL = {"assume": "normal"}


@claim("With normalisation, networks of depth 8 converge more often", id="1")
def test_converges_more_often(measure):
    assert measure.rate(N8, "converged") > measure.rate(P8, "converged")


@claim("Normalisation improves deep networks", id="2", reading="the mean at depth 16")
def test_improves(measure):
    assert measure.mean_difference(N16, P16, "accuracy", assume="symmetric") > 0


@claim("At depth 4 it helps in most runs", id="3")
def test_helps_in_most_runs(measure):
    assert measure.paired_rate(N4, P4, "accuracy") > 0.5


@claim("Shallow networks typically reach 92 %", id="4")
def test_typically_reach(measure):
    assert measure.median(P2, "accuracy") > 0.92


@claim("Plain networks get worse with depth", id="5")
def test_get_worse(measure):
    assert trend([measure.mean(p, "accuracy", **NORMAL) for p in (P2, P4, P8, P16, P32)], at=[2, 4, 8, 16, 32]) < 0


@claim("At depth 2 it makes no difference", id="6", reading="less than half a point")
def test_no_difference(measure):
    assert equal(measure.mean(N2, "accuracy", **NORMAL), measure.mean(P2, "accuracy", **NORMAL), within=0.005)


@claim("Even networks of depth 32 converge without it", id="7", reading="most of them")
def test_deep_networks_converge_without(measure):
    assert measure.rate(P32, "converged") > 0.5
"""
SETTINGS = """
[tool.pytest.ini_options]
lrn_claims = "claims"
lrn_alpha = "0.05"
lrn_quantities = "12"
lrn_first_seeds = "5"
lrn_max_seeds = "30"
"""
RIGHT = {**dict.fromkeys("123456", "SUPPORTED"), "7": "REFUTED"}


def main() -> int:
    """Runs all repetitions, and prints the decisions of each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.few_seeds", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, help=f"({REPETITIONS})")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        work = written(Path(folder))
        for repetition in range(options.repetitions):
            rows.append(judged(work, repetition))
            print(text(rows[-1]), flush=True)
    decided = list(map(len, map(itemgetter("decided"), rows)))
    wrong = sum(map(len, map(itemgetter("wrong"), rows)))
    trainings = list(map(itemgetter("trainings"), rows))
    print(
        f"decided {min(decided)} to {max(decided)} of {len(RIGHT)}, {wrong} wrong, at most {max(trainings)} trainings"
    )
    if options.write:
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    return int(wrong > 0 or min(decided) < LEAST_DECIDED or max(trainings) > MOST_TRAININGS)


def written(work: Path) -> Path:
    """A folder with the suite in it."""
    (work / "claims").mkdir()
    (work / "claims" / "trainings.py").write_text(TRAININGS)
    (work / "claims" / "test_claims.py").write_text(CLAIMS)
    (work / "pyproject.toml").write_text(SETTINGS)
    return work


def judged(work: Path, repetition: int) -> dict[str, Any]:
    """How the suite ended on seeds that belong to this repetition."""
    trained, target = work / "trained.txt", work / "verdicts.json"
    shutil.rmtree(work / ".ledger", ignore_errors=True)
    trained.unlink(missing_ok=True)
    target.unlink(missing_ok=True)
    os.environ["TRAINED"] = str(trained)
    options = ["--verdicts", str(target), "--seed-offset", str(1000 * repetition), "-p", "no:cacheprovider"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(work):
        pytest.main(["claims", "-q", *options])
    verdicts = json.loads(target.read_text())["claims"]
    seeds = set(trained.read_text().splitlines())  # a seed that is asked for again, as a check, counts once
    endings = dict(map(itemgetter("id", "verdict"), verdicts))
    decided, wrong = [], []
    for name, ending in endings.items():
        if ending in ("SUPPORTED", "REFUTED"):
            decided.append(name)
        if ending not in (RIGHT[name], "INCONCLUSIVE"):
            wrong.append(name)
    return {"repetition": repetition, "decided": decided, "wrong": wrong, "trainings": len(seeds)}


def text(row: dict[str, Any]) -> str:
    """One repetition on a line."""
    hours = row["trainings"] * SECONDS_PER_SEED / CORES / 3600
    wrong = f"; WRONG: {', '.join(row['wrong'])}" if row["wrong"] else ""
    return (
        f"{row['repetition']:2}: {len(row['decided'])} of {len(RIGHT)} decided ({', '.join(row['decided'])}), "
        f"{row['trainings']} trainings, {hours:.1f} hours on {CORES} cores{wrong}"
    )


if __name__ == "__main__":
    sys.exit(main())

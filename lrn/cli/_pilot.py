"""`lrn plan --pilot`: a suite is tried with a few seeds, which tell how many seeds and how much training it takes."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from pathlib import Path

from lrn.cli._settings import suite_folder
from lrn.intervals import goal_of, with_power
from lrn.verdicts import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.text import duration, plain_text

__all__ = ["Plan", "pilot", "planned"]


@dataclass(frozen=True)
class Plan:
    """The estimate of one claim.

    Attributes:
        verdict: how it ended after the pilot.
        seeds: of each population, by which it is decided with the power asked for; `inf` where none can be said.
        lacking: seeds that are still to be trained, by population.
    """

    verdict: Verdict
    seeds: float
    lacking: Mapping[str, float]

    def is_within(self, most_seeds: int | None) -> bool:
        """Whether it is open, and so many seeds decide it."""
        return self.is_open and self.seeds < math.inf and self.seeds <= (most_seeds or math.inf)

    @property
    def is_open(self) -> bool:
        """Whether the pilot did not decide it."""
        return self.verdict.seeds_needed is not None

    def seconds(self, per_seed: Mapping[str, float], trained: Mapping[str, float]) -> float:
        """Returns the training that it takes, in seconds, beyond the seeds that others have trained."""
        seconds = 0.0
        for label, seeds in self.lacking.items():
            missing = max(seeds - trained.get(label, 0.0), 0.0)
            seconds += missing * per_seed.get(label, 0.0) if missing else 0.0
        return seconds


def pilot(options: argparse.Namespace) -> int:
    """Tries a suite with a few seeds of each population, and prints the plan."""
    folder = options.folder or suite_folder()
    if not Path(folder).exists():
        raise FileNotFoundError(f"the suite must be a folder of claims; there is no {folder}")
    with tempfile.TemporaryDirectory() as temporary:
        target = Path(temporary) / "verdicts.json"
        n = str(options.pilot)
        command = [sys.executable, "-m", "pytest", folder, "-q", "--first-seeds", n, "--max-seeds", n]
        command += ["--inconclusive", "skip", "--verdicts", str(target)]
        command += [] if options.alpha is None else ["--alpha", str(options.alpha)]
        command += [] if options.quantities is None else ["--quantities", str(options.quantities)]
        print(f"trying each claim of {folder} with {n} seeds", file=sys.stderr)
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if not target.is_file():
            raise ValueError(f"pytest could not run {folder}: {_last_line(done.stdout + done.stderr)}")
        suite = SuiteVerdicts.read(target)
        per_seed = json.loads(target.with_name("run.json").read_text(encoding="utf-8"))["seconds_per_seed"]
    print("\n".join(_rows(planned(suite, options.power), per_seed, options.seeds, options.hours)))
    return 0


def planned(suite: SuiteVerdicts, power: float) -> list[Plan]:
    """Returns the estimate of each claim of a suite that was tried with a few seeds.

    Args:
        suite: its verdicts.
        power: the probability of a decision by then, if the estimates are true.
    """
    goal = goal_of(suite.alpha, suite.quantities)
    plans = []
    for verdict in suite.claims:
        if verdict.seeds_needed is None:
            plans.append(Plan(verdict, 0.0, {}))
            continue
        seeds = with_power(verdict.seeds_needed, goal, power)
        seeds = math.ceil(seeds) if seeds < math.inf else seeds
        plans.append(Plan(verdict, seeds, _lacking(verdict, seeds)))
    return plans


def _lacking(verdict: Verdict, seeds: float) -> dict[str, float]:
    """Seeds that the open quantities of a claim lack, by population."""
    lacking: dict[str, float] = {}
    for measured in filter(attrgetter("is_open"), verdict.estimates):
        for leaf in measured.leaves:
            for label in () if leaf.quantity is None else leaf.quantity.populations:
                lacking[label] = max(lacking.get(label, 0.0), seeds - measured.seeds)
    return lacking


def _rows(
    plans: Sequence[Plan], per_seed: Mapping[str, float], most_seeds: int | None, hours: float | None
) -> Iterator[str]:
    """One line per claim, then what all of them take, and which ones can be afforded."""
    width = max(map(len, map(attrgetter("verdict.case"), plans)), default=0)
    for plan in plans:
        text = _outlook(plan, per_seed, most_seeds)
        yield f"{plain_text(plan.verdict.case):{width}}  {text}"
    able = [plan for plan in plans if plan.is_within(most_seeds)]
    order = list(_nearest_first(able, per_seed))
    total = sum(map(itemgetter(1), order))
    limit = "" if most_seeds is None else f" with {most_seeds} seeds of each"
    yield (
        f"{len(able)} of {sum(map(attrgetter('is_open'), plans))} open claims can be decided{limit}, in about "
        f"{duration(total)} of training on one core; seeds that claims share count once"
    )
    if hours is not None:
        yield _within(order, hours)


def _outlook(plan: Plan, per_seed: Mapping[str, float], most_seeds: int | None) -> str:
    if plan.verdict.verdict is Outcome.ERROR:
        return f"ERROR: {plain_text(plan.verdict.reason)}"
    if not plan.is_open:
        seeds = max(map(attrgetter("seeds"), plan.verdict.estimates), default=0)
        return f"{plan.verdict.verdict} already, with {seeds} seeds" if seeds else str(plan.verdict.verdict)
    if math.isinf(plan.seeds):
        return "cannot be said: its estimate lies at the margin"
    text = f"about {plan.seeds:,.0f} seeds of each, {duration(plan.seconds(per_seed, {}))} of training"
    return f"{text}: more than the {most_seeds} allowed" if plan.seeds > (most_seeds or math.inf) else text


def _nearest_first(plans: Sequence[Plan], per_seed: Mapping[str, float]) -> Iterator[tuple[Plan, float]]:
    """The claims, always the nearest one next, each with the seconds of training that it takes after those before."""
    waiting, trained = list(plans), dict[str, float]()
    while waiting:
        nearest = min(waiting, key=lambda plan: plan.seconds(per_seed, trained))
        waiting.remove(nearest)
        yield nearest, nearest.seconds(per_seed, trained)
        for label, seeds in nearest.lacking.items():
            trained[label] = max(trained.get(label, 0.0), seeds)


def _within(order: Sequence[tuple[Plan, float]], hours: float) -> str:
    """The claims that can be decided in time."""
    cases, left = [], 3600 * hours
    for plan, seconds in order:
        left -= seconds
        if left < 0:
            break
        cases.append(plan.verdict.case)
    return f"in {hours:g} hours on one core: {plain_text(', '.join(cases)) or 'none of them'}"


def _last_line(output: str) -> str:
    lines = list(filter(str.strip, output.splitlines()))
    return lines[-1].strip() if lines else "it printed nothing"

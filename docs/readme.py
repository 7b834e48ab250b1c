"""Writes the findings of README.md and its badge of verdicts: `python docs/readme.py`.

The findings stand between two markers. Every figure is looked up in reports/verdicts.json, and a sentence is left out
when the claims that it rests on no longer end as it says.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from urllib.parse import quote

from lrn import Experiment
from lrn.files import read_text, replace_file
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from claims.journal.on_images import RECORDS  # noqa: E402
from claims.thesis.alternatives import alternative  # noqa: E402
from claims.thesis.grid import ELSEWHERE, LATE, PAIRS, PLAIN, column, pair  # noqa: E402
from claims.thesis.report.context import Context  # noqa: E402
from lrn.report import badge as report_badge  # noqa: E402
from lrn.report import documents_of, judgement  # noqa: E402

BADGE = re.compile(r"\[!\[Reproduction: .*\]\(.*\)\]\(.*\)")
MARKERS = "<!-- findings -->", "<!-- end of findings -->"


@dataclass(frozen=True)
class Finding:
    """One paragraph and the claims that it rests on.

    Attributes:
        ends: how every case of a claim must have ended, by the claim's id.
        text: writes the paragraph from the verdicts.
    """

    ends: dict[str, Outcome]
    text: Callable[[Context], str]


def measured(*quantities: MeasuredQuantity | None) -> list[MeasuredQuantity]:
    """The quantities, all of which must have been measured.

    Raises:
        LookupError: one of them was not.
    """
    if None in quantities:
        raise LookupError("the verdicts lack a figure that README.md shows")
    return list(filter(None, quantities))


def percent(*shares: MeasuredQuantity | None) -> str:
    """A share, or the average of several, in whole per cent."""
    points = list(map(attrgetter("point"), measured(*shares)))
    return f"{100 * sum(points) / len(points):.0f} %"


def at_most(*rates: MeasuredQuantity | None) -> str:
    """The largest upper end of several rates in whole per cent, rounded up."""
    highest = max(map(attrgetter("high"), measured(*rates)))
    return f"at most {math.ceil(100 * highest)} %"


def rescue(c: Context) -> str:
    """Convergence at depth 30, and the published counts."""
    plain, late = pair(30, "adam", 0.01, "batch")
    return (
        "**Late connections rescue deep networks.** At depth 30 (width 2, Adam, learning rate 0.01) "
        f"{percent(c.rate(late))} of the late networks converge, and {at_most(c.rate(plain))} of the plain ones. "
        f"All {len(c.claims['C0'])} counts that the thesis publishes are compatible with the measured rates."
    )


def usefulness(c: Context) -> str:
    """Neurons that are alive and reach the output, and where there are fewer dead ones."""
    plain_networks, late_networks = pair(15, "adam", 0.001, "batch", width=4)
    plain, late = measured(c.mean(plain_networks, "dead_neurons"), c.mean(late_networks, "dead_neurons"))
    return (
        "**More neurons are of use.** In every setting a larger share of a late network's neurons is alive and "
        "reaches the output. At small learning rates (Adam at 0.001, SGD at 0.01) and at width 4 slightly fewer of "
        f"them are dead, too: {late.point:.1f} of 60 against {plain.point:.1f} in plain networks at width 4 and depth "
        "15."
    )


def deaths(c: Context) -> str:
    """Where late networks have more dead neurons."""
    high_plain, high_late = zip(*column("adam", 0.1, "batch"), strict=True)

    def dead(experiments: Iterable[Experiment]) -> str:
        return percent(*(c.mean(experiment, "dead_fraction") for experiment in experiments))

    return (
        f"**Dead neurons do not become fewer everywhere.** With Adam at learning rate 0.1, {dead(high_late)} "
        f"of the neurons of late networks are dead, against {dead(high_plain)} in plain ones; over all "
        f"{len(PAIRS)} settings together, {dead(LATE)} against {dead(PLAIN)}. That comes from rate "
        f"0.1 and from Adam's iterative training at 0.01; over the other {len(ELSEWHERE)} settings late networks have "
        "slightly fewer. Among the networks that converge, late ones have more dead neurons, because few plain "
        "networks converge, and those are the ones with few dead neurons."
    )


def cause(c: Context) -> str:
    """The first layer decides."""
    start = f"{pair(30, 'adam', 0.01, 'batch')[1].label}, first layer rising from the mean to"
    both = c.quantities.find("rate", "converged", f"{start} both sides")
    one = c.quantities.find("rate", "converged", f"{start} one side")
    return (
        "**Why it works.** One good layer is enough. A late network of width 2 converges if its first layer has "
        "slopes on both sides of the data, whatever happens above it: of networks of depth 30 that start so, "
        f"{percent(both)} converge; of those that start with slopes on one side, {percent(one)}. At depth 10, most "
        "of the dead neurons were dead before training began."
    )


def remedies(c: Context) -> str:
    """Other remedies at depths 10 and 30."""
    ten, thirty = {}, {}
    for name in NAMES:
        ten[name] = c.rate(alternative(name, 10, 0.01))
        thirty[name] = c.rate(alternative(name, 30, 0.01))
    return (
        f"**What else helps.** At depth 10, PReLU ({percent(ten['PReLU'])}) and ELU ({percent(ten['ELU'])}) rescue "
        f"more networks than late connections ({percent(ten['late'])}). At depth 30 they fail "
        f"({at_most(thirty['PReLU'], thirty['ELU'])}). ResNet's additions reach {percent(thirty['residual'])} "
        f"there, late connections {percent(thirty['late'])}, and late connections with He's initial weights "
        f"{percent(thirty['late, He'])}."
    )


def companions(_: Context) -> str:
    """The journal and the note."""
    return (
        "**Two companion documents**, a journal on residual CNNs and a note on residual connections: skip "
        "connections make depth trainable. On digits of 8 x 8 pixels residual CNNs also get worse with depth, though "
        f"less than plain ones; {on_mnist()}. Random and trained networks have fewer linear regions than neurons, "
        "although deep networks *can* have exponentially many."
    )


def on_mnist() -> str:
    """Whether depth helps residual CNNs on MNIST, which the journal used."""
    record = SuiteVerdicts.read(ROOT / "reports" / RECORDS["MNIST"])
    (accuracy,) = (v.verdict for v in record.claims if v.id == "F5-residual-literal")
    words = {
        HOLDS: "deep ones are the more accurate",
        FAILS: "deep ones are no more accurate",
        Outcome.INCONCLUSIVE: "it is open",
    }
    return f"on MNIST, which the journal used, {words[accuracy]} (depth 56 against 8)"


NAMES = ("PReLU", "ELU", "late", "residual", "late, He")
HOLDS, FAILS = Outcome.SUPPORTED, Outcome.REFUTED
SMALL_RATES = {"D5-dead-column[adam-0.001-*]": HOLDS, "D5-dead-column[sgd-0.01-*]": HOLDS}
FINDINGS = (
    Finding({"C0": HOLDS, "C2": HOLDS}, rescue),
    Finding({"D8-contribute": HOLDS, "D1-all": HOLDS, **SMALL_RATES}, usefulness),
    Finding({"D5-dead": FAILS, "D5-dead-elsewhere": HOLDS, "D1-converged": FAILS, "O7-selection": HOLDS}, deaths),
    Finding({"O1-speaks": HOLDS, "O2-cause": HOLDS, "O2-size": HOLDS, "O5": HOLDS}, cause),
    Finding({}, remedies),
    Finding({"F7-residual-literal": FAILS, "F7-residual-practical": HOLDS, "G3-neurons": HOLDS}, companions),
)


def findings(suite: SuiteVerdicts) -> str:
    """The findings as Markdown.

    Raises:
        LookupError: the verdicts lack a figure that a finding shows.
    """
    context = Context(suite, None)
    paragraphs = [*map(judgement, documents_of(suite, ROOT / "claims")[:1]), ""]
    for finding in FINDINGS:
        if list(map(context.ended, finding.ends)) == list(finding.ends.values()):
            paragraphs.append(f"- {finding.text(context)}")
    return "\n".join(paragraphs)


def badge(suite: SuiteVerdicts) -> str:
    """How many of the thesis's sentences hold, as a badge that leads to the report."""
    message = report_badge(suite, documents_of(suite, ROOT / "claims"))["message"]
    picture = f"https://img.shields.io/badge/reproduction-{quote(message)}-blue"
    return f"[![Reproduction: {message}]({picture})](reports/REPRODUCTION.md)"


def renew(text: str, suite: SuiteVerdicts) -> str:
    """The README's text with the suite's badge, and its findings between the markers.

    Raises:
        ValueError: the badge or a marker is missing or stands there twice.
    """
    if set(map(text.count, MARKERS)) != {1}:
        raise ValueError(f"README.md must have {MARKERS[0]} and {MARKERS[1]} once each")
    before, rest = text.split(MARKERS[0])
    text = f"{before}{MARKERS[0]}\n{findings(suite)}\n{MARKERS[1]}{rest.split(MARKERS[1])[1]}"
    text, badges = BADGE.subn(badge(suite), text)
    if badges != 1:
        raise ValueError(f"README.md must have the badge of verdicts once; got {badges}")
    return text


if __name__ == "__main__":
    readme = ROOT / "README.md"
    replace_file(readme, renew(read_text(readme), SuiteVerdicts.read(ROOT / "reports" / "verdicts.json")))

"""What holds and what does not, in plain words; every figure in them is looked up in the verdicts, and links to its claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from claims.thesis.grid import ELSEWHERE, PAIRS, pair
from claims.thesis.report.context import Context
from lrn import Experiment
from lrn.verdicts import Outcome

__all__ = ["FINDINGS", "Finding"]

HOLDS, FAILS = Outcome.SUPPORTED, Outcome.REFUTED


@dataclass(frozen=True)
class Finding:
    """A few claims in one sentence, which may stand in the report only where they ended as it says.

    Attributes:
        claims: their ids.
        end: how every case of them must have ended.
        words: the sentence, its figures as links; raises `Missing` for a figure that was not measured.
    """

    claims: tuple[str, ...]
    end: Outcome
    words: Callable[[Context], str]


def _wide(depth: int) -> tuple[Experiment, Experiment]:
    return pair(depth, "adam", 0.001, "batch", width=4)


def _rescue(c: Context) -> str:
    plain, late = pair(30, "adam", 0.01, "batch")
    return (
        "Late connections rescue deep networks. With Adam at learning rate 0.01 and batch training, "
        f"{c.cited_rate(late)} of late networks of depth 30 converge, and at most {c.cited_rate(plain, most=True)} of plain "
        "ones."
    )


def _published(c: Context) -> str:
    return (
        f"All {len(c.claims['C0'])} published counts of convergence are compatible with the measured "
        "rates: the thesis’s ten runs per setting came out as ten runs at these rates do."
    )


def _sgd(c: Context) -> str:
    plain, late = pair(10, "sgd", 0.01, "batch")
    return (
        "So it is with SGD at 0.01, at every depth and in both styles of training; at depth 10, for example, "
        f"{c.cited_rate(late)} of late networks converge in batch training, and at most {c.cited_rate(plain, most=True)} of "
        "plain ones."
    )


def _best(c: Context) -> str:
    return (
        "At learning rate 0.001, late connections with Adam and batch training converge more often than any other "
        f"combination at every depth, in {c.cited('C11-likely')} of runs on average over the depths."
    )


def _time(c: Context) -> str:
    longer = pair(2, "sgd", 0.001, "batch")[1].replace(epochs=30000)
    return (
        "SGD at 0.001 needs more epochs, as the thesis suspects: given ten times as many, "
        f"{c.cited_rate(longer)} of late networks of depth 2 converge."
    )


def _wider(c: Context) -> str:
    return (
        "Wider layers help as the thesis expects: networks of width 4 converge more often and have fewer dead layers than "
        f"those of width 2; late ones of depth 10 converge more often by {c.cited('D4-converge[late-10]')}."
    )


def _contributing(c: Context) -> str:
    return (
        "More neurons of late networks are of use: alive, and able to reach the output. In every column of the grid and at "
        "every depth the share of them is larger than in plain networks; with Adam at 0.001 and batch training, by "
        f"{c.cited('D8-contribute[adam-0.001-batch]')} of all neurons at depth 2."
    )


def _slightly_fewer(c: Context) -> str:
    plain, late = _wide(15)
    of_late, of_plain = c.cited_mean(late, "dead_neurons"), c.cited_mean(plain, "dead_neurons")
    return (
        "Late networks have slightly fewer dead neurons at width 4, and at width 2 with Adam at learning rate 0.001 and with "
        "SGD at 0.01, counted over all "
        f"networks: at width 4 and depth 15, {of_late} of 60 against {of_plain} in plain ones. There training also kills "
        "fewer of them."
    )


def _many_more(c: Context) -> str:
    plain, late = _wide(15)
    of_late = c.cited_mean(late, "dead_neurons", "converged")
    of_plain = c.cited_mean(plain, "dead_neurons", "converged")
    return (
        "Late networks have many more dead neurons at learning rate 0.1, and more among the networks that converge. With "
        f"Adam at 0.1 and batch training the share of dead neurons is larger by {c.cited('D5-dead-column[adam-0.1-batch]')}, "
        f"on average over the depths. Of networks that converge at width 4 and depth 15, late ones have {of_late} of 60 "
        f"dead, plain ones {of_plain}, where the thesis reports fewer late; {c.cited_rate(plain)} of plain networks converge "
        "there, the ones with few dead."
    )


def _whole_grid(c: Context) -> str:
    return (
        f"Over the whole grid of {len(PAIRS)} settings together, converged or not, late networks have no smaller share of "
        f"dead neurons: on average it is larger by {c.cited('D5-dead')}. That comes from learning rate 0.1 and from Adam’s "
        "iterative training at 0.01."
    )


def _most_settings(c: Context) -> str:
    return (
        f"Late networks have slightly fewer dead neurons over {len(ELSEWHERE)} of the {len(PAIRS)} settings together, those without a "
        "learning rate of 0.1 and without Adam’s iterative training at 0.01: the share of late less that of plain networks is "
        f"{c.cited('D5-dead-elsewhere')} on average."
    )


def _occasional(c: Context) -> str:
    rate = c.cited_rate(pair(10, "adam", 0.1, "batch")[1], "over_half_dead", "converged")
    return (
        "More than half of the neurons are dead “occasionally”, as the thesis says, over all settings together; with Adam at "
        f"0.1 and batch training it is the rule: {rate} of converged late networks of depth 10. They converge in "
        "spite of dead layers, by going around them."
    )


def _dead_layers(c: Context) -> str:
    return (
        "“Each architecture shown did not have dead layers” may be so of the few networks shown, and is not typical: at width "
        f"4 and depth 15, {c.cited_rate(_wide(15)[1], 'any_dead_layer', 'converged')} of converged late networks have one."
    )


def _batch_too(c: Context) -> str:
    plain = pair(2, "adam", 0.001, "batch")[0]
    return (
        "“None of the non-residual connection networks were able to converge” holds for iterative training, of which its "
        f"paragraph speaks, and not for batch training: {c.cited_rate(plain)} of plain networks of depth 2 do converge."
    )


def _unsorted(_: Context) -> str:
    return (
        "The loss of iterative training spikes because the values are not sorted, as the thesis says: sorted by input, which "
        "ends the switching of signs too, or by target, it spikes less. Signs that switch do their part in late networks: with "
        "nothing else changed, these spike in more epochs than with signs that switch once each way."
    )


def _signs_in_plain(_: Context) -> str:
    return (
        "In plain networks like that of Figure 4.4 the signs do not matter: they are constant functions, whose loss spikes "
        "with the targets alone."
    )


def _iterative(c: Context) -> str:
    _, iterative = pair(10, "adam", 0.001, "iterative")
    _, batch = pair(10, "adam", 0.001, "batch")
    return (
        "At 0.001 iterative training converges less often than batch training, as the thesis says. Whether flipping gradients "
        "are the factor that it names is open: given as many samples as batch training, and so twenty times the steps, "
        f"{c.cited_rate(iterative.replace(epochs=60_000))} of late networks of depth 10 converge, against "
        f"{c.cited_rate(batch)} in batch training."
    )


FINDINGS = (
    Finding(("C2",), HOLDS, _rescue),
    Finding(("C6",), HOLDS, _sgd),
    Finding(("C0",), HOLDS, _published),
    Finding(("D8-contribute",), HOLDS, _contributing),
    Finding(
        ("D1-all", "D5-dead-column[adam-0.001-*]", "D5-dead-column[sgd-0.01-*]", "D8-killed-width-4"),
        HOLDS,
        _slightly_fewer,
    ),
    Finding(("D5-dead-elsewhere",), HOLDS, _most_settings),
    Finding(("C11-best",), HOLDS, _best),
    Finding(("C13-time",), HOLDS, _time),
    Finding(("D4-converge", "D4-layer"), HOLDS, _wider),
    Finding(("B1",), HOLDS, _occasional),
    Finding(("C5-cause-targets", "C5-cause-inputs", "C5-cause-sign"), HOLDS, _unsorted),
    Finding(("C9-iterative",), HOLDS, _iterative),
    Finding(("D1-converged", "D5-dead-column[adam-0.1-*]"), FAILS, _many_more),
    Finding(("D5-dead", "D5-dead-column[*-0.1-*]", "D5-dead-column[adam-0.01-iterative]"), FAILS, _whole_grid),
    Finding(("D2-practical[late-15]",), FAILS, _dead_layers),
    Finding(("C9-plain-practical[batch-2]",), FAILS, _batch_too),
    Finding(("C5-cause-sign-plain",), FAILS, _signs_in_plain),
)

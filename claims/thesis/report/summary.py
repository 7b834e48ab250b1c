"""What holds and what does not, in plain words; every figure in them is looked up in the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from claims.judgement import headline
from claims.thesis.grid import DEPTHS, PAIRS, STYLES, pair
from claims.thesis.report.context import Context
from lrn import Experiment
from lrn.report import Section, number_text, percent_text
from lrn.report.figures import LATE, PLAIN, drawing, inline, standalone
from lrn.verdicts import MeasuredQuantity, Outcome

__all__ = ["summary"]

HOLDS, FAILS = Outcome.SUPPORTED, Outcome.REFUTED


@dataclass(frozen=True)
class Finding:
    """A few claims in one sentence, which may stand in the report only where they ended as it says.

    Attributes:
        claims: their ids.
        end: how every case of them must have ended.
        words: the sentence; raises `Missing` for a figure that was not measured.
    """

    claims: tuple[str, ...]
    end: Outcome
    words: Callable[[Context], str]


class Missing(LookupError):
    """A figure was not measured."""


def _percent(quantity: MeasuredQuantity | None) -> str:
    if quantity is None:
        raise Missing
    return percent_text(quantity.point)


def _at_most(quantity: MeasuredQuantity | None) -> str:
    """A rate that may be 0, by the upper end of its interval."""
    if quantity is None:
        raise Missing
    return f"at most {percent_text(quantity.high)}"


def _number(quantity: MeasuredQuantity | None) -> str:
    if quantity is None:
        raise Missing
    return number_text(quantity.point)


def _wide(depth: int) -> tuple[Experiment, Experiment]:
    return pair(depth, "adam", 0.001, "batch", width=4)


def _rescue(c: Context) -> str:
    plain, late = pair(30, "adam", 0.01, "batch")
    return (
        "Late connections rescue deep networks. With Adam at learning rate 0.01 and batch training, "
        f"{_percent(c.rate(late))} of late networks of depth 30 converge, and {_at_most(c.rate(plain))} of plain ones."
    )


def _published(c: Context) -> str:
    return (
        f"All {len(c.claims['C0'])} published counts of convergence are compatible with the measured "
        "rates: the thesis’s ten runs a setting came out as ten runs at these rates do."
    )


def _sgd(c: Context) -> str:
    plain, late = pair(10, "sgd", 0.01, "batch")
    return (
        "So it is with SGD at 0.01, at every depth and in both styles of training; at depth 10, for example, "
        f"{_percent(c.rate(late))} of late networks converge in batch training, and {_at_most(c.rate(plain))} of plain ones."
    )


def _best(c: Context) -> str:
    rates = [c.rate(pair(d, "adam", 0.001, "batch")[1]) for d in DEPTHS]
    if None in rates:
        raise Missing
    points = [rate.point for rate in rates if rate is not None]
    return (
        "At learning rate 0.001, late connections with Adam and batch training converge more often than any other "
        f"combination, in {percent_text(min(points))} to {percent_text(max(points))} of runs."
    )


def _time(c: Context) -> str:
    longer = pair(2, "sgd", 0.001, "batch")[1].replace(epochs=30000)
    return (
        "SGD at 0.001 fails for want of time, as the thesis suspects: given ten times the epochs, "
        f"{_percent(c.rate(longer))} of late networks of depth 2 converge."
    )


def _wider(_: Context) -> str:
    return "Wider layers help as the thesis expects: networks of width 4 converge more often and have fewer dead layers than those of width 2."


def _contributing(c: Context) -> str:
    gains = [q.point for v in c.cases("D8-contribute") for q in v.estimates]
    if not gains:
        raise Missing
    return (
        "More neurons of late networks are of use: alive, and able to reach the output. In every column of the grid and at "
        f"every depth the share of them is larger than in plain networks, by {percent_text(min(gains))} to "
        f"{percent_text(max(gains))} of all neurons."
    )


def _slightly_fewer(c: Context) -> str:
    plain, late = _wide(15)
    of_late, of_plain = (_number(c.mean(e, "dead_neurons")) for e in (late, plain))
    return (
        "Late networks have slightly fewer dead neurons at width 4 and with Adam at learning rate 0.001, counted over all networks: at "
        f"width 4 and depth 15, {of_late} of 60 against {of_plain} in plain ones. There training also kills fewer of them."
    )


def _many_more(c: Context) -> str:
    plain, late = _wide(15)
    of_late, of_plain = (_number(c.mean(e, "dead_neurons", "converged")) for e in (late, plain))
    high = [c.mean(e, "dead_fraction") for d in DEPTHS for e in pair(d, "adam", 0.1, "batch")]
    if None in high:
        raise Missing
    points = [mean.point for mean in high if mean is not None]
    shares = [percent_text(sum(points[i::2]) / len(DEPTHS)) for i in (1, 0)]
    return (
        "Late networks have many more dead neurons at learning rate 0.1, and more among the networks that converge. With "
        f"Adam at 0.1 and batch training {shares[0]} of all neurons are dead, against {shares[1]} in plain networks. Of "
        f"networks that converge at width 4 and depth 15, late ones have {of_late} of 60 dead, plain ones {of_plain}, where "
        f"the thesis reports fewer late; {_percent(c.rate(plain))} of plain networks converge there, the ones with few dead."
    )


def _whole_grid(c: Context) -> str:
    shares = []
    for i in (1, 0):
        means = [mean for cell in PAIRS if (mean := c.mean(cell[i], "dead_fraction")) is not None]
        if len(means) < len(PAIRS):
            raise Missing
        shares.append(sum(mean.point for mean in means) / len(means))
    return (
        f"Over the whole grid of {len(PAIRS)} settings together, converged or not, late networks have no smaller share of "
        f"dead neurons: {percent_text(shares[0])} on average, against {percent_text(shares[1])} in plain ones."
    )


def _occasional(c: Context) -> str:
    rate = c.rate(pair(10, "adam", 0.1, "batch")[1], "over_half_dead", "converged")
    return (
        "More than half of the neurons are dead “occasionally”, as the thesis says, over all settings together; with Adam at "
        f"0.1 and batch training it is the rule: {_percent(rate)} of converged late networks of depth 10. They converge in "
        "spite of dead layers, by going around them."
    )


def _dead_layers(c: Context) -> str:
    rate = c.rate(_wide(15)[1], "any_dead_layer", "converged")
    return (
        "“Each architecture shown did not have dead layers” may be so of the few networks shown, and is not typical: at width "
        f"4 and depth 15, {_percent(rate)} of converged late networks have one."
    )


def _batch_too(c: Context) -> str:
    plain = pair(2, "adam", 0.001, "batch")[0]
    return (
        "“None of the non-residual connection networks were able to converge” holds for iterative training, of which its "
        f"paragraph speaks, and not for batch training: {_percent(c.rate(plain))} of plain networks of depth 2 do converge."
    )


def _unsorted(_: Context) -> str:
    return "The loss of iterative training spikes because the values are not sorted, as the thesis says: sorted, it spikes less."


def _spiking(_: Context) -> str:
    return (
        "The loss of iterative training does not spike because inputs switch between negative and positive: with the negative inputs first, and all else "
        "as drawn, it spikes more."
    )


def _more_steps(c: Context) -> str:
    iterative, batch = (pair(10, "adam", 0.001, style)[1] for style in STYLES)
    return (
        "At 0.001 iterative training converges seldom for want of steps, not because its gradients flip: given as many samples "
        f"as batch training, {_percent(c.rate(iterative.replace(epochs=60_000)))} of late networks of depth 10 converge, "
        f"against {_percent(c.rate(batch))} in batch training."
    )


FINDINGS = (
    Finding(("C2",), HOLDS, _rescue),
    Finding(("C6",), HOLDS, _sgd),
    Finding(("C0",), HOLDS, _published),
    Finding(("D8-contribute",), HOLDS, _contributing),
    Finding(("D1-all", "D5-dead-column[adam-0.001-*]", "D8-killed-width-4"), HOLDS, _slightly_fewer),
    Finding(("C11-best",), HOLDS, _best),
    Finding(("C13-time",), HOLDS, _time),
    Finding(("D4-converge", "D4-layer"), HOLDS, _wider),
    Finding(("B1",), HOLDS, _occasional),
    Finding(("C5-cause-targets", "C5-cause-inputs"), HOLDS, _unsorted),
    Finding(("D1-converged", "D5-dead-column[adam-0.1-*]"), FAILS, _many_more),
    Finding(("D5-dead",), FAILS, _whole_grid),
    Finding(("D2-practical[late-15]",), FAILS, _dead_layers),
    Finding(("C9-plain-practical[batch-2]",), FAILS, _batch_too),
    Finding(("C5-cause-sign",), FAILS, _spiking),
    Finding(("C9-steps",), FAILS, _more_steps),
)


def summary(context: Context) -> Section | None:
    """The findings under their headings, with one picture."""
    found: dict[Outcome, list[tuple[str, list[tuple[str, str]]]]] = {HOLDS: [], FAILS: []}
    for finding in FINDINGS:
        if all(context.ended(id) is finding.end for id in finding.claims):
            try:
                words = finding.words(context)
            except Missing:
                continue
            links = [(id, context.anchor(id)) for id in finding.claims]
            found[finding.end].append((words, links))
    if not any(found.values()):
        return None
    panels, files = [], {}
    for name, label, figure in _pictures(context):
        panels.append((label, inline(figure, label)))
        files[name] = standalone(figure, label)
    lead = headline(context.suite)
    html = context.render("summary.html.j2", lead=lead, holds=found[HOLDS], fails=found[FAILS], panels=panels)
    lines = [lead, ""] if lead else []
    lines += [f"![{label}](figures/{name})" for name, (label, _) in zip(files, panels, strict=True)]
    for end, heading in ((HOLDS, "What holds"), (FAILS, "What does not")):
        lines += ["", f"**{heading}**", ""]
        lines += [f"- {words} ({', '.join(id for id, _ in links)})" for words, links in found[end]]
    return Section("In short", html, "\n".join(lines), files, first=True)


def _pictures(context: Context) -> Iterator[tuple[str, str, object]]:
    """Convergence against depth, and dead neurons against depth."""
    rates = {(d, i): context.rate(e) for d in DEPTHS for i, e in enumerate(pair(d, "adam", 0.01, "batch"))}
    if all(rates.values()):
        label = "Share of networks that converge, by depth: width 2, Adam, 0.01, batch"
        yield "converged.svg", label, _curves(rates, "converged", percent=True)
    depths = (2, 5, 10, 15)
    dead = {(d, i): context.mean(e, "dead_neurons", "converged") for d in depths for i, e in enumerate(_wide(d))}
    if all(dead.values()):
        label = "Mean dead neurons of networks that converge, by depth: width 4, Adam, 0.001, batch"
        yield "dead.svg", label, _curves(dead, "dead neurons", percent=False)


def _curves(cells: dict[tuple[int, int], MeasuredQuantity | None], title: str, *, percent: bool) -> object:
    depths = list(dict.fromkeys(depth for depth, _ in cells))
    with drawing(4.6, 2.4) as (figure, axes):
        for i, (name, colour, marker) in enumerate((("plain", PLAIN, "s"), ("late", LATE, "o"))):
            found = [q for depth in depths if (q := cells[depth, i]) is not None]
            axes.vlines(depths, [q.low for q in found], [q.high for q in found], color=colour, linewidth=3.2, alpha=0.4)
            axes.plot(depths, [q.point for q in found], color=colour, marker=marker, markersize=3.6)
            axes.annotate(
                name,
                (depths[-1], found[-1].point),
                xytext=(7, 0),
                textcoords="offset points",
                color=colour,
                va="center",
            )
        axes.set(xticks=depths, xlabel="depth", title=title.capitalize(), ylim=(-0.03, 1.03) if percent else (0, None))
        axes.set_xlim(0, depths[-1] * 1.12)
        if percent:
            axes.set_yticks((0, 0.5, 1), ("0", "50 %", "100 %"))
    return figure

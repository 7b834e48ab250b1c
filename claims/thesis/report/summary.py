"""What holds and what does not, in plain words; every figure in them is looked up in the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from claims.thesis.grid import DEPTHS, STYLES, pair
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


def _keeps_alive(c: Context) -> str:
    plain, late = _wide(15)
    of_late, of_plain = (_number(c.mean(e, "dead_neurons", "converged")) for e in (late, plain))
    return (
        "The connections do not keep neurons alive. Among networks that converge, late ones have more dead neurons: at "
        f"width 4 and depth 15, {of_late} of 60 against {of_plain} in plain ones, where the thesis reports fewer. Of "
        f"plain networks {_percent(c.rate(plain))} converge there, the ones with few dead neurons."
    )


def _whole_grid(c: Context) -> str:
    cells = [pair(d, o, lr, s) for d in DEPTHS for o in ("adam", "sgd") for lr in (0.01, 0.001, 0.1) for s in STYLES]
    shares = []
    for i in (1, 0):
        means = [mean for cell in cells if (mean := c.mean(cell[i], "dead_fraction")) is not None]
        if len(means) < len(cells):
            raise Missing
        shares.append(sum(mean.point for mean in means) / len(means))
    return (
        f"Over the whole grid of {len(cells)} settings, converged or not, late networks have no smaller share of dead "
        f"neurons: {percent_text(shares[0])} on average, against {percent_text(shares[1])} in plain ones."
    )


def _occasional(c: Context) -> str:
    rate = c.rate(pair(10, "adam", 0.1, "batch")[1], "over_half_dead", "converged")
    return (
        "Dead neurons in late networks are no exception: with Adam at 0.1 and batch training, "
        f"{_percent(rate)} of converged late networks of depth 10 have more than half of their neurons dead. They "
        "converge in spite of dead layers, by going around them."
    )


def _no_dead_layer(c: Context) -> str:
    rate = c.rate(_wide(15)[1], "any_dead_layer", "converged")
    return f"“Each architecture shown did not have dead layers” is not so: at width 4 and depth 15, {_percent(rate)} of converged late networks have one."


def _never(c: Context) -> str:
    plain = pair(2, "adam", 0.001, "batch")[0]
    return (
        "“None of the non-residual connection networks were able to converge” is not so: with Adam at 0.001 and batch training, "
        f"{_percent(c.rate(plain))} of plain networks of depth 2 do converge."
    )


def _epochs(c: Context) -> str:
    median = c.median(pair(25, "adam", 0.1, "batch")[1], "converged_at", "converged")
    return f"At learning rate 0.1 late networks of depth 25 that converge do so even sooner than the “roughly 100 epochs” of the thesis: the median is {_number(median)}."


FINDINGS = (
    Finding(("C2",), HOLDS, _rescue),
    Finding(("C6",), HOLDS, _sgd),
    Finding(("C0",), HOLDS, _published),
    Finding(("C11-best",), HOLDS, _best),
    Finding(("C13-time",), HOLDS, _time),
    Finding(("D4-converge", "D4-layer"), HOLDS, _wider),
    Finding(("D1-converged",), FAILS, _keeps_alive),
    Finding(("D5-dead",), FAILS, _whole_grid),
    Finding(("B1-literal",), HOLDS, _occasional),
    Finding(("D2-literal",), FAILS, _no_dead_layer),
    Finding(("C9-plain-literal",), FAILS, _never),
    Finding(("C15-epochs",), FAILS, _epochs),
)
REFUTES = (_occasional,)
"""Supported claims whose sentence corrects the thesis."""


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
            found[FAILS if finding.words in REFUTES else finding.end].append((words, links))
    if not any(found.values()):
        return None
    panels, files = [], {}
    for name, label, figure in _pictures(context):
        panels.append((label, inline(figure, label)))
        files[name] = standalone(figure, label)
    html = context.render("summary.html.j2", holds=found[HOLDS], fails=found[FAILS], panels=panels)
    lines = [f"![{label}](figures/{name})" for name, (label, _) in zip(files, panels, strict=True)]
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

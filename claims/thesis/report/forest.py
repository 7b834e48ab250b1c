"""The central statements, each with the thesis's own figure and its interval beside the measured one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from claims.documents import THESIS
from claims.thesis.grid import published, table
from claims.thesis.report.context import Context, Missing
from claims.thesis.report.exact_difference import difference_interval
from claims.thesis.report.forest_picture import Bar, forest_svg, row_svg
from lrn.intervals import rate_interval
from lrn.report import Section, number_view, range_text, value_text
from lrn.verdicts.text import markdown_text

__all__ = ["LEVEL", "Published", "Statement", "forest", "word"]

LEVEL = 0.05
"""By chance an interval of the thesis's own figures misses at most this often."""
PUBLISHED, NONE = "not published", "–"


@dataclass(frozen=True)
class Published:
    """A figure of the thesis with the interval that its few runs allow, as a share or a difference of shares."""

    text: str
    point: float
    low: float
    high: float


@dataclass(frozen=True)
class Statement:
    """One row: a central sentence, and where the thesis and the record have a figure for it.

    Attributes:
        sentence: its id in the thesis's sentences.
        group: the quantity that is shown, with its sign.
        words: in which setting, and the meaning of the line where it is not zero.
        case: the case of a claim that measured it.
        rows: which published rows it is of, by their columns; empty where the thesis has no figure.
        line: the share, or difference of shares, that decides: figures above it are one answer, those below the other.
        late: whether the published figure is of late networks alone (True), of plain ones (False), or late minus plain.
        also: central sentences that say the same.
        neurons: neurons of a network, where the figure is a mean of dead ones; 0 where it is a share of runs.
    """

    sentence: str
    group: str
    words: str
    case: str
    rows: Mapping[str, str] = field(default_factory=dict)
    line: float = 0.0
    late: bool | None = None
    neurons: int = 0
    also: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """Every sentence that the row is for."""
        return self.sentence, *self.also


_BATCH, _ITERATIVE = {"training_style": "batch"}, {"training_style": "iterative"}
_ADAM, _SGD, _LOW = {"figure": "4.3"}, {"figure": "4.6"}, {"figure": "4.9"}
_WHOLE_GRID: dict[str, str] = {"figure": "*"}
CONVERGE, DEAD, OF_USE, SHARES = (
    "Networks that converge: late minus plain",
    "Dead neurons: late minus plain",
    "Neurons alive, reached or killed: late minus plain",
    "Share of networks that converge",
)
SCALES = {
    CONVERGE: "from −100 to 100 points",
    DEAD: "from all fewer to all more",
    OF_USE: "from −100 to 100 points",
    SHARES: "from 0 to 100 %",
}
"""What the pictures of each group span, from left to right."""
STATEMENTS = (
    Statement("gradient-flow", CONVERGE, "over all 84 settings", "D5-converge", _WHOLE_GRID, also=("improved-learning", "summary-improvement")),
    Statement("drastically-improves", CONVERGE, "Adam, 0.01, iterative, all depths", "C2-total[iterative]", _ADAM | _ITERATIVE),
    Statement("red-totals", CONVERGE, "Adam, 0.01, batch, all depths", "C2-total[batch]", _ADAM | _BATCH),
    Statement("because-of-late", CONVERGE, "Adam, 0.01, iterative, depth 10", "C2[10-iterative]", _ADAM | _ITERATIVE | {"depth": "10"}),
    Statement("sgd-more-often", CONVERGE, "SGD, 0.01, batch, depth 10", "C6[10-batch]", _SGD | _BATCH | {"depth": "10"}),
    Statement("decrease-where-both", DEAD, "width 4, depth 15, all networks", "D1-all[15]", {"figure": "4.22", "depth": "15"}, neurons=60),
    Statement("decline-shown", DEAD, "width 4, depth 15, those that converge", "D1-converged[15]", {"figure": "4.22", "depth": "15"}, neurons=60),
    Statement("fewer-dead-per-convergence", DEAD, "depth 5, iterative, those that converge", "C3[5-iterative]", _ADAM | _ITERATIVE | {"depth": "5"}, neurons=10),
    Statement("combats", DEAD, "share of all, over all 84 settings", "D5-dead"),
    Statement("potential-reduced-dead", DEAD, "share of all, over 49 settings: not 0.1, nor Adam’s iterative training at 0.01", "D5-dead-elsewhere"),
    Statement("more-neurons-contribute", OF_USE, "alive and able to reach the output, SGD, 0.01, batch, depth 2", "D8-contribute[sgd-0.01-batch]"),
    Statement("possibility-alive", OF_USE, "alive and able to reach the output, Adam, 0.1, batch, depth 2", "D8-contribute[adam-0.1-batch]"),
    Statement("more-flow-to-a-neuron", OF_USE, "seeds in which gradient reaches more neurons, depth 10", "A1-reached[10]"),
    Statement("neurons-do-not-die", OF_USE, "killed in training, Adam, 0.01, batch", "D8-killed[adam-0.01-batch]"),
    Statement("hypothesis", OF_USE, "killed in training, width 4, depth 10", "D8-killed-width-4[10]"),
    Statement("six-of-ten", SHARES, "late, Adam, 0.01, iterative, depth 10: more than half", "C5-converge", _ADAM | _ITERATIVE | {"depth": "10"}, 0.5, late=True),
    Statement("more-than-likely", SHARES, "late, Adam, 0.001, batch: more than half", "C11-likely", _LOW | _BATCH, 0.5, late=True),
    Statement("plain-fails-when-deep", SHARES, "plain, Adam, 0.01, batch, depth 10: below 5 %", "C1-practical[10-batch]", _ADAM | _BATCH | {"depth": "10"}, 0.05, late=False),
    Statement("none-of-the-plain", SHARES, "plain, Adam, 0.001, iterative, depth 10: below 5 %", "C9-plain-practical[iterative-10]", _LOW | _ITERATIVE | {"depth": "10"}, 0.05, late=False),
    Statement("none-at-sgd-0.001", SHARES, "late, SGD, 0.001, batch, depth 10: below 5 %", "C12-practical[late-10-batch]", {"figure": "4.12"} | _BATCH | {"depth": "10"}, 0.05, late=True),
    Statement("short-circuit-dead-layers", SHARES, "late with a dead layer, depth 10: more than 5 %", "B3-converge[10]", line=0.05, late=True, also=("dead-layers-present",)),
)  # fmt: skip


def word(published: Published | None, low: float, high: float, line: float) -> str:
    """Whether the published figure and the measured one fall on the same side of a line.

    Args:
        published: the thesis's figure; None where it has none.
        low: lower end of the measured interval.
        high: its upper end.
        line: the line.
    """
    if published is None:
        return PUBLISHED
    theirs, ours = _side(published.low, published.high, line), _side(low, high, line)
    if ours == 0:
        return "not decided"
    if theirs == 0:
        return "too few to tell"
    return "agrees" if theirs == ours else "opposite"


def _side(low: float, high: float, line: float) -> int:
    return 1 if low > line or low == line < high else -1 if high < line or high == line > low else 0


def forest(context: Context) -> Section | None:
    """A row per central statement; those that were not measured are left out."""
    rows = list(_rows(context))
    if not rows:
        return None
    finding = _finding(Counter(map(itemgetter("word"), rows)))
    html = context.render(
        "forest.html.j2", rows=rows, finding=finding, level=100 * (1 - LEVEL), certain=context.certain
    )
    label = f"{finding}: the thesis’s own figures with their intervals beside the measured ones"
    lines = [f"![{label}](figures/central.svg)", "", "| statement | of | thesis | measured | |", "|---" * 5 + "|"]
    drawn = []
    for row in rows:
        cells = (row["name"], f"{row['group']}; {row['words']}", row["published"], row["measured"], row["word"])
        lines.append(f"| {' | '.join(map(markdown_text, cells))} |")
        drawn.append((row["group"], f"{_short(row['sentences'])}: {row['words']}", row["bar"], row["word"]))
    files = {"central.svg": forest_svg(drawn, finding, label, (100 * (1 - LEVEL), context.certain))}
    return Section("Published beside measured", html, "\n".join(lines), files, first=True, short="Compared")


def _short(sentences: Sequence[tuple[str, str]]) -> str:
    """The first sentence's name, and how many more there are: a picture has room for one line."""
    more = len(sentences) - 1
    return f"{sentences[0][1]} (and {more} more)" if more else sentences[0][1]


def _finding(words: Counter[str]) -> str:
    """How many of the figures that the thesis has are confirmed."""
    agree, opposite, few = words["agrees"], words["opposite"], words["too few to tell"]
    total = words.total() - words[PUBLISHED]
    turned = {0: "none is opposite", 1: "1 is opposite"}.get(opposite, f"{opposite} are opposite")
    return f"{agree} of {total} published figures agree with the measured ones, {turned}, {few} come from too few runs to tell"


def _rows(context: Context) -> Iterator[dict[str, Any]]:
    for statement in STATEMENTS:
        cases = context.cases(statement.case)
        if len(cases) != 1 or not cases[0].estimates:
            continue
        try:
            theirs = _published(statement)
        except Missing:
            continue
        measured = cases[0].estimates[0]
        view = number_view(measured, (0.0, 1.0))
        size = statement.neurons or _settings(measured.coefficients)
        point, low, high = measured.point / size, measured.low / size, measured.high / size
        bar = _bar(statement, theirs, point, low, high)
        names = [THESIS[id].name for id in statement.sentences]
        addresses = map("thesis/{}".format, statement.sentences)
        yield {
            "sentences": list(zip(addresses, names, strict=True)),
            "name": "; ".join(names),
            "group": statement.group,
            "scale": SCALES[statement.group],
            "words": statement.words,
            "published": theirs.text if theirs else NONE,
            "measured": f"{view.text} {view.interval}",
            "address": context.anchor(statement.case),
            "seeds": view.seeds,
            "word": word(theirs, low, high, statement.line),
            "bar": bar,
            "svg": row_svg(bar),
        }


def _settings(coefficients: tuple[float, ...]) -> float:
    """The number that a sum over settings is divided by to be the mean over them."""
    return sum(c for c in coefficients if c > 0) if len(coefficients) > 2 else 1.0


def _bar(statement: Statement, theirs: Published | None, point: float, low: float, high: float) -> Bar:
    ends = (theirs.low, theirs.point, theirs.high) if theirs else None
    return Bar((low, point, high), ends, statement.line, statement.late is None)


def _published(statement: Statement) -> Published | None:
    """The thesis's figure of a statement; None where it has none."""
    if not statement.rows:
        return None
    if statement.neurons:
        return _published_means(statement)
    converged, runs = Counter[str](), Counter[str]()
    for row in published():
        if statement.rows == _WHOLE_GRID or statement.rows.items() <= row.items():
            converged[row["connection"]] += int(row["converged"])
            runs[row["connection"]] += int(row["runs"])
    if statement.late is not None:
        connection = "late" if statement.late else "plain"
        k, n = converged[connection], runs[connection]
        low, high = rate_interval(k, n, LEVEL)
        return Published(f"{k} of {n}: {value_text(k / n, '%')} {range_text(low, high, '%')}", k / n, low, high)
    a, n, b, m = converged["late"], runs["late"], converged["plain"], runs["plain"]
    point, (low, high) = a / n - b / m, difference_interval(a, n, b, m, LEVEL)
    text = f"late {a} of {n}, plain {b} of {m}: {value_text(point, 'points')} {range_text(low, high, 'points')}"
    return Published(text, point, low, high)


def _published_means(statement: Statement) -> Published:
    """A difference of two means of a few networks each, of which nothing is known but that each has 0 to all dead.

    Hoeffding's inequality bounds the mean of n values between 0 and 1 by sqrt(log(2 / level) / (2 n)).
    """
    figure = statement.rows["figure"]
    means = {}
    for row in table(figure):
        if statement.rows.items() <= row.items():
            runs = int(row["converged"]) if "converged" in row else 3
            means[row["connection"]] = float(row["mean_dead_neurons"]), runs
    if set(means) != {"plain", "late"}:
        raise Missing(statement.sentence)
    (late, n), (plain, m) = means["late"], means["plain"]
    width = _half_width(n) + _half_width(m)
    point = (late - plain) / statement.neurons
    low, high = max(point - width, -1.0), min(point + width, 1.0)
    bounds = range_text(low * statement.neurons, high * statement.neurons, "")
    text = f"late {value_text(late, '')}, plain {value_text(plain, '')}: {value_text(late - plain, '')} {bounds}"
    return Published(f"{text}, {n} and {m} networks" if n != m else f"{text}, {n} networks each", point, low, high)


def _half_width(networks: int) -> float:
    return math.sqrt(math.log(4 / LEVEL) / (2 * networks))

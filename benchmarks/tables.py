"""The figures of a run as Markdown: the terminal and README.md show the same text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, starmap
from operator import itemgetter
from statistics import median
from typing import Any

from benchmarks.goals import goals
from benchmarks.peers import NATIVE_2

__all__ = ["cnn_table", "number", "tables"]


def tables(results: dict[str, Any]) -> str:
    """Every table of a run, with headings."""
    parts = [_machine(results), _goals(results), _side_by_side(results)]
    parts += [_efficiency(results)] if results["efficiency"] else []
    parts += [_scaling(results), _freezing(results), cnn_table(results["cnns"]), _jobs(results)]
    return "\n\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [list(head), *map(list, rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]

    def line(row: Sequence[str]) -> str:
        return "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |"

    rules = ["-" * (width + 1) + ":" for width in widths]
    rules[0] = "-" * (widths[0] + 2)
    return "\n".join([line(cells[0]), f"|{'|'.join(rules)}|", *map(line, cells[1:])])


shape_of = itemgetter("depth", "width")
"""The shape of a row's networks."""


def measured_peers(points: Iterable[dict[str, Any]]) -> list[str]:
    """Who was measured at any point of an axis."""
    return list(dict.fromkeys(chain.from_iterable(map(itemgetter("ms"), points))))


def _time(ms: dict[str, float], who: str) -> str:
    """A peer's time; "" where it was not measured."""
    return number(ms[who]) if who in ms else ""


def _times(ratio: float) -> str:
    return f"{number(ratio)} ×"


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _machine(results: dict[str, Any]) -> str:
    m, others = results["machine"], results["others"]
    text = f"{m['processor']}, {m['cores']} cores, {m['system']}; Python {m['python']}, torch {m['torch']}, "
    text += f"JAX {m['jax'] or 'not installed'}; native variant {m['variant']}; {m['date']}, "
    text += f"{results['plan']} run of {results['seconds'] / 60:.0f} minutes."
    if others is not None:
        text += f" Other processes used {_percent(others)} of the processors meanwhile."
    return text


def _goals(results: dict[str, Any]) -> str:
    rows = [(g.what, g.needed, g.measured, "yes" if g.met else "**no**") for g in goals(results)]
    return "### Goals\n\n" + _table(("goal", "needed", "measured", "met"), rows)


def _row(name: str, cells: list[str]) -> list[str]:
    return [name, *cells]


def _side_by_side(results: dict[str, Any]) -> str:
    rows = results["side_by_side"]
    times: defaultdict[str, list[str]] = defaultdict(list)
    ratios: defaultdict[str, list[str]] = defaultdict(list)
    base: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    for row in rows:
        times[row["peer"]].append(number(row["ms"]))
        ratios[row["peer"]].append(_times(row["ratio"]))
        base[shape_of(row)].append(row["base_ms"])
    times[NATIVE_2.name] = list(map(number, map(median, base.values())))
    head = ["", *starmap("D{} W{}".format, base)]
    most = max(map(itemgetter("disagreement"), rows))
    paragraphs = [
        "### Side by side",
        "Milliseconds per network for 3,000 epochs at depth D and width W:",
        _table(head, starmap(_row, times.items())),
        f"Times slower than {NATIVE_2.name} (medians of the ratios of pairs):",
        _table(head, starmap(_row, ratios.items())),
        f"All train the same thing: their RMSE after 20 epochs is the reference's to {most:.0e} (relative; the 3 % of "
        "networks that differ most left out).",
    ]
    return "\n\n".join(paragraphs)


def _efficiency(results: dict[str, Any]) -> str:
    by_shape: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for r in results["efficiency"]:
        by_shape[shape_of(r)].append(r)
    rows, times = [], []
    for (depth, width), of_shape in by_shape.items():
        name = f"D{depth} W{width}"
        rows.append([name, number(of_shape[0]["mflop"]), *map(_percent, map(itemgetter("share"), of_shape))])
        times.append([name, _percent(of_shape[0]["optimizer_share"]), *map(number, map(itemgetter("ms"), of_shape))])
    columns = next(iter(by_shape.values()))
    head = list(starmap("{}, {} thread(s)".format, map(itemgetter("optimizer", "threads"), columns)))
    one, two, *_ = columns
    paragraphs = [
        "### Share of the machine's FMA peak",
        f"The peak is {number(one['peak_gflops'])} GFLOP/s with one thread and {number(two['peak_gflops'])} with two.",
        _table(["", "MFLOP per network (adam)", *head], rows),
        "Milliseconds per network:",
        _table(["", "operations of adam's step", *head], times),
    ]
    return "\n\n".join(paragraphs)


def _scaling(results: dict[str, Any]) -> str:
    parts = [
        "### Scaling",
        "Milliseconds per network for 3,000 epochs; depth 10, width 2, 20 samples but for what varies.",
    ]
    for axis, points in results["scaling"].items():
        head, rows = [axis, *map("{:,}".format, map(itemgetter("value"), points))], []
        for name in measured_peers(points):
            rows.append([name, *(_time(point["ms"], name) for point in points)])
        parts.append(_table(head, rows))
    return "\n\n".join([*parts, crossover(results["scaling"]["width"])])


def crossover(points: list[dict[str, Any]]) -> str:
    """A sentence: the width from which a peer is faster than lrn on two threads."""
    for point in points:
        ours = point["ms"][NATIVE_2.name]
        for name, ms in point["ms"].items():
            if ms < ours and not name.startswith("lrn"):
                return f"The crossover: at width {point['value']}, {name} is faster than {NATIVE_2.name}."
    return f"No crossover: {NATIVE_2.name} is fastest at every width measured, up to {points[-1]['value']}."


def _freezing(results: dict[str, Any]) -> str:
    head = ["plain networks", "with a dead layer", "as trained", "never frozen", "gain", "late, for comparison"]
    rows = []
    for r in results["freezing"]:
        rows.append(
            (
                f"D{r['depth']} W2",
                _percent(r["dead"]),
                number(r["ms"]["plain"]) + " ms",
                number(r["ms"]["never frozen"]) + " ms",
                f"{r['gain']:.2f} ×",
                number(r["ms"]["late"]) + " ms",
            )
        )
    return "### Exact freezing\n\n" + _table(head, rows)


def cnn_table(rows: list[dict[str, Any]]) -> str:
    """How long CNNs take to train, beside torch."""
    head = [
        "CNNs: milliseconds per network to train on 1,000 images",
        "torch, one at a time, all cores",
        "one core",
        "torch, stacked, one core",
        "lrn native, one core",
        "than one at a time",
        "than stacked",
    ]
    cells = []
    for r in rows:
        name = f"{r['kind']}; depth {r['depth']}, {r['images']} pixels, batch {r['batch']}"
        ms = [_time(r["ms"], who) for who in ("loop_cores", "loop", "stacked", "native")]
        cells.append((name, *ms, _times(r["ratio"]["loop"]), _times(r["ratio"]["stacked"])))
    return "### Convolutional networks\n\n" + _table(head, cells)


def _jobs(results: dict[str, Any]) -> str:
    t, s = results["thesis"], results["stream"]
    rows = [
        (f"the thesis's {t['cells']} cells, {t['seeds']:,} seeds each", t),
        (f"networks of depth 10, {s['epochs']:,} epochs, in blocks of {s['block']:,}", s),
    ]
    cells = [(n, f"{j['networks']:,}", f"{j['seconds']:.1f} s", f"{j['megabytes']:.0f} MB") for n, j in rows]
    head = ("on 2 threads, in a process of its own", "networks", "time", "peak memory")
    return "### Whole jobs\n\n" + _table(head, cells)

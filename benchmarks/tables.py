"""The figures of a run as Markdown: the terminal and README.md show the same text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    widths = [max(3, *(len(row[k]) for row in cells)) for k in range(len(head))]
    line = lambda row: "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |"  # noqa: E731
    rule = "|" + "|".join("-" * (w + 1) + (":" if k else "-") for k, w in enumerate(widths)) + "|"
    return "\n".join([line(cells[0]), rule, *map(line, cells[1:])])


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


def _side_by_side(results: dict[str, Any]) -> str:
    rows = results["side_by_side"]
    shapes = list(dict.fromkeys((r["depth"], r["width"]) for r in rows))
    at = {(r["peer"], r["depth"], r["width"]): r for r in rows}
    head = ["", *(f"D{depth} W{width}" for depth, width in shapes)]
    peers = list(dict.fromkeys(r["peer"] for r in rows))
    ours = [median(r["base_ms"] for r in rows if (r["depth"], r["width"]) == shape) for shape in shapes]
    times = [[p, *(number(at[p, d, w]["ms"]) for d, w in shapes)] for p in peers]
    times.append([NATIVE_2.name, *map(number, ours)])
    ratios = [[p, *(number(at[p, d, w]["ratio"]) + " ×" for d, w in shapes)] for p in peers]
    most = max(r["disagreement"] for r in rows)
    paragraphs = [
        "### Side by side",
        "Milliseconds a network for 3,000 epochs at depth D and width W:",
        _table(head, times),
        f"Times slower than {NATIVE_2.name} (medians of the ratios of pairs):",
        _table(head, ratios),
        f"All train the same thing: their RMSE after 20 epochs is the reference's to {most:.0e} (relative; the 3 % of "
        "networks that differ most left out).",
    ]
    return "\n\n".join(paragraphs)


def _efficiency(results: dict[str, Any]) -> str:
    head = ["", "threads", "ms a network", "MFLOP a network", "of it optimizer", "GFLOP/s", "FMA peak", "share"]
    rows = [
        (
            f"D{r['depth']} W{r['width']} {r['optimizer']}",
            str(r["threads"]),
            number(r["ms"]),
            number(r["mflop"]),
            _percent(r["optimizer_share"]),
            number(r["gflops"]),
            number(r["peak_gflops"]),
            _percent(r["share"]),
        )
        for r in results["efficiency"]
    ]
    return "### Share of the machine's FMA peak\n\n" + _table(head, rows)


def _scaling(results: dict[str, Any]) -> str:
    parts = [
        "### Scaling",
        "Milliseconds a network for 3,000 epochs; depth 10, width 2, 20 samples but for what varies.",
    ]
    for axis, points in results["scaling"].items():
        who = list(dict.fromkeys(name for p in points for name in p["ms"]))
        rows = [[name, *(number(p["ms"][name]) if name in p["ms"] else "" for p in points)] for name in who]
        parts.append(_table([axis, *(f"{p['value']:,}" for p in points)], rows))
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
    rows = [
        (
            f"D{r['depth']} W2",
            _percent(r["dead"]),
            number(r["ms"]["plain"]) + " ms",
            number(r["ms"]["never frozen"]) + " ms",
            f"{r['gain']:.2f} ×",
            number(r["ms"]["late"]) + " ms",
        )
        for r in results["freezing"]
    ]
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
        columns = ("loop_cores", "loop", "stacked", "native")
        ms = [number(r["ms"][who]) if who in r["ms"] else "" for who in columns]
        cells.append((name, *ms, *(number(r["ratio"][who]) + " ×" for who in ("loop", "stacked"))))
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

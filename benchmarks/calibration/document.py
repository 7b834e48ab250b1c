"""docs/calibration.md's figures as tables, and the judgement on the counts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.calibration.exact import holm
from benchmarks.calibration.figure import draw
from benchmarks.tables import _table as table
from benchmarks.tables import number
from lrn.files import replace_file

__all__ = ["DOCUMENT", "FIGURE", "RESULTS", "judgement", "tables", "write"]

HERE = Path(__file__).parent
RESULTS = HERE.parent / "calibration.json"
DOCUMENT = HERE.parents[1] / "docs" / "calibration.md"
FIGURE = DOCUMENT.with_suffix(".svg")
BEGIN, END = "<!-- {}: begin -->", "<!-- {}: end -->"


def write(results: dict[str, Any]) -> None:
    """Writes the figure, and the document's tables between their marks."""
    replace_file(FIGURE, draw(results))
    replace_file(DOCUMENT, filled(DOCUMENT.read_text(encoding="utf-8"), results))


def filled(text: str, results: dict[str, Any]) -> str:
    """The document with these results' tables."""
    for name, part in sections(results).items():
        before, rest = text.split(BEGIN.format(name))
        after = rest.split(END.format(name))[1]
        text = f"{before}{BEGIN.format(name)}\n\n{part}\n\n{END.format(name)}{after}"
    return text


def tables(results: dict[str, Any]) -> str:
    """All of it, for a terminal."""
    return "\n\n".join(sections(results).values())


def sections(results: dict[str, Any]) -> dict[str, str]:
    """Each part of the document that is made of figures."""
    return {
        "judgement": judgement(results),
        "suites": _suites(results["suites"]),
        "looks": _looks(results["suites"]),
        "truths": _truths(results["suites"]),
        "giving up": _giving_up(results["giving_up"]),
        "seeds": _seeds(results["seeds"]),
        "widths": _widths(results["widths"]),
    }


def judgement(results: dict[str, Any]) -> str:
    """What Holm's procedure at 5 % says of all tests together."""
    suites = results["suites"]
    above = [s["p_above"] for s in suites] + [look["p_above"] for s in suites for look in s["looks"]]
    exact = [s["p_exact"] for s in suites if "p_exact" in s]
    simulated, claims = sum(s["suites"] for s in suites), sum(s["suites"] * s["claims"] for s in suites)
    return (
        f"**{simulated:,} suites, {claims:,} claims judged.** More errors than allowed: {_rejected(above)} (smallest "
        f"p-value {min(above):.2g}). Other than the exact probability: {_rejected(exact)} (smallest p-value "
        f"{min(exact):.2g})."
    )


def _rejected(p_values: list[float]) -> str:
    return f"{holm(p_values)} of {len(p_values)} tests rejected"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _suites(suites: list[dict[str, Any]]) -> str:
    head = ("suites of", "α", "quantities", "seeds", "suites", "wrong", "share", "at most", "p", "exactly", "p of it")
    return table(head, (list(_suite(s)) for s in suites))


def _suite(s: dict[str, Any]) -> Iterator[str]:
    yield s["name"]
    yield f"{s['alpha']:g}"
    yield f"{s['quantities']:,}"
    yield "–".join(f"{n:,}" for n in sorted({s["first_look"], s["max_seeds"]}))
    yield f"{s['suites']:,}"
    yield str(s["wrong"])
    yield _percent(s["wrong"] / s["suites"])
    yield _percent(s["bound"])
    yield f"{s['p_above']:.2g}"
    yield _percent(s["exact"]) if "exact" in s else ""
    yield f"{s['p_exact']:.2g}" if "exact" in s else ""


def _looks(suites: list[dict[str, Any]]) -> str:
    shown = [s for s in suites if len(s["looks"]) > 1 and s["first_look"] == 64]
    numbers = range(1, 1 + max(len(s["looks"]) for s in shown))
    head = ["wrong suites (allowed on average) at", *(f"{32 << k:,} seeds" for k in numbers)]
    rows = []
    for s in shown:
        cells = [f"{look['wrong']} ({look['bound'] * s['suites']:.1f})" for look in s["looks"]]
        rows.append([f"{s['name']}, α = {s['alpha']:g}", *cells, *[""] * (len(numbers) - len(cells))])
    return table(head, rows)


def _truths(suites: list[dict[str, Any]]) -> str:
    counts: dict[str, Counter[str]] = {}
    for how, found in ((how, found) for s in suites for how, found in s["verdicts"].items()):
        counts.setdefault(how, Counter()).update(found)
    names = {
        "equal": "is the value itself (true)",
        "at the margin": "has its margin at the value",
        "by little": "has its margin 3 % of the range away",
        "clearly": "has its margin 25 % of the range away",
        "combined": "combines several quantities",
    }
    outcomes = ("supported", "refuted", "inconclusive", "wrong")
    head = ("a claim that", "rightly SUPPORTED", "rightly REFUTED", "INCONCLUSIVE", "wrong")
    return table(head, ([name, *(f"{counts[how][o]:,}" for o in outcomes)] for how, name in names.items()))


def _giving_up(rows: list[dict[str, Any]]) -> str:
    head = ("claim", "runs", "decided", "without the rule", "given up", "changed", "wrong", "mean seeds", "without")
    counts = ("runs", "decided", "decided_without", "given_up", "changed")
    means = ("seeds", "seeds_without")
    cells = (
        [r["name"], *(str(r[c]) for c in counts), str(r["wrong"] + r["wrong_without"]), *(number(r[m]) for m in means)]
        for r in rows
    )
    return table(head, cells)


def _seeds(rows: list[dict[str, Any]]) -> str:
    names = list(rows[0]["seeds"])
    head = ["mean seeds until decided", "lrn", *(_short(name) for name in names[1:])]
    cells = []
    for r in rows:
        own = r["seeds"]["lrn"]
        ratios = [f"{r['seeds'][name] / own:.2f}" if name in r["seeds"] else "" for name in names[1:]]
        cells.append([r["name"], number(own), *ratios])
    means = [f"{_mean_ratio(rows, name):.2f}" for name in names[1:]]
    return table(head, [*cells, ["geometric mean", "", *means]])


def _mean_ratio(rows: list[dict[str, Any]], name: str) -> float:
    """The geometric mean, over the claims that a method can decide, of its seeds as a multiple of lrn's."""
    return math.exp(fmean(math.log(r["seeds"][name] / r["seeds"]["lrn"]) for r in rows if name in r["seeds"]))


def _short(name: str) -> str:
    return name.removeprefix("lrn, ").replace("beta-binomial ", "").replace("empirical Bernstein", "EB")


def _widths(rows: list[dict[str, Any]]) -> str:
    sizes = [row["seeds"] for row in rows[0]["rows"]]
    head = ["width, as a multiple of lrn's", "", *(f"{n:,} seeds" for n in sizes)]
    cells = []
    for r in rows:
        for name in list(r["rows"][0]["widths"])[1:]:
            ratios = [f"{row['widths'][name] / row['widths']['lrn']:.2f}" for row in r["rows"]]
            cells.append([r["name"].split(" against")[0], name, *ratios])
    return table(head, cells)

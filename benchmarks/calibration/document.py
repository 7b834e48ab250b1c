"""The tables of docs/calibration.md, and the judgement on the counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchmarks.calibration import sequences
from benchmarks.calibration.exact import holm
from benchmarks.calibration.figure import draw
from benchmarks.pages import filled
from benchmarks.tables import _table as table
from lrn.verdicts import replace_file

__all__ = ["DOCUMENT", "FIGURE", "RESULTS", "judgement", "sections", "tables", "write"]

_HERE = Path(__file__).parent
RESULTS = _HERE.parent / "calibration.json"
DOCUMENT = _HERE.parents[1] / "docs" / "calibration.md"
FIGURE = DOCUMENT.with_suffix(".svg")

_Results = Sequence[dict[str, Any]]


def write(results: _Results) -> None:
    """Writes the figure, and the page's tables between their marks."""
    replace_file(FIGURE, draw(results))
    replace_file(DOCUMENT, filled(DOCUMENT.read_text(encoding="utf-8"), sections(results)))


def tables(results: _Results) -> str:
    """All of it, for a terminal."""
    return "\n\n".join(sections(results).values())


def sections(results: _Results) -> dict[str, str]:
    """Each part of the page that is made of figures."""
    assumed = sequences.tabulated(json.loads(sequences.RESULTS.read_text(encoding="utf-8")))
    counted = {"judgement": judgement(results), "suites": _suites(results), "outcomes": _outcomes(results)}
    return {**counted, "assumed": assumed}


def judgement(results: _Results) -> str:
    """What Holm's procedure at 5 % says of all tests together."""
    above = list(map(itemgetter("p_above"), results))
    exact = [s["p_exact"] for s in results if "p_exact" in s]
    simulated = sum(map(itemgetter("suites"), results))
    claims = sum(s["suites"] * s["claims"] for s in results)
    return (
        f"**{simulated:,} suites, {claims:,} claims.** More errors than allowed: {_rejected(above)} (smallest p-value "
        f"{min(above):.2g}). Other than the exact probability: {_rejected(exact)} (smallest p-value {min(exact):.2g})."
    )


def _rejected(p_values: list[float]) -> str:
    return f"{holm(p_values)} of {len(p_values)} tests rejected"


def _suites(results: _Results) -> str:
    head = ("suites of", "α", "shares", "seeds", "suites", "wrong", "share", "p", "exactly", "p of it")
    return table(head, map(list, map(_suite, results)))


def _suite(s: dict[str, Any]) -> Iterator[str]:
    yield s["name"]
    yield f"{s['alpha']:g}"
    yield f"{s['shares']:,}"
    yield "–".join(map("{:,}".format, s["seeds"]))
    yield f"{s['suites']:,}"
    yield str(s["wrong"])
    yield _percent(s["wrong"] / s["suites"])
    yield f"{s['p_above']:.2g}"
    yield _percent(s["exact"]) if "exact" in s else ""
    yield f"{s['p_exact']:.2g}" if "exact" in s else ""


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _outcomes(results: _Results) -> str:
    counts: Counter[str] = Counter()
    for s in results:
        counts.update(s["outcomes"])
    endings = itemgetter("supported", "refuted", "inconclusive", "wrong")(counts)
    head = ("all claims together", "rightly SUPPORTED", "rightly REFUTED", "INCONCLUSIVE", "wrong")
    return table(head, [["how many", *map("{:,}".format, endings)]])

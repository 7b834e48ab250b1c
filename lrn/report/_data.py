"""Every number of the page as data: one row per measured quantity, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from functools import partial
from typing import Any

from lrn.report._address import Addresses, command_of
from lrn.report._text import PERCENT, POINTS, unit_of
from lrn.verdicts import MeasuredQuantity, SuiteVerdicts, Verdict
from lrn.verdicts.text import plain_text

__all__ = ["COLUMNS", "as_csv", "as_json", "rows"]

COLUMNS = (
    "claim", "case", "address", "statement", "source", "verdict", "expected", "quantity", "unit", "estimate", "low",
    "high", "seeds", "counted", "compared with", "command",
)  # fmt: skip
_FOREIGN = ("claim", "case", "statement", "source", "quantity", "command")
_UNITS = {PERCENT: "share of 1", POINTS: "difference of shares"}


def rows(suite: SuiteVerdicts) -> Iterator[dict[str, Any]]:
    """A row per measured quantity of each case, or one per case without any; None for an end without a bound."""
    addresses = Addresses(suite.claims)
    for verdict in suite.claims:
        head = _head(verdict, addresses)
        for quantity in verdict.estimates or (None,):
            yield {**dict.fromkeys(COLUMNS), **head, **_numbers(quantity), "command": command_of(verdict.test)}


def as_csv(suite: SuiteVerdicts) -> str:
    """The rows as CSV with a heading; None is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows(suite):
        for name in _FOREIGN:
            row[name] = _cell(row[name])
        writer.writerow(row)
    return text.getvalue()


def _cell(text: str | None) -> str | None:
    """Other people's text in a cell: nothing in it acts on a terminal, and no spreadsheet takes it for a formula."""
    shown = text and plain_text(text)
    return f"'{shown}" if shown and shown[0] in "=+-@" else shown


def as_json(suite: SuiteVerdicts) -> str:
    """The rows as JSON, one per line."""
    lines = ",\n".join(map(partial(json.dumps, ensure_ascii=False), rows(suite)))
    return f"[\n{lines}\n]\n"


def _head(verdict: Verdict, addresses: Addresses) -> dict[str, Any]:
    return {
        "claim": verdict.id,
        "case": verdict.case,
        "address": f"#{addresses.case(verdict.test)}",
        "statement": verdict.statement,
        "source": verdict.source,
        "verdict": str(verdict.verdict),
        "expected": str(verdict.expected),
    }


def _numbers(quantity: MeasuredQuantity | None) -> dict[str, Any]:
    if quantity is None:
        return {}
    return {
        "quantity": quantity.name,
        "unit": _UNITS.get(unit_of(quantity), "as measured"),
        "estimate": _finite(quantity.point),
        "low": _finite(quantity.low),
        "high": _finite(quantity.high),
        "seeds": quantity.seeds,
        "counted": quantity.n,
        "compared with": " ".join(map(repr, quantity.thresholds)),
    }


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None

"""Where on the page a claim and each of its cases stand: `#C2`, and `#C2/30-batch` for its case at these parameters."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from lrn.verdicts import Verdict

__all__ = ["RESERVED", "Addresses", "command_of"]

RESERVED = frozenset((
    "main", "theme", "judgement", "central", "surprises", "contested", "open", "slips", "holds", "companions", "ours",
    "verdicts", "filters", "search", "by-verdict", "by-group", "order", "open-all", "shown", "numbers", "none",
    "reset", "made",
))  # fmt: skip
"""Ids of the page's own."""


class Addresses:
    """The page's ids of the claims and cases of a suite, without their "#"; no two are the same.

    Args:
        verdicts: those of the suite, in its order.

    Example:
        `Addresses(suite.claims).of(verdict)` is "C2/30-batch".
    """

    def __init__(self, verdicts: Iterable[Verdict]) -> None:
        self._claims: dict[str, str] = {}
        self._cases: dict[str, str] = {}
        used = set(RESERVED)
        for verdict in verdicts:
            function, _, parameters = verdict.test.partition("[")
            if function not in self._claims:
                self._claims[function] = _free(_slug(verdict.id) or _slug(function.rpartition("::")[2]), used)
            claim = self._claims[function]
            # Without parameters a claim is its only case.
            case = f"{claim}/{_slug(parameters.removesuffix(']')) or 'case'}" if parameters else f"{claim}/"
            self._cases[verdict.test] = _free(case, used)

    def claim(self, test: str) -> str:
        """The address of the claim that a test belongs to, by pytest's node id."""
        return self._claims[test.partition("[")[0]]

    def case(self, test: str) -> str:
        """The address of one case, by pytest's node id; the claim's own where it has no parameters."""
        address = self._cases[test]
        return address.removesuffix("/") if address.endswith("/") else address


def command_of(test: str) -> str:
    """The command that checks exactly this claim or case again, by pytest's node id."""
    return f"pytest {shlex.quote(test)}"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._~-]+", "-", text).strip("-")


def _free(address: str, used: set[str]) -> str:
    """The address, or with a number where another has it already."""
    free, number = address, 1
    while free in used or (number == 1 and not free):
        number += 1
        free = f"{address or 'claim'}~{number}"
    used.add(free)
    return free

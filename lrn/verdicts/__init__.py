"""Verdicts: as data and as the file that holds those of a suite (`_record`), as tables, and the registry of claims."""

from __future__ import annotations

from lrn.files import replace_file, write_json
from lrn.verdicts._quantity import MeasuredQuantity, Quantity, expression_key, expression_name
from lrn.verdicts._record import (
    FORMAT,
    Outcome,
    SuiteVerdicts,
    Verdict,
    _digest,  # noqa: F401 - tests that write records by hand use it
    case_name,
)
from lrn.verdicts._validate import check_assumption

__all__ = [
    "FORMAT",
    "MeasuredQuantity",
    "Outcome",
    "Quantity",
    "SuiteVerdicts",
    "Verdict",
    "case_name",
    "check_assumption",
    "expression_key",
    "expression_name",
    "replace_file",
    "write_json",
]

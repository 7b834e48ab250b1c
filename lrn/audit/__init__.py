"""Audit a paper's tables against themselves: no training, only arithmetic.

A published table can be wrong without any experiment being repeated. A mean of ten whole numbers has at most one
decimal; their SD has a whole sum of squares behind it; a column of counts has one sum; a p-value belongs to its
statistic; an accuracy on 1,000 images is a multiple of 0.1 %; a layer cannot be dead while one of its neurons lives.
Each function here checks one such thing, for any paper, and says why in words.

- means and percentages: `grim`, `possible_totals`, `possible_counts`, `largest_at_least`, `grim_probability`,
  `check_share`;
- standard deviations: `grimmer`, `debit` (zeros and ones), `sd_bounds`, `sprite` (a sample that has them);
- p-values: `check_p_value`, `check_text`, `check_p_from_counts`, `check_p_from_means`, `recompute_p`;
- sums: `check_total`, `wrong_totals`, `check_mean_of_means`, `repeated_values`;
- machine learning: `check_accuracy`, `check_error`, `check_runs`, `check_best`, `check_improvement`, `check_interval`,
  `dead_layers_possible`;
- whole tables: `check_table`, from a CSV file, rows or a DataFrame;
- tests of k of n against k of n, and their power: `compare_counts`, `holm`, `power`, `detectable_rate`;
- descriptions of one thing that disagree: `conflicts`.

A check answers with a `Check`: true unless the printed numbers are impossible, with a sentence as its message, so that
`assert grim("5.18", 28)` is a claim. No honest author is accused: a number counts as possible if any ordinary way of
rounding prints it (`CONVENTIONS`), and where a paper leaves its meaning open (a test's sides, an SD's divisor, "±"),
every meaning counts. A check that could not have failed says so, with a `NoPowerWarning`.

Published numbers are given as text, as printed (`parse_number` reads them): "0.40" says more than the float 0.4.
Arithmetic on them is exact. `lrn.audit.documents` reads tables and quotations as text.
"""

from __future__ import annotations

from lrn.audit._check import Check, NoPowerWarning
from lrn.audit._counts import compare_counts, detectable_rate, holm, power
from lrn.audit._debit import debit
from lrn.audit._deviations import Deviation, grimmer, sd_bounds, sprite
from lrn.audit._grim import Grim, grim, grim_probability, largest_at_least, possible_counts, possible_totals
from lrn.audit._improvements import check_improvement
from lrn.audit._layers import dead_layers_possible
from lrn.audit._learning import (
    check_accuracy,
    check_best,
    check_error,
    check_interval,
    check_runs,
)
from lrn.audit._numbers import Printed, parse_number
from lrn.audit._p_groups import check_p_from_counts, check_p_from_means
from lrn.audit._p_values import PValue, check_p_value, recompute_p
from lrn.audit._rounding import CONVENTIONS
from lrn.audit._shares import check_share
from lrn.audit._sums import Repeated, check_mean_of_means, check_total, repeated_values, wrong_totals
from lrn.audit._tables import CellCheck, TableReport, check_table
from lrn.audit._text import check_text
from lrn.audit._words import conflicts

__all__ = [
    "CONVENTIONS",
    "CellCheck",
    "Check",
    "Deviation",
    "Grim",
    "NoPowerWarning",
    "PValue",
    "Printed",
    "Repeated",
    "TableReport",
    "check_accuracy",
    "check_best",
    "check_error",
    "check_improvement",
    "check_interval",
    "check_mean_of_means",
    "check_p_from_counts",
    "check_p_from_means",
    "check_p_value",
    "check_runs",
    "check_share",
    "check_table",
    "check_text",
    "check_total",
    "compare_counts",
    "conflicts",
    "dead_layers_possible",
    "debit",
    "detectable_rate",
    "grim",
    "grim_probability",
    "grimmer",
    "holm",
    "largest_at_least",
    "parse_number",
    "possible_counts",
    "possible_totals",
    "power",
    "recompute_p",
    "repeated_values",
    "sd_bounds",
    "sprite",
    "wrong_totals",
]

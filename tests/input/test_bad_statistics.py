"""Intervals, estimates, audits and documents refuse bad arguments, by name and value."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import refused, rows

from lrn import audit
from lrn.audit.documents import Quotes, index_table, read_quotes, read_table
from lrn.intervals import (
    Estimate,
    binomial_compatibility,
    detectable,
    every,
    goal_of,
    mean_interval,
    mean_sequence,
    quantile_interval,
    quantile_sequence,
    rate_interval,
    rate_sequence,
    seeds_needed,
    some,
)
from lrn.verdicts import SuiteVerdicts
from lrn.verdicts.registry import registry

HALF = Estimate.measured("half", 0.5, 0.4, 0.6, 64)
NAN, INF = math.nan, math.inf


@rows(
    (lambda: rate_interval(3, 2, 0.1), ValueError, "hits must be from 0 to 2, not 3"),
    (lambda: rate_interval(1.0, 2, 0.1), TypeError, "hits must be a whole number, not 1.0"),
    (lambda: rate_interval(1, True, 0.1), TypeError, "n must be a whole number, not True"),
    (lambda: rate_interval(1, 2, 0), ValueError, "alpha must lie strictly between 0 and 1, not 0"),
    (lambda: rate_interval(1, 2, NAN), ValueError, "alpha must lie strictly between 0 and 1, not nan"),
    (lambda: rate_interval(1, 2, "x"), TypeError, "alpha must be a number, not 'x'"),
    (lambda: rate_interval(1, 2, None), TypeError, "alpha must be a number, not None"),
    (lambda: quantile_interval([[1.0]], 0.5, 0.1), ValueError, "values must be one-dimensional, not of shape (1, 1)"),
    (lambda: quantile_interval([NAN], 0.5, 0.1), ValueError, "values must be numbers, but 1 of 1 are NaN"),
    (
        lambda: quantile_interval(["a"], 0.5, 0.1),
        TypeError,
        "values must be numbers: could not convert string to float: 'a'",
    ),
    (lambda: quantile_interval([1j], 0.5, 0.1), TypeError, "values must be numbers: "),
    (lambda: quantile_interval([1.0], "x", 0.1), TypeError, "q must be a number, not 'x'"),
    (lambda: quantile_interval([1.0], 1, 0.1), ValueError, "q must lie strictly between 0 and 1, not 1"),
    (lambda: mean_interval([2.0], 0, 1, 0.1), ValueError, "values must lie in [0.0, 1.0], not in [2.0, 2.0]"),
    (lambda: mean_interval([0.5], 1, 0, 0.1), ValueError, "bounds must be finite with low <= high, not low = 1.0"),
    (lambda: mean_interval([0.5], 0, INF, 0.1), ValueError, "bounds must be finite with low <= high, not low = 0.0"),
    (lambda: mean_interval([0.5], "a", 1, 0.1), TypeError, "low must be a number, not 'a'"),
    (lambda: mean_interval([0.5], 0, None, 0.1), TypeError, "high must be a number, not None"),
    (lambda: rate_sequence(3, 2, 0.1), ValueError, "hits must be from 0 to 2, not 3"),
    (lambda: rate_sequence(1, 2.0, 0.1), TypeError, "n must be a whole number, not 2.0"),
    (lambda: mean_sequence([2.0], 0, 1, 0.1), ValueError, "values must lie in [0.0, 1.0]; got [2.0, 2.0]"),
    (lambda: mean_sequence(["a"], 0, 1, 0.1), TypeError, "values must be numbers: "),
    (lambda: mean_sequence([0.5], 0, INF, 0.1), ValueError, "bounds must be finite with low <= high; got low = 0.0"),
    (lambda: quantile_sequence([NAN], 0.5, 0.1), ValueError, "values must be numbers, but 1 of 1 are NaN"),
    (lambda: quantile_sequence([1.0], 1, 0.1), ValueError, "q must lie strictly between 0 and 1, not 1"),
    (lambda: goal_of(1, 64), ValueError, "alpha must lie strictly between 0 and 1, not 1"),
    (lambda: goal_of(0.1, 0), ValueError, "quantities must be at least 1, not 0"),
    (lambda: detectable(2, 64), ValueError, "rate must lie in [0, 1]; got 2"),
    (lambda: detectable("x", 64), TypeError, "rate must be a number, not 'x'"),
    (lambda: detectable(0.5, 0), ValueError, "seeds must be at least 1, not 0"),
    (lambda: seeds_needed(0.5, 2), ValueError, "other must lie in [0, 1]; got 2"),
    (lambda: seeds_needed(0.5, 0.4, power=1), ValueError, "power must lie strictly between 0 and 1, not 1"),
    (lambda: binomial_compatibility(3, 2, HALF), ValueError, "k must be from 0 to 2, not 3"),
    (lambda: binomial_compatibility(1, 2, 0.5), TypeError, "rate must be an Estimate, not 0.5"),
    (lambda: binomial_compatibility(1, 2, HALF + 1), ValueError, "a rate must lie in [0, 1], not in [1.4, 1.6]"),
)
def test_an_interval(call, error, sentence):
    refused(call, error, sentence)


@rows(
    (lambda: Estimate(0.5, 0.6, 0.7), ValueError, "the point must lie in its interval [0.6, 0.7]; got 0.5"),
    (lambda: Estimate(0.5, 0.7, 0.6), ValueError, "an interval needs low <= high; got [0.7, 0.6]"),
    (lambda: Estimate(0.5, NAN, 0.6), ValueError, "an interval needs low <= high; got [nan, 0.6]"),
    (lambda: Estimate("x", 0.1, 0.6), TypeError, "point must be a number, not 'x'"),
    (lambda: Estimate(0.5, None, 0.6), TypeError, "low must be a number, not None"),
    (lambda: Estimate(0.5, 0.1, 0.6, n=-1), ValueError, "n must be at least 0, not -1"),
    (
        lambda: Estimate.measured("k", 0.9, 0.1, 0.6, 64),
        ValueError,
        "the point must lie in its interval [0.1, 0.6]; got 0.9",
    ),
    (lambda: Estimate.measured("k", "x", 0.1, 0.6, 64), TypeError, "point must be a number, not 'x'"),
    (lambda: Estimate.measured("k", 0.5, 0.1, 0.6, 1.5), TypeError, "n must be a whole number, not 1.5"),
    (lambda: Estimate.measured(3, 0.5, 0.1, 0.6, 64), TypeError, "key must be text; got 3"),
    (
        lambda: Estimate.constant(NAN),
        ValueError,
        "a constant must be a number that can be compared and computed with; got NaN",
    ),
    (lambda: Estimate.constant("x"), TypeError, "a constant must be a number, not 'x'"),
    (lambda: bool(HALF), TypeError, "the truth of 0.5 [0.4, 0.6] is not defined; compare it with a number"),
    (lambda: HALF > "x", TypeError, "'>' not supported between instances of 'Estimate' and 'str'"),
    (lambda: HALF > NAN, ValueError, "a constant must be a number that can be compared and computed with; got NaN"),
    (lambda: HALF == None, TypeError, "an estimate can only be compared with a number or an estimate; got None"),  # noqa: E711
    (lambda: HALF + True, TypeError, "unsupported operand type(s) for +: 'Estimate' and 'bool'"),
    (lambda: (HALF > 0.1) == True, TypeError, "a Decision cannot be compared by =="),  # noqa: E712
    (lambda: (HALF > 0.5) & 3, TypeError, "unsupported operand type(s) for &: 'Decision' and 'int'"),
    (lambda: every([]), ValueError, "every() was given nothing to decide"),
    (lambda: some([]), ValueError, "some() was given nothing to decide"),
    (lambda: every([3]), TypeError, "a Decision or a bool is needed, not 3"),
    (lambda: HALF.apply(math.sqrt, "up"), ValueError, 'monotone must be "increasing" or "decreasing"; got \'up\''),
    (lambda: HALF.apply(lambda v: -v, "increasing"), ValueError, "the function is not increasing over 0.5 [0.4, 0.6]"),
    (lambda: HALF.apply(lambda v: 1 / (v - 0.4), "increasing"), ValueError, "the function is not defined at 0.4"),
)
def test_an_estimate_or_a_decision(call, error, sentence):
    refused(call, error, sentence)


@given(st.floats().filter(lambda alpha: not 0 < alpha < 1))
def test_every_level_out_of_range(alpha):
    sentence = f"must lie strictly between 0 and 1, not {alpha}"
    for call in (lambda: rate_interval(1, 2, alpha), lambda: rate_sequence(1, 2, alpha), lambda: goal_of(alpha, 64)):
        refused(call, ValueError, sentence)


@rows(
    (
        lambda: audit.possible_totals(0.4, 10),
        TypeError,
        "a number must be given as text, as printed, such as '0.40', not 0.4",
    ),
    (lambda: audit.possible_totals("x", 10), ValueError, "a printed number must look like '17.12', not 'x'"),
    (lambda: audit.possible_totals("- -1", 10), ValueError, "a printed number must look like '17.12', not '- -1'"),
    (lambda: audit.possible_totals("nan", 10), ValueError, "a printed number must be finite, with at most 1000 zeros"),
    (lambda: audit.possible_totals("1e999999", 10), ValueError, "zeros or decimals, not '1e999999'"),
    (lambda: audit.possible_totals("1.5", 0), ValueError, "n must be at least 1, not 0"),
    (lambda: audit.possible_totals("1.5", 2.0), TypeError, "n must be a whole number, not 2.0"),
    (lambda: audit.possible_totals("1.55", 2, decimals=1), ValueError, "'1.55' has 2 decimals, more than decimals = 1"),
    (lambda: audit.possible_totals("1.55", 2, decimals="x"), TypeError, "decimals must be a whole number, not 'x'"),
    (lambda: audit.possible_totals("1.55", 2, decimals=True), TypeError, "decimals must be a whole number, not True"),
    (lambda: audit.possible_counts("1.5", "x"), TypeError, "max_n must be a whole number, not 'x'"),
    (lambda: audit.largest_at_least("0.33", 10), ValueError, "mean '0.33' is not possible for n = 10 whole numbers"),
    (
        lambda: audit.wrong_totals({"a": ["1"]}, {"b": "1"}),
        ValueError,
        "parts and totals must have the same keys; only",
    ),
    (
        lambda: audit.dead_layers_possible("1", "1", n=1, depth=0, width=2),
        ValueError,
        "depth must be at least 1, not 0",
    ),
    (lambda: audit.compare_counts(3, 2, 1, 2), ValueError, "k1 must be at most n1 = 2, not 3"),
    (
        lambda: audit.compare_counts(1, 2, 1, 2, test=["fisher"]),
        ValueError,
        "test must be one of fisher, boschloo, barnard",
    ),
    (lambda: audit.power(2, 0.5, 10, 10), ValueError, "rate1 must be between 0 and 1, not 2"),
    (lambda: audit.power(0.5, "x", 10, 10), ValueError, "rate2 must be between 0 and 1, not 'x'"),
    (lambda: audit.power(0.5, 0.5, [10], 10), TypeError, "n1 must be a whole number, not [10]"),
    (lambda: audit.power(0.5, 0.5, 10, 10, alpha="x"), ValueError, "alpha must be between 0 and 1, not 'x'"),
    (
        lambda: audit.detectable_rate(0.5, 10, target_power="x"),
        ValueError,
        "target_power must be between 0 and 1, not 'x'",
    ),
    (lambda: audit.holm(["x"]), ValueError, "p_values must be a flat list of numbers between 0 and 1, not ['x']"),
    (lambda: audit.holm([2]), ValueError, "p_values must be a flat list of numbers between 0 and 1, not [2]"),
    (lambda: audit.conflicts({}), ValueError, "descriptions must name at least one source"),
)
def test_an_audit(call, error, sentence):
    refused(call, error, sentence)


@pytest.mark.parametrize(
    ("read", "content", "error", "sentence"),
    [
        (read_quotes, None, FileNotFoundError, "No such file"),
        (read_quotes, "x = [", ValueError, "must be TOML in UTF-8: "),
        (read_quotes, b"\xff\xfe", ValueError, "must be TOML in UTF-8: "),
        (read_quotes, "quotation = 3", ValueError, "must hold its quotations as tables, each under [[quotation]]"),
        (read_quotes, "quotation = [3]", ValueError, "must hold its quotations as tables, each under [[quotation]]"),
        (read_quotes, "[[quotation]]\nid = 3", ValueError, "quotation 3: id must be text, not 3"),
        (read_quotes, "[[quotation]]\nid = 'a'", ValueError, "quotation 'a': "),
        (read_table, None, FileNotFoundError, "No such file"),
        (read_table, 'a,b\n"1,2\n', ValueError, "must be CSV in UTF-8: unexpected end of data"),
        (read_table, b"\xff\xfe", ValueError, "must be CSV in UTF-8: "),
        (read_table, "a,a\n1,2\n", ValueError, "must name each column once; it has a, a"),
        (read_table, "a,b\n1\n", ValueError, "row 1 has 1 cells, the heading 2"),
        (lambda path: read_table(path, ["c"]), "", ValueError, "has no column c; it has none"),
        (SuiteVerdicts.read, "[]", ValueError, "must hold verdicts in format 2, but: it holds no JSON object"),
        (SuiteVerdicts.read, "{}", ValueError, "must hold verdicts in format 2, but: it lacks 'format'"),
        (SuiteVerdicts.read, "", ValueError, "must hold verdicts in format 2, but: Expecting value"),
        (SuiteVerdicts.read, b"\xff", ValueError, "must hold verdicts in format 2, but: 'utf-8' codec"),
        (lambda path: registry(path.parent, path), "[]", ValueError, "but: it holds no JSON object"),
        (lambda path: registry(path), None, FileNotFoundError, "the suite must be a folder of claims; there is no "),
        (lambda path: registry(path.parent, path), None, FileNotFoundError, "there is no file of verdicts "),
        (lambda path: registry(path.parent, verdict="FOO"), None, ValueError, "SKIPPED; got 'FOO'"),
        (
            lambda path: registry(path.parent, verdict="REFUTED"),
            None,
            ValueError,
            "only with a file of verdicts; got none",
        ),
        (lambda path: registry(path.parent, group=3), None, TypeError, "group must be text; got 3"),
        (lambda path: registry(path.parent, search=3), None, TypeError, "search must be text; got 3"),
    ],
)
def test_a_document(tmp_path, read, content, error, sentence):
    path = tmp_path / "document"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(lambda: read(path), error, sentence)


def test_what_a_document_lacks():
    refused(lambda: Quotes().words("x"), KeyError, "no quotation 'x'; there are none")
    refused(lambda: index_table([{"a": "1"}], "b"), ValueError, "the rows have no column b; they have a")
    refused(lambda: index_table([{"a": "1"}, {"a": "1"}], "a"), ValueError, "two rows have a = 1")

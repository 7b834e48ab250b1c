"""The table at the end."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest

from lrn.plugin._summary import Ending, _more, _table, _totals
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.tables import rows_of

pytest_plugins = ["pytester"]

ONE = Verdict("C1", "a.py::test_a", "Late is better", "", "", "", Outcome.SUPPORTED, Outcome.SUPPORTED, None, "", 1)


def verdict(test, outcome=Outcome.SUPPORTED, *points, expected=Outcome.SUPPORTED, seeds=256):
    estimates = []
    for i, point in enumerate(points):
        estimates.append(MeasuredQuantity(f"q{i}", f"q{i}", point, point - 0.1, point + 0.1, seeds, seeds))
    return dataclasses.replace(ONE, test=test, verdict=outcome, expected=expected, estimates=tuple(estimates))


def lines(*verdicts, width=120):
    return _table(rows_of(verdicts), width)


def test_a_claim_shows_its_intervals_and_seeds():
    (line,) = lines(verdict("a.py::test_a", Outcome.SUPPORTED, 0.61, 0.2))
    assert line.startswith("SUPPORTED  C1  Late is better  ")
    assert line.endswith("  0.61 [0.51, 0.71], 0.2 [0.1, 0.3]  n=256")


def test_cases_of_one_test_that_ended_alike_share_a_line():
    cases = [verdict(f"a.py::test_a[{i}]", Outcome.SUPPORTED, i / 10, 0.05, seeds=64 << i) for i in range(1, 5)]
    (line,) = lines(*cases)
    assert line.startswith("SUPPORTED  C1  x4  Late is better ")
    assert "0.1 to 0.4, 0.05" in line
    assert line.endswith("n=128-1024")


def test_cases_that_ended_differently_have_lines_of_their_own():
    cases = [
        verdict("a.py::test_a[1]"),
        verdict("a.py::test_a[2]", Outcome.REFUTED),
        verdict("a.py::test_a[3]", Outcome.REFUTED, expected=Outcome.REFUTED),
        verdict("a.py::test_a[4]", expected=Outcome.REFUTED),
        verdict("b.py::test_a[1]"),
    ]
    assert [line[:14].strip() for line in lines(*cases)] == [
        "SUPPORTED",
        "REFUTED",
        "REFUTED, known",
        "SUPPORTED, une",
        "SUPPORTED",
    ]


def test_cases_with_different_numbers_of_quantities_show_the_first():
    cases = [
        verdict("a.py::test_a[1]", Outcome.SUPPORTED, 0.3),
        verdict("a.py::test_a[2]", Outcome.SUPPORTED, 0.4, 0.5),
    ]
    assert "0.3 to 0.4" in lines(*cases, verdict("a.py::test_a[3]"))[0]


def test_many_quantities_and_missing_points_are_shown_short():
    assert "0.1 [0, 0.2], 0.2 [0.1, 0.3], 2 more" in lines(verdict("a.py::t", Outcome.SUPPORTED, 0.1, 0.2, 0.3, 0.4))[0]
    missing = verdict("a.py::t[0]", Outcome.SUPPORTED, math.nan)
    assert "unknown" in lines(missing, dataclasses.replace(missing, test="a.py::t[1]"))[0]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width):
    long = dataclasses.replace(verdict("a.py::test_a", Outcome.SUPPORTED, 0.1, 0.2), statement="words " * 60)
    assert max(map(len, lines(long, verdict("a.py::test_b"), width=width))) < max(width, 43)


def test_a_narrow_terminal_shows_fewer_intervals():
    case = verdict("a.py::test_a", Outcome.SUPPORTED, 0.1, 0.2)
    for width, intervals in ((100, 2), (70, 1), (50, 0)):
        (line,) = lines(case, width=width)
        assert line.count("[") == intervals


def test_the_totals_name_the_promise():
    cases = (
        verdict("a"),
        verdict("b", Outcome.REFUTED),
        verdict("c", Outcome.REFUTED, expected=Outcome.REFUTED),
        verdict("d", Outcome.INCONCLUSIVE),
        verdict("e", Outcome.ERROR),
    )
    suite = SuiteVerdicts(0.001, 64, 0, 8, 1024, True, cases)
    counted = "1 supported, 2 refuted (1 known), 1 inconclusive (0 known), 1 errors"
    assert _totals(suite, True) == f"{counted}; with probability at least 99.9 % every verdict holds"
    assert _totals(suite, False) == counted
    assert "99.9999 %" in _totals(dataclasses.replace(suite, alpha=1e-6), True)


def test_quiet_sessions_show_the_totals_only(suite):
    suite.write("""
        @claim("A statement")
        def test_it(measure):
            assert measure.rate(Coin(0.5), "heads") > 0.3
    """)
    result = suite.run("-q")
    result.stdout.fnmatch_lines(
        ["1 supported, 0 refuted, 0 inconclusive, 0 errors; with probability at least 99.9 % *"]
    )
    result.stdout.no_fnmatch_line("*A statement*")
    result = suite.run()
    result.stdout.no_fnmatch_line("SUPPORTED  A statement *")
    result.stdout.fnmatch_lines(["as expected: 1 SUPPORTED (-v lists them)"])
    suite.run("-v").stdout.fnmatch_lines(["SUPPORTED  A statement *"])


TRAINED = """
    from lrn.claims import Experiment

    @claim("It trains")
    def test_it(measure):
        assert measure.rate(Experiment(depth=1, width=1, epochs=1), "converged") < 0.9
"""
SAMPLED = TRAINED.replace('Experiment(depth=1, width=1, epochs=1), "converged"', 'Coin(0.5), "heads"')


@pytest.mark.parametrize(
    ("body", "built", "arguments", "slow"),
    [
        (TRAINED, False, [], True),
        (TRAINED, True, [], False),
        (TRAINED, False, ["--engine=reference"], False),
        (
            '@claim("Heads")\ndef test_it(measure):\n    assert measure.rate(Coin(0.5), "heads") < 0.9\n',
            False,
            [],
            False,
        ),
    ],
)
def test_training_without_the_native_engine_prints_one_line(suite, monkeypatch, body, built, arguments, slow):
    class Runs(SimpleNamespace):
        def select(self, part):
            return Runs(converged=self.converged[part])

    class Ledger:
        def __init__(self, path, **options):
            pass

        def runs(self, experiment, seeds, trace=False):
            return Runs(converged=np.zeros(len(seeds), bool))

        def write(self):
            pass

        def tidy(self):
            pass

        def close(self):
            pass

    monkeypatch.setattr("lrn.ledger.Ledger", Ledger)
    monkeypatch.setattr("lrn.engines.choose", lambda engine, device: None)
    monkeypatch.setattr("lrn.engines.native.available", lambda: built)
    suite.write(body)
    result = suite.run("--max-seeds=256", *arguments)
    assert result.ret == 0
    message = "the native engine is not built, so torch did the training, slower (python -m lrn.engines tells more)"
    assert result.outlines.count(message) == slow
    assert result.stdout.str().count("the native engine is not built") == slow


@pytest.mark.parametrize(
    ("test", "written", "command"),
    [
        ("claims/test_a.py::test_a", "reports/verdicts.json", "lrn explain C1"),
        ("claims/thesis/test_a.py::test_a[2]", "reports/verdicts.json", "lrn explain C1"),
        ("paper/test_a.py::test_a", "reports/verdicts.json", "lrn explain C1 paper"),
        ("my claims/test_a.py::test_a", "mine.json", "lrn explain C1 'my claims' --verdicts mine.json"),
        ("test_a.py::test_a", "mine.json", "lrn explain C1 . --verdicts mine.json"),
    ],
)
def test_where_to_read_more_names_the_suite_and_the_record(test, written, command):
    suite = SuiteVerdicts.of(
        [verdict(test)], alpha=0.001, quantities=64, seed_offset=0, first_seeds=8, max_seeds=64, complete=True
    )
    assert _more(Ending(suite, {}, (), True, (), written)) == [f"read more: {command}"]


def test_a_run_that_writes_no_record_says_how_to_keep_one():
    suite = SuiteVerdicts.of(
        [verdict("claims/test_a.py::test_a")],
        alpha=0.001, quantities=64, seed_offset=0, first_seeds=8, max_seeds=64, complete=True,
    )  # fmt: skip
    (line,) = _more(Ending(suite, {}, (), True, (), None))
    assert line.startswith("read more: ")
    assert "--verdicts" in line


def test_the_only_case_of_a_line_is_named_with_its_parameters():
    two, one = lines(
        verdict("a.py::test_a[1]"), verdict("a.py::test_a[2]"), verdict("a.py::test_a[3]", Outcome.REFUTED)
    )
    assert two.split()[1:3] == ["C1", "x2"]
    assert one.split()[1] == "C1[3]"

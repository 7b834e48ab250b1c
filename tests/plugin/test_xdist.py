"""Claims on several workers: the same verdicts, the same bytes, the same table."""

import json
from operator import attrgetter

import pytest
from output import section

from lrn.plugin._session import EXIT_INCONCLUSIVE
from lrn.verdicts import Outcome

pytest_plugins = ["pytester"]

DEFAULT = "reports/verdicts.json"
ALL_KINDS = """
    @claim("Naïve “sentences” — survive: π ≤ 4 ☃ \\ud83d", id="A1", quote="„Wörter“")
    def test_supported(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.3

    @claim("Known to be false", refuted="Figure 2")
    def test_known(measure):
        assert every(measure.rate(Coin(p), "heads") > 0.7 for p in (0.9, 0.5))

    @claim("Undecided", max_seeds=512)
    def test_undecided(measure):
        assert measure.rate(Coin(0.5), "odd") > 0.5

    @claim("Never happens, at first")
    def test_infinite(measure):
        assert measure.median(Coin(0.1), "first") > 5

    @claim("Grid")
    @pytest.mark.parametrize("p", [0.2, 0.25, 0.3, "ü"])
    def test_grid(measure, p):
        if p == "ü":
            pytest.skip("not a number")
        assert measure.rate(Coin(p), "heads") < 0.5
"""
THREE_MORE = """
    @claim("Grid")
    @pytest.mark.parametrize("p", [0.2, 0.25, 0.3])
    def test_grid(measure, p):
        assert measure.rate(Coin(p), "heads") < 0.5
"""
FAILING = """
    @claim("False")
    def test_false(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.7

    @claim("Broken")
    def test_broken(measure):
        measure.rate(Broken(), "x")

    @pytest.fixture
    def bad():
        raise OSError("gone")

    @claim("No set-up")
    def test_no_set_up(bad):
        pass
"""


def table(result):
    """The lines of the section down to the totals, but for times, which differ."""
    lines = []
    for line in section(result, "claims"):
        if not line.startswith("slowest: "):
            lines.append(line.rstrip())
        if " supported, " in line:
            return lines
    return pytest.fail("the section has no totals")


def test_two_workers_write_the_same_bytes_and_table_as_none(suite, monkeypatch):
    monkeypatch.setenv("COLUMNS", "110")
    suite.write(ALL_KINDS + FAILING)
    alone = suite.run("--verdicts", "alone/v.json")
    together = suite.run_workers("--verdicts", "together/v.json")
    assert alone.ret == together.ret == 1
    first, second = suite.pytester.path / "alone/v.json", suite.pytester.path / "together/v.json"
    assert first.read_bytes() == second.read_bytes()
    assert len(suite.read(first).claims) == 11
    assert set(map(attrgetter("verdict"), suite.read(first).claims)) == set(Outcome)
    assert table(alone) == table(together)
    workers = json.loads((second.parent / "run.json").read_text(encoding="utf-8"))["workers"]
    assert workers == 2


def test_workers_give_the_default_file_and_the_exit_code_of_undecided_claims(suite):
    suite.write(ALL_KINDS)
    result = suite.run_workers()
    assert result.ret == EXIT_INCONCLUSIVE
    assert suite.read(DEFAULT).complete


def test_a_selection_is_known_in_the_reporting_process(suite):
    suite.write(ALL_KINDS)
    result = suite.run_workers("-k", "supported", "--verdicts", "part.json", workers=1)
    result.stdout.fnmatch_lines(["verdicts written to part.json"])
    assert not suite.read("part.json").complete
    assert len(suite.read("part.json").claims) == 1


def test_a_crashed_worker_leaves_the_default_file_alone(suite):
    suite.write(ALL_KINDS + '\n    @claim("Crash")\n    def test_crash(measure):\n        import os; os._exit(3)\n')
    result = suite.run_workers(workers=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"{DEFAULT} stays as it was: 1 tests crashed"])
    assert not (suite.pytester.path / DEFAULT).exists()


def test_a_claim_whose_worker_dies_for_good_is_an_error_in_table_and_totals(suite):
    suite.write(
        '\n    @claim("Crash", id="X1", source="§9")\n    def test_crash(measure):\n        import os; os._exit(3)\n'
    )
    result = suite.run_workers("--verdicts", "v.json", workers=1)
    assert result.ret == 1
    (verdict,) = suite.read("v.json").claims
    assert (verdict.id, verdict.statement, verdict.source) == ("X1", "Crash", "§9")
    assert (verdict.verdict, verdict.reason) == ("ERROR", "the process that tested it died; run it again")
    assert not suite.read("v.json").complete
    result.stdout.fnmatch_lines(["ERROR*X1*Crash*", "*1 errors*"])


KILLED = """
    import os
    import signal
    from pathlib import Path

    def die_once():
        if not Path("killed").exists():
            Path("killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    @claim("Its worker is killed", refuted="Figure 2")
    def test_killed(measure):
        die_once()
        assert measure.rate(Coin(0.5), "heads") > 0.7
"""


def test_a_claim_whose_worker_was_killed_runs_once_more(suite):
    suite.write(KILLED + THREE_MORE)
    result = suite.run_workers(workers=1)
    assert result.ret == 0
    result.assert_outcomes(passed=4)
    assert "1 rerun" in result.stdout.str()
    together = (suite.pytester.path / DEFAULT).read_bytes()
    assert suite.run().ret == 0
    assert (suite.pytester.path / DEFAULT).read_bytes() == together


def test_a_claim_that_no_worker_is_left_for_fails_the_session(suite):
    suite.write(KILLED + THREE_MORE)
    result = suite.run_workers("--max-worker-restart=0", workers=1)
    assert result.ret not in (0, EXIT_INCONCLUSIVE)
    assert not (suite.pytester.path / DEFAULT).exists()


def test_other_tests_whose_worker_was_killed_fail_as_ever(suite):
    suite.write("from test_claims import die_once\n\ndef test_plain():\n    die_once()\n", "tests/test_plain.py")
    suite.write(KILLED)
    result = suite.run_workers("tests", "-o", "pythonpath=. claims", workers=1)
    assert result.ret == 1
    result.assert_outcomes(failed=1)


def test_a_bad_option_is_refused_before_any_worker_starts(suite):
    suite.write(ALL_KINDS)
    result = suite.run_workers("--alpha=2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert list(filter(None, result.errlines)) == ["ERROR: --alpha must be a number strictly between 0 and 1; got '2'"]

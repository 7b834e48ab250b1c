"""Which sessions write a report, a job's summary and JUnit's properties."""

from __future__ import annotations

import os

import pytest
from output import junit, junit_cases

pytest_plugins = ["pytester"]

TWO = """
    @claim("Heads & <tails>", id="A1", source="§1")
    def test_first(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.3

    @claim("Second", refuted="Figure 2")
    def test_second(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.7
"""
PAGE = "reports/index.html"


@pytest.fixture
def suite(suite):
    suite.write(TWO)
    return suite


def exists(suite, name=PAGE):
    return (suite.pytester.path / name).exists()


def test_without_the_option_there_is_no_report(suite):
    suite.run()
    assert not exists(suite)


def test_the_whole_suite_writes_the_report_and_says_where(suite):
    result = suite.run("claims", "--report")
    assert result.stdout.lines[-2] == f"report written to {PAGE}"
    assert exists(suite)
    assert exists(suite, "reports/REPRODUCTION.md")
    assert exists(suite, "reports/badge.json")


def test_workers_write_the_same_report(suite):
    suite.run("claims", "--report=a")
    suite.run_workers("claims", "--report=b")
    first, second = suite.pytester.path / "a/REPRODUCTION.md", suite.pytester.path / "b/REPRODUCTION.md"
    assert first.read_bytes() == second.read_bytes()


def test_a_part_of_the_suite_writes_one_only_into_a_named_folder(suite):
    result = suite.run("-k", "first", "--report")
    result.stdout.fnmatch_lines(["no report was written: 1 tests were deselected; --report=DIR writes one*"])
    assert not exists(suite)
    suite.run("-k", "first", "--report=part")
    assert "This is a part of the suite" in (suite.pytester.path / "part" / "index.html").read_text(encoding="utf-8")


def test_other_verdicts_than_the_records_leave_the_report_alone(suite):
    suite.run("--verdicts=record.json")
    suite.write(TWO.replace("> 0.3", "> 0.9"))
    result = suite.run("claims", "--report", "--against=record.json")
    result.stdout.fnmatch_lines(["no report was written: verdicts differ from the record; --report=DIR writes one*"])
    assert not exists(suite)
    suite.run("claims", "--report=new", "--against=record.json")
    assert exists(suite, "new/index.html")


def test_a_run_on_other_seeds_leaves_the_report_alone(suite):
    suite.run("claims", "--report", "--seed-offset=1000").stdout.fnmatch_lines(["*the seeds begin at 1000*"])
    assert not exists(suite)


def test_a_folder_of_tests_cannot_hold_a_report(suite):
    result = suite.run("--report", "claims")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--report=DIR must be a folder without tests; got 'claims' (write --report last)"])


def test_a_missing_package_is_named_before_any_test(suite, monkeypatch):
    import lrn.report._section

    monkeypatch.setattr(lrn.report._section, "_NEEDED", ("no_such_package",))
    result = suite.run("--report")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--report: the report needs no_such_package: pip install 'lrn-claims[[]report[]]'"])


def test_a_suites_own_section_that_fails_fails_the_session_and_keeps_the_verdicts(suite):
    suite.pytester.path.joinpath("claims", "report.py").write_text("def sections(suite, ledger):\n    1 / 0\n")
    result = suite.run("--report")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["the report could not be written: ZeroDivisionError: division by zero"])
    assert exists(suite, "reports/verdicts.json")


def test_a_job_gets_a_summary(suite, monkeypatch):
    path = suite.pytester.path / "summary.md"
    path.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    suite.run()
    text = path.read_text(encoding="utf-8")
    assert text.startswith("before\n## Claims\n\n1 of 2 claims hold; 1 is refuted, 0 undecided.")
    assert r"Heads &amp; &lt;tails&gt; (§1)" in text


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_junit_has_the_claim_as_properties(suite, workers):
    run = suite.run_workers if workers else suite.run
    run("--junitxml=junit.xml")
    cases = junit_cases(junit(suite.pytester.path / "junit.xml"))
    properties = cases["test_first"].properties
    assert properties["claim.id"] == "A1"
    assert properties["claim.statement"] == "Heads & <tails>"
    assert properties["claim.verdict"] == properties["claim.expected"] == "SUPPORTED"
    assert properties["claim.measured"].startswith("rate of heads in coin 0.5: 0.")
    assert cases["test_second"].properties["claim.verdict"] == "REFUTED"
    for name in properties:
        assert not name.startswith("lrn.")


def test_a_summary_that_nobody_reads_is_not_waited_for(suite, monkeypatch):
    path = suite.pytester.path / "pipe"
    os.mkfifo(path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    result = suite.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["the report could not be written: OSError:*pipe*"])
    assert exists(suite, "reports/verdicts.json")

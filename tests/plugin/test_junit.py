"""JUnit's file shows verdicts, and fails where one differs from the record; so does all else that a session says."""

import pytest
from output import junit, junit_cases

pytest_plugins = ["pytester"]

CLAIMS = """
    @claim("It is refuted, as known", id="K", refuted="half")
    def test_known(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.7

    @claim("It is refuted", id="R")
    def test_refuted(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.7

    @claim("It was supported", id="C")
    def test_changes(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.3
"""
CHANGED = CLAIMS.replace('id="C"', 'id="C", refuted="known by now"').replace("> 0.3", "> 0.8")


def cases(suite):
    """What JUnit's file has of each test, and its totals."""
    root = junit(suite.pytester.path / "junit.xml")
    return junit_cases(root), next(root.iter("testsuite")).attrib


@pytest.mark.parametrize("workers", [0, 1])
def test_every_case_has_its_verdict_and_a_failure_says_it(suite, workers):
    suite.write(CLAIMS)
    if workers:
        suite.run_workers("--junitxml=junit.xml", workers=workers)
    else:
        suite.run("--junitxml=junit.xml")
    by_name, totals = cases(suite)
    assert {name: case.properties["claim.verdict"] for name, case in by_name.items()} == {
        "test_known": "REFUTED",
        "test_refuted": "REFUTED",
        "test_changes": "SUPPORTED",
    }
    assert by_name["test_known"].properties["claim.expected"] == "REFUTED"
    assert by_name["test_known"].failures == []
    (message,) = by_name["test_refuted"].failures
    assert message.startswith("REFUTED: rate of heads in coin 0.5 = 0.")
    assert totals["failures"] == "1"


@pytest.mark.parametrize("workers", [0, 1])
def test_a_changed_and_a_vanished_verdict_fail_everywhere(suite, workers):
    suite.write(CLAIMS.replace("def test_refuted", "def test_gone"))
    suite.run("--verdicts=old.json")
    suite.write(CHANGED.replace("def test_refuted", "def test_there").replace('id="R"', 'id="R", refuted="half"'))
    arguments = ["--against=old.json", "--junitxml=junit.xml", "claims"]
    result = suite.run_workers(*arguments, workers=1) if workers else suite.run(*arguments)
    assert result.ret == 1
    by_name, totals = cases(suite)
    assert [name for name, case in by_name.items() if case.failures] == ["test_changes", "test_gone"]
    assert by_name["test_changes"].failures[0].startswith("was SUPPORTED in old.json, is REFUTED: rate of heads")
    assert by_name["test_gone"].failures[0].startswith("was REFUTED in old.json, and is no longer there")
    assert totals["failures"] == "2"
    result.stdout.fnmatch_lines(
        [
            "C was SUPPORTED in old.json, and is REFUTED",
            "REFUTED (was SUPPORTED) claims/test_claims.py::test_changes*",
            "VANISHED claims/test_claims.py::test_gone*",
            "*2 failed, 2 passed*",
        ]
    )
    assert "2 failed" in result.outlines[-1]

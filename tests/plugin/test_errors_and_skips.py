"""Claims that come to no verdict: errors, and skips."""

import pytest

from lrn.verdicts import Outcome
from tests.plugin.test_outcomes import FALSE, TRUE, claim

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        (
            "assert measure.rate(Coin(0.5), 'tails') > 0",
            "ValueError: metric must be one of first, heads, late, odd, seed, u; *",
        ),
        ("pytest.fail('no')", "Failed: no"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        (
            "assert measure.rate(Broken(), 'x') > 0",
            "MeasurementError: sampling broken failed: AssertionError('the engine is *",
        ),
        ("assert measure.rate(Coin(0.5), 'heads')", "TypeError: the truth of *"),
        ("assert 1 == 1", "it asked for measure, but asserted no comparison *"),
        (
            "measure.rate(Coin(0.5), 'heads') > 0.3",
            "it asked for measure, but asserted no comparison of what it measured: *",
        ),
        ("every([measure.rate(Coin(0.5), 'heads') > 0.7])", "it asked for measure, but asserted no comparison *"),
        ("assert measure.rate(Coin(0.5), 'heads').point > 0.3", "it compared bare estimates *"),
        ("return measure.rate(Coin(0.5), 'heads') > 0.3", "it must assert, not return; it returned Decision(*"),
    ],
)
@pytest.mark.parametrize("arguments", ["", ', refuted="known"'])
def test_any_other_end_is_an_error_and_never_a_refutation(suite, body, reason, arguments):
    import fnmatch

    result, verdicts = suite.judge(claim(body, arguments))
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    assert verdicts["test_it"].verdict is Outcome.ERROR
    assert fnmatch.fnmatchcase(verdicts["test_it"].reason, reason), verdicts["test_it"].reason


def test_a_broken_fixture_is_an_error(suite):
    fixture = "@pytest.fixture\ndef bad():\n    assert False, 'no data'\n"
    result, verdicts = suite.judge(fixture + claim(FALSE, ', refuted="known"', parameters="bad, measure"))
    result.assert_outcomes(errors=1)
    assert verdicts["test_it"].verdict is Outcome.ERROR
    assert verdicts["test_it"].reason == "AssertionError: no data"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("start", ["async def test_it(measure):\n    ", "async def test_it(measure):\n    yield\n    "])
def test_an_async_claim_is_an_error(suite, start):
    result, verdicts = suite.judge(f'@claim("It waits")\n{start}assert measure.rate(Coin(0.5), "heads") > 0.3\n')
    assert result.ret == 1
    assert verdicts["test_it"].reason == "TypeError: a claim must be a plain function, not an async one"


def test_a_claim_in_a_test_case_is_an_error(suite):
    body = '@claim("It is a method", exact=True)\n    def test_it(self):\n        assert 1 + 1 == 2\n'
    result, verdicts = suite.judge(f"import unittest\nclass TestCase(unittest.TestCase):\n    {body}")
    assert result.ret == 1
    assert verdicts["TestCase::test_it"].verdict is Outcome.ERROR
    assert "unittest.TestCase" in verdicts["TestCase::test_it"].reason


@pytest.mark.parametrize(
    ("marks", "body"),
    [
        ("", "pytest.skip('not here')"),
        ("@pytest.mark.skip(reason='not here')", TRUE),
        ("", "str(measure.rate(Coin(0.5), 'heads')); pytest.skip('not here')"),
    ],
)
def test_a_skip_stays_a_skip(suite, marks, body):
    result, verdicts = suite.judge(claim(body, marks=marks))
    result.assert_outcomes(skipped=1)
    assert result.ret == 0
    assert (verdicts["test_it"].verdict, verdicts["test_it"].reason[-8:]) == (Outcome.SKIPPED, "not here")
    assert suite.read().totals["skipped"] == 1

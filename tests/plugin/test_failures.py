"""The text that a person reads about a claim that did not end as its author says."""

import itertools
import re
import shlex
from pathlib import Path

import pytest
from output import section

import lrn

pytest_plugins = ["pytester"]

QUOTE = "heads come up with a probability of at least 0.7 in each of the configurations that we tried, far above chance"
BODY = f"""
    @claim(
        "Coins show heads more often than not, whichever way one may look at them",
        id="C2", source="Table 3, p. 17", quote="{QUOTE}", reading="the rate of heads"
    )
    @pytest.mark.parametrize("p", [0.9, 0.5])
    def test_heads(measure, p):
        assert measure.rate(Coin(p), "heads") > 0.7
"""


def failure(result):
    """The lines about the first failure."""
    _, *lines = section(result, "FAILURES")
    return list(itertools.takewhile(lambda line: not line.startswith("___"), lines))


def test_a_refuted_claim_shows_what_it_says_what_was_compared_and_what_to_write(suite):
    suite.write(BODY)
    lines = failure(suite.run())
    text = " ".join(" ".join(lines).split())
    assert lines[0] == "C2[0.5] is REFUTED"
    for part in (QUOTE, "Table 3, p. 17", "the rate of heads", "whichever way one may look at them"):
        assert part in text
    assert "compared rate of heads in coin 0.5 = 0." in text
    assert "is false, after " in text
    assert '@claim(..., refuted="' in text
    assert "pytest.mark.refuted(" in text
    assert '  > assert measure.rate(Coin(p), "heads") > 0.7' in lines
    for line in lines:
        assert len(line) <= 80 or line.startswith("reproduce: ")


def test_what_to_write_makes_it_pass(suite):
    marked = BODY.replace("[0.9, 0.5]", '[0.9, pytest.param(0.5, marks=pytest.mark.refuted("half"))]')
    suite.write(marked)
    suite.run().assert_outcomes(passed=2)


def test_the_command_tests_that_claim_alone_with_the_same_options(suite):
    suite.write(BODY)
    (command,) = [line for line in failure(suite.run("--seed-offset=7")) if line.startswith("reproduce: ")]
    pytest_, *arguments = shlex.split(command.removeprefix("reproduce: "))
    assert pytest_ == "pytest"
    assert arguments == ["claims/test_claims.py::test_heads[0.5]", "--seed-offset=7"]
    suite.run(*arguments).assert_outcomes(failed=1)


@pytest.mark.parametrize(
    "assertion",
    [
        'measure.rate(Coin(0.5), "heads") > 0.7',
        'measure.rate(Coin(0.5), "heads") > 0.5',
        'measure.rate(Coin(0.5), "tails") > 0.5',
        'measure.rate(Broken(), "heads") > 0.5',
        'bool(measure.rate(Coin(0.5), "heads")) > 0.5',
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--tb=short"], ["--tb=line"]])
def test_no_frame_of_lrn_is_shown(suite, assertion, arguments):
    suite.write(f'@claim("It is so")\ndef test_it(measure):\n    assert {assertion}\n')
    result = suite.run("--max-seeds=64", *arguments)
    result.assert_outcomes(failed=1)
    shown = result.stdout.str().partition("= claims =")[0]
    assert f"/{Path(lrn.__file__).parents[1].name}/lrn/" not in shown
    assert "lrn/plugin" not in shown
    commands = result.stdout.str().count("\nreproduce: ")
    assert commands == 1 or (arguments == ["--tb=line"] and commands == 0)  # as pytest's version has it


def test_a_check_without_measurement_shows_what_its_assertion_says(suite):
    suite.write('@claim("It adds up", exact=True)\ndef test_it():\n    assert [1, 2] == [1, 3]\n')
    lines = failure(suite.run())
    assert "E  assert [1, 2] == [1, 3]" in lines
    assert "E    At index 1 diff: 2 != 3" in lines


def test_an_error_that_failed_at_an_assertion_says_why_there_is_no_verdict(suite):
    suite.write('@claim("It is so")\ndef test_it(measure):\n    assert measure.rate(Coin(0.5), "heads").point > 0.7\n')
    text = " ".join(failure(suite.run()))
    assert "test_it is ERROR" in text
    assert "because  it compared bare estimates" in text


def test_terminals_are_given_no_orders_by_what_a_claim_says(suite):
    suite.write(BODY.replace("Table 3", "\\x1b[2J Table 3"))
    text = suite.run().stdout.str()
    assert "\x1b[2J" not in text
    assert r"\x1b[2J Table 3" in text


def test_verbose_words_are_verdicts(suite):
    claims = [("0.3", ""), ("0.7", 'refuted="half"'), ("0.5", 'inconclusive="half"'), ("0.7", ""), ("0.5", "")]
    for n, (share, mark) in enumerate(claims):
        suite.write(
            f'@claim("It is so", {mark})\ndef test_{n}(measure):\n'
            f'    assert measure.rate(Coin(0.5), "heads") > {share}\n',
            f"claims/test_{n}.py",
        )
    result = suite.run("-v", "--max-seeds=256")
    printed = re.findall(r"test_(\d)\.py::test_\1 (.+?)  .*\[.*%", result.stdout.str())
    assert printed == [
        ("0", "SUPPORTED"),
        ("1", "REFUTED (expected)"),
        ("2", "INCONCLUSIVE (expected)"),
        ("3", "REFUTED"),
        ("4", "INCONCLUSIVE"),
    ]
    result.assert_outcomes(passed=3, failed=2)
    quiet = suite.run("--max-seeds=256")
    letters = re.findall(r"^claims/test_\d\.py (\S+) .*\[", quiet.stdout.str(), re.MULTILINE)
    assert letters == [".", ".", ".", "F", "?"]

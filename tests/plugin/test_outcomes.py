"""How a claim ends, and what pytest makes of it."""

import pytest

from lrn.plugin._session import EXIT_INCONCLUSIVE
from lrn.verdicts import Outcome

pytest_plugins = ["pytester"]

TRUE = 'assert measure.rate(Coin(0.5), "heads") > 0.3'
FALSE = 'assert measure.rate(Coin(0.5), "heads") > 0.7'
OPEN = 'assert measure.rate(Coin(0.5), "heads") > 0.5'


def claim(assertion, arguments="", marks="", name="test_it", parameters="measure"):
    return f"""
@claim("It shows heads"{arguments})
{marks}
def {name}({parameters}):
    {assertion}
"""


def test_a_true_claim_is_supported_and_passes(suite):
    result, verdicts = suite.judge(claim(TRUE))
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    verdict = verdicts["test_it"]
    assert (verdict.verdict, verdict.expected, verdict.looks > 1) == (Outcome.SUPPORTED, Outcome.SUPPORTED, True)
    assert verdict.reason.startswith("rate of heads in coin 0.5: 0.")


def test_a_false_claim_is_refuted_and_fails_with_its_intervals(suite):
    result, verdicts = suite.judge(claim(FALSE))
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    assert verdicts["test_it"].verdict is Outcome.REFUTED
    result.stdout.fnmatch_lines(
        ["compared rate of heads in coin 0.5 = 0.* [[]0.*, 0.*[]] > 0.7", "*is false, after * seeds"]
    )


@pytest.mark.parametrize("verbosity", ["-q", "-vv"])
def test_the_reason_of_a_refutation_is_the_decision_whatever_the_verbosity(suite, verbosity):
    body = 'assert (measure.rate(Coin(0.5), "heads") > 0.7) | some(measure.rate(c, "heads") > .9 for c in [Coin(0.1)])'
    _, verdicts = suite.judge(claim(body), verbosity)
    first, second = verdicts["test_it"].estimates
    assert verdicts["test_it"].reason == f"{measured(first)} > 0.7 or {measured(second)} > 0.9"


def measured(quantity):
    return f"{quantity.name} = {quantity.point:.4g} [{quantity.low:.4g}, {quantity.high:.4g}]"


def test_the_reason_of_a_refutation_holds_no_memory_address(suite):
    suite.write(claim("assert not measure.rate(Coin(0.5), 'heads') > 0.3, object()"))
    suite.run("--verdicts", "v.json")
    assert "0x" not in suite.read("v.json").claims[0].reason


def test_an_assertion_in_a_helper_without_message_refutes(suite):
    suite.pytester.makepyfile(helper="def check(truth):\n    if not truth:\n        raise AssertionError\n")
    _, verdicts = suite.judge(claim("import helper; helper.check(measure.rate(Coin(0.5), 'heads') > 0.7)"))
    assert verdicts["test_it"].verdict is Outcome.REFUTED
    assert verdicts["test_it"].reason.startswith("the last decision is false: rate of heads in coin 0.5 = 0.")


def test_a_known_refuted_claim_passes_while_it_is_refuted(suite):
    result, verdicts = suite.judge(claim(FALSE, ', refuted="Figure 1: half"'))
    result.assert_outcomes(passed=1)
    verdict = verdicts["test_it"]
    assert (verdict.verdict, verdict.expected, verdict.known) == (Outcome.REFUTED, Outcome.REFUTED, "Figure 1: half")


def test_a_known_refuted_claim_fails_when_it_is_supported(suite):
    result, verdicts = suite.judge(claim(TRUE, ', refuted="Figure 1: half"'))
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    assert verdicts["test_it"].verdict is Outcome.SUPPORTED
    result.stdout.fnmatch_lines(["test_it is SUPPORTED, but it is said to be REFUTED (Figure 1: half)"])


def test_a_known_refuted_claim_fails_when_it_is_undecided(suite):
    result, verdicts = suite.judge(claim(OPEN, ', refuted="Figure 1: half"'), "--max-seeds=256")
    result.assert_outcomes(failed=1)
    assert verdicts["test_it"].verdict is Outcome.INCONCLUSIVE


def test_one_parameter_can_be_known_refuted(suite):
    marks = '@pytest.mark.parametrize("p", [0.9, pytest.param(0.1, marks=pytest.mark.refuted("p is small"))])'
    result, verdicts = suite.judge(
        claim('assert measure.rate(Coin(p), "heads") > 0.5', marks=marks, parameters="measure, p")
    )
    result.assert_outcomes(passed=2)
    assert verdicts["test_it[0.9]"].expected is Outcome.SUPPORTED
    assert (verdicts["test_it[0.1]"].verdict, verdicts["test_it[0.1]"].known) == (Outcome.REFUTED, "p is small")


def test_an_undecided_claim_fails_and_says_what_is_too_wide(suite):
    result, verdicts = suite.judge(claim(OPEN), "--max-seeds=512")
    result.assert_outcomes(failed=1)
    verdict = verdicts["test_it"]
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert verdict.looks > 2
    result.stdout.fnmatch_lines(
        [
            "test_it is INCONCLUSIVE",
            '*> assert measure.rate(Coin(0.5), "heads") > 0.5',
            "too wide rate of heads in coin 0.5 = *> 0.5",
            "*after 512 seeds",
            "needed   *",
            "allowed  512 seeds*",
        ]
    )


def test_a_known_inconclusive_claim_passes_while_it_is_undecided(suite):
    result, verdicts = suite.judge(claim(OPEN, ', inconclusive="too close"'), "--max-seeds=256")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    verdict = verdicts["test_it"]
    assert (verdict.verdict, verdict.expected, verdict.known) == (
        Outcome.INCONCLUSIVE,
        Outcome.INCONCLUSIVE,
        "too close",
    )


@pytest.mark.parametrize(("assertion", "verdict"), [(TRUE, "SUPPORTED"), (FALSE, "REFUTED")])
def test_a_known_inconclusive_claim_fails_once_it_is_decided(suite, assertion, verdict):
    result, verdicts = suite.judge(claim(assertion, marks='@pytest.mark.inconclusive("too close")'))
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    assert verdicts["test_it"].verdict == verdict
    result.stdout.fnmatch_lines([f"test_it is {verdict}, but it is said to be INCONCLUSIVE (too close)"])


def test_an_error_in_a_known_refuted_claim_is_shown(suite):
    result, verdicts = suite.judge(claim("1 / 0", ', refuted="Figure 1: half"'))
    result.assert_outcomes(failed=1)
    assert verdicts["test_it"].verdict is Outcome.ERROR
    result.stdout.fnmatch_lines(["E*ZeroDivisionError*"])


def test_an_undecided_claim_can_be_skipped_instead(suite):
    result, verdicts = suite.judge(claim(OPEN), "--max-seeds=256", "--inconclusive=skip", "-rs")
    result.assert_outcomes(skipped=1)
    assert result.ret == 0
    assert verdicts["test_it"].verdict is Outcome.INCONCLUSIVE
    result.stdout.fnmatch_lines(["SKIPPED * claims/test_claims.py:*: INCONCLUSIVE: *"])


@pytest.mark.parametrize(
    ("others", "code"),
    [
        ("", EXIT_INCONCLUSIVE),
        (claim(TRUE, name="test_other"), EXIT_INCONCLUSIVE),
        (claim(FALSE, name="test_other"), 1),
        (claim("1 / 0", name="test_other"), 1),
        (claim(FALSE, ', refuted="known"', name="test_other"), EXIT_INCONCLUSIVE),
        ("def test_plain():\n    assert False\n", 1),
    ],
)
def test_exit_code_10_means_that_only_undecided_claims_failed(suite, others, code):
    result, _ = suite.judge(claim(OPEN) + others, "--max-seeds=256")
    assert result.ret == code


def test_a_broken_teardown_is_not_an_undecided_claim(suite):
    fixture = "@pytest.fixture\ndef bad():\n    yield\n    1 / 0\n"
    result, verdicts = suite.judge(fixture + claim(OPEN, parameters="measure, bad"), "--max-seeds=256")
    assert result.ret == 1
    assert verdicts["test_it"].verdict is Outcome.INCONCLUSIVE


def test_claims_without_measurement_are_judged_by_their_assertions(suite):
    result, verdicts = suite.judge(
        claim("assert 1 + 1 == 2", ", exact=True", parameters="")
        + claim("assert 1 + 1 == 3", ', exact=True, refuted="it is 2"', name="test_three", parameters="")
    )
    result.assert_outcomes(passed=2)
    assert verdicts["test_it"].verdict is Outcome.SUPPORTED
    assert (verdicts["test_three"].verdict, verdicts["test_three"].reason) == (Outcome.REFUTED, "assert (1 + 1) == 3")


@pytest.mark.parametrize(
    ("assertion", "reason"),
    [
        ("assert dict(b=list(range(20)), a='one of them') == {}", "assert {'a': 'one of them', 'b': [0, 1, 2, "),
        ("assert set('lrn') == set('claims')", "assert {'l', 'n', 'r'} == {'a', 'c', 'i', 'l', 'm', 's'}"),
        ("assert {7, 3} & {3} == set()", "assert {3} == set()"),
        ("assert 'letter ' * 30 == 'letter'", "assert 'letter letter letter letter...letter"),
    ],
)
def test_the_reason_of_a_failed_comparison_depends_on_its_values_alone(suite, assertion, reason):
    test = claim(assertion, ', exact=True, refuted="it is not"', parameters="")
    reasons = {suite.judge(test, *options)[1]["test_it"].reason for options in ((), ("-v",), ("-vv",), ("-vvv",))}
    assert len(reasons) == 1
    assert reasons.pop().startswith(reason)


def test_details_of_a_failed_comparison_are_shown(suite):
    result, _ = suite.judge(claim("assert [1, 2, 4] == [1, 2, 3]", ", exact=True", parameters=""), "-vv")
    result.stdout.fnmatch_lines(["*assert [[]1, 2, 4[]] == [[]1, 2, 3[]]", "*At index 2 diff: 4 != 3*"])


def test_comparisons_of_other_tests_are_explained_by_pytest(suite):
    suite.write("def test_it():\n    assert list(range(40)) == []\n", "claims/test_plain.py")
    result = suite.run("claims/test_plain.py")
    result.stdout.fnmatch_lines(["*assert [[]0, 1, 2, 3, 4, 5, ...[]] == [[][]]"])


def test_methods_and_other_fixtures_work_beside_measure(suite):
    result, verdicts = suite.judge("""
        made = []

        @pytest.fixture
        def coin(tmp_path):
            made.append(tmp_path)
            yield Coin(0.55)

        class TestCoin:
            @claim("It lands on heads more often than not")
            def test_it(self, coin, measure, tmp_path):
                assert made == [tmp_path]
                assert measure.rate(coin, "heads") > 0.5
    """)
    result.assert_outcomes(passed=1)
    assert verdicts["TestCoin::test_it"].looks > 2


def test_a_class_of_claims_shares_its_statement(suite):
    result, verdicts = suite.judge("""
        @claim("Coins land on heads")
        class TestCoins:
            def test_one(self, measure):
                assert measure.rate(Coin(0.9), "heads") > 0.5

            def test_two(self, measure):
                assert measure.rate(Coin(0.8), "heads") > 0.5
    """)
    result.assert_outcomes(passed=2)
    assert verdicts["TestCoins::test_one"].statement == "Coins land on heads"
    assert verdicts["TestCoins::test_two"].statement == "Coins land on heads"


@pytest.mark.parametrize(
    ("test", "sentence"),
    [
        ("def test_it(measure): pass", "measure is for claims: put @claim(...) of lrn.claims on the test"),
        (
            "@pytest.mark.refuted('x')\ndef test_it(): pass",
            "refuted is for claims: put @claim(...) of lrn.claims on the test",
        ),
        (
            '@claim("It is so")\n@pytest.mark.refuted\ndef test_it(): assert False',
            "refuted needs the reason, a text with the figure that shows it; got None",
        ),
        (
            '@claim("It is so")\n@pytest.mark.refuted("")\ndef test_it(): assert False',
            "refuted needs the reason, a text with the figure that shows it; got ''",
        ),
        (
            "@pytest.mark.claim(statement='', id='x')\ndef test_it(): pass",
            "a claim is made by @claim(...) of lrn.claims*",
        ),
    ],
)
def test_marks_that_make_no_sense_are_refused(suite, test, sentence):
    suite.write(test)
    result = suite.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([sentence])


def test_ordinary_tests_are_left_alone(suite):
    suite.write("""
        def test_it():
            pass

        def test_false():
            assert 1 == 2
    """)
    result = suite.run("--verdicts", "v.json", "-rN")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.no_fnmatch_line("*claims ==*")
    assert result.ret == 1
    assert not (suite.pytester.path / "v.json").exists()

"""Options that say who trains what, when nothing may be trained, and what becomes of results that exist."""

from __future__ import annotations

import pytest
from output import by_test

pytest_plugins = ["pytester"]

MINE = """
    from lrn.claims import population

    @population(version="1")
    def mine(seed):
        with open("asked.txt", "a") as file:
            file.write(f"{seed}\\n")
        return {"x": (7 * seed % 100) / 100, "good": seed % 10 != 3}

    @claim("Mostly good")
    def test_good(measure):
        assert measure.rate(mine(), "good") > 0.5
"""


def observed_seeds(suite):
    path = suite.pytester.path / "asked.txt"
    return list(map(int, path.read_text().split())) if path.exists() else []


def run(suite, *arguments):
    """A run with a ledger."""
    return suite.run("-o", "addopts=-p no:cacheprovider", "--verdicts", "v.json", *arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--workers", "0"], "--workers must be a whole number from 1 to 4,096; got '0'"),
        (["--hours", "-1"], "--hours must be a number of hours, at least 0; got '-1'"),
        (["--hours", "nan"], "--hours must be a number of hours, at least 0; got 'nan'"),
        (["--stale", "old"], "--stale must be one of retrain, use, fail; got 'old'"),
        (["--recheck", "x"], "--recheck must be a whole number of at least 0; got 'x'"),
        (["-o", "lrn_workers=x"], "lrn_workers must be a whole number from 1 to 4,096; got 'x'"),
    ],
)
def test_options_out_of_range_are_refused_before_anything_runs(suite, arguments, sentence):
    suite.write(MINE)
    result = suite.run(*arguments)
    result.stderr.fnmatch_lines([f"ERROR: {sentence}"])
    assert observed_seeds(suite) == []


def test_frozen_claims_are_judged_on_what_there_is(suite):
    suite.write(MINE)
    run(suite, "--frozen").assert_outcomes(failed=1)
    assert observed_seeds(suite) == []
    (claim,) = suite.read("v.json").claims
    assert claim.verdict == "INCONCLUSIVE"
    run(suite).assert_outcomes(passed=1)
    known = len(set(observed_seeds(suite)))
    run(suite, "--frozen").assert_outcomes(passed=1)
    assert len(set(observed_seeds(suite))) == known


def test_a_frozen_run_names_the_seeds_it_lacks(suite):
    suite.write(MINE)
    run(suite, "--max-seeds", "10")
    result = run(suite, "--frozen")
    result.stdout.fnmatch_lines(["*nothing is trained (--frozen), and only 10 seeds of mine() are known*"])


def test_when_the_hours_are_over_claims_are_inconclusive(suite):
    suite.write(MINE)
    result = run(suite, "--hours", "0")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the hours allowed are over, and no seed of mine() is known*"])


@pytest.mark.parametrize(
    ("option", "remedy"), [(["--frozen"], "without --frozen"), (["--hours", "0"], "with more --hours")]
)
@pytest.mark.parametrize("known", [0, 10])
def test_missing_seeds_are_no_result_and_the_remedy_is_said(suite, option, remedy, known):
    suite.write(MINE.replace("> 0.5", "> 0.85"))
    if known:
        run(suite, "--max-seeds", known)
    result = run(suite, *option, "-v")
    shown = str(result.stdout)
    said = f"run it again {remedy}*"
    result.stdout.fnmatch_lines([f"next     {said}", f"1 claim had too few seeds: {said}"])
    assert "If this is a result" not in shown
    assert "nan" not in shown
    assert ("there are no seeds" in shown) == (not known)
    assert (f"after {known} seeds" in shown) == bool(known)
    (claim,) = suite.read("v.json").claims
    assert claim.verdict == "INCONCLUSIVE"


def test_seeds_are_trained_again_on_request(suite):
    suite.write(MINE)
    run(suite).assert_outcomes(passed=1)
    before = len(observed_seeds(suite))
    run(suite).assert_outcomes(passed=1)
    assert len(observed_seeds(suite)) == before
    run(suite, "--recheck", "5").assert_outcomes(passed=1)
    assert len(observed_seeds(suite)) == before + 5


def test_results_of_earlier_code_may_be_refused(suite):
    suite.write(MINE)
    run(suite).assert_outcomes(passed=1)
    suite.write(MINE.replace('version="1"', 'version="2"'))
    run(suite, "--stale", "fail").assert_outcomes(failed=1)
    (claim,) = suite.read("v.json").claims
    assert claim.verdict == "ERROR"
    assert "version has changed since" in claim.reason
    result = run(suite, "--stale", "use")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*those are used all the same (--stale=use)*"])


def test_recorded_results_are_judged_on_the_rows_there_are(suite):
    rows = ["seed,method,good\n"]
    for seed in range(40):
        rows += f"{seed},a,True\n", f"{seed},b,{seed % 7 != 3}\n"
    (suite.pytester.path / "runs.csv").write_text("".join(rows))
    suite.write("""
        from lrn.claims import recorded

        runs = recorded("runs.csv", by="method")

        @claim("a is good")
        def test_a(measure):
            assert measure.rate(runs(method="a"), "good") > 0.5

        @claim("a is better by far")
        def test_far(measure):
            assert measure.rate(runs(method="a"), "good") > measure.rate(runs(method="b"), "good") + 0.15
    """)
    result = run(suite)
    verdicts = by_test(suite.read("v.json"))
    assert verdicts["test_a"].verdict == "SUPPORTED"
    assert verdicts["test_far"].verdict == "INCONCLUSIVE"
    result.stdout.fnmatch_lines(["*there are only 40 seeds of runs(method='*"])


def test_seeds_that_fail_are_an_error_or_do_not_count(suite):
    body = MINE.replace('version="1"', 'version="1", failed="exclude"').replace(
        'return {"x"', 'if seed % 4 == 1:\n            raise ValueError("diverged")\n        return {"x"'
    )
    suite.write(body)
    run(suite).assert_outcomes(passed=1)
    (claim,) = suite.read("v.json").claims
    assert "given completed" in claim.estimates[0].name
    assert claim.estimates[0].n < claim.estimates[0].seeds
    suite.write(body.replace(', failed="exclude"', "").replace('version="1"', 'version="3"'))
    run(suite).assert_outcomes(failed=1)
    (claim,) = suite.read("v.json").claims
    assert claim.verdict == "ERROR"
    assert "mine() failed for seed 1: ValueError: diverged" in claim.reason


def test_nan_names_its_seed(suite):
    suite.write(
        MINE.replace("(7 * seed % 100) / 100", 'float("nan") if seed == 5 else 0.5').replace(
            'measure.rate(mine(), "good") > 0.5', 'measure.median(mine(), "x") > 0.1'
        )
    )
    run(suite)
    (claim,) = suite.read("v.json").claims
    assert claim.verdict == "ERROR"
    assert "the first for seed 5" in claim.reason

"""Options are read, or refused with one sentence before anything runs."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

pytest_plugins = ["pytester"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--alpha=0"], "--alpha must be a number strictly between 0 and 1; got '0'"),
        (["--alpha=1"], "--alpha must be a number strictly between 0 and 1; got '1'"),
        (["--alpha=nan"], "--alpha must be a number strictly between 0 and 1; got 'nan'"),
        (["--alpha=few"], "--alpha must be a number strictly between 0 and 1; got 'few'"),
        (["--first-seeds=0"], "--first-seeds must be a whole number, at least 1; got '0'"),
        (["--first-seeds=8.5"], "--first-seeds must be a whole number, at least 1; got '8.5'"),
        (["--max-seeds=-64"], "--max-seeds must be a whole number, at least 1; got '-64'"),
        (["--max-seeds=1e4"], "--max-seeds must be a whole number, at least 1; got '1e4'"),
        (["--first-seeds=512", "--max-seeds=256"], "--first-seeds must not exceed --max-seeds; got 512 and 256"),
        (["--quantities=0"], "--quantities must be a whole number, at least 1; got '0'"),
        (["-o", "lrn_quantities=few"], "lrn_quantities must be a whole number, at least 1; got 'few'"),
        (["-o", "lrn_alpha=2"], "lrn_alpha must be a number strictly between 0 and 1; got '2'"),
        (["--first-look=64"], "--first-look is no longer there: any number of seeds can be tested; use --first-seeds"),
        (["--seed-offset=-1"], "--seed-offset must be a whole number from 0 to 2**63; got '-1'"),
        (["--seed-offset=99999999999999999999"], "--seed-offset must be a whole number from 0 to 2**63; got '9*'"),
        (["--inconclusive=ignore"], "--inconclusive must be fail or skip; got 'ignore'"),
        (["--engine=warp"], "--engine must be one of auto, native, cuda, reference; got 'warp'"),
        (["--device=the GPU"], "--device must name a torch device, such as cpu, cuda or cuda:1; got 'the GPU'"),
        (
            ["--engine=native", "--device=cuda"],
            "--engine native --device cuda: the native engine runs on device cpu; got 'cuda' *",
        ),
        (["--device=meta"], "--engine auto --device meta: device must be one that torch can use here; got 'meta' *"),
        (["--verdicts=claims"], "--verdicts must be a file not called run.json; got 'claims'"),
        (["--verdicts="], "--verdicts must be a file not called run.json; got ''"),
        (["--verdicts=x/run.json"], "--verdicts must be a file not called run.json; got 'x/run.json'"),
        (["--ledger=populations.py", "-o", "addopts="], "--ledger must be a folder; got 'populations.py'"),
        (
            ["--verdicts=populations.py/v.json"],
            "--verdicts must be a file not called run.json; got 'populations.py/v.json'",
        ),
        (["-o", "lrn_verdicts=claims"], "lrn_verdicts must be a file not called run.json; got 'claims'"),
        (["-o", "lrn_verdicts=x/run.json"], "lrn_verdicts must be a file not called run.json; got 'x/run.json'"),
        (["--ledger=populations.py/x", "-o", "addopts="], "--ledger must be a folder; got 'populations.py/x'"),
        (["--ledger=", "-o", "addopts="], "--ledger must be a folder; got ''"),
        (["--report=populations.py/x"], "--report=DIR must be a folder without tests; got 'populations.py/x' *"),
        (["--against="], "--against must be a file of verdicts; got ''"),
        (["--against=none.json"], "--against must be a file of verdicts; "),
        (["--against=populations.py"], "--against must be a file of verdicts; "),
        (["--device="], "--device must name a torch device, such as cpu, cuda or cuda:1; got ''"),
        (["--ledger=x", "--no-ledger"], "--ledger and --no-ledger exclude each other; give one of them"),
    ],
)
def test_a_bad_option_is_one_sentence_before_anything_runs(suite, arguments, sentence):
    suite.write("raise SystemExit('it ran')")
    result = suite.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = filter(None, result.errlines)
    assert line.startswith(f"ERROR: {sentence.partition('*')[0]}")
    result.stdout.no_fnmatch_line("*collected*")


def test_the_options_are_described_in_the_help(suite):
    result = suite.run("--help")
    result.stdout.fnmatch_lines(
        ["claims on measured intervals (lrn):", "*--alpha=A*", "*--max-seeds=N*", "*--no-ledger*", "*lrn_verdicts*"]
    )


def test_the_marks_are_registered(suite):
    result = suite.run("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.claim(statement, *", "@pytest.mark.refuted(why): *"])


def test_an_experiment_is_trained_through_the_ledger_with_the_options(suite, monkeypatch):
    made = []

    class Runs(SimpleNamespace):
        def select(self, part):
            return Runs(**{name: values[part] for name, values in vars(self).items()})

    class Ledger:
        def __init__(self, path, **options):
            made.append((path, options))

        def runs(self, experiment, seeds, trace=False):
            made.append((experiment.depth, seeds, trace))
            converged = np.arange(seeds.start, seeds.stop) % 4 > 0
            return Runs(converged=converged, dead_neurons=converged + 0)

        def write(self):
            pass

        def tidy(self):
            pass

        def close(self):
            made.append("closed")

    monkeypatch.setattr("lrn.ledger.Ledger", Ledger)
    monkeypatch.setattr("lrn.engines.choose", lambda engine, device: None)  # as if the GPU were here
    suite.write("""
        from lrn.claims import Experiment

        @claim("They converge")
        def test_it(measure):
            assert measure.rate(Experiment(depth=3), "converged") > 0.5
            assert measure.mean(Experiment(depth=3), "dead_neurons", given="converged") < 2
    """)
    options = ["--engine=reference", "--device=cuda:1", "--ledger=here", "--verdicts=v.json"]
    suite.run("-o", "addopts=-p no:cacheprovider", "--first-seeds=64", *options).assert_outcomes(passed=1)
    how = {"engine": "reference", "device": "cuda:1", "threads": None, "scheduler": None, "waits": True}
    assert made[0] == (suite.pytester.path / "here", how)
    assert made[1] == (3, range(64), False)
    assert made[-1] == "closed"
    for (_, earlier, _), (_, later, _) in itertools.pairwise(made[1:-1]):
        assert earlier.stop == later.start, "only new seeds are asked for"
    rate, mean = suite.read("v.json").claims[0].estimates
    assert rate.key.startswith("rate of converged in late, depth 3, width 2, adam 0.01, batch [")
    assert mean.key.startswith("mean of dead_neurons given converged in late, depth 3, width 2, adam 0.01, batch [")


def test_a_claim_is_selected_by_its_id(suite):
    suite.write("""
        @claim("One", id="X1-literal")
        def test_one(measure):
            assert measure.rate(Coin(0.9), "heads") > 0.5

        @claim("Two", id="X2")
        def test_two(measure):
            assert measure.rate(Coin(0.9), "heads") > 0.5
    """)
    suite.run("-k", "X1").assert_outcomes(passed=1, deselected=1)
    suite.run("-k", "X1-literal or X2").assert_outcomes(passed=2)


def test_a_mark_that_makes_no_sense_is_one_sentence_before_anything_is_measured(suite):
    suite.write("""
        import pytest

        @pytest.mark.claim()
        def test_0(measure): raise SystemExit("it ran")

        @pytest.mark.claim("It holds", sauce="thesis")
        def test_1(measure): raise SystemExit("it ran")

        @pytest.mark.refuted("0 of 10")
        def test_2(): raise SystemExit("it ran")

        @pytest.mark.refuted
        @claim("It holds")
        def test_3(measure): raise SystemExit("it ran")

        def test_4(measure): raise SystemExit("it ran")

        @claim("It holds")
        def test_5(): raise SystemExit("it ran")

        @claim("It holds", exact=True)
        def test_6(measure): raise SystemExit("it ran")
    """)
    result = suite.run()
    result.assert_outcomes(errors=7)
    result.stdout.no_fnmatch_line("*it ran*")
    result.stdout.no_fnmatch_line("*During handling*")
    result.stdout.fnmatch_lines_random(
        [
            "*a claim is made by @claim(...) of lrn.claims, not by the mark; got pytest.mark.claim*",
            "*refuted is for claims: put @claim(...) of lrn.claims on the test*",
            "*refuted needs the reason, a text with the figure that shows it; got None*",
            "*it measures nothing: ask for the fixture measure, or say exact=True *",
            "*a claim that measures is not exact: leave out exact=True, or measure*",
            "*measure is for claims: put @claim(...) of lrn.claims on the test*",
        ]
    )

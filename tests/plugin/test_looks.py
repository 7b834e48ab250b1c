"""How many seeds a claim uses: it begins small, and doubles only what is too wide."""

import numpy as np
import pytest

from lrn.claims._measure import FUTILE_SEEDS
from lrn.intervals import look_alpha, quantity_alpha, rate_interval
from lrn.verdicts import Outcome

pytest_plugins = ["pytester"]


def seeds(verdict):
    return {quantity.name: quantity.seeds for quantity in verdict.estimates}


def test_only_the_quantities_that_keep_it_open_are_doubled(suite):
    _, verdicts = suite.judge("""
        @claim("One is clear, the other close")
        def test_it(measure):
            clear, near = Coin(0.9), Coin(0.55)
            assert every([measure.rate(clear, "heads") > 0.5, measure.rate(near, "heads") > 0.5])
    """)
    verdict = verdicts["test_it"]
    assert verdict.verdict is Outcome.SUPPORTED
    assert seeds(verdict) == {
        "rate of heads in coin 0.9": 256,
        "rate of heads in coin 0.55": 256 << (verdict.looks - 1),
    }
    assert verdict.looks > 2


def test_a_claim_is_asked_until_it_is_decided_and_never_sampled_twice(suite):
    suite.write("""
        coin = Coin(0.55)

        @claim("It is close")
        def test_it(measure):
            assert measure.rate(coin, "heads") > 0.5

        def test_asked():
            assert coin.asked == [range(256), *(range(256 << k, 512 << k) for k in range(len(coin.asked) - 1))]
            assert len(coin.asked) > 2
    """)
    suite.run().assert_outcomes(passed=2)


def test_a_population_is_sampled_once_for_all_its_quantities_and_claims(suite):
    suite.write("""
        coin = Coin(0.5)

        @claim("Heads fall about half of the time")
        def test_one(measure):
            assert (measure.rate(coin, "heads") > 0.3) & (measure.mean(coin, "u", bounds=(0, 1)) > 0.3)

        @claim("Not always")
        def test_two(measure):
            assert (measure.rate(coin, "heads") < 0.9) & (measure.median(coin, "u") < 0.9)

        def test_asked():
            assert coin.asked == [range(256)]
    """)
    suite.run().assert_outcomes(passed=3)


def test_the_interval_at_n_seeds_spends_what_the_look_allows(suite):
    _, verdicts = suite.judge(
        """
        @claim("It is not very unfair")
        def test_it(measure):
            assert measure.rate(Coin(0.5), "heads") < 0.8
        """,
        "--alpha=0.25",
        "--first-look=128",
    )
    (quantity,) = verdicts["test_it"].estimates
    level = look_alpha(quantity_alpha(0.25), 128)
    assert (quantity.low, quantity.high) == rate_interval(round(quantity.point * 128), 128, level)


@pytest.mark.parametrize(
    ("arguments", "options", "first"),
    [
        ("", [], 256),
        ("", ["--first-look=64"], 64),
        (", first_look=1024", [], 1024),
        (", first_look=1024", ["--first-look=64"], 1024),
        (", first_look=1024", ["--max-seeds=512"], 512),
        (", first_look=1024, max_seeds=128", [], 128),
        ("", ["--max-seeds=64"], 64),
    ],
)
def test_a_claim_has_its_own_first_look(suite, arguments, options, first):
    _, verdicts = suite.judge(
        f"""
        @claim("It is clear"{arguments})
        def test_it(measure):
            assert measure.rate(Coin(0.999), "heads") > 0.1
        """,
        *options,
    )
    assert seeds(verdicts["test_it"]) == {"rate of heads in coin 0.999": first}


@pytest.mark.parametrize(
    ("arguments", "options", "most"),
    [
        ("", ["--max-seeds=1024"], 1024),
        (", max_seeds=512", [], 512),
        (", max_seeds=512", ["--max-seeds=1024"], 512),
        (", max_seeds=2048", ["--max-seeds=1024"], 1024),
    ],
)
def test_the_smaller_budget_of_claim_and_option_holds(suite, arguments, options, most):
    _, verdicts = suite.judge(
        f"""
        @claim("It is exactly half"{arguments})
        def test_it(measure):
            assert measure.rate(Coin(0.5), "odd") > 0.5
        """,
        *options,
    )
    assert verdicts["test_it"].verdict is Outcome.INCONCLUSIVE
    assert seeds(verdicts["test_it"]) == {"rate of odd in coin 0.5": most}


def test_a_claim_that_no_seeds_would_settle_is_given_up_early(suite):
    _, verdicts = suite.judge("""
        @claim("Ties")
        def test_it(measure):
            assert measure.rate(Coin(0.5), "odd") > 0.5
    """)
    verdict = verdicts["test_it"]
    assert (verdict.verdict, verdict.seeds_needed) == (Outcome.INCONCLUSIVE, np.inf)
    assert seeds(verdict) == {"rate of odd in coin 0.5": FUTILE_SEEDS}


def test_a_claim_that_its_budget_may_settle_is_not_given_up(suite):
    _, verdicts = suite.judge("""
        @claim("Close")
        def test_it(measure):
            assert measure.rate(Coin(0.51), "heads") > 0.5
    """)
    assert verdicts["test_it"].verdict is Outcome.SUPPORTED
    assert seeds(verdicts["test_it"])["rate of heads in coin 0.51"] > FUTILE_SEEDS


def test_an_open_decision_about_nothing_measured_is_inconclusive(suite):
    _, verdicts = suite.judge("""
        from lrn.claims import Estimate

        @claim("A constant interval")
        def test_it():
            assert Estimate(0.5, 0.4, 0.6) > 0.5
    """)
    assert (verdicts["test_it"].verdict, verdicts["test_it"].looks) == (Outcome.INCONCLUSIVE, 1)


def test_the_seeds_begin_at_the_offset(suite):
    _, verdicts = suite.judge(
        """
        coin = Coin(0.5)

        @claim("Large seeds")
        def test_it(measure):
            assert measure.quantile(coin, "seed", 0.01) >= 1000
            assert coin.asked[0] == range(1000, 1256)
            assert all(one.stop == other.start for one, other in zip(coin.asked, coin.asked[1:]))
        """,
        "--seed-offset=1000",
    )
    assert verdicts["test_it"].verdict is Outcome.SUPPORTED
    assert suite.read().seed_offset == 1000


def test_a_conditional_quantity_counts_its_survivors_and_pays_for_its_seeds(suite):
    _, verdicts = suite.judge("""
        @claim("Small numbers have a small mean")
        def test_it(measure):
            assert measure.mean(Coin(0.25), "late", given="heads", bounds=(0, 1)) < 0.3
    """)
    (quantity,) = verdicts["test_it"].estimates
    assert quantity.name == "mean of late within 0.0 and 1.0 given heads in coin 0.25"
    assert quantity.seeds * 0.15 < quantity.n < quantity.seeds * 0.35


def test_fixtures_are_set_up_once_for_all_looks(suite):
    suite.write("""
        made = []

        @pytest.fixture
        def made_once():
            made.append(1)

        @claim("It is close")
        def test_it(measure, made_once):
            assert measure.rate(Coin(0.55), "heads") > 0.5

        def test_made():
            assert made == [1]
    """)
    suite.run().assert_outcomes(passed=2)


def test_a_verdict_does_not_depend_on_the_neighbours(suite):
    suite.write("""
        coin = Coin(0.55)

        @claim("One", first_look=2048)
        def test_a(measure):
            assert measure.rate(coin, "heads") > 0.4

        @claim("Two")
        @pytest.mark.parametrize("margin", [0.5, 0.45])
        def test_b(measure, margin):
            assert measure.rate(coin, "heads") > margin

        @claim("Three")
        def test_c(measure):
            assert measure.rate(coin, "heads") < measure.rate(Coin(0.7), "heads")
    """)
    suite.run("--verdicts", "all.json")
    for verdict in suite.read("all.json").claims:
        suite.run(verdict.test, "--verdicts", "one.json")
        assert suite.read("one.json").claims == (verdict,)


def test_every_quantity_that_was_measured_is_recorded_even_if_it_was_not_needed_in_the_end(suite):
    _, verdicts = suite.judge("""
        @claim("The second matters only while the first is open")
        def test_it(measure):
            first = measure.rate(Coin(0.55), "heads") > 0.5
            if first.value is None:
                measure.rate(Coin(0.9), "heads")
            assert first
    """)
    assert seeds(verdicts["test_it"])["rate of heads in coin 0.9"] == 256
    assert len(seeds(verdicts["test_it"])) == 2


@pytest.mark.parametrize(("count", "code"), [(4096, 0), (4097, 1)])
def test_a_suite_that_measures_more_quantities_than_the_budget_is_shared_by_is_refused(suite, count, code):
    suite.write(f"""
        class Many:
            def __init__(self, i):
                self.label = f"many {{i}}"

            def sample(self, seeds):
                return {{"true": [True] * len(seeds)}}

        @claim("Always")
        @pytest.mark.parametrize("start", [0, 2000])
        def test_it(measure, start):
            for i in range(start, {{0: 2100, 2000: {count}}}[start]):
                assert measure.rate(Many(i), "true") > 0.1
    """)
    result = suite.run("--first-look=64", "claims")
    result.assert_outcomes(passed=2)
    assert result.ret == code
    refusal = f"{count} distinct quantities were measured, but the error budget is shared by at most 4096: *"
    written = suite.pytester.path / "reports/verdicts.json"
    if code:
        result.stdout.fnmatch_lines([refusal])
        result.stdout.no_fnmatch_line("*every verdict holds*")
        assert not written.exists()
    else:
        result.stdout.no_fnmatch_line(refusal)
        assert suite.read(written).totals["quantities"] == count

"""How many seeds a claim uses: it begins small, and only what keeps it open grows, by a quarter at most."""

import itertools
import math

import pytest
from populations import Coin, uniform

from lrn.claims import Measure, MeasurementError, Undecided
from lrn.claims._measure import FUTILE_SEEDS
from lrn.intervals import Decision
from lrn.verdicts import Outcome

pytest_plugins = ["pytester"]


def measuring(**options):
    return Measure(lambda population, seeds, trace: population.sample(seeds), **options)


def seeds(measure):
    return {quantity.name: quantity.seeds for quantity in measure.quantities}


def decide(measure, compare):
    """Asks until the decision is made or there is no point; returns it and the numbers of seeds on the way."""
    tried = []
    while True:
        decision = compare(measure)
        decision.value  # noqa: B018 - measures
        tried.append(max(seeds(measure).values()))
        if decision.value is not None or not measure.widen(Undecided(decision)):
            return decision, tried


def test_seeds_grow_by_a_quarter_at_most_until_it_is_decided():
    decision, tried = decide(measuring(), lambda m: m.rate(Coin(0.6), "heads") > m.rate(Coin(0.4, stream=1), "heads"))
    assert decision.value is True
    assert tried[0] == 8
    for fewer, more in itertools.pairwise(tried):
        assert fewer < more <= fewer + math.ceil(fewer / 4)
    assert tried[-1] < 1024


def test_only_what_keeps_it_open_grows():
    measure = measuring()
    decide(measure, lambda m: (m.rate(Coin(0.999), "heads") > 0.1) & (m.rate(Coin(0.6), "heads") > 0.5))
    clear, near = seeds(measure).values()
    assert clear < 40 < near


@pytest.mark.parametrize(
    ("options", "tried"),
    [
        ({"first_seeds": 3, "max_seeds": 5}, [3, 4, 5]),
        ({"first_seeds": 100, "max_seeds": 103, "step": 1}, [100, 101, 102, 103]),
        ({"first_seeds": 100, "max_seeds": 50}, [50]),
        ({"first_seeds": 1, "max_seeds": 1}, [1]),
    ],
)
def test_first_seeds_most_seeds_and_step(options, tried):
    _, sizes = decide(measuring(**options), lambda m: m.rate(Coin(0.5), "odd") > 0.5)
    assert sizes == tried


def test_a_population_may_say_its_own_first_seeds_and_step():
    coin = Coin(0.5)
    coin.first_seeds, coin.step = 2, 1
    _, tried = decide(measuring(max_seeds=5), lambda m: m.rate(coin, "odd") > m.rate(Coin(0.3), "odd"))
    assert tried == [2, 3, 4, 5]
    coin.step = 0
    with pytest.raises(ValueError, match=r"step of coin 0\.5 must be a whole number, at least 1; got 0"):
        decide(measuring(max_seeds=5), lambda m: m.rate(coin, "odd") > 0.5)


def test_what_cannot_be_settled_is_given_up_before_the_most_seeds():
    _, tried = decide(measuring(first_seeds=FUTILE_SEEDS), lambda m: m.rate(Coin(0.5), "odd") > 0.5)
    assert tried == [FUTILE_SEEDS]


def test_quantities_of_other_claims_are_not_a_reason_to_go_on():
    measure = measuring()
    measure.rate(Coin(0.5), "heads")
    assert not measure.widen(Undecided(Decision(None, "it is open", ("elsewhere",), growth=2.0)))


def test_a_conditional_quantity_counts_its_survivors_and_pays_for_its_seeds():
    measure = measuring(first_seeds=400)
    assert measure.mean(Coin(0.25), "late", given="heads", bounds=(0, 1)) < 0.9
    (quantity,) = measure.quantities
    assert quantity.n == (uniform(range(400)) < 0.25).sum()
    assert quantity.seeds == 400


@pytest.mark.parametrize(
    ("compare", "shares"),
    [
        (lambda a, b: [a > 0.1], 1),
        (lambda a, b: [a > 0.1, a > 0.1, a <= 0.1], 1),
        (lambda a, b: [a > 0.1, a > 0.2], 2),
        (lambda a, b: [a > 0.1, a > 0.2, a > 0.3], 2),
        (lambda a, b: [a > 0.1, a < 0.1], 2),
        (lambda a, b: [a != 0.1], 2),
        (lambda a, b: [a > b], 1),
        (lambda a, b: [a > b, a > b + 0.1], 2),
        (lambda a, b: [a > 0.1, b > 0.1], 2),
        (lambda a, b: [a * b > 0.1], 4),
        (lambda a, b: [str(a), repr(b), a.point], 0),
    ],
)
def test_a_quantity_takes_a_share_for_each_end_that_may_err(compare, shares):
    measure = measuring()
    compare(measure.rate(Coin(0.9), "heads"), measure.rate(Coin(0.4), "heads"))
    assert sum(quantity.shares for quantity in measure.quantities) == shares


def test_nothing_is_measured_where_it_is_refused():
    measure = measuring()
    rate = measure.rate(Coin(0.5), "heads")
    measure.close("not here")
    for use in (lambda: rate > 0.5, lambda: rate * rate, lambda: measure.rate(Coin(0.4), "heads")):
        with pytest.raises(MeasurementError, match="not here"):
            use()
    assert str(rate)
    measure.reopen()
    assert (rate > 0.01).value is True


def test_a_claim_samples_no_seed_twice_and_shares_with_others(suite):
    suite.write("""
        coin = Coin(0.6)

        @claim("It is close")
        def test_one(measure):
            assert measure.rate(coin, "heads") > 0.5

        @claim("Numbers are not small")
        def test_two(measure):
            assert measure.mean(coin, "u", bounds=(0, 1)) > 0.3

        def test_asked():
            requested = [seed for seeds in coin.sampled for seed in seeds]
            assert requested == list(range(len(requested)))
    """)
    suite.run().assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("arguments", "options", "most"),
    [
        ("", ["--max-seeds=11"], 11),
        (", max_seeds=12", [], 12),
        (", max_seeds=12", ["--max-seeds=40"], 12),
        (", max_seeds=2048", ["--max-seeds=13"], 13),
        (", first_seeds=9, max_seeds=9", [], 9),
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
    (quantity,) = verdicts["test_it"].estimates
    assert quantity.seeds == most


def test_seeds_begin_at_the_offset(suite):
    _, verdicts = suite.judge(
        """
        coin = Coin(0.5)

        @claim("Seeds begin at 1000")
        def test_it(measure):
            assert measure.quantile(coin, "seed", 0.5) >= 1000
            assert coin.sampled[0].start == 1000
        """,
        "--seed-offset=1000",
    )
    assert verdicts["test_it"].verdict is Outcome.SUPPORTED
    assert suite.read().seed_offset == 1000


@pytest.mark.parametrize(("quantities", "code"), [(12, 0), (11, 1)])
def test_a_suite_that_takes_more_shares_than_there_are_is_refused_with_the_number(suite, quantities, code):
    suite.write("""
        @claim("Most of the time")
        @pytest.mark.parametrize("start", [0, 6])
        def test_it(measure, start):
            for i in range(start, start + 6):
                assert measure.rate(Coin(0.9, f"coin {i}"), "heads") > 0.1
    """)
    result = suite.run(f"--quantities={quantities}", "claims")
    result.assert_outcomes(passed=2)
    assert result.ret == code
    written = suite.pytester.path / "reports/verdicts.json"
    if code:
        result.stdout.fnmatch_lines(
            ["12 shares of the error budget were needed, and it is shared by 11: *--quantities 12*"]
        )
        result.stdout.no_fnmatch_line("*every verdict holds*")
        assert not written.exists()
    else:
        assert suite.read(written).totals["shares"] == 12


def test_networks_are_on_disk_as_soon_as_their_claim_ends(suite):
    suite.keep_ledger()
    suite.write("""
        from pathlib import Path
        from lrn.claims import Experiment

        def files():
            return sorted(Path(".ledger").rglob("*.parquet"))

        @claim("One")
        def test_one(measure):
            for n in (1, 2):  # small steps wait in memory
                assert measure.rate(Experiment(depth=2, epochs=3), "converged") < 0.9
                assert files() == []

        def test_afterwards():
            assert files()
    """)
    suite.run("--first-seeds=64").assert_outcomes(passed=2)

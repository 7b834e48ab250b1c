"""Nothing is asserted."""

import contextlib

import numpy as np
from known import BAD, GOOD, error, heads
from populations import Coin

from lrn.claims import Decision, Estimate, Measure

ASKED = []


@error("An empty body")
def test_empty(measure):
    pass


@error("No measure")
def test_no_measure():
    assert 2 + 2 == 4


@error("Own random numbers without a measure")
def test_own_random_numbers():
    assert np.random.default_rng(0).random(3).mean() > 0.3


@error("Nothing asserted of arithmetic", exact=True)
def test_exact_nothing():
    2 + 2 == 5  # noqa: B015


@error("A loop over nothing", exact=True)
def test_exact_loop():
    for table in []:
        assert table


@error("An exact assertion that was caught", exact=True)
def test_exact_caught():
    with contextlib.suppress(AssertionError):
        assert 2 + 2 == 5


@error("An exact claim that measures by itself", exact=True)
def test_exact_measures():
    measure = Measure(lambda population, seeds, trace: population.sample(seeds))
    assert measure.rate(Coin(0.95), "heads") > 0.5


@error("assert was forgotten")
def test_forgotten(measure):
    heads(measure, BAD) > 0.5  # noqa: B015


@error("A tuple is always true")
def test_tuple(measure):
    pair = (heads(measure, BAD) > 0.5, "it is smaller")
    assert pair


@error("A list of decisions is always true")
def test_list(measure):
    assert [heads(measure, BAD) > 0.5]


@error("is True never asks")
def test_is_true(measure):
    assert (heads(measure, GOOD) > 0.5) is not False


@error("is True beside what holds refutes nothing")
def test_is_true_beside(measure):
    if heads(measure, GOOD) > 0.5:
        assert (heads(measure, GOOD) > 0.5) is True


@error("or something that is always true")
def test_or_true(measure):
    assert heads(measure, BAD) > 0.5 or "it is smaller"


@error("A mere if")
def test_if(measure):
    if heads(measure, GOOD) < heads(measure, BAD):
        print("surprise")


@error("max")
def test_max(measure):
    max(heads(measure, GOOD), heads(measure, BAD))


@error("sorted")
def test_sorted(measure):
    print(sorted([heads(measure, GOOD), heads(measure, BAD)]))
    assert True


@error("A return before the assertion")
def test_early_return(measure):
    if heads(measure, BAD) < 0.9:
        return
    assert heads(measure, BAD) > 0.9


@error("A return before the assertion, in a helper")
def test_early_return_in_a_helper(measure):
    def check(rate):
        if rate < 0.9:
            return
        assert rate > 0.9

    check(heads(measure, BAD))


@error("All are passed over")
def test_continue(measure):
    for coin in [BAD, Coin(0.1)]:
        if heads(measure, coin) < 0.5:
            continue
        assert heads(measure, coin) > 0.9


@error("A loop over nothing")
def test_loop_over_nothing(measure):
    good = [coin for coin in [BAD] if heads(measure, coin) > 0.5]
    for coin in good:
        assert heads(measure, coin) > 0.9


@error("all of nothing")
def test_all_of_nothing(measure):
    assert all(heads(measure, coin) > 0.9 for coin in [])


@error("A returned decision")
def test_return(measure):
    return heads(measure, BAD) > 0.5


@error("A generator")
def test_lambda(measure):
    check = lambda: heads(measure, BAD) > 0.5  # noqa: E731
    assert check


@error("An async test")
async def test_async(measure):
    assert heads(measure, GOOD) > 0.5


@error("A set of identical decisions")
def test_identity(measure):
    good = heads(measure, GOOD)
    assert good in [good]


@error("A constant decision")
def test_constant(measure):
    heads(measure, BAD)
    assert Decision(True)


@error("A number without a population")
def test_made_up(measure):
    assert Estimate.measured("rate of heads", 0.9, 0.8, 0.95, 100) > 0.5


@error("What cancels is no measurement")
def test_only_cancels(measure):
    assert heads(measure, BAD) + 0.1 > heads(measure, BAD)


@error("Something else failed")
def test_other_failure(measure):
    if heads(measure, GOOD) > 0.5:
        assert 2 + 2 == 5


@error("True, or True")
def test_true_or_true(measure):
    assert heads(measure, GOOD) > 0.5 or True


@error("A folder that is there the second time")
def test_again(measure, tmp_path):
    if heads(measure, GOOD) > 0.5:
        print("as expected")
    folder = tmp_path / "figures"
    folder.mkdir(exist_ok=True)
    assert not list(folder.iterdir())
    (folder / "bars.png").touch()


@error("An assertion that fails when it is asked the seventh time")
def test_seventh(measure):
    if heads(measure, GOOD) > 0.5:
        ASKED.append(True)
    assert len(ASKED) < 7


@error("A list of decisions beside what holds")
def test_list_beside(measure):
    assert heads(measure, GOOD) > 0.5
    assert [heads(measure, BAD) > 0.5]


@error("Decisions that nobody asks")
def test_generator(measure):
    assert heads(measure, GOOD) > 0.5
    assert (heads(measure, coin) > 0.5 for coin in [BAD, GOOD])


@error("A decision is not None")
def test_not_none(measure):
    assert heads(measure, GOOD) > 0.5
    assert (heads(measure, BAD) > 0.5) is not None

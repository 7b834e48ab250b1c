"""Where hours are limited, training goes to the claim that is nearest to a verdict."""

from __future__ import annotations

import itertools

import pytest

from lrn.claims._outlook import Outlook, PutOff, each_once, least_growth
from lrn.claims._populations import RecentSamples
from lrn.plugin._turns import Turns

pytest_plugins = ["pytester"]

# The claim that comes first is by far the most expensive one.
CLAIMS = """
    from lrn.claims import population

    @population(version="1")
    def net(seed, *, learns):
        with open("asked.txt", "a") as file:
            file.write(f"{{learns}} {{seed}}\\n")
        return {{"learned": (617 * seed + 99) % 1000 < 1000 * learns}}

    @claim("Close")
    def test_close(measure):
        assert measure.rate(net(learns=0.55), "learned") > 0.45

    @claim("Plain")
    def test_plain(measure):
        assert measure.rate(net(learns=0.8), "learned") > 0.5

    @claim("Always")
    def test_always(measure):
        {last}
        assert measure.rate(net(learns=1.0), "learned") > 0.5
"""
BUDGET = ("--alpha", "0.05", "--quantities", "12", "--max-seeds", "1000")


def write(suite, last="pass"):
    suite.write(CLAIMS.format(last=last))


def run(suite, *arguments, workers=None):
    """A run with a ledger."""
    options = ["-o", "addopts=-p no:cacheprovider", "-v", *BUDGET, *arguments]
    return suite.run(*options) if workers is None else suite.run_workers(*options, workers=workers)


def turns_of(suite):
    """The populations in the order in which they trained seeds that were new."""
    lines = (suite.pytester.path / "asked.txt").read_text().splitlines()
    new = [line.split()[0] for line in dict.fromkeys(lines)]
    return [name for name, _ in itertools.groupby(new)]


def test_the_nearest_claim_trains_first_once_all_have_their_first_seeds(suite, monkeypatch):
    def one_second_each(samples, population, seeds):
        return len(seeds) - samples._sampler.known(population, seeds)

    monkeypatch.setattr(RecentSamples, "seconds", one_second_each)  # how long they take is a matter of luck here
    write(suite)
    result = run(suite, "--hours", "1000")
    result.assert_outcomes(passed=3)
    assert turns_of(suite) == ["0.55", "0.8", "1.0", "0.8", "0.55"]
    result.stdout.fnmatch_lines(["*test_close WAITS*", "*test_plain WAITS*", "*test_always SUPPORTED*"])


def test_with_seeds_of_an_earlier_run_the_nearest_claim_trains_first_too(suite):
    suite.write(
        """
        import time
        from lrn.claims import population

        @population(version="1")
        def net(seed, *, learns):
            time.sleep(2 if seed == 0 and learns == 1.0 else 0.06)  # the first seed of all imports what it needs
            with open("asked.txt", "a") as file:
                file.write(f"{learns} {seed}\\n")
            return {"learned": (617 * seed + 99) % 1000 < 1000 * learns}

        @claim("Far")
        def test_far(measure):
            assert measure.rate(net(learns=0.8), "learned") > 0.5

        @claim("Near")
        def test_near(measure):
            assert measure.rate(net(learns=1.0), "learned") > 0.5
        """
    )
    run(suite, "--workers", "1", "--max-seeds", "8")
    (suite.pytester.path / "asked.txt").unlink()
    run(suite, "--workers", "1", "--hours", "1000").assert_outcomes(passed=2)
    assert turns_of(suite) == ["1.0", "0.8"]


def test_without_limit_claims_run_in_their_order(suite):
    write(suite)
    result = run(suite)
    assert turns_of(suite) == ["0.55", "0.8", "1.0"]
    assert "WAITS" not in str(result.stdout)


@pytest.mark.parametrize("workers", [None, 2])
def test_the_record_is_the_same_as_without_limit(suite, workers):
    write(suite)
    run(suite).assert_outcomes(passed=3)
    expected = (suite.pytester.path / "reports/verdicts.json").read_bytes()
    for folder in (".ledger", "reports"):
        suite.pytester.run("rm", "-r", folder)
    for _ in range(2):  # then with all seeds known
        run(suite, "--hours", "1000", workers=workers).assert_outcomes(passed=3)
        assert (suite.pytester.path / "reports/verdicts.json").read_bytes() == expected


def test_the_first_failure_stops_the_session_with_x(suite):
    write(suite, last="raise ValueError('broken')")
    result = run(suite, "--hours", "1000", "-x")
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    assert not (suite.pytester.path / "reports/verdicts.json").exists()


def test_claims_that_wait_in_a_worker_that_dies_are_errors(suite):
    write(suite)
    suite.write(
        """
        from test_claims import net

        def dies(seeds):
            import os
            if len(open("asked.txt").read().splitlines()) > 60:
                os._exit(3)

        @claim("Dies", id="X")
        def test_dies(measure):
            dies(0)
            assert measure.rate(net(learns=0.52), "learned") > 0.5
        """,
        "claims/test_dies.py",
    )
    result = run(suite, "--hours", "1000", "-o", "pythonpath=. claims", workers=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*ERROR*Dies*", "*run it again: seeds that were finished are kept*"], consecutive=False
    )
    assert not (suite.pytester.path / "reports/verdicts.json").exists()


class Sampler:
    """Seeds that take a second each; so many of each population are known."""

    def __init__(self):
        self.known = {}

    def knows(self, population, seeds):
        return self.known.get(population, 0) >= len(seeds)

    def seconds(self, population, seeds):
        return max(len(seeds) - self.known.get(population, 0), 0)


def outlook(sampler, name, seeds, likely=True):
    return Outlook(sampler, [(name, range(10))], [(name, range(seeds))], likely)


def test_what_is_known_by_now_counts():
    sampler = Sampler()
    needs = outlook(sampler, "a", 50)
    assert (needs.is_free, needs.cost()) == (False, (False, 50))
    sampler.known["a"] = 30
    assert (needs.is_free, needs.cost()) == (True, (False, 20))


def test_a_population_that_expressions_share_costs_once():
    class Named:
        def __init__(self, label):
            self.label = label

        def sample(self, seeds):
            raise NotImplementedError

    a, b = Named("a"), Named("b")
    assert each_once([(a, range(8)), (b, range(9)), (a, range(12))]) == [(a, range(12)), (b, range(9))]


def waits(turns, name, needs):
    try:
        turns.wait(name, needs)
    except PutOff:
        return True
    return False


def test_a_claim_goes_on_until_another_is_much_nearer():
    sampler, turns = Sampler(), Turns(float("inf"))
    assert waits(turns, "a", outlook(sampler, "a", 100))
    assert waits(turns, "b", outlook(sampler, "b", 1000, likely=False))
    turns._all_have_begun = True
    assert not waits(turns, "c", outlook(sampler, "c", 199))
    assert waits(turns, "d", outlook(sampler, "d", 201))
    assert waits(turns, "e", outlook(sampler, "e", 11, likely=False)), "no verdict is likely"
    sampler.known["f"] = 10
    assert not waits(turns, "f", outlook(sampler, "f", 10_000)), "its next test is free"


def test_after_the_deadline_nobody_waits():
    assert not waits(Turns(0.0), "a", outlook(Sampler(), "a", 100))


@pytest.mark.parametrize(("growth", "least"), [(1.0, 1.0), (4.0, 16 / 9), (float("inf"), 16.0)])
def test_first_seeds_with_bad_luck_do_not_condemn_a_claim(growth, least):
    assert least_growth(growth) == pytest.approx(least)

"""A verdict on experiments stands untested while its sources, options and blocks are those of the last run."""

import json
import os

import pytest

import lrn
from lrn.ledger.shelf import LONG

pytest_plugins = ["pytester"]

SUITE = """
    from lrn import Experiment
    from lrn.claims import claim

    LATE = Experiment(depth=2, width=2, connection="late", epochs=30)

    def note():
        with open("looks.txt", "a") as file:
            file.write("look\\n")

    @claim("dead neurons are rare")
    def test_rare(measure):
        note()
        assert measure.mean(LATE, "dead_fraction") < 0.9

    @claim("all neurons die", refuted="most live")
    def test_refuted(measure):
        note()
        assert measure.mean(LATE, "dead_fraction") > 0.8
"""


def looks(suite):
    return len(suite.take_lines("looks.txt"))


@pytest.fixture
def ran(suite, pytester):
    """A suite of two claims that ran once, and the bytes of its record."""
    suite.keep_ledger()
    suite.write(SUITE)
    suite.run()
    record = pytester.path / "reports/verdicts.json"
    assert looks(suite) > 2
    return record, record.read_bytes()


def blocks(pytester):
    return sorted((pytester.path / ".ledger").rglob("*.parquet"))


def test_nothing_is_tested_again_and_the_record_is_the_same(suite, pytester, ran):
    record, before = ran
    for _ in range(2):
        result = suite.run()
        assert record.read_bytes() == before
        assert looks(suite) == 0
        result.stdout.fnmatch_lines(["2 of 2 verdicts stand as in the last run*"])


@pytest.mark.parametrize("options", [("--rejudge",), ("--recheck", "1"), ("--no-ledger",)])
def test_options_that_ask_for_more_test_all_again(suite, pytester, ran, options):
    record, before = ran
    suite.run(*options)
    assert record.read_bytes() == before
    assert looks(suite) > 0


def touch(path):
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [touch, os.remove])
def test_claims_whose_blocks_are_not_as_they_were_are_tested_again(suite, pytester, ran, change):
    record, before = ran
    assert blocks(pytester)
    for path in blocks(pytester):
        change(path)
    suite.run()
    assert record.read_bytes() == before
    assert looks(suite) > 0


@pytest.mark.parametrize(
    ("old", "new"), [("< 0.9", "< 0.95"), ("epochs=30", "epochs=31"), ('"most live"', '"many live"')]
)
def test_changed_claims_are_judged_anew(suite, pytester, ran, old, new):
    record, _ = ran
    suite.write(SUITE.replace(old, new))
    suite.run()
    of_changed = record.read_bytes()
    assert looks(suite) > 2
    record.unlink()
    suite.run()
    assert record.read_bytes() == of_changed


def test_a_claim_that_fails_is_tested_again_and_shows_why(suite, pytester, ran):
    suite.write(SUITE.replace(', refuted="most live"', ""))
    suite.run()
    looks(suite)
    result = suite.run()
    assert looks(suite) > 0
    result.stdout.fnmatch_lines(["1 of 2 verdicts stand as in the last run*"])
    result.assert_outcomes(passed=1, failed=1)


def test_other_populations_are_observed_again(suite, pytester, ran):
    suite.write(
        SUITE
        + """
    from populations import Coin

    class Kept(Coin):
        version = "1"

    @claim("fair enough")
    def test_rate(measure):
        note()
        assert measure.rate(Kept(0.7), "heads") > measure.mean(LATE, "dead_fraction") - 1
"""
    )
    suite.run()
    looks(suite)
    result = suite.run()
    assert looks(suite) > 0
    result.stdout.fnmatch_lines(["2 of 3 verdicts stand as in the last run*"])


@pytest.mark.parametrize("change", [{"experiments": 3}, {"blocks": None}, {"experiments": {}}, {"blocks": {}}])
def test_a_damaged_record_of_the_run_is_not_followed(suite, pytester, ran, change):
    record, before = ran
    path = record.with_name("run.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    suite.run()
    assert record.read_bytes() == before
    assert looks(suite) > 0


GROWING = """
    from lrn import Experiment
    from lrn.claims import claim

    LATE = Experiment(depth=2, width=2, connection="late", epochs=30)

    @claim("nearly as many neurons are dead as were measured")
    def test_close(measure):
        assert measure.mean(LATE, "dead_fraction") > MEAN - 0.02
"""


def test_a_sample_that_grew_stands_with_its_files_at_once(suite, pytester):
    runs = lrn.train(lrn.Experiment(depth=2, width=2, connection="late", epochs=30), range(4096))
    suite.keep_ledger()
    suite.write(GROWING.replace("MEAN", str(runs.dead.mean())))
    suite.run()
    (block,) = blocks(pytester)
    assert block.stat().st_size > LONG, "its files had waited for one another"
    result = suite.run()
    result.stdout.fnmatch_lines(["1 of 1 verdicts stand as in the last run*"])

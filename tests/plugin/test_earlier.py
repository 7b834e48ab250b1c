"""A claim whose seeds are all known is tested where the last run ended, and comes out as if judged from the start."""

import json

import pytest

pytest_plugins = ["pytester"]

SUITE = """
    from pathlib import Path

    from lrn.claims import claim, every, some
    from populations import Coin, uniform

    class Kept(Coin):
        version = "1"

        def sample(self, seeds):
            with open("sampled.txt", "a") as file:
                file.write(f"{len(seeds)}\\n")
            return super().sample(seeds)

    def note():
        with open("looks.txt", "a") as file:
            file.write("look\\n")

    @claim("fair enough")
    def test_rate(measure):
        note()
        assert measure.rate(Kept(BIAS), "heads") > 0.5

    @claim("not below", refuted="it is above")
    def test_refuted(measure):
        note()
        assert measure.rate(Kept(BIAS), "heads") < 0.55

    @claim("one at least")
    def test_one_of_two(measure):
        note()
        assert some([measure.rate(Kept(0.52, stream=1), "heads") > 0.5, measure.rate(Kept(0.95), "heads") > 0.5])
"""


def looks(pytester):
    path = pytester.path / "looks.txt"
    count = path.read_text().count("look") if path.exists() else 0
    path.unlink(missing_ok=True)
    return count


def sampled(pytester):
    path = pytester.path / "sampled.txt"
    count = sum(map(int, path.read_text().split())) if path.exists() else 0
    path.unlink(missing_ok=True)
    return count


@pytest.fixture
def ran(suite, pytester):
    """A suite that ran once, and the bytes of its record."""
    ini = pytester.path / "tox.ini"
    ini.write_text(ini.read_text().replace("--no-ledger", ""))
    suite.write(SUITE.replace("BIAS", "0.7"))
    suite.run()
    record = pytester.path / "reports/verdicts.json"
    assert looks(pytester) > 20
    assert sampled(pytester) > 100
    return record, record.read_bytes()


def test_the_second_run_gives_the_same_record_after_few_looks(suite, pytester, ran):
    record, before = ran
    suite.run()
    assert record.read_bytes() == before
    first = {verdict["test"]: verdict["looks"] for verdict in json.loads(before)["claims"]}
    assert min(first.values()) > 3
    # One look each, and what the check of honest assertions runs; from the start it is more.
    assert looks(pytester) < sum(first.values())
    assert sampled(pytester) == 0


def test_without_the_seeds_it_is_judged_from_the_start_and_samples_no_more_than_then(suite, pytester, ran):
    record, before = ran
    suite.run("--ledger", "another")
    assert record.read_bytes() == before
    assert looks(pytester) > 20


def test_a_record_that_was_changed_is_not_followed(suite, pytester, ran):
    record, before = ran
    text = json.loads(before)
    for verdict in text["claims"]:
        verdict["looks"] += 1
    record.write_text(json.dumps(text))
    suite.run()
    assert record.read_bytes() == before
    assert looks(pytester) > 20


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"claims": 3}', '{"alpha": 0.001}'])
def test_a_damaged_record_is_as_none(suite, pytester, ran, damage):
    record, before = ran
    record.write_text(damage)
    suite.run()
    assert record.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new"),
    [("< 0.55", "< 0.6"), ('claim("fair enough"', 'claim("fair enough", step=1'), ("BIAS)", "BIAS, stream=7)")],
)
def test_changed_claims_are_judged_anew(suite, pytester, ran, old, new):
    record, before = ran
    suite.write(SUITE.replace(old, new).replace("BIAS", "0.7"))
    suite.run()
    of_changed = record.read_bytes()
    assert of_changed != before
    record.unlink()
    suite.run()
    assert record.read_bytes() == of_changed


def test_a_run_with_other_options_is_judged_from_the_start(suite, pytester, ran):
    record, _ = ran
    suite.run("--first-seeds", "50")
    with_fifty = record.read_bytes()
    record.unlink()
    suite.run("--first-seeds", "50")
    assert record.read_bytes() == with_fifty

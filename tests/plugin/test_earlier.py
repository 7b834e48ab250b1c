"""A claim whose seeds are all known is tested where the last run ended, and comes out as if judged from the start."""

import hashlib
import json
import os
import sys
import threading
from operator import attrgetter

import pytest

from lrn.plugin._earlier import _content, _files_in
from lrn.plugin._order import seconds_of

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


def looks(suite):
    return len(suite.take_lines("looks.txt"))


def sampled(suite):
    return sum(map(int, suite.take_lines("sampled.txt")))


@pytest.fixture
def ran(suite, pytester):
    """A suite that ran once, and the bytes of its record."""
    suite.keep_ledger()
    suite.write(SUITE.replace("BIAS", "0.7"))
    suite.run()
    record = pytester.path / "reports/verdicts.json"
    assert looks(suite) > 20
    assert sampled(suite) > 100
    return record, record.read_bytes()


def test_the_second_run_gives_the_same_record_after_few_looks(suite, pytester, ran):
    record, before = ran
    suite.run()
    assert record.read_bytes() == before
    first = [verdict["looks"] for verdict in json.loads(before)["claims"]]
    assert min(first) > 3
    # One look each, and what the check of honest assertions runs; from the start it is more.
    assert looks(suite) < sum(first)
    assert sampled(suite) == 0


def test_without_the_seeds_it_is_judged_from_the_start_and_samples_no_more_than_then(suite, pytester, ran):
    record, before = ran
    suite.run("--ledger", "another")
    assert record.read_bytes() == before
    assert looks(suite) > 20


def test_a_record_that_was_changed_is_not_followed(suite, pytester, ran):
    record, before = ran
    text = json.loads(before)
    for verdict in text["claims"]:
        verdict["looks"] += 1
    record.write_text(json.dumps(text))
    suite.run()
    assert record.read_bytes() == before
    assert looks(suite) > 20


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


HELPED = """
    import os

    from lrn.claims import claim
    from helper import STEP, check
    from populations import Coin

    class Kept(Coin):
        version = "1"

    @claim("fair enough", step=STEP)
    def test_rate(measure):
        with open("looks.txt", "a") as file:
            file.write("look\\n")
        check(measure.rate(Kept(0.7), "heads"))
"""
HELPER = """
import os

STEP = None

def check(rate):
    assert rate > 0.4
    if "LENIENT" not in os.environ:
        assert rate > 0.6
"""


@pytest.fixture
def helped(suite, pytester):
    """A suite with a module outside its folder, that ran once; runs it again, and from the start."""
    suite.keep_ledger()
    suite.write(HELPED)
    helper, record = pytester.path / "helper.py", pytester.path / "reports/verdicts.json"
    helper.write_text(HELPER)
    suite.run()
    assert looks(suite) > 10

    def again(text=HELPER):
        helper.write_text(text)
        suite.run()
        after_another, looked = record.read_bytes(), looks(suite)
        record.unlink()
        suite.run()
        looks(suite)
        return after_another, record.read_bytes(), looked

    return again


def test_a_module_outside_the_suite_is_a_source_of_it(helped):
    after_another, from_the_start, looked = helped()
    assert after_another == from_the_start
    assert looked < 6
    for old, new in (("STEP = None", "STEP = 1"), ("    assert rate > 0.4\n", "")):
        after_another, from_the_start, _ = helped(HELPER.replace(old, new))
        assert after_another == from_the_start


def test_a_comparison_that_is_not_made_any_more_is_in_no_record(helped, monkeypatch):
    monkeypatch.setenv("LENIENT", "1")
    after_another, from_the_start, _ = helped()
    assert after_another == from_the_start
    assert json.loads(after_another)["claims"][0]["estimates"][0]["thresholds"] == [0.4]


def test_workers_go_on_from_the_last_run_too(suite, pytester, ran):
    record, before = ran
    suite.run_workers()  # the run within this process had loaded other modules, too
    looks(suite)
    for _ in range(2):
        suite.run_workers()
        assert record.read_bytes() == before
        assert looks(suite) < 20
    assert "populations.py" in json.loads(record.with_name("run.json").read_text())["modules"]


def test_the_record_is_named_by_what_was_written(pytester, ran):
    record, before = ran
    run = json.loads(record.with_name("run.json").read_text())
    assert run["record"] == hashlib.sha256(before).hexdigest()


def test_verdicts_that_go_into_a_pipe_leave_nothing_beside_it(suite, pytester):
    suite.write("""
        @claim("fair enough")
        def test_rate(measure):
            assert measure.rate(Coin(0.9), "heads") > 0.1
    """)
    folder = pytester.mkdir("pipes")
    os.mkfifo(folder / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((folder / "pipe").read_bytes()), daemon=True)
    reader.start()
    suite.run("--verdicts", folder / "pipe")
    reader.join(60)
    assert json.loads(read[0])["totals"]["supported"] == 1
    assert list(folder.iterdir()) == [folder / "pipe"]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"claims": {"a": 1%s}}' % ("0" * 400), "[]", "\udcff"])
def test_a_damaged_record_of_the_run_is_as_none(suite, pytester, ran, text):
    record, before = ran
    record.with_name("run.json").write_text(text, errors="surrogateescape")
    assert seconds_of(record.with_name("run.json")) == {}
    suite.run()
    assert record.read_bytes() == before


def test_a_pipe_in_place_of_a_record_is_not_waited_for(suite, pytester, ran):
    record, before = ran
    run = record.with_name("run.json")
    for path in (record, run):
        path.unlink()
        os.mkfifo(path)
        assert seconds_of(run) == {} or path == record
        suite.run("--verdicts", "other.json")
        path.unlink()
        suite.run()
        assert record.read_bytes() == before


def test_the_sources_of_a_suite_are_files_that_can_be_read(tmp_path):
    for name in (".git/a", "__pycache__/a.py", "env/pyvenv.cfg", "env/lib/a.py", "reports/verdicts.json", "sub/a.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    os.mkfifo(tmp_path / "pipe")
    os.symlink(tmp_path, tmp_path / "sub/loop")
    os.symlink("nowhere", tmp_path / "dangling")
    assert list(_files_in(tmp_path, tmp_path / "reports")) == [tmp_path / "sub/a.csv"]
    assert _content(tmp_path / "gone between two calls") == "not to be read: No such file or directory"


def test_a_record_makes_up_for_no_assertions(suite, pytester, ran):
    record, before = ran
    ignored = "ignore::pytest.PytestConfigWarning"  # pytest warns of -O, too
    command = [sys.executable, "-O", "-m", "pytest", "-W", ignored, "-p", "lrn.plugin", "--verdicts", "without.json"]
    result = pytester.run(*command, timeout=300)
    assert result.ret == 1
    verdicts = suite.read("without.json").claims
    assert set(map(attrgetter("verdict"), verdicts)) == {"ERROR"}
    assert record.read_bytes() == before

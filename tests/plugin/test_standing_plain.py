"""Exact claims, and populations with a version, stand untested while all that they read is as it was."""

import json
import os

import pytest

pytest_plugins = ["pytester"]

NOTE = """
    def note():
        with open("looks.txt", "a") as file:
            file.write("look\\n")
"""

EXACT = (
    NOTE
    + """
    from pathlib import Path

    @claim("two and two are four", exact=True)
    def test_sum():
        note()
        assert 2 + 2 == 4

    @claim("the paper says so", exact=True)
    def test_text():
        note()
        assert "so" in Path("paper.txt").read_text()
"""
)


def looks(suite):
    return len(suite.take_lines("looks.txt"))


def record_of(suite):
    return (suite.pytester.path / "reports/verdicts.json").read_bytes()


def ran(suite, body):
    """The bytes of the record of a suite that ran once."""
    suite.keep_ledger()
    suite.pytester.path.joinpath("paper.txt").write_text("it is so")
    suite.write(body)
    suite.run()
    assert looks(suite) > 0
    return record_of(suite)


def test_exact_claims_are_not_tested_again_and_the_record_is_the_same(suite):
    before = ran(suite, EXACT)
    for _ in range(2):
        result = suite.run()
        assert (looks(suite), record_of(suite)) == (0, before)
        result.stdout.fnmatch_lines(["2 of 2 verdicts stand as in the last run*"])


def test_they_stand_in_workers_too(suite):
    before = ran(suite, EXACT)
    for _ in range(2):
        suite.run_workers()  # whose first run may load other modules
        looks(suite)
    suite.run_workers()
    assert (looks(suite), record_of(suite)) == (0, before)


def changed_file(suite, monkeypatch):
    (suite.pytester.path / "paper.txt").write_text("it is so, it seems")


def lost_file(suite, monkeypatch):
    (suite.pytester.path / "paper.txt").unlink()


def other_environment(suite, monkeypatch):
    monkeypatch.setenv("DATA_VERSION", "2")


@pytest.mark.parametrize("change", [changed_file, lost_file, other_environment])
def test_what_they_read_is_compared(suite, monkeypatch, change):
    ran(suite, EXACT)
    suite.run()
    assert looks(suite) == 0
    change(suite, monkeypatch)
    suite.run()
    assert looks(suite) == 2


def test_options_that_ask_for_more_test_all_again(suite):
    before = ran(suite, EXACT)
    suite.run("--rejudge")
    assert (looks(suite), record_of(suite)) == (2, before)


def test_a_file_read_at_import_counts(suite):
    ran(
        suite,
        NOTE
        + """
    from pathlib import Path

    TEXT = Path("paper.txt").read_text()

    @claim("the paper says so", exact=True)
    def test_text():
        note()
        assert "so" in TEXT
""",
    )
    changed_file(suite, None)
    suite.run()
    assert looks(suite) == 1


def test_a_module_that_only_an_untested_claim_would_load_is_compared_in_every_later_run(suite):
    helper = suite.pytester.path / "helper.py"
    helper.write_text("NUMBER = 4\n")
    ran(
        suite,
        NOTE
        + """
    @claim("two and two are four", exact=True)
    def test_sum():
        note()
        from helper import NUMBER
        assert 2 + 2 == NUMBER
""",
    )
    for _ in range(2):
        suite.run_workers(workers=1)  # in which nothing has loaded it
    looks(suite)
    suite.run_workers(workers=1)
    assert looks(suite) == 0
    helper.write_text("NUMBER = 2 + 2\n")
    suite.run_workers(workers=1)
    assert looks(suite) == 1


OPTION = """
def pytest_addoption(parser):
    parser.addoption("--most", default="4")
"""


def test_the_suites_own_options_are_compared(suite):
    suite.pytester.path.joinpath("conftest.py").write_text(OPTION)
    ran(
        suite,
        NOTE
        + """
    @claim("two and two are at most this", exact=True)
    def test_sum(pytestconfig):
        note()
        assert 2 + 2 <= int(pytestconfig.getoption("most"))
""",
    )
    suite.run()
    assert looks(suite) == 0
    suite.run("--most=5")
    assert looks(suite) == 1


DOUBTFUL = {
    "time": ("import time", "time.time() > 0"),
    "chance": ("import random", "random.random() < 2"),
    "generator": ("import numpy as np", "np.random.default_rng().random() < 2"),
    "numpy": ("import numpy as np", "np.random.rand() < 2"),
    "existence": ("from pathlib import Path", "Path('paper.txt').exists()"),
    "program": ("import subprocess", "subprocess.run(['true']).returncode == 0"),
    "library": ("import pluggy", "pluggy.__version__"),
    "code": ("", "eval('True')"),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_doubtful_is_tested_again(suite, name):
    line, truth = DOUBTFUL[name]
    ran(
        suite,
        NOTE
        + f"""
    {line}

    def told():
        return {truth}

    @claim("it holds", exact=True)
    def test_it():
        note()
        assert told()
""",
    )
    suite.run()
    assert looks(suite) == 1


def test_doubtful_code_of_a_helper_or_a_fixture_counts(suite):
    suite.pytester.path.joinpath("helper.py").write_text(
        "import time\n\ndef now_or_then():\n    return time.time() > 0\n"
    )
    ran(
        suite,
        NOTE
        + """
    import helper

    @pytest.fixture
    def told():
        return helper.now_or_then()

    @claim("by a helper", exact=True)
    def test_helper():
        note()
        assert helper.now_or_then()

    @claim("by a fixture", exact=True)
    def test_fixture(told):
        note()
        assert told
""",
    )
    suite.run()
    assert looks(suite) == 2


POPULATION = (
    NOTE
    + """
    class Kept:
        label = "kept coin"
        {version}

        def sample(self, seeds):
            note()
            return {{"heads": [seed % 2 == 0 or seed % 3 == 0 for seed in seeds]}}

    @claim("heads are more likely")
    def test_rate(measure):
        note()
        assert measure.rate(Kept(), "heads") > 0.2
"""
)


def test_a_population_with_a_version_stands_with_its_files(suite):
    before = ran(suite, POPULATION.format(version='version = "1"'))
    suite.run()
    assert (looks(suite), record_of(suite)) == (0, before)
    for path in (suite.pytester.path / ".ledger").rglob("*.parquet"):
        os.utime(path, ns=(1, 1))
    suite.run()
    assert (looks(suite) > 0, record_of(suite)) == (True, before)


@pytest.mark.parametrize("version", ["pass", 'version, varies = "1", ("heads",)'])
def test_others_are_observed_again(suite, version):
    ran(suite, POPULATION.format(version=version))
    suite.run()
    assert looks(suite) > 0


@pytest.mark.parametrize("change", [{"plain": 3}, {"files": None}, {"surroundings": ""}, {"modules": {"gone.py": "1"}}])
def test_a_damaged_record_of_the_run_is_not_followed(suite, change):
    before = ran(suite, EXACT)
    path = suite.pytester.path / "reports" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    suite.run()
    assert (looks(suite), record_of(suite)) == (2, before)


def test_a_library_that_looks_for_its_own_version_reads_nothing_of_the_suite(suite, pytester, monkeypatch):
    monkeypatch.syspath_prepend(pytester.path)  # where packages may lie, too
    body = """
        from pathlib import Path
        from importlib.metadata import version

        from lrn.claims import claim

        @claim("numpy is installed", exact=True)
        def test_installed():
            Path("new.txt").write_text("the folder is not as it was")
            assert version("numpy") >= "1"
    """
    suite.keep_ledger()
    suite.write(body)
    suite.run()
    result = suite.run()
    result.stdout.fnmatch_lines(["1 of 1 verdicts stand as in the last run*"])

"""Which sessions write verdicts, where to, and the contents of the file."""

import json
import os
from operator import itemgetter

import pytest

from lrn.verdicts import Outcome

pytest_plugins = ["pytester"]

DEFAULT = "reports/verdicts.json"
THREE = """
    @claim("Naïve “sentences” — survive: π ≤ 4 ☃", id="A1", source="§1", quote="„Wörter“", reading="literal")
    def test_first(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.3

    @claim("Second", refuted="Figure 2")
    def test_second(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.7

    @claim("Third")
    @pytest.mark.parametrize("p", [0.2, 0.3])
    def test_third(measure, p):
        assert measure.rate(Coin(p), "heads") < 0.5
"""


def exists(suite, name=DEFAULT):
    return (suite.pytester.path / name).exists()


@pytest.mark.parametrize("arguments", [[], ["claims"], ["."], ["claims", "tests"], ["./claims/"]])
def test_the_whole_suite_writes_the_default_file(suite, arguments):
    suite.write(THREE)
    suite.write("def test_plain(): pass", "tests/test_plain.py")
    suite.run(*arguments).stdout.fnmatch_lines(["verdicts written to reports/verdicts.json"])
    assert suite.read(DEFAULT).complete
    assert len(suite.read(DEFAULT).claims) == 4


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["-k", "first"], "4 tests were deselected"),
        (
            ["--deselect", "claims/test_claims.py::test_first"],
            "1 tests were deselected, not all of claims/ was asked for",
        ),
        (["claims/test_claims.py"], "not all of claims/ was asked for"),
        (["claims/test_claims.py::test_first"], "not all of claims/ was asked for"),
        (["--ignore", "claims/test_more.py"], "not all of claims/ was asked for"),
        (["--ignore-glob", "*more*"], "not all of claims/ was asked for"),
    ],
)
def test_a_part_of_the_suite_leaves_the_default_file_alone(suite, arguments, why):
    suite.write(THREE)
    suite.write('@claim("More")\ndef test_more(): pass', "claims/test_more.py")
    suite.run(*arguments).stdout.fnmatch_lines([f"reports/verdicts.json stays as it was: {why}"])
    assert not exists(suite)


def test_an_explicit_file_is_always_written_and_says_that_it_is_a_part(suite):
    suite.write(THREE)
    suite.run("-k", "first", "--verdicts", "some/where/part.json")
    assert not suite.read("some/where/part.json").complete
    (verdict,) = suite.read("some/where/part.json").claims
    assert verdict.test == "claims/test_claims.py::test_first"
    assert not exists(suite)


def test_an_explicit_file_of_the_whole_suite_is_complete(suite):
    suite.write(THREE)
    suite.run("--verdicts", "whole.json")
    assert suite.read("whole.json").complete
    assert not exists(suite)


def test_other_seeds_leave_the_default_file_alone(suite):
    suite.write(THREE)
    result = suite.run("--seed-offset=1000000")
    result.stdout.fnmatch_lines([f"{DEFAULT} stays as it was: the seeds begin at 1000000"])
    assert not exists(suite)
    suite.run("--seed-offset=1000000", "--verdicts=fresh.json")
    assert suite.read("fresh.json").complete


def test_without_the_ini_value_nothing_is_written(suite):
    suite.write(THREE)
    suite.run("-o", "lrn_verdicts=").stdout.no_fnmatch_line("*verdicts.json*")
    assert not exists(suite)


def test_another_folder_of_claims_can_be_named(suite):
    suite.write(THREE, "sentences/test_claims.py")
    suite.run("-o", "lrn_claims=sentences")
    assert exists(suite)


def test_failures_do_not_keep_the_verdicts_of_a_whole_suite(suite):
    suite.write(THREE + '\n    @claim("False", exact=True)\n    def test_false():\n        assert 1 == 2\n')
    assert suite.run().ret == 1
    assert suite.read(DEFAULT).totals["refuted"] == 2
    assert suite.read(DEFAULT).totals["refuted_known"] == 1


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_a_session_that_stops_early_leaves_the_default_file_alone(suite, option):
    suite.write('@claim("False", exact=True)\ndef test_false():\n    assert 1 == 2\n' + "    \n")
    suite.write(THREE, "claims/test_later.py")
    result = suite.run(option)
    result.stdout.fnmatch_lines([f"{DEFAULT} stays as it was: the session was stopped"])
    assert not exists(suite)
    suite.run(option, "--verdicts", "part.json")
    assert not suite.read("part.json").complete
    assert len(suite.read("part.json").claims) == 1


INTERRUPTED = '\n    @claim("Stopped")\n    def test_zz(measure):\n        raise KeyboardInterrupt\n'


def test_an_interrupt_keeps_the_verdicts_so_far_in_an_explicit_file(suite):
    suite.write(THREE + INTERRUPTED)
    result = suite.run("--verdicts", "part.json", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert not suite.read("part.json").complete
    assert len(suite.read("part.json").claims) == 4
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    result.stdout.fnmatch_lines(["verdicts written to part.json"])


def test_an_interrupt_leaves_the_default_file_untouched(suite):
    suite.write(THREE)
    suite.run()
    before = (suite.pytester.path / DEFAULT).read_bytes()
    suite.write(THREE.replace("0.7", "0.6") + INTERRUPTED)
    result = suite.run(no_reraise_ctrlc=True)
    result.stdout.fnmatch_lines([f"{DEFAULT} stays as it was: the session was stopped"])
    assert (suite.pytester.path / DEFAULT).read_bytes() == before


@pytest.mark.parametrize("content", ["1 / 0", "pytest.skip('no data here', allow_module_level=True)"])
def test_a_file_that_cannot_be_collected_leaves_the_default_file_alone(suite, content):
    suite.write(THREE)
    suite.write(content, "claims/test_other.py")
    result = suite.run("--continue-on-collection-errors")
    result.stdout.fnmatch_lines([f"{DEFAULT} stays as it was: 1 files could not be collected"])
    assert not exists(suite)


def test_collecting_only_writes_nothing(suite):
    suite.write(THREE)
    suite.run("--collect-only", "--verdicts", "v.json")
    assert not exists(suite)
    assert not exists(suite, "v.json")


def test_two_runs_write_the_same_bytes(suite):
    suite.write(THREE)
    suite.run("--verdicts", "a/v.json")
    suite.run("--verdicts", "b/v.json", "-vv")
    first = (suite.pytester.path / "a/v.json").read_bytes()
    assert first == (suite.pytester.path / "b/v.json").read_bytes()
    assert first.endswith(b"}\n")


def test_the_file_keeps_the_documents_own_characters(suite):
    suite.write(THREE)
    suite.run()
    text = (suite.pytester.path / DEFAULT).read_text(encoding="utf-8")
    assert "Naïve “sentences” — survive: π ≤ 4 ☃" in text
    assert suite.read(DEFAULT).claims[0].quote == "„Wörter“"


def test_a_lone_surrogate_survives(suite):
    suite.write('@claim("broken \\ud83d text")\ndef test_it(): pass')
    suite.run()
    assert suite.read(DEFAULT).claims[0].statement == "broken \ud83d text"


def test_the_file_says_what_the_verdicts_were_reached_with(suite):
    suite.write(THREE)
    suite.run(
        "--alpha=0.01", "--quantities=9", "--first-seeds=12", "--max-seeds=4096", "--seed-offset=7", "--verdicts=v.json"
    )
    data = json.loads((suite.pytester.path / "v.json").read_text(encoding="utf-8"))
    claims, totals, checksum = data.pop("claims"), data.pop("totals"), data.pop("sha256")
    assert data == {
        "format": 2,
        "alpha": 0.01,
        "quantities": 9,
        "seed_offset": 7,
        "first_seeds": 12,
        "max_seeds": 4096,
        "complete": True,
    }
    assert len(checksum) == 64
    tests = list(map(itemgetter("test"), claims))
    assert tests == sorted(tests)
    assert (totals["supported"], totals["refuted"], totals["refuted_known"], totals["shares"]) == (3, 1, 1, 4)


def test_what_differs_between_runs_is_in_a_file_beside(suite):
    suite.write(THREE)
    suite.run()
    record = json.loads((suite.pytester.path / "reports/run.json").read_text(encoding="utf-8"))
    assert record["workers"] == 1
    assert len(record["claims"]) == 4
    assert min(record["claims"].values()) >= 0
    assert record["environment"]["packages"]["numpy"]


def test_a_file_that_cannot_be_written_is_reported_and_fails_the_session(suite):
    suite.write(THREE + "\n    def test_blocks():\n        open('blocked', 'w').close()\n")
    result = suite.run("--verdicts", "blocked/v.json")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*blocked* could not be written: *"])


def test_no_half_written_file_is_left_behind(suite):
    suite.write(THREE)
    suite.run()
    assert set(os.listdir(suite.pytester.path / "reports")) == {"verdicts.json", "run.json"}


def test_a_claim_that_runs_again_has_its_last_verdict(suite):
    suite.write("""
        asked = []

        @claim("Flaky")
        @pytest.mark.parametrize("x", [1])
        def test_it(measure, x):
            assert measure.rate(Coin(0.5), "heads") > 0.3
    """)
    suite.pytester.makeconftest("""
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for _ in range(2):
                item._initrequest()
                for report in runtestprotocol(item, nextitem=nextitem, log=False):
                    item.ihook.pytest_runtest_logreport(report=report)
            return True
    """)
    suite.run()
    (verdict,) = suite.read(DEFAULT).claims
    assert verdict.verdict is Outcome.SUPPORTED


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("claims/helper.py", "X = 1\n"),
        ("notes.md", "# notes\n"),
        ("pyproject.toml", "[project]\n"),
        ("table.csv", "a,b\n"),
    ],
)
@pytest.mark.parametrize("by_option", [True, False])
def test_a_file_that_holds_something_else_is_not_overwritten(suite, name, content, by_option):
    suite.write(THREE)
    path = suite.pytester.path / name
    path.write_text(content)
    result = suite.run(*(["--verdicts", name] if by_option else ["-o", f"lrn_verdicts={name}"]))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*must be a new file or one of verdicts; '{name}' holds something else"])
    assert path.read_text() == content


@pytest.mark.parametrize("content", ["", " \n", '{\n "format": 1, "alpha"', "{", "<<<<<<< main\n{"])
def test_a_damaged_file_of_verdicts_is_written_anew(suite, content):
    suite.write(THREE)
    (suite.pytester.path / "mine.json").write_text(content)
    suite.run("--verdicts", "mine.json")
    assert len(suite.read("mine.json").claims) == 4


def test_a_suite_folder_that_links_to_itself_is_refused(suite):
    suite.write(THREE)
    (suite.pytester.path / "loop").symlink_to("loop")
    result = suite.run("-o", "lrn_claims=loop")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*lrn_claims must be a folder; got *loop*"])

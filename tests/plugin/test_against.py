"""`--against`: a session is compared with recorded verdicts, and the record is never lost to a failed comparison."""

import json

import pytest
from output import section

pytest_plugins = ["pytester"]

DEFAULT = "reports/verdicts.json"
NEW = "reports/verdicts.new.json"
BELOW = """
    @claim("Heads stay below a share", id="C2")
    @pytest.mark.parametrize("share", [0.7, 0.9])
    def test_below(measure, share):
        assert measure.rate(Coin(0.5), "heads") < share
"""
OTHER = """
    @claim("Another", id="C3")
    def test_other(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.1
"""
CHANGED = BELOW.replace("Coin(0.5)", "Coin(0.8)")


@pytest.fixture
def record(suite):
    """A suite with its record, and the record's bytes."""
    suite.write(BELOW)
    suite.write(OTHER, "claims/test_other.py")
    assert suite.run().ret == 0
    return suite.pytester.path / DEFAULT


def comparison(result):
    return section(result, "claims against .*")


def test_equal_verdicts_pass_and_renew_the_record(suite, record):
    before = record.read_bytes()
    suite.write(BELOW.replace("stay below", "remain below"))
    result = suite.run("claims", "--against", DEFAULT)
    assert result.ret == 0
    assert comparison(result) == ["3 of 3 recorded claims compared: 0 changed, 0 vanished, 0 new"]
    assert record.read_bytes() != before
    assert not (suite.pytester.path / NEW).exists()


def test_other_seeds_and_intervals_are_not_a_change(suite, record):
    result = suite.run("--against", DEFAULT, "--seed-offset=1000", "--verdicts=fresh.json")
    assert result.ret == 0
    fresh, old = suite.read("fresh.json"), suite.read(DEFAULT)
    for new, recorded in zip(fresh.claims, old.claims, strict=True):
        assert new.estimates != recorded.estimates


def test_a_changed_verdict_fails_and_names_claim_old_and_new_verdict(suite, record):
    suite.write(CHANGED.replace('id="C2"', 'id="C2", refuted="known by now"').replace("[0.7, 0.9]", "[0.7]"))
    result = suite.run("--against", DEFAULT, "claims/test_claims.py")
    assert result.ret == 1, "though the claim ended as its author says by now"
    result.assert_outcomes(failed=1)
    lines = comparison(result)
    assert lines[0] == "CHANGED   C2[0.7]: SUPPORTED -> REFUTED Heads stay below a share"
    assert lines[1].strip() == "claims/test_claims.py::test_below[0.7]"
    assert lines[2].strip().startswith("rate of heads in coin 0.8")
    assert lines[3].startswith("1 of 3 recorded claims compared: 1 changed, 0 vanished, 0 new; a part of the suite (")


def test_a_failed_comparison_keeps_the_record_and_writes_the_new_verdicts_beside_it(suite, record):
    before = record.read_bytes()
    suite.write(CHANGED)
    result = suite.run("--against", DEFAULT)
    assert result.ret == 1
    assert record.read_bytes() == before
    assert suite.read(NEW).totals["refuted"] == 1
    result.stdout.fnmatch_lines(
        [f"{DEFAULT} stays as it was, as verdicts differ from it", f"verdicts written to {NEW}"]
    )


@pytest.mark.parametrize("against", [DEFAULT, "elsewhere.json"])
def test_the_default_record_is_kept_whatever_file_it_is_compared_with(suite, record, against):
    before = record.read_bytes()
    (suite.pytester.path / "elsewhere.json").write_bytes(before)
    suite.write(CHANGED)
    assert suite.run("--against", against).ret == 1
    assert record.read_bytes() == before


def test_an_explicit_file_is_written_unless_it_is_the_record_itself(suite, record):
    before = record.read_bytes()
    suite.write(CHANGED)
    suite.run("--against", DEFAULT, "--verdicts", "mine.json")
    assert len(suite.read("mine.json").claims) == 3
    suite.run("--against", DEFAULT, "--verdicts", f"./reports/../{DEFAULT}")
    assert record.read_bytes() == before


def test_a_claim_that_vanished_from_the_whole_suite_fails(suite, record):
    before = record.read_bytes()
    suite.write(BELOW.replace("[0.7, 0.9]", "[0.7]"))
    result = suite.run("--against", DEFAULT)
    assert result.ret == 1
    assert comparison(result)[:2] == [
        "VANISHED  C2[0.9]: SUPPORTED Heads stay below a share",
        "          claims/test_claims.py::test_below[0.9]",
    ]
    assert record.read_bytes() == before


def test_no_claim_left_at_all_fails(suite, record):
    for path in (suite.pytester.path / "claims").glob("test_*.py"):
        path.unlink()
    suite.write("def test_plain(): pass", "claims/test_plain.py")
    result = suite.run("--against", DEFAULT)
    assert result.ret == 1
    assert comparison(result)[-1] == "0 of 3 recorded claims compared: 0 changed, 3 vanished, 0 new"
    assert len(suite.read(DEFAULT).claims) == 3


def test_a_new_claim_is_named_and_does_not_fail(suite, record):
    suite.write('@claim("It is new", exact=True)\ndef test_new():\n    assert 1 + 1 == 2\n', "claims/test_new.py")
    result = suite.run("--against", DEFAULT)
    assert result.ret == 0
    assert comparison(result) == [
        "NEW       test_new: SUPPORTED It is new",
        "3 of 3 recorded claims compared: 0 changed, 0 vanished, 1 new",
    ]
    assert len(suite.read(DEFAULT).claims) == 4


@pytest.mark.parametrize(
    ("arguments", "compared", "why"),
    [
        (["-k", "C3"], 1, "2 tests were deselected"),
        (["claims/test_claims.py"], 2, "not all of claims/ was asked for"),
    ],
)
def test_a_part_of_the_suite_compares_what_ran_and_says_so(suite, record, arguments, compared, why):
    result = suite.run("--against", DEFAULT, *arguments)
    assert result.ret == 0
    counts = "0 changed, 0 vanished, 0 new"
    assert comparison(result) == [f"{compared} of 3 recorded claims compared: {counts}; a part of the suite ({why})"]


@pytest.mark.parametrize("arguments", [[], ["-k", "C2"]])
def test_workers_compare_alike(suite, record, arguments):
    suite.write(CHANGED)
    alone = suite.run("--against", DEFAULT, *arguments)
    together = suite.run_workers("--against", DEFAULT, *arguments)
    assert alone.ret == together.ret == 1
    assert comparison(alone) == comparison(together)


def test_an_undecided_claim_that_was_decided_fails_rather_than_counting_as_undecided(suite, record):
    suite.write(BELOW.replace("Coin(0.5)", "Coin(0.7)"))
    result = suite.run("--against", DEFAULT, "--max-seeds=256")
    assert result.ret == 1
    assert comparison(result)[0].startswith("CHANGED   C2[0.7]: SUPPORTED -> INCONCLUSIVE")


def test_collecting_only_compares_nothing(suite, record):
    result = suite.run("--against", DEFAULT, "--collect-only")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*against*")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "--against must be a file of verdicts; *old.json: No such file or directory"),
        ("", "--against must be a file of verdicts; *old.json must hold verdicts in format 2, but: *"),
        ("[]", "--against must be a file of verdicts; *old.json must hold verdicts in format 2, but: *"),
        (json.dumps({"format": 7}), "--against must be a file of verdicts; *old.json must hold verdicts *"),
    ],
)
@pytest.mark.parametrize("workers", [False, True])
def test_a_file_that_is_not_a_record_is_one_sentence_before_any_test(suite, content, sentence, workers):
    suite.write("raise SystemExit('it ran')")
    if content is not None:
        (suite.pytester.path / "old.json").write_text(content)
    result = (suite.run_workers if workers else suite.run)("--against", "old.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {sentence}"])
    assert len(list(filter(None, result.errlines))) == 1
    result.stdout.no_fnmatch_line("*it ran*")


def test_an_empty_name_and_a_folder_are_not_records(suite):
    for name, sentence in (("", "got ''"), ("claims", "*claims *it is not a file but a folder")):
        suite.write("raise SystemExit('it ran')")
        result = suite.run(f"--against={name}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: --against must be a file of verdicts; {sentence}"])

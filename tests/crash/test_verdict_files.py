"""A file of verdicts that is damaged, newer or foreign is one sentence, never other verdicts."""

from __future__ import annotations

import json
import math
import os
import re
from itertools import starmap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrn.cli import main
from lrn.plugin._against import read_record
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict
from lrn.verdicts._record import _digest


def verdict(number, outcome):
    return Verdict(
        id=f"C{number}",
        test=f"claims/test_claims.py::test_it[{number}]",
        statement="Naïve “sentences” — survive: π ≤ 4 ☃ \ud83d",
        source="§1",
        quote="„Wörter“",
        reading="",
        verdict=outcome,
        expected=Outcome.SUPPORTED,
        known=None,
        reason="0.25 [0.125, inf] > 0",
        looks=2,
        estimates=(MeasuredQuantity(f"key {number}", "mean of heads", 0.25, 0.125, math.inf, 60, 64),),
        seeds_needed=math.inf if outcome is Outcome.INCONCLUSIVE else None,
    )


SUITE = SuiteVerdicts.of(
    list(starmap(verdict, enumerate(Outcome))),
    alpha=0.001,
    seed_offset=0,
    quantities=64,
    first_seeds=8,
    max_seeds=512,
    complete=True,
)
CLAIM = {**SUITE.claims[0].to_json()}


def without(name, content):
    rest = dict(content)
    del rest[name]
    return rest


WHOLE = without("sha256", SUITE.to_json())


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("verdicts") / "verdicts.json"
    SUITE.write(path)
    return path.read_bytes()


def refused(path):
    """Whether the file is refused, in one sentence that names it; if not, it holds the verdicts that were written."""
    try:
        verdicts = SuiteVerdicts.read(path)
    except ValueError as error:
        message = str(error)
    else:
        assert verdicts == SUITE, "other verdicts than were written"
        return False
    assert re.match(re.escape(str(path)) + r" must hold verdicts in format 2, but: \S", message)
    assert len(message.splitlines()) == 1
    return True


def test_what_was_written_is_read(tmp_path, sound):
    (tmp_path / "v.json").write_bytes(sound)
    assert not refused(tmp_path / "v.json")


def test_a_file_without_a_checksum_is_refused(tmp_path):
    (tmp_path / "v.json").write_text(json.dumps(WHOLE))
    with pytest.raises(ValueError, match="it has no checksum"):
        SuiteVerdicts.read(tmp_path / "v.json")


def summed(content):
    """With the checksum of the damaged text."""
    return content if "sha256" in content else {**content, "sha256": _digest(content)}


RATE = {
    **dict.fromkeys(("given", "bounds", "q")),
    "statistic": "rate",
    "metric": "heads",
    "populations": ["coin"],
    "digests": [""],
}


def quantity(**changes):
    return {**WHOLE, "claims": [{**CLAIM, "estimates": [{**CLAIM["estimates"][0], **changes}]}]}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({**WHOLE, "alpha": -3.0}, "alpha must be a number strictly between 0 and 1; got -3.0"),
        ({**WHOLE, "alpha": "nan"}, "alpha must be float; got 'nan'"),
        ({**WHOLE, "alpha": 1}, "alpha must be a number strictly between 0 and 1; got 1"),
        ({**WHOLE, "alpha": True}, "alpha must be float; got True"),
        ({**WHOLE, "seed_offset": -1}, "seed_offset must be a whole number from 0 to 2**64; got -1"),
        ({**WHOLE, "max_seeds": 10**30}, "max_seeds must be a whole number from 0 to 2**64"),
        ({**WHOLE, "claims": WHOLE["claims"] * 2}, "each test must stand there once"),
        ({**WHOLE, "claims": [{**CLAIM, "looks": -1}]}, "looks must be at least 0; got -1"),
        ({**WHOLE, "claims": [{**CLAIM, "looks": True}]}, "looks must be int; got True"),
        ({**WHOLE, "claims": [{**CLAIM, "seeds_needed": "nan"}]}, "seeds_needed must be at least 0; got nan"),
        ({**WHOLE, "claims": [{**CLAIM, "seeds_needed": -5.0}]}, "seeds_needed must be at least 0; got -5.0"),
        ({**WHOLE, "claims": [{**CLAIM, "test": ""}]}, "test must be pytest's name of a test; got ''"),
        ({**WHOLE, "claims": [{**CLAIM, "test": "a\0b.py::test"}]}, "test must be pytest's name of a test"),
        (quantity(low=2.0, high=1.0), "an interval must have low <= high; got [2, 1]"),
        (quantity(low="nan"), "an interval must have low <= high; got [nan, inf]"),
        (quantity(high="nan"), "an interval must have low <= high; got [0.125, nan]"),
        (quantity(quantity=RATE, point=7.0, high=1.0), "a rate must lie between 0 and 1; got 7 [0.125, 1]"),
        (quantity(quantity=RATE, high=7.0), "a rate must lie between 0 and 1; got 0.25 [0.125, 7]"),
        (quantity(quantity=RATE, low="-inf", high=1.0), "a rate must lie between 0 and 1; got 0.25 [-inf, 1]"),
        (quantity(n=65), "observations must be at most as many as seeds; got 65 of 64"),
        (quantity(n=-1), "observations must be at most as many as seeds; got -1 of 64"),
        (quantity(seeds=10**30, n=0), "observations must be at most as many as seeds"),
        (quantity(quantity=RATE, high=1.0, n=0), "an estimate must be nan without observations; got 0.25"),
        (quantity(shares=10**4290), "shares must be a whole number from 0 to 2**64"),
        (quantity(point=10**400), "int too large to convert to float"),
        (quantity(thresholds=[10**400]), "int too large to convert to float"),
        (quantity(thresholds="12"), "thresholds must be a list; got '12'"),
        (quantity(thresholds=["nan"]), "thresholds and coefficients must be numbers; got nan"),
        (quantity(inclusive=[True] * 9), "each threshold must be inclusive or not"),
        (quantity(quantity={**RATE, "populations": "coin"}), "populations must be a list; got 'coin'"),
        (quantity(quantity={**RATE, "populations": []}), "a rate must be of 1 populations; got 0"),
        (quantity(quantity={**RATE, "statistic": "luck"}), "statistic must be one of rate, mean, "),
        (quantity(quantity={**RATE, "statistic": "quantile", "q": 7}), "q must be a number from 0 to 1"),
        (
            quantity(quantity={**RATE, "statistic": "quantile"}),
            "q must be a number from 0 to 1, which each quantile has",
        ),
        (quantity(quantity={**RATE, "statistic": "mean", "bounds": [1, 0]}), "bounds must be the smaller and"),
        (quantity(quantity={**RATE, "statistic": "mean", "bounds": ["nan", 1]}), "bounds must be the smaller and"),
        ({**WHOLE, "claims": [{**CLAIM, "seeds_needed": 10**400}]}, "int too large to convert to float"),
        ({**WHOLE, "claims": [{**CLAIM, "verdict": "SUPPORTED", "seeds_needed": 9.0}]}, "seeds_needed must be null"),
        ({**WHOLE, "claims": [{**CLAIM, "expected": "ERROR"}]}, "expected must be SUPPORTED, REFUTED or INCONCLUSIVE"),
        ({**WHOLE, "claims": [{**CLAIM, "expected": "SUPPORTED", "known": "so"}]}, "known must say why"),
        ({**WHOLE, "claims": [{**CLAIM, "expected": "REFUTED", "known": None}]}, "known must say why"),
        ({**WHOLE, "claims": [{**CLAIM, "notes": "a note"}]}, "notes must be a list; got 'a note'"),
        ({**WHOLE, "claims": {}}, "claims must be a list; got {}"),
    ],
)
def test_what_no_suite_can_have_ended_in_is_refused_whatever_its_checksum(tmp_path, content, why):
    path = tmp_path / "v.json"
    path.write_text(json.dumps(summed(content)))
    assert refused(path)
    with pytest.raises(ValueError, match=re.escape(why)):
        SuiteVerdicts.read(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes in folders")
def test_a_pipe_or_an_endless_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(20 << 30)
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "sparse", "link", "."):
        assert refused(tmp_path / name)
        assert main(["claims", str(tmp_path), "--verdicts", str(tmp_path / name)]) == 2
        assert main(["report", "--verdicts", str(tmp_path / name)]) == 2
        with pytest.raises(pytest.UsageError, match="--against must be a file of verdicts"):
            read_record(tmp_path / name)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(at=st.floats(0, 1, exclude_max=True), how=st.integers(1, 255))
def test_a_changed_byte_is_found_or_harmless(tmp_path_factory, sound, at, how):
    path = tmp_path_factory.getbasetemp() / "changed.json"
    at = int(at * len(sound))
    path.write_bytes(sound[:at] + bytes([sound[at] ^ how]) + sound[at + 1 :])
    refused(path)


@pytest.mark.slow
def test_each_flipped_bit_is_found_or_harmless(tmp_path, sound, record_property):
    detected = 0
    for at in range(len(sound)):
        for bit in range(8):
            (tmp_path / "v.json").write_bytes(sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :])
            detected += refused(tmp_path / "v.json")
    what = f"flipped bits of a file of verdicts ({len(sound)} bytes)"
    record_property("counted", [f"{what}: found", detected])
    record_property("counted", [f"{what}: harmless", 8 * len(sound) - detected])
    assert detected > 7 * len(sound)


def test_a_file_that_was_cut_off_is_refused(tmp_path, sound):
    for length in range(0, len(sound) - 2, 97):
        (tmp_path / "v.json").write_bytes(sound[:length])
        assert refused(tmp_path / "v.json")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("null", "it holds no JSON object"),
        ("[]", "it holds no JSON object"),
        ('"verdicts"', "it holds no JSON object"),
        ("{}", "it lacks 'format'"),
        ("[" * 100_000, "maximum recursion depth exceeded"),
        ({"format": 3}, "its format is 3"),
        ({**WHOLE, "format": 3, "claims": {"by": "id"}}, "its format is 3"),
        ({**WHOLE, "sha256": "0" * 64}, "it was changed after it was written (its checksum differs)"),
        ({**WHOLE, "sha256": None}, "it was changed after it was written (its checksum differs)"),
        (without("alpha", WHOLE), "it lacks 'alpha'"),
        (without("claims", WHOLE), "it lacks 'claims'"),
        ({**WHOLE, "alpha": "0.001"}, "alpha must be float; got '0.001'"),
        ({**WHOLE, "complete": 1}, "complete must be bool; got 1"),
        ({**WHOLE, "claims": None}, "claims must be a list; got None"),
        ({**WHOLE, "claims": ["C1"]}, "string indices must be integers"),
        ({**WHOLE, "claims": [{**CLAIM, "verdict": "TRUE"}]}, "'TRUE' is not a valid Outcome"),
        ({**WHOLE, "claims": [{**CLAIM, "statement": 3}]}, "statement must be str; got 3"),
        ({**WHOLE, "claims": [{**CLAIM, "looks": 1.5}]}, "looks must be int; got 1.5"),
        ({**WHOLE, "claims": [{**CLAIM, "estimates": [{**CLAIM["estimates"][0], "n": None}]}]}, "n must be int; got"),
        ({**WHOLE, "claims": [{**CLAIM, "estimates": [{**CLAIM["estimates"][0], "low": "few"}]}]}, "could not convert"),
        ({**WHOLE, "claims": [{**CLAIM, "seeds_needed": []}]}, "seeds_needed must be float | None; got []"),
        (
            {**WHOLE, "claims": [{**CLAIM, "run": "code"}]},
            "got an unexpected keyword argument 'run'",
        ),
    ],
)
def test_what_is_no_file_of_verdicts_is_refused_and_says_why(tmp_path, content, why):
    path = tmp_path / "v.json"
    path.write_text(content if isinstance(content, str) else json.dumps(summed(content)))
    assert refused(path)
    with pytest.raises(ValueError, match=re.escape(why)):
        SuiteVerdicts.read(path)


FILES = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "changed": lambda path: path.write_bytes(path.read_bytes().replace(b'"SUPPORTED"', b'"REFUTED"')),
    "newer": lambda path: path.write_bytes(path.read_bytes().replace(b'"format": 2', b'"format": 3')),
    "foreign": lambda path: path.write_text('{"rows": []}'),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "empty": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("damage", FILES.values(), ids=FILES.keys())
def test_every_command_says_so_in_one_line_and_leaves_the_file(tmp_path, sound, damage, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "v.json"
    path.write_bytes(sound)
    damage(path)
    before = path.read_bytes()
    for command in (["claims", str(tmp_path), "--verdicts", str(path)], ["report", "--verdicts", str(path)]):
        assert main(command) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith(f"lrn: {path} must hold verdicts in format 2, but: ")
        assert len(captured.err.splitlines()) == 1
    with pytest.raises(pytest.UsageError, match=r"^--against must be a file of verdicts; .* must hold") as error:
        read_record(path)
    assert len(str(error.value).splitlines()) == 1
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["v.json"], "no report was begun"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[1]",
        "null",
        "[" * 100_000,
        '{"environment": 3, "claims": [], "workers": null}',
        "\x00",
        '{"seconds": {}}',
    ],
)
def test_a_damaged_record_of_the_run_costs_the_report_nothing_but_its_lines(tmp_path, sound, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "v.json").write_bytes(sound)
    (tmp_path / "run.json").write_text(content)
    assert main(["report", "--verdicts", "v.json", "--out", "out"]) == 0
    assert "claims/test_claims.py" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8", errors="replace")

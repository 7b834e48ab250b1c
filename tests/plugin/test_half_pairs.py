"""No file can hold half a surrogate pair: names of measurements refuse it, and all other texts escape it."""

from __future__ import annotations

import pytest

from lrn.claims import claim
from lrn.verdicts import Outcome
from lrn.verdicts.text import check_text

pytest_plugins = ["pytester"]

HALF = "\ud800"

CLAIMS = """
import numpy as np
from lrn.claims import population

HALF = "\\ud800"

class Named(Coin):
    def __init__(self, label, version=None, counts=None, extra="extra"):
        super().__init__(0.5)
        self.label, self.version, self.counts, self.extra = label, version, counts, extra

    def sample(self, seeds):
        with open("sampled.txt", "a") as file:
            file.write("sampled\\n")
        return {"heads": np.ones(len(seeds), bool), self.extra: np.ones(len(seeds))}

@population(name="net" + HALF)
def net(seed):
    return {"heads": True}

@population
def other(seed):
    return {"heads": True, "tails" + HALF: False}

@claim("Label")
def test_label(measure):
    assert measure.rate(Named("a" + HALF), "heads") > 0.3

@claim("Version")
def test_version(measure):
    assert measure.rate(Named("b", "1" + HALF), "heads") > 0.3

@claim("Metric")
def test_metric(measure):
    assert measure.rate(Named("c"), "heads" + HALF) > 0.3

@claim("Condition")
def test_condition(measure):
    assert measure.rate(Named("d"), "heads", given="ok" + HALF) > 0.3

@claim("Counts")
def test_counts(measure):
    assert measure.rate(Named("e", counts="ok" + HALF), "heads") > 0.3

@claim("Name of a function")
def test_name(measure):
    assert measure.rate(net(), "heads") > 0.3
"""

AFTER_A_SEED = """
@claim("Metric that nobody asked for")
def test_extra(measure):
    assert measure.rate(Named("extra", "1", extra="x" + HALF), "heads") > 0.3

@claim("Metric of a function")
def test_other(measure):
    assert measure.rate(other(), "heads") > 0.3
"""


def test_what_names_a_measurement_is_refused_before_any_is_made(suite):
    suite.keep_ledger()
    result, verdicts = suite.judge(CLAIMS)
    assert result.ret == 1
    assert len(verdicts) == 6
    for verdict in verdicts.values():
        assert verdict.verdict is Outcome.ERROR
        assert r"must be text that can be written as UTF-8; got" in verdict.reason
        assert r"\ud800" in verdict.reason
    assert suite.take_lines("sampled.txt") == []


def test_a_metric_that_comes_with_the_first_seed_is_refused(suite):
    suite.keep_ledger()
    _, verdicts = suite.judge(CLAIMS + AFTER_A_SEED, "-k", "extra or other")
    for verdict in verdicts.values():
        assert "must be text that can be written as UTF-8; got" in verdict.reason
    assert len(verdicts) == 2


def test_a_setting_is_escaped_as_python_writes_it(suite):
    _, verdicts = suite.judge(
        """
        from lrn.claims import population

        @population
        def net(seed, *, name):
            return {"heads": True}

        @claim("Setting")
        def test_setting(measure):
            assert measure.rate(net(name="\\ud800"), "heads") > 0.3
        """
    )
    assert verdicts["test_setting"].verdict is Outcome.SUPPORTED
    assert verdicts["test_setting"].estimates[0].name == r"rate of heads in net(name='\ud800')"


MESSAGES = """
    @claim("False \\ud800", source="\\ud800", quote="\\ud800", reading="\\ud800")
    def test_false(measure):
        assert measure.rate(Coin(0.5), "heads") > 0.9, "so \\ud800"

    @claim("Error")
    @pytest.mark.parametrize("text", ["a\\ud800"])
    def test_error(measure, text):
        print("printed " + text)
        raise ValueError("no " + text)

    @claim("Skipped")
    def test_skipped(measure):
        pytest.skip("why \\ud800")
"""


@pytest.mark.parametrize("workers", [None, 1])
def test_messages_are_escaped_everywhere(suite, workers):
    suite.write(MESSAGES)
    options = ["-v", "-rA", "--junitxml", "junit.xml", "--verdicts", "v.json", "--report", "page"]
    result = suite.run(*options) if workers is None else suite.run_workers(*options, workers=workers)
    assert result.ret == 1
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    assert len(suite.read("v.json").claims) == 3
    for file in ("junit.xml", "v.json", "page/index.html", "page/REPRODUCTION.md"):
        assert r"\ud800" in (suite.pytester.path / file).read_text(encoding="utf-8")


def test_an_id_is_refused_when_the_claim_is_made():
    with pytest.raises(ValueError, match=r"a claim's id must be text .*; got 'A\\ud800'"):
        claim("A statement", id="A" + HALF)


@pytest.mark.parametrize("text", ["", "a", "ü☃\U0001f600"])
def test_other_texts_stay_as_they_are(text):
    assert check_text("a label", text) == text

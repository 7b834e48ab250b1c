"""Verdicts as data."""

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrn.claims import Claim, claim
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict

texts = st.text(st.characters(), max_size=20)
floats = st.floats()
quantities = st.builds(
    MeasuredQuantity, texts, texts, floats, floats, floats, st.integers(0, 10**6), st.integers(64, 10**6)
)
verdicts = st.builds(
    Verdict,
    id=texts,
    test=texts,
    statement=texts,
    source=texts,
    quote=texts,
    reading=texts,
    verdict=st.sampled_from(Outcome),
    expected=st.sampled_from([Outcome.SUPPORTED, Outcome.REFUTED]),
    known=st.none() | texts,
    reason=texts,
    looks=st.integers(0, 20),
    estimates=st.lists(quantities, max_size=3).map(tuple),
    seeds_needed=st.none() | st.floats(1),
)


def same(a, b):
    """Equality by the text of the fields, as NaN does not equal itself."""
    return repr(a) == repr(b)


@given(verdicts)
def test_a_verdict_survives_its_journey_as_json(verdict):
    text = json.dumps(verdict.to_json(), allow_nan=False)
    assert text.isascii()
    assert same(Verdict.from_json(json.loads(text)), verdict)


@given(st.lists(verdicts, max_size=3), st.booleans())
def test_a_suite_survives_its_file(tmp_path_factory, cases, complete):
    path = tmp_path_factory.mktemp("suite") / "deep" / "v.json"
    suite = SuiteVerdicts.of(
        cases, alpha=0.001, quantities=64, seed_offset=0, first_seeds=8, max_seeds=512, complete=complete
    )
    suite.write(path)
    assert same(SuiteVerdicts.read(path), suite)
    first = path.read_bytes()
    SuiteVerdicts.read(path).write(path)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": 2}', '{"format": 1, "claims": [{}]}', "\x00", '{"format": 1, "alpha": 0.001}'],
)
def test_a_foreign_file_is_never_read_as_verdicts(tmp_path, content):
    path = tmp_path / "v.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"v.json must hold verdicts in format 1, but: "):
        SuiteVerdicts.read(path)


def test_another_format_is_refused(tmp_path):
    suite = SuiteVerdicts(0.001, 64, 0, 8, 512, True, ())
    path = tmp_path / "v.json"
    path.write_text(json.dumps(suite.to_json() | {"format": 2}))
    with pytest.raises(ValueError, match="its format is 2"):
        SuiteVerdicts.read(path)


def test_numbers_that_json_lacks_are_written_as_text():
    quantity = MeasuredQuantity("k", "n", math.nan, -math.inf, math.inf, 0, 64)
    verdict = Verdict("", "t", "s", "", "", "", Outcome.ERROR, Outcome.SUPPORTED, None, "", 1, (quantity,), math.inf)
    data = verdict.to_json()
    assert [data["estimates"][0][name] for name in ("point", "low", "high")] == ["nan", "-inf", "inf"]
    assert data["seeds_needed"] == "inf"


def test_shared_quantities_count_once():
    def verdict(test, *keys):
        found = tuple(MeasuredQuantity(key, key, 0.5, 0.4, 0.6, 64, 64) for key in keys)
        return Verdict("", test, "s", "", "", "", Outcome.SUPPORTED, Outcome.SUPPORTED, None, "", 1, found)

    suite = SuiteVerdicts(0.001, 64, 0, 8, 512, True, (verdict("a", "x", "y"), verdict("b", "y", "z")))
    assert suite.quantities == suite.totals["quantities"] == 3


def test_a_claim_carries_what_its_author_wrote():
    @claim("It is so", source="§1", quote="so", reading="literal", id="Z1", refuted="no", first_look=64, max_seeds=128)
    def test_it():
        pass

    (mark,) = test_it.pytestmark
    said = Claim.of(mark.args, mark.kwargs)
    assert dataclasses.astuple(said) == ("It is so", "§1", "so", "literal", "Z1", "no", None, 64, 128)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        ({"statement": ""}, ValueError, "a claim's statement must say something"),
        ({"statement": 3}, TypeError, "a claim's statement must be text; got 3"),
        ({"source": None}, TypeError, "a claim's source must be text; got None"),
        ({"refuted": ""}, ValueError, "refuted needs the reason, a text with the figure that shows it; got ''"),
        (
            {"inconclusive": " "},
            ValueError,
            "inconclusive needs the reason, a text with the figure that shows it; got ' '",
        ),
        (
            {"refuted": "a", "inconclusive": "b"},
            ValueError,
            "a claim is known to be refuted or inconclusive; got a reason for both",
        ),
        ({"refuted": True}, ValueError, "refuted needs the reason, a text with the figure that shows it; got True"),
        ({"first_look": 100}, ValueError, "100 is not a look"),
        ({"max_seeds": 63}, ValueError, "63 is not a look"),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused_where_it_is_written(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        claim(**{"statement": "It is so", **arguments})


def test_a_function_makes_one_claim():
    @claim("One")
    def test_it():
        pass

    with pytest.raises(TypeError, match="test_it is a claim already"):
        claim("Two")(test_it)

"""Verdicts as data."""

import dataclasses
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrn.claims import Claim, claim
from lrn.verdicts import MeasuredQuantity, Outcome, Quantity, SuiteVerdicts, Verdict, expression_key, expression_name

# The same examples every time, however busy the machine is.
repeatable = settings(derandomize=True, deadline=None, max_examples=20)

texts = st.text(st.characters(), max_size=20)
floats = st.floats()
numbers = st.floats(allow_nan=False)
populations = st.lists(texts, min_size=1, max_size=1).map(tuple)
pairs = st.lists(texts, min_size=2, max_size=2).map(tuple)
bounds = st.none() | st.tuples(numbers, numbers).map(sorted).map(tuple)
levels = st.floats(0.01, 0.99)
descriptions = st.one_of(
    st.builds(Quantity, st.just("mean"), texts, populations, st.none() | texts, bounds, st.none(), populations),
    st.builds(Quantity, st.just("quantile"), texts, populations, st.none() | texts, bounds, levels, populations),
    st.builds(Quantity, st.just("mean difference"), texts, pairs, st.none() | texts, bounds, st.none(), pairs),
)


def consistent(quantity):
    """The same with ends in order, no more observations than seeds, and as many of each as there are of the other."""
    low, high = sorted((quantity.low, quantity.high))
    few, many = sorted((quantity.n, quantity.seeds))
    coefficients = (1.0,) * len(quantity.terms)
    inclusive = quantity.inclusive[: len(quantity.thresholds)]
    thresholds = quantity.thresholds[: len(inclusive)]
    return quantity.replace(
        low=low, high=high, n=few, seeds=many, coefficients=coefficients, inclusive=inclusive, thresholds=thresholds
    )


def possible(verdict):
    """The same with a reason where it is expected to end otherwise, and seeds to come where it is not decided."""
    known = None if verdict.expected is Outcome.SUPPORTED else verdict.known
    needed = verdict.seeds_needed if verdict.verdict is Outcome.INCONCLUSIVE else None
    return dataclasses.replace(verdict, known=known, seeds_needed=needed)


def measured(terms):
    """Measured quantities with these terms, as they can be in a record."""
    return st.builds(
        MeasuredQuantity,
        key=texts,
        name=texts,
        point=floats,
        low=numbers,
        high=numbers,
        n=st.integers(0, 10**6),
        seeds=st.integers(1, 10**6),
        thresholds=st.lists(numbers, max_size=2).map(tuple),
        shares=st.integers(0, 8),
        quantity=st.none() | descriptions,
        terms=terms,
        inclusive=st.lists(st.booleans(), max_size=2).map(tuple),
    ).map(consistent)


quantities = measured(st.lists(measured(st.just(())), max_size=2).map(tuple))
verdicts = st.builds(
    Verdict,
    id=texts,
    test=st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20),
    statement=texts,
    source=texts,
    quote=texts,
    reading=texts,
    verdict=st.sampled_from(Outcome),
    expected=st.sampled_from([Outcome.SUPPORTED, Outcome.REFUTED]),
    known=texts,
    reason=texts,
    looks=st.integers(0, 20),
    estimates=st.lists(quantities, max_size=3).map(tuple),
    seeds_needed=st.none() | st.floats(1),
).map(possible)


def same(a, b):
    """Equality by the text of the fields, as NaN does not equal itself."""
    return repr(a) == repr(b)


@repeatable
@given(verdicts)
def test_a_verdict_survives_its_journey_as_json(verdict):
    text = json.dumps(verdict.to_json(), allow_nan=False)
    assert text.isascii()
    assert same(Verdict.from_json(json.loads(text)), verdict)


@repeatable
@given(st.lists(verdicts, max_size=3, unique_by=lambda verdict: verdict.test), st.booleans())
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
    ["", "[]", "{}", '{"format": 1}', '{"format": 2, "claims": [{}]}', "\x00", '{"format": 2, "alpha": 0.001}'],
)
def test_a_foreign_file_is_never_read_as_verdicts(tmp_path, content):
    path = tmp_path / "v.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"v.json must hold verdicts in format 2, but: "):
        SuiteVerdicts.read(path)


def test_another_format_is_refused(tmp_path):
    suite = SuiteVerdicts(0.001, 64, 0, 8, 512, True, ())
    path = tmp_path / "v.json"
    path.write_text(json.dumps(suite.to_json() | {"format": 1}))
    with pytest.raises(ValueError, match="its format is 1"):
        SuiteVerdicts.read(path)


def test_numbers_that_json_lacks_are_written_as_text():
    quantity = MeasuredQuantity("k", "n", math.nan, -math.inf, math.inf, 0, 64)
    verdict = Verdict("", "t", "s", "", "", "", Outcome.ERROR, Outcome.SUPPORTED, None, "", 1, (quantity,), math.inf)
    data = verdict.to_json()
    (estimate,) = data["estimates"]
    assert (estimate["point"], estimate["low"], estimate["high"]) == ("nan", "-inf", "inf")
    assert data["seeds_needed"] == "inf"


def supported(test, *estimates):
    return Verdict("", test, "s", "", "", "", Outcome.SUPPORTED, Outcome.SUPPORTED, None, "", 1, estimates)


HALF = MeasuredQuantity("k", "n", 0.5, 0.4, 0.6, 64, 64, (0.5,), 1, inclusive=(False,))


@pytest.mark.parametrize(
    ("claims", "shares"),
    [
        ([[HALF]], 1),
        ([[HALF], [HALF]], 1),
        ([[HALF], [HALF.replace(key="other")]], 2),
        ([[HALF], [HALF.replace(thresholds=(0.25,))]], 2),
        ([[HALF], [HALF.replace(inclusive=(True,))]], 2),
        ([[HALF], [HALF.replace(thresholds=(0.5, 0.25), inclusive=(False, False), shares=2)]], 2),
        ([[HALF.replace(shares=2, thresholds=())], [HALF.replace(thresholds=(0.25,))]], 2),
        ([[HALF.replace(shares=3)], [HALF.replace(shares=3, thresholds=(0.25,))]], 6),
        ([[HALF.replace(shares=0, thresholds=(), inclusive=())]], 0),
        ([], 0),
    ],
)
def test_what_several_claims_measure_shares_the_budget(claims, shares):
    verdicts = [supported(f"t{i}", *estimates) for i, estimates in enumerate(claims)]
    suite = SuiteVerdicts(0.001, 64, 0, 8, 512, True, tuple(verdicts))
    assert suite.shares == suite.totals["shares"] == shares


def test_seeds_are_those_of_each_quantity_at_its_most():
    few = supported("a", HALF.replace(key="x", seeds=10), HALF.replace(key="y", seeds=20))
    more = supported("b", HALF.replace(key="y", seeds=30))
    suite = SuiteVerdicts(0.001, 64, 0, 8, 512, True, (few, more))
    assert suite.seeds == suite.totals["seeds"] == 40


RATE = Quantity("rate", "heads", ("a coin",))
OTHER = Quantity("rate", "heads", ("another",))


@pytest.mark.parametrize(
    ("quantity", "name", "is_rate"),
    [
        (RATE, "rate of heads in a coin", True),
        (Quantity("mean", "u", ("a",), "odd", (0.0, 1.0)), "mean of u within 0.0 and 1.0 given odd in a", False),
        (Quantity("quantile", "u", ("a",), q=0.5), "median of u in a", False),
        (Quantity("quantile", "u", ("a",), q=0.25), "0.25-quantile of u in a", False),
        (Quantity("rate of larger", "u", ("a", "b")), "rate of larger u in a than in b", True),
        (Quantity("mean difference", "u", ("a", "b"), "odd"), "mean difference of u given odd in a less b", False),
    ],
)
def test_a_quantity_has_a_name_for_people(quantity, name, is_rate):
    assert (quantity.name, quantity.is_rate) == (name, is_rate)
    assert Quantity.from_json(json.loads(json.dumps(dataclasses.asdict(quantity)))) == quantity


def test_keys_tell_apart_what_names_do_not():
    first, second = dataclasses.replace(RATE, digests=("1a",)), dataclasses.replace(RATE, digests=("2b",))
    assert first.name == second.name
    assert first.key != second.key
    assert expression_key(((first, 1.0), (OTHER, -1.0))) != expression_key(((second, 1.0), (OTHER, -1.0)))
    assert expression_key(((RATE, 1.0), (OTHER, -1.0))) != expression_key(((RATE, 1.0), (OTHER, -1.0000001)))


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        (((RATE, 1.0), (OTHER, -1.0)), "rate of heads in a coin less in another"),
        (((RATE, 1.0), (OTHER, -2.0)), "rate of heads in a coin − 2 × rate of heads in another"),
        (((RATE, 0.5), (OTHER, 0.5)), "0.5 × rate of heads in a coin + 0.5 × rate of heads in another"),
        (((RATE, -1.0),), "− rate of heads in a coin"),
    ],
)
def test_an_expression_has_a_name_for_people(terms, name):
    assert expression_name(terms) == name


def test_a_claim_carries_what_its_author_wrote():
    @claim("It is so", source="§1", quote="so", reading="literal", id="Z1", refuted="no", first_seeds=3, max_seeds=7)
    def test_it():
        pass

    (mark,) = test_it.pytestmark
    (stated,) = mark.args
    assert stated == Claim("It is so", "§1", "so", "literal", "Z1", "no", None, 3, 7)


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
        ({"first_seeds": 0}, ValueError, "a claim's first_seeds must be a whole number, at least 1; got 0"),
        ({"max_seeds": 1.5}, ValueError, "a claim's max_seeds must be a whole number, at least 1; got 1.5"),
        ({"step": True}, ValueError, "a claim's step must be a whole number, at least 1; got True"),
        ({"exact": 1}, TypeError, "a claim's exact must be True or False; got 1"),
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

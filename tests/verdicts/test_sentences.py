"""Sentences: what follows from the verdicts of their claims, and files that are refused."""

from __future__ import annotations

import itertools
import json
import os
from operator import attrgetter

import pytest

from lrn.verdicts import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.sentence_tables import as_json, as_text, counts_table, judged_documents, settings
from lrn.verdicts.sentences import (
    Document,
    Reading,
    Sentence,
    Standing,
    Weight,
    counts,
    judge,
    matches,
    read_document,
    read_documents,
)

S, R, OPEN = Outcome.SUPPORTED, Outcome.REFUTED, Outcome.INCONCLUSIVE

FILE = """
[document]
name = "paper"
title = "A Paper"

[[sentence]]
id = "faster"
section = "§4"
figure = "2"
quote = "Ours is faster."
weight = "central"
readings = [
  { words = "on most sets", claims = ["T1"] },
  { words = "in Table 2", claims = ["E1"], own = true },
]

[[sentence]]
id = "silent"
section = "§5"
quote = "More could be done."
weight = "detail"
note = "Nothing to check."

[[ours]]
about = "why"
claims = ["O*"]
"""


def suite(**outcomes):
    """A suite of claims: id -> outcome, or {parameters: outcome}."""
    verdicts = []
    for id, ended in outcomes.items():
        for parameters, outcome in (ended if isinstance(ended, dict) else {"": ended}).items():
            test = f"claims/t.py::test_{id.lower()}" + (f"[{parameters}]" if parameters else "")
            verdicts.append(Verdict(id, test, "s", "", "", "", outcome, outcome, None, "", 1))
    return SuiteVerdicts.of(
        verdicts, alpha=0.001, seed_offset=0, quantities=64, first_seeds=8, max_seeds=64, complete=True
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "paper.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def document(path):
    return read_document(path)


def standing(document, **outcomes):
    return judge(document, suite(**outcomes))[0].standing


@pytest.mark.parametrize(
    ("measured", "table", "expected"),
    [
        (S, S, Standing.HOLDS),
        (S, R, Standing.OVERSTATED),
        (R, S, Standing.OVERSTATED),
        (R, R, Standing.AGAINST_ITS_TABLE),
        ({"a": S, "b": R}, R, Standing.IN_PART),
        ({"a": S, "b": OPEN}, R, Standing.IN_PART),
        ({"a": S, "b": R}, S, Standing.OVERSTATED),
        ({"a": R, "b": R}, R, Standing.AGAINST_ITS_TABLE),
        ({"a": R, "b": OPEN}, R, Standing.OPEN),
        (OPEN, R, Standing.OPEN),
        (OPEN, S, Standing.OPEN),
        ({"a": S, "b": OPEN}, S, Standing.OPEN),
        ({"a": S, "b": OPEN, "c": R}, S, Standing.OVERSTATED),
        (Outcome.ERROR, R, Standing.OPEN),
        (Outcome.SKIPPED, Outcome.SKIPPED, Standing.OPEN),
    ],
)
def test_a_sentence_stands_as_its_readings_do(document, measured, table, expected):
    assert standing(document, T1=measured, E1=table) is expected


def test_a_claim_without_a_verdict_leaves_its_reading_open(document):
    assert standing(document, E1=R) is Standing.OPEN
    assert standing(document) is Standing.OPEN
    assert judge(document, suite(E1=R))[0].readings[0].undecided == ("T1",)


def test_refuted_without_a_table_is_refuted(document, path):
    path.write_text(FILE.replace(", own = true", ""), encoding="utf-8")
    assert standing(read_document(path), T1=R, E1=R) is Standing.REFUTED
    assert standing(document, T1=R, E1=R) is Standing.AGAINST_ITS_TABLE


@pytest.mark.parametrize("first", [S, R, OPEN])
def test_no_reading_that_holds_is_ever_called_refuted(document, first):
    for other in (S, R, OPEN):
        verdict = standing(document, T1=first, E1=other)
        assert (verdict in (Standing.REFUTED, Standing.AGAINST_ITS_TABLE)) == (first is other is R)


def test_a_sentence_without_readings_is_open(document):
    silent = judge(document, suite(T1=S, E1=S))[1]
    assert silent.best is None
    assert silent.standing is Standing.OPEN


def test_counts_have_every_standing(document):
    standings = counts(judge(document, suite(T1=S, E1=R)))
    assert list(standings) == list(Standing)
    assert (standings[Standing.OVERSTATED], standings[Standing.OPEN], sum(standings.values())) == (1, 1, 2)


@pytest.mark.parametrize(
    ("name", "id", "parameters", "same"),
    [
        ("C1", "C1", "", True),
        ("C1", "C1", "10-batch", True),
        ("C1", "C10", "", False),
        ("C1-*", "C1-a", "x", True),
        ("C1-*", "C1", "", False),
        ("C1[10-batch]", "C1", "10-batch", True),
        ("C1[10-batch]", "C1", "10-batch-x", False),
        ("C1[10-*]", "C1", "10-batch", True),
        ("C1[10-*]", "C1", "5-batch", False),
        ("C1[*batch]", "C2", "10-batch", False),
        ("C1[10]", "C1", "", False),
    ],
)
def test_names_choose_cases(name, id, parameters, same):
    assert matches(name, id, parameters) is same


def test_settings_are_named_where_they_differ():
    cases = {"2": S, "10": R, "5": S, "1": S, "7": S, "9": S, "8": S}
    document = read_document_of(Reading("r", ("T1",)))
    (judged,) = judge(document, suite(T1=cases))[0].readings
    assert judged.holds == ("T1[1]", "T1[2]", "T1[5]", "T1[7]", "T1[8]", "T1[9]")
    assert settings(judged) == "holds in T1[1], T1[2], T1[5], T1[7] and 2 more; not in T1[10]"
    (alike,) = judge(document, suite(T1={"1": S, "2": S}))[0].readings
    assert settings(alike) == ""


def read_document_of(*readings):
    return Document("paper", "Paper", (Sentence("s", "paper", "§1", "Q.", Weight.CENTRAL, readings),))


def test_sources_name_figures(document):
    assert list(map(attrgetter("source"), document.sentences)) == ["paper §4, Figure 2", "paper §5"]


def test_text_and_tables_show_every_sentence_and_count(document):
    judged = judged_documents([document], suite(T1={"a": S, "b": R}, E1=R, O1=R, O2=S))
    text = as_text(judged)
    assert "HOLDS IN PART  faster (paper §4, Figure 2; central)" in text
    assert "holds in part: on most sets (T1; holds in T1[a]; not in T1[b])" in text
    assert "refuted, by the document itself: in Table 2 (E1)" in text
    assert "Nothing to check." in text
    assert text.splitlines()[-2:] == [
        "paper: 2 sentences: 1 holds in part, 1 open",
        "our own statements: 2 claims with 2 cases: 1 SUPPORTED, 1 REFUTED",
    ]
    rows = [line.split(" | ") for line in counts_table(judged).splitlines()[2:]]
    assert ["| holds in part", "1 (1 central) |"] in rows
    assert rows[-1] == ["| sentences", "2 |"]


def test_a_paraphrase_is_told_from_a_quotation(path):
    text = FILE.replace('quote = "Ours is faster."', 'paraphrase = "ours is the faster one"')
    path.write_text(text[: text.index("[[ours]]")], encoding="utf-8")
    judged = judged_documents([read_document(path)], suite(T1=S, E1=S))
    assert "  In our words: ours is the faster one" in as_text(judged).splitlines()
    assert "“ours" not in as_text(judged)
    assert "our own statements" not in as_text(judged)
    (data,) = json.loads(as_json(judged))
    assert (data["sentences"][0]["quote"], data["sentences"][0]["paraphrase"]) == ("", "ours is the faster one")
    assert judged[0].only(search="FASTER ONE").sentences == judged[0].sentences[:1]


def test_json_has_every_case(document):
    (data,) = json.loads(as_json(judged_documents([document], suite(T1={"a": S, "b": R}, E1=R, O1=S))))
    assert data["counts"]["holds in part"] == 1
    assert data["sentences"][0]["readings"][0] == {
        "words": "on most sets",
        "claims": ["T1"],
        "own": False,
        "standing": "holds in part",
        "holds": ["T1[a]"],
        "fails": ["T1[b]"],
        "undecided": [],
    }
    assert data["ours"] == [{"case": "O1", "verdict": "SUPPORTED"}]


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [
        ({}, ["faster", "silent"]),
        ({"standing": "overstated"}, ["faster"]),
        ({"weight": "detail"}, ["silent"]),
        ({"search": "TABLE 2"}, ["faster"]),
        ({"search": "t1"}, ["faster"]),
        ({"search": "nothing to"}, ["silent"]),
        ({"search": "elsewhere"}, []),
    ],
)
def test_sentences_are_chosen(document, chosen, ids):
    (judged,) = judged_documents([document], suite(T1=S, E1=R))
    assert list(map(attrgetter("sentence.id"), judged.only(**chosen).sentences)) == ids


@pytest.mark.parametrize(("name", "value"), [("standing", "REFUTED"), ("weight", "heavy")])
def test_unknown_choices_are_refused(document, name, value):
    (judged,) = judged_documents([document], suite(T1=S, E1=R))
    with pytest.raises(ValueError, match=f"{name} must be one of .*; got '{value}'"):
        judged.only(**{name: value})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[document]", "[documents]", r"it must have \[document\]"),
        ('title = "A Paper"', "", "document: .*title"),
        ('title = "A Paper"', 'title = " "', "title of document must be str, and not empty"),
        ('weight = "central"', 'weight = "heavy"', "weight of sentence 'faster' must be one of .*; got 'heavy'"),
        ('weight = "central"', "", "weight of sentence 'faster' must be one of .*; got None"),
        ('quote = "Ours is faster."', "", "sentence 'faster' must have a quote, or a paraphrase .*; got neither"),
        ('figure = "2"', 'paraphrase = "It is."', "sentence 'faster' must have a quote, or a paraphrase .*; got both"),
        ('quote = "Ours is faster."', 'paraphrase = " "', "paraphrase of sentence 'faster' must be str, and not empty"),
        ('quote = "Ours is faster."', "quote = 3", "quote of sentence 'faster' must be str, .*; got 3"),
        ('figure = "2"', 'page = "2"', "sentence 'faster': .*page"),
        ('claims = ["T1"]', "claims = []", "claims of a reading of sentence 'faster' must be a list of names"),
        ('claims = ["T1"]', 'claims = "T1"', "claims of a reading of sentence 'faster' must be a list of names"),
        ('words = "on most sets", ', "", "sentence 'faster': .*words"),
        ('own = true', 'own = "yes"', "own of sentence 'faster' must be bool"),
        ('id = "silent"', 'id = "faster"', "sentence ids must differ; got 'faster' twice"),
        ('claims = ["O*"]', "", r"claims of \[\[ours\]\] must be a list"),
        ("[[ours]]", "[ours]", "ours of the file must be a list of tables"),
        ("[document]", "[document", "must be a file of sentences, but"),
    ],
)  # fmt: skip
def test_bad_files_are_refused(path, old, new, message):
    assert old in FILE
    path.write_text(FILE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as refused:
        read_document(path)
    assert str(path) in str(refused.value)


def test_a_folder_holds_one_file_per_document(path):
    (path.parent / "other.toml").write_text(FILE.replace('"paper"', '"other"'), encoding="utf-8")
    assert list(map(attrgetter("name"), read_documents(path.parent))) == ["other", "paper"]
    assert list(map(attrgetter("name"), read_documents(path))) == ["paper"]
    (path.parent / "third.toml").write_text(FILE, encoding="utf-8")
    with pytest.raises(ValueError, match="must hold each document once; got 'paper' twice"):
        read_documents(path.parent)


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(ValueError, match="got an empty folder"):
        read_documents(tmp_path)


def test_the_order_of_readings_does_not_change_the_verdict(path):
    readings = Reading("T1", ("T1",)), Reading("E1", ("E1",), own=True), Reading("X1", ("X1",))
    for order in itertools.permutations(readings):
        document = read_document_of(*order)
        assert standing(document, T1=S, E1=R, X1={"a": S, "b": R}) is Standing.OVERSTATED
        assert standing(document, T1=R, E1=R, X1={"a": S, "b": R}) is Standing.IN_PART


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.write_text("a = " + "[" * 100_000)])
def test_what_is_not_a_file_of_sentences_is_named(tmp_path, make):
    make(tmp_path / "paper.toml")
    with pytest.raises(ValueError, match=r"paper\.toml must be a file of sentences, but: "):
        read_document(tmp_path / "paper.toml")

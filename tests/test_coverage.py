"""Every sentence of the documents is judged by claims, every claim belongs to a sentence or is said to be ours."""

from __future__ import annotations

from itertools import chain, filterfalse
from operator import attrgetter
from pathlib import Path

import pytest

from lrn.verdicts.sentences import Document, OwnStatements, Reading, Sentence, Weight, matches, read_documents

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def documents():
    return read_documents(ROOT / "claims" / "sentences")


def parts(case):
    return case.claim, case.test.partition("[")[2].removesuffix("]")


def named(names, case):
    return any(matches(name, *parts(case)) for name in names)


def sentences(documents):
    return list(chain.from_iterable(map(attrgetter("sentences"), documents)))


def names_of(sentence):
    """The claims that a sentence names in all of its readings."""
    return list(chain.from_iterable(map(attrgetter("claims"), sentence.readings)))


def faults(cases, documents):
    """The mistakes in the sentences or in the claims, one line each."""
    names_in_sentences, names_in_ours = [], []
    for sentence in sentences(documents):
        names_in_sentences += names_of(sentence)
        yield from no_claims(f"{sentence.document} {sentence.id}", names_of(sentence), cases)
    for own in chain.from_iterable(map(attrgetter("ours"), documents)):
        names_in_ours += own.claims
        yield from no_claims("ours", own.claims, cases)
    for case in cases:
        in_ours = named(names_in_ours, case)
        if named(names_in_sentences, case) == in_ours:
            yield f"{case.id} is {'both in a sentence and ours' if in_ours else 'neither in a sentence nor ours'}"


def no_claims(where, names, cases):
    """One line for each of the names that no case has."""
    for name in names:
        if not any(named([name], case) for case in cases):
            yield f"{where} names {name}, which is not a claim"


def quoting(cases, documents):
    """Claims that quote something else than a sentence that names them."""
    for case in cases:
        quotes = {sentence.quote for sentence in sentences(documents) if named(names_of(sentence), case)}
        if quotes and quotes.isdisjoint(case.quote.split(" / ")):
            yield case.id


def test_every_claim_belongs_to_a_sentence_or_is_ours(project_cases, documents):
    assert list(faults(project_cases, documents)) == []


def test_every_claim_quotes_a_sentence_that_names_it(project_cases, documents):
    assert list(quoting(project_cases, documents)) == []


def test_a_sentence_without_a_claim_says_why(documents):
    silent = list(filterfalse(attrgetter("readings"), sentences(documents)))
    assert silent
    for sentence in silent:
        assert sentence.note, sentence.id


def test_every_document_has_the_sentences_it_stands_on(documents):
    sizes = {document.name: len(document.sentences) for document in documents}
    assert sizes["thesis"] >= 114
    assert sizes["journal"] >= 30
    assert sizes["note"] >= 12
    for document in documents:
        assert Weight.CENTRAL in map(attrgetter("weight"), document.sentences), document.name


class Case:
    """As much of a case as the checks look at."""

    def __init__(self, id, quote="Q.", parameters=""):
        self.id = id + (f"[{parameters}]" if parameters else "")
        self.claim, self.quote, self.test = id, quote, f"t.py::test_{id}" + (f"[{parameters}]" if parameters else "")


SENTENCE = Sentence("s", "paper", "§1", "Q.", Weight.CENTRAL, (Reading("r", ("A", "B[x-*]")),))
PAPER = Document("paper", "Paper", (SENTENCE,), (OwnStatements("o", ("O*", "B[y]")),))
CASES = [Case("A"), Case("B", parameters="x-1"), Case("B", parameters="y"), Case("O1")]


@pytest.mark.parametrize(
    ("added", "removed", "fault"),
    [
        (Case("C"), None, "C is neither in a sentence nor ours"),
        (Case("B", parameters="z"), None, "B[z] is neither in a sentence nor ours"),
        (None, "A", "paper s names A, which is not a claim"),
        (None, "O1", "ours names O*, which is not a claim"),
    ],
)
def test_a_gap_between_sentences_and_claims_is_found(added, removed, fault):
    assert list(faults(CASES, [PAPER])) == []
    cases = [case for case in CASES if case.id != removed]
    cases += [added] if added else []
    assert list(faults(cases, [PAPER])) == [fault]


def test_a_claim_that_is_both_is_found():
    both = Document("paper", "Paper", (SENTENCE,), (OwnStatements("o", ("*",)),))
    assert "A is both in a sentence and ours" in list(faults(CASES, [both]))


def test_another_quotation_is_found():
    assert list(quoting(CASES, [PAPER])) == []
    assert list(quoting([Case("A", quote="Q")], [PAPER])) == ["A"]

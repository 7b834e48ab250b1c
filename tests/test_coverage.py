"""Every sentence of the documents is judged by claims, every claim belongs to a sentence or is said to be ours."""

from __future__ import annotations

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


def faults(cases, documents):
    """The mistakes in the sentences or in the claims, one line each."""
    readings = [(s, r) for d in documents for s in d.sentences for r in s.readings]
    ours = [own for document in documents for own in document.ours]
    for case in cases:
        in_sentences = any(named(reading.claims, case) for _, reading in readings)
        in_ours = any(named(own.claims, case) for own in ours)
        if in_sentences == in_ours:
            yield f"{case.id} is {'both in a sentence and ours' if in_ours else 'neither in a sentence nor ours'}"
    for sentence, reading in readings:
        for name in reading.claims:
            if not any(named([name], case) for case in cases):
                yield f"{sentence.document} {sentence.id} names {name}, which is not a claim"
    for own in ours:
        for name in own.claims:
            if not any(named([name], case) for case in cases):
                yield f"ours names {name}, which is not a claim"


def quoting(cases, documents):
    """Claims that quote something else than a sentence that names them."""
    for case in cases:
        naming = [s for d in documents for s in d.sentences if any(named(r.claims, case) for r in s.readings)]
        if naming and not set(case.quote.split(" / ")) & {s.quote for s in naming}:
            yield case.id


def test_every_claim_belongs_to_a_sentence_or_is_ours(project_cases, documents):
    assert list(faults(project_cases, documents)) == []


def test_every_claim_quotes_a_sentence_that_names_it(project_cases, documents):
    assert list(quoting(project_cases, documents)) == []


def test_a_sentence_without_a_claim_says_why(documents):
    silent = [s for d in documents for s in d.sentences if not s.readings]
    assert silent
    assert all(sentence.note for sentence in silent)


def test_every_document_has_the_sentences_it_stands_on(documents):
    sizes = {document.name: len(document.sentences) for document in documents}
    assert sizes["thesis"] >= 114
    assert sizes["journal"] >= 30
    assert sizes["note"] >= 12
    assert all(any(s.weight is Weight.CENTRAL for s in document.sentences) for document in documents)


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
    cases = [case for case in CASES if case.id != removed] + ([added] if added else [])
    assert list(faults(cases, [PAPER])) == [fault]


def test_a_claim_that_is_both_is_found():
    both = Document("paper", "Paper", (SENTENCE,), (OwnStatements("o", ("*",)),))
    assert "A is both in a sentence and ours" in list(faults(CASES, [both]))


def test_another_quotation_is_found():
    assert list(quoting(CASES, [PAPER])) == []
    assert list(quoting([Case("A", quote="Q")], [PAPER])) == ["A"]

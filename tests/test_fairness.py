"""Sentences are judged by their own words: a possibility by its possibility, a sentence on MNIST by MNIST."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from claims.documents import JOURNAL, THESIS
from claims.journal.on_images import RECORDS
from lrn.verdicts import Outcome, SuiteVerdicts
from lrn.verdicts.sentences import Document, Reading, Sentence, Standing, Weight, judge
from tests.report.conftest import suite_of, verdict

REPORTS = Path(__file__).parents[1] / "reports"
SUITE = SuiteVerdicts.read(REPORTS / "verdicts.json")
# "It can also be noted that" says that it is so.
POSSIBLE = re.compile(r"\b(?:(?<!It )can|could|may|might|potential(?:ly)?|possib\w+)\b")

TABLES = {"low-late-convergence", "once-at-all-depths"}
"""They tell the content of one of the thesis's own tables, which shows otherwise in one place."""


def strict(document, suite):
    """Sentences on a possibility that are called less than true although it happens: a reading asks how often."""
    for judged in judge(document, suite):
        stands = judged.standing in (Standing.HOLDS, Standing.IN_PART)
        if POSSIBLE.search(judged.sentence.quote) and not stands and judged.best and judged.best.holds:
            yield judged.sentence.id


def test_what_is_possible_is_judged_by_its_possibility():
    assert set(strict(THESIS.document, SUITE)) == TABLES


@pytest.mark.parametrize(
    ("quote", "ids"), [("It could be.", ["s"]), ("It potentially is.", ["s"]), ("It is, and canned.", [])]
)
def test_a_strict_reading_of_what_is_possible_is_found(quote, ids):
    suite = suite_of(verdict("t.py::test_a", id="A"), verdict("t.py::test_b", Outcome.REFUTED, id="B"))
    readings = Reading("it happens", ("A",)), Reading("it happens often", ("B",))
    paper = Document("paper", "Paper", (Sentence("s", "paper", "§1", quote, Weight.CENTRAL, readings),))
    assert list(strict(paper, suite)) == ids


def test_no_sentence_is_refuted_that_a_reader_was_not_told_of():
    """A sentence that comes to be refuted is read again beside its paragraph before this list grows."""
    refuted = [judged.sentence.id for judged in judge(THESIS.document, SUITE) if judged.standing is Standing.REFUTED]
    assert refuted == []


@pytest.mark.parametrize(
    ("sentence", "claim", "ended", "words"),
    [
        ("consistently-high", "F5-residual-literal", Outcome.SUPPORTED, "On MNIST the stricter reading holds too"),
        ("handles-depth", "F7-residual-literal", Outcome.INCONCLUSIVE, "leave the stricter reading open"),
    ],
)
def test_what_a_note_says_of_mnist_is_what_its_record_says(sentence, claim, ended, words):
    record = SuiteVerdicts.read(REPORTS / RECORDS["MNIST"])
    assert words in JOURNAL[sentence].note
    assert [verdict.verdict for verdict in record.claims if verdict.id == claim] == [ended]

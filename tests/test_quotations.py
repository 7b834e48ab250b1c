"""Quotations are verbatim and whole: none begins or ends inside a sentence, so that none drops a condition.

The documents themselves are not here; their sentences' fingerprints are.
"""

from __future__ import annotations

import json

import pytest

from claims.audit.published import LABELS
from claims.digests import DIGESTS, digest, is_whole, sentences, units
from claims.documents import JOURNAL, NOTE, README, THESIS

KNOWN = {name: set(digests) for name, digests in json.loads(DIGESTS.read_text(encoding="utf-8")).items()}
QUOTES = [(s.document, s.quote) for cited in (THESIS, JOURNAL, NOTE, README) for s in cited.document.sentences]


def test_every_sentence_is_quoted_whole():
    assert [quote for document, quote in QUOTES if not is_whole(quote, KNOWN[document])] == []


def test_every_label_is_quoted_whole():
    assert [label.quote for label in LABELS.values() if not is_whole(label.quote, KNOWN["thesis"])] == []


def test_claims_quote_nothing_else(project_cases):
    known = {quote for _, quote in QUOTES}
    quoted = {part for case in project_cases if case.quote for part in case.quote.split(" / ")}
    assert quoted <= known


def test_a_sentence_is_quoted_once_per_document():
    assert len(set(QUOTES)) == len(QUOTES)


@pytest.mark.parametrize("words", [1, 2, 5])
@pytest.mark.parametrize("end", ["first", "last"])
def test_no_quotation_may_lose_words(words, end):
    for document, quote in QUOTES:
        parts = sentences(quote)[0].split()
        shorter = " ".join(parts[words:] if end == "first" else parts[:-words])
        assert not shorter or not is_whole(shorter, KNOWN[document]), shorter


DOCUMENT = """\
# **1** A heading

When it rains, roofs get wet. In some towns, e.g. Ys, streets
do too. Nobody minds. (Lee, 2001) Cats do always

**Figure 1:** A cat. It minds.

mind.

depth\tk of n
2\t4 of 10

>- One line, *marked*.
"""


@pytest.mark.parametrize(
    "quote",
    [
        "When it rains, roofs get wet.",
        "In some towns, e.g. Ys, streets do too.",
        "In some towns, e.g. Ys, streets do too. Nobody minds.",
        "Cats do always mind.",
        "It minds.",
        "4 of 10",
        "1 A heading",
        "One line, *marked*.",
    ],
)
def test_whole_sentences_are_known(quote):
    assert is_whole(quote, set(map(digest, units(DOCUMENT))))


@pytest.mark.parametrize(
    "quote",
    [
        "roofs get wet.",
        "Roofs get wet.",
        "When it rains, roofs get wet",
        "In some towns, streets do too.",
        "streets do too.",
        "Ys, streets do too.",
        "Cats do always",
        "Cats do",
        "mind.",
        "When it rains, roofs get wet. Cats mind.",
    ],
)
def test_parts_of_sentences_are_not(quote):
    assert not is_whole(quote, set(map(digest, units(DOCUMENT))))

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


def quotations():
    for cited in (THESIS, JOURNAL, NOTE, README):
        for sentence in cited.document.sentences:
            yield sentence.document, sentence.quote


QUOTES = list(quotations())


def test_every_sentence_is_quoted_whole():
    for document, quote in QUOTES:
        assert is_whole(quote, KNOWN[document]), quote


def test_every_label_is_quoted_whole():
    for label in LABELS.values():
        assert is_whole(label.quote, KNOWN["thesis"]), label.quote


def test_claims_quote_nothing_else(project_cases):
    _, known = zip(*QUOTES, strict=True)
    for case in project_cases:
        assert not case.quote or set(case.quote.split(" / ")) <= set(known), case.quote


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

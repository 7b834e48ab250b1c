"""The documents' sentences, by document: what claims quote, and where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrn.verdicts.sentences import Document, Sentence, read_document

__all__ = ["JOURNAL", "NOTE", "README", "SENTENCES", "THESIS", "Cited"]

SENTENCES = Path(__file__).parent / "sentences"


class Cited:
    """The sentences of one document, as claims cite them.

    Example:
        >>> THESIS("six-of-ten")["source"]
        'thesis §4.2.1, Figure 4.5'
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._sentences = {sentence.id: sentence for sentence in document.sentences}

    def __call__(self, *ids: str) -> dict[str, str]:
        """The arguments `source` and `quote` of a claim about these sentences."""
        sources, quotes = [], []
        for id in ids:
            sentence = self[id]
            sources.append(sentence.source)
            quotes.append(sentence.quote)
        return {"source": "; ".join(dict.fromkeys(sources)), "quote": " / ".join(quotes)}

    def __getitem__(self, id: str) -> Sentence:
        if id not in self._sentences:
            raise KeyError(f"{self.document.name} has no sentence {id!r}; it has {', '.join(self._sentences)}")
        return self._sentences[id]

    def fields(self, *ids: str) -> dict[str, dict[str, Any]]:
        """The fields of these sentences, in terms common to all documents, by sentence."""
        return {id: dict(self[id].fields) for id in ids}


def _cited(name: str) -> Cited:
    return Cited(read_document(SENTENCES / f"{name}.toml"))


THESIS, JOURNAL, NOTE, README = map(_cited, ("thesis", "journal", "note", "readme"))

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
        sentences = [self[id] for id in ids]
        sources = dict.fromkeys(sentence.source for sentence in sentences)
        return {"source": "; ".join(sources), "quote": " / ".join(sentence.quote for sentence in sentences)}

    def __getitem__(self, id: str) -> Sentence:
        if id not in self._sentences:
            raise KeyError(f"{self.document.name} has no sentence {id!r}; it has {', '.join(self._sentences)}")
        return self._sentences[id]

    def fields(self, *ids: str) -> dict[str, dict[str, Any]]:
        """What these sentences say in common terms, by sentence."""
        return {id: dict(self[id].fields) for id in ids}


THESIS, JOURNAL, NOTE, README = (
    Cited(read_document(SENTENCES / f"{name}.toml")) for name in ("thesis", "journal", "note", "readme")
)

"""A document as a suite of claims sees it: its sentences, and the readings of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Document", "OwnStatements", "Reading", "Sentence", "Weight"]


class Weight(StrEnum):
    """How much of the document stands on a sentence."""

    CENTRAL = "central"
    SUPPORTING = "supporting"
    DETAIL = "detail"


@dataclass(frozen=True)
class Reading:
    """One way to read a sentence.

    Attributes:
        words: the reading.
        claims: the claims that check it, by id, or by id and parameters; patterns with "*" are allowed.
        own: whether they compare the sentence with the document itself: its tables, its captions, its other sentences.
    """

    words: str
    claims: tuple[str, ...]
    own: bool = False


@dataclass(frozen=True)
class Sentence:
    """A statement of a document, verbatim, or in other words where those were not at hand.

    Attributes:
        id: unique in its document.
        document: the document's short name.
        section: where it stands.
        quote: its words, copied; "" if there is a paraphrase.
        weight: how much stands on it.
        readings: most charitable first; empty for what no claim checks.
        figure: the figure or table that it speaks of, such as "4.3"; may be "".
        note: a remark for the reader beside the readings; may be "".
        paraphrase: its meaning, in words that are not the document's; "" if there is a quotation.
        fields: its content in terms that other sentences use too, to find contradictions.
        title: its content in a few words, to name it in a list; may be "".
    """

    id: str
    document: str
    section: str
    quote: str
    weight: Weight
    readings: tuple[Reading, ...] = ()
    figure: str = ""
    note: str = ""
    paraphrase: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""

    @property
    def name(self) -> str:
        """Its title, or its id in words."""
        return self.title or self.id.replace("-", " ")

    @property
    def text(self) -> str:
        """The quotation, or the paraphrase."""
        return self.quote or self.paraphrase

    @property
    def source(self) -> str:
        """Where it stands, such as "thesis §4.2.1, Figure 4.3"."""
        return f"{self.document} {self.section}" + (f", Figure {self.figure}" if self.figure else "")


@dataclass(frozen=True)
class OwnStatements:
    """Claims that the suite's authors made up, to learn more than the documents say."""

    about: str
    claims: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """The sentences of one document that a suite checks.

    Attributes:
        name: its short name, which sources begin with.
        title: author, title and year.
        sentences: in the order of the file.
        ours: claims that belong to no sentence.
        link: the address of the document, or of a page about it; may be "".
    """

    name: str
    title: str
    sentences: tuple[Sentence, ...] = ()
    ours: tuple[OwnStatements, ...] = ()
    link: str = ""

"""Fingerprints of the documents' sentences, so that a quotation can be checked without a copy of the document.

    python -m claims.digests thesis=thesis.txt journal=journal.txt note=note.txt readme=readme.txt

writes claims/sentences/digests.json: for each document the first 16 hexadecimal digits of the SHA-256 of every sentence.
A quotation whose sentences are all there is verbatim, and begins and ends where a sentence does.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from claims.documents import SENTENCES

__all__ = ["DIGESTS", "digest", "is_whole", "sentences", "units"]

DIGESTS = SENTENCES / "digests.json"
_END = re.compile(r"(?<=[.?!:])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bal\.)(?<!\bpp\.)[\"”’]? (?=[A-Z“\"‘'(\[*$0-9a-z-])")

_MARKED = re.compile(r"#|>|- |\**Figure [0-9.]+:|[0-9]+$")
_UNMARKED_HEADING = re.compile(r"(?:[0-9.]+ ?[A-Z][^\n.?!]{,60}|[A-Z]+)$")
_HEADING = 3
"""Words of a line that may stand by itself without a mark, such as "Results here"."""
_CITED_BEFORE = re.compile(r"^\([A-Z][^()]*, (?:\d{4}|n\.d\.)\) ")
"""A citation that stands behind the full stop of the sentence it belongs to."""


def sentences(text: str) -> list[str]:
    """The sentences of running text; white space and bold Markdown do not count."""
    return list(filter(None, _END.split(_plain(text))))


def _plain(text: str) -> str:
    return " ".join(text.replace("**", "").split())


def units(text: str) -> set[str]:
    """Every sentence of a document, each of its headings and marked lines, and each cell of its tables.

    Captions, headings and tables stand between the lines of a sentence where a page ends; they are taken out of its way.
    """
    running_text: list[str] = []
    all_units: set[str] = set()
    for block in _blocks(text):
        if not _apart(block):
            running_text.append(block)
        all_units.update(_units_of(block))
    all_units.update(sentences("\n".join(running_text)))
    for unit in list(all_units):
        all_units.add(_CITED_BEFORE.sub("", unit))
    return all_units - {""}


def _units_of(block: str) -> Iterator[str]:
    """The cells of a row, the line and the sentences of another block that stands apart, and an unmarked heading."""
    if "\t" in block:
        for cell in block.split("\t"):
            yield _plain(_bare(cell))
    elif _apart(block):
        yield _plain(_bare(block))
        yield from sentences(_bare(block))
    elif len(block.split()) <= _HEADING and not block.rstrip().endswith((".", "?", "!")):
        yield _plain(block)


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs; headings, rows of tables and lines that begin with ">" or "-" are each one of its own."""
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        single = "\t" in line or line.startswith((">", "#", "- "))
        if block and (single or not line.strip()):
            yield "\n".join(block)
            block = []
        if single:
            yield line
        elif line.strip():
            block.append(line)


def _apart(block: str) -> bool:
    """Whether it is not part of the running text, which it may interrupt: a caption, a heading, a row, a page number."""
    return "\t" in block or bool(_MARKED.match(block.lstrip()) or _UNMARKED_HEADING.match(block.strip()))


def _bare(block: str) -> str:
    """A line without the marks of its kind."""
    return re.sub(r"^(?:>\s?|#+\s|\s*- )*", "", block)


def digest(sentence: str) -> str:
    """The fingerprint of one sentence."""
    return hashlib.sha256(sentence.encode()).hexdigest()[:16]


def is_whole(quote: str, digests: set[str]) -> bool:
    """Whether a quotation is whole sentences of the document with these fingerprints."""
    return digest(_plain(quote)) in digests or digests.issuperset(map(digest, sentences(quote)))


if __name__ == "__main__":
    paths = {}
    for argument in sys.argv[1:]:
        name, path = argument.split("=", 1)
        paths[name] = path
    content = {}
    for name, path in sorted(paths.items()):
        content[name] = sorted(map(digest, units(Path(path).read_text(encoding="utf-8"))))
    DIGESTS.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8")
